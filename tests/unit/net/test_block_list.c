#include "scanner/net/block_list.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MARK       "\xef\xbb\xbf" /* byte order mark */
#define ROWS(rows) (sizeof(rows) / sizeof *(rows))

/* A file with that text, `times` over. */
static void write_list(char *path, struct span text, size_t times) {
  strcpy(path, "/tmp/stscan-block-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *file = fdopen(fd, "w");
  assert_non_null(file);
  while (times--) assert_int_equal(text.len, fwrite(text.ptr, 1, text.len, file));
  assert_int_equal(0, fclose(file));
}

static enum err load(struct block_list **block, struct span text, size_t times, unsigned *line) {
  char path[64];
  *block = NULL;
  write_list(path, text, times);
  enum err err = block_list_load(block, path, line);
  unlink(path);
  return err;
}

static struct block_list *block_of(struct span text) {
  struct block_list *block;
  unsigned line;
  if (load(&block, text, 1, &line) != ERR_NONE)
    fail_msg("line %u of \"%.*s\" was not taken", line, SPAN_ARG(text));
  return block;
}

static bool has_address(const struct block_list *block, const char *text) {
  union address address;
  assert_int_equal(ERR_NONE, address_parse(span_of(text), 443, &address));
  return block_list_has_address(block, &address);
}

static void test_names_with_their_subdomains(void **state) {
  static const struct {
    const char *name;
    bool blocked;
  } rows[] = {
      {"example.com", true},
      {"www.example.com", true},
      {"a.b.c.example.com", true},
      {"xexample.com", false},
      {"example.com.net", false},
      {"com", false},
      {"example.net", false},
      {"sub.example.net", true},
      {"mta-sts.sub.example.net", true},
      {"example", false},
      {"test", true},
      {"anything.test", true},
      {"tests", false},
      {"a_b.example.org", true},
      {"", false},
  };
  struct block_list *block =
      block_of(SPAN("example.com\nsub.example.net\ntest\na_b.example.org\n"));
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++)
    if (block_list_has_name(block, span_of(rows[i].name)) != rows[i].blocked)
      fail_msg("%s", rows[i].name);
  assert_false(has_address(block, "192.0.2.1"));
  block_list_free(block);
}

static void test_every_way_to_write_a_line(void **state) {
  const struct span rows[] = {
      SPAN("example.com"),
      SPAN("example.com\n"),
      SPAN("example.com\r\n"),
      SPAN("example.com."),
      SPAN("EXAMPLE.Com.\r\n"),
      SPAN(" \texample.com \t\r\n"),
      SPAN("example.com # asked by mail"),
      SPAN("example.com#asked by mail\r\n"),
      SPAN("# comment\n\n \n\r\nexample.com\n\n"),
      SPAN(MARK "example.com\r\n"),
      SPAN(MARK "\r\nexample.com"),
      SPAN(MARK "# comment\nexample.com"),
      SPAN("zzz.test\nexample.com\naaa.test\n"),
      SPAN("example.com\nexample.com\n"),
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    struct block_list *block = block_of(rows[i]);
    if (!block_list_has_name(block, SPAN("www.example.com"))) fail_msg("row %zu", i);
    block_list_free(block);
  }
}

static void test_internationalized_names(void **state) {
  struct block_list *block = block_of(SPAN("B\xc3\x9c"
                                           "cher.example\nXN--MNCHEN-3YA.example\n"));
  (void)state;
  assert_true(block_list_has_name(block, SPAN("www.xn--bcher-kva.example")));
  assert_true(block_list_has_name(block, SPAN("xn--mnchen-3ya.example")));
  assert_false(block_list_has_name(block, SPAN("bcher.example")));
  block_list_free(block);
}

static void test_addresses_and_prefixes(void **state) {
  static const struct {
    const char *address;
    bool blocked;
  } rows[] = {
      {"192.0.2.0", true},          {"192.0.2.255", true},  {"192.0.3.0", false},
      {"::ffff:192.0.2.1", true},   {"198.51.100.7", true}, {"198.51.100.8", false},
      {"64:ff9b::192.0.2.1", true}, {"2001:db8::1", true},  {"2001:db9::1", false},
  };
  struct block_list *block =
      block_of(SPAN("192.0.2.0/24 # a whole net\r\n198.51.100.7\r\n2001:DB8::/32\r\n"));
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++)
    if (has_address(block, rows[i].address) != rows[i].blocked) fail_msg("%s", rows[i].address);
  assert_false(block_list_has_name(block, SPAN("192.0.2.1")));
  block_list_free(block);
}

static void test_bad_line_is_named(void **state) {
  const struct {
    struct span text;
    unsigned line;
  } rows[] = {
      {SPAN("-example.com"), 1},
      {SPAN("example.com\n# comment\r\n\r\n192.0.2.0/33\r\n"), 4},
      {SPAN(MARK "example.com\nexample..com\n"), 2},
      {SPAN("192.0.2.1\n" MARK "192.0.2.1\n"), 2},
      {SPAN("192.0.2.256"), 1},
      {SPAN("192.0.2.1:1"), 1},
      {SPAN("[2001:db8::1]"), 1},
      {SPAN("*.example.com"), 1},
      {SPAN("a.test b.test"), 1},
      {SPAN("a.test,b.test"), 1},
      {SPAN("https://example.com/"), 1},
      {SPAN("exa\0mple.com"), 1},
      {SPAN("example.com\0"), 1},
      {SPAN("\xff.example"), 1},
      {SPAN("."), 1},
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    struct block_list *block;
    unsigned line;
    enum err err = load(&block, rows[i].text, 1, &line);
    if (err != ERR_SYNTAX || line != rows[i].line)
      fail_msg("row %zu: %s in line %u", i, err_text(err), line);
    assert_null(block);
  }
}

static void test_empty_lists_block_nothing(void **state) {
  const struct span rows[] = {SPAN(""), SPAN("\n"), SPAN("# none\n"), SPAN(MARK)};
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    struct block_list *block = block_of(rows[i]);
    assert_false(block_list_has_name(block, SPAN("example.com")));
    assert_false(has_address(block, "192.0.2.1"));
    block_list_free(block);
  }
  assert_false(block_list_has_name(NULL, SPAN("example.com")));
  assert_false(has_address(NULL, "192.0.2.1"));
  block_list_free(NULL);
}

static void test_what_cannot_be_read(void **state) {
  struct block_list *block = NULL;
  unsigned line;
  (void)state;
  assert_int_equal(ERR_IO, block_list_load(&block, "/nonexistent/list", &line));
  assert_int_equal(ENOENT, errno);
  assert_int_equal(ERR_IO, block_list_load(&block, "/", &line));
  assert_int_equal(EISDIR, errno);
  assert_null(block);
}

/* A comment, so that the length alone counts; with a line feed behind it and without. */
static void test_length_of_a_line(void **state) {
  static char text[BLOCK_LIST_LINE_MAX + 2];
  (void)state;
  for (size_t len = BLOCK_LIST_LINE_MAX - 1; len <= BLOCK_LIST_LINE_MAX + 1; len++) {
    memset(text, '#', len);
    text[len] = '\n';
    for (size_t end = 0; end <= 1; end++) {
      struct block_list *block;
      unsigned line;
      assert_int_equal(len > BLOCK_LIST_LINE_MAX ? ERR_SYNTAX : ERR_NONE,
                       load(&block, (struct span){text, len + end}, 1, &line));
      assert_int_equal(len > BLOCK_LIST_LINE_MAX ? 1 : 2, line);
      block_list_free(block);
    }
  }
}

static void test_count_of_names(void **state) {
  struct block_list *block;
  unsigned line;
  (void)state;
  assert_int_equal(ERR_NONE, load(&block, SPAN("a\n"), BLOCK_LIST_NAMES_MAX, &line));
  assert_true(block_list_has_name(block, SPAN("a")));
  block_list_free(block);
  assert_int_equal(ERR_LIMIT, load(&block, SPAN("a\n"), BLOCK_LIST_NAMES_MAX + 1, &line));
  assert_int_equal(BLOCK_LIST_NAMES_MAX + 1, line);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_with_their_subdomains),
      cmocka_unit_test(test_every_way_to_write_a_line),
      cmocka_unit_test(test_internationalized_names),
      cmocka_unit_test(test_addresses_and_prefixes),
      cmocka_unit_test(test_bad_line_is_named),
      cmocka_unit_test(test_empty_lists_block_nothing),
      cmocka_unit_test(test_what_cannot_be_read),
      cmocka_unit_test(test_length_of_a_line),
      cmocka_unit_test(test_count_of_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
