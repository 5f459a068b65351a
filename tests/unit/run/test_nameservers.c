#include "scanner/run/nameservers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_servers(const struct nameservers *servers, const char *expected) {
  char all[1024] = "", text[ADDRESS_TEXT_MAX];
  size_t used = 0;
  for (size_t i = 0; i < servers->count; i++) {
    address_text(&servers->at[i], text);
    used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? " " : "", text);
  }
  assert_string_equal(all, expected);
}

static void write_file(char *path, const char *text) {
  strcpy(path, "/tmp/test_nameservers.XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
}

static void reads_lists(void **state) {
  (void)state;
  const struct {
    const char *text;
    enum err err;
    const char *expected; /* or what is wrong */
  } vectors[] = {
      {"192.0.2.1", ERR_NONE, "192.0.2.1:53"},
      {"192.0.2.1:5353, [2001:db8::1]:54,2001:db8::2", ERR_NONE,
       "192.0.2.1:5353 [2001:db8::1]:54 [2001:db8::2]:53"},
      {"192.0.2.1,example.com", ERR_SYNTAX, "example.com"},
      {"192.0.2.1,,192.0.2.2", ERR_SYNTAX, ""},
      {"192.0.2.1:0", ERR_SYNTAX, "192.0.2.1:0"},
      {"192.0.2.1:65536", ERR_SYNTAX, "192.0.2.1:65536"},
      {"", ERR_SYNTAX, ""},
      {"192.0.2.1,192.0.2.1:53,192.0.2.1:54", ERR_NONE, "192.0.2.1:53 192.0.2.1:54"},
      {"fe80::1%lo,[fe80::1%lo]:54,fe80::2%1,fe80::1", ERR_NONE,
       "[fe80::1%lo]:53 [fe80::1%lo]:54 [fe80::2%lo]:53 [fe80::1]:53"},
      {"fe80::1%no-such-if", ERR_SYNTAX, "fe80::1%no-such-if"},
      {"fe80::1%", ERR_SYNTAX, "fe80::1%"},
      {"192.0.2.1%lo", ERR_SYNTAX, "192.0.2.1%lo"},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    struct nameservers servers;
    struct nameservers_bad bad;
    assert_int_equal(nameservers_parse(vectors[i].text, &servers, &bad), vectors[i].err);
    if (vectors[i].err == ERR_NONE)
      assert_servers(&servers, vectors[i].expected);
    else
      assert_string_equal(bad.text, vectors[i].expected);
    nameservers_free(&servers);
  }
}

static void takes_as_many_as_the_resolver(void **state) {
  (void)state;
  for (int count = RESOLVER_SERVER_MAX - 1; count <= RESOLVER_SERVER_MAX + 1; count++) {
    char text[16 * (RESOLVER_SERVER_MAX + 1)] = "192.0.2.1,192.0.2.1";
    for (size_t i = 1, at = strlen(text); i < (size_t)count; i++, at = strlen(text))
      snprintf(text + at, sizeof text - at, ",10.0.%zu.%zu", i / 250, i % 250);
    struct nameservers servers;
    struct nameservers_bad bad;
    enum err err = nameservers_parse(text, &servers, &bad);
    assert_int_equal(err, count > RESOLVER_SERVER_MAX ? ERR_LIMIT : ERR_NONE);
    assert_int_equal(servers.count, count > RESOLVER_SERVER_MAX ? RESOLVER_SERVER_MAX : count);
    assert_int_equal(servers.room, RESOLVER_SERVER_MAX);
    nameservers_free(&servers);
  }
}

static void reads_files(void **state) {
  (void)state;
  char path[64] = "@";
  write_file(path + 1, "\xef\xbb\xbf# ours\n192.0.2.1 # local\n\n192.0.2.2:5353,192.0.2.3\r\n"
                       "192.0.2.1; again\n  ; none\n");
  struct nameservers servers;
  struct nameservers_bad bad;
  assert_int_equal(nameservers_parse(path, &servers, &bad), ERR_NONE);
  assert_servers(&servers, "192.0.2.1:53 192.0.2.2:5353 192.0.2.3:53");
  assert_in_range(servers.room, 3, 4); /* memory by what is used */
  nameservers_free(&servers);
  unlink(path + 1);
  assert_int_equal(nameservers_parse(path, &servers, &bad), ERR_IO);
  assert_int_equal(errno, ENOENT);
  for (int i = 0; i < 2; i++) {
    write_file(path + 1, i ? "# none\n" : "");
    assert_int_equal(nameservers_parse(path, &servers, &bad), ERR_NOT_FOUND);
    unlink(path + 1);
  }
}

static void says_which_line_is_wrong(void **state) {
  (void)state;
  static char line[NAMESERVERS_LINE_MAX + 2], text[2 * NAMESERVERS_LINE_MAX];
  const struct {
    size_t len;
    enum err err;
  } lengths[] = {{NAMESERVERS_LINE_MAX - 2, ERR_NONE},
                 {NAMESERVERS_LINE_MAX - 1, ERR_SYNTAX},
                 {NAMESERVERS_LINE_MAX, ERR_SYNTAX}};
  char path[64] = "@";
  struct nameservers servers;
  struct nameservers_bad bad;
  write_file(path + 1, "192.0.2.1\n# fine\n192.0.2.2, ns.example # local\n");
  assert_int_equal(nameservers_parse(path, &servers, &bad), ERR_SYNTAX);
  assert_int_equal(bad.line, 3);
  assert_string_equal(bad.text, "ns.example");
  nameservers_free(&servers);
  unlink(path + 1);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    memset(line, '#', lengths[i].len);
    line[lengths[i].len] = 0;
    snprintf(text, sizeof text, "192.0.2.1\n%s\n", line);
    write_file(path + 1, text);
    assert_int_equal(nameservers_parse(path, &servers, &bad), lengths[i].err);
    assert_int_equal(bad.line, 2);
    nameservers_free(&servers);
    unlink(path + 1);
  }
}

static void reads_resolv_conf(void **state) {
  (void)state;
  char path[64];
  write_file(path,
             "search example.com\n; old\nnameserver 192.0.2.1 # local\noptions rotate timeout:1\n"
             "nameserver\t2001:db8::1 and more\nnameserver fe80::1%no-such-if\nnameserver\n"
             "nameserverx 1.1.1.1\n nameserver 1.1.1.1\nnameserver 192.0.2.3:5353\n"
             "nameserver 192.0.2.3#x\nnameserver fe80::1%lo\nnameserver 192.0.2.4\n");
  struct nameservers servers;
  assert_int_equal(nameservers_system(path, &servers), ERR_NONE);
  assert_servers(&servers, "192.0.2.1:53 [2001:db8::1]:53 [fe80::1%lo]:53");
  nameservers_free(&servers);
  unlink(path);
  write_file(path, "nameserver 127.1\n");
  assert_int_equal(nameservers_system(path, &servers), ERR_NONE);
  assert_servers(&servers, "127.0.0.1:53");
  nameservers_free(&servers);
  unlink(path);
}

/* Whatever else is there, or no file at all: only what cannot be read is an error. */
static void asks_this_machine_where_none_is_named(void **state) {
  (void)state;
  static const char *const texts[] = {"", "search example.com\n", "nameserver\n",
                                      "nameserver fe80::1%no-such-if\n"};
  char path[64];
  struct nameservers servers;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    write_file(path, texts[i]);
    assert_int_equal(nameservers_system(path, &servers), ERR_NONE);
    assert_servers(&servers, "127.0.0.1:53");
    nameservers_free(&servers);
    unlink(path);
  }
  assert_int_equal(nameservers_system(path, &servers), ERR_NONE);
  assert_servers(&servers, "127.0.0.1:53");
  nameservers_free(&servers);
  assert_int_equal(nameservers_system("/dev/null/none", &servers), ERR_IO);
  assert_int_equal(errno, ENOTDIR);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_lists),       cmocka_unit_test(takes_as_many_as_the_resolver),
      cmocka_unit_test(reads_files),       cmocka_unit_test(says_which_line_is_wrong),
      cmocka_unit_test(reads_resolv_conf), cmocka_unit_test(asks_this_machine_where_none_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
