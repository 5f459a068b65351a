/* Which addresses may be given, and what they are used for. */
#include "scanner/net/source_address.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static union address address_of(const char *text) {
  union address address;
  assert_int_equal(address_parse(span_of(text), 53, &address), ERR_NONE);
  return address;
}

static void one_of_a_family_and_ipv4_always(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum err err;
    bool ipv6;
  } rows[] = {
      {"192.0.2.1", ERR_NONE, false},
      {"192.0.2.1,2001:db8::1", ERR_NONE, true},
      {"2001:db8::1,192.0.2.1", ERR_NONE, true},
      {"2001:db8::1", ERR_SYNTAX, false},
      {"", ERR_SYNTAX, false},
      {",", ERR_SYNTAX, false},
      {"192.0.2.1,", ERR_NONE, false},
      {"192.0.2.1,192.0.2.2", ERR_SYNTAX, false},
      {"192.0.2.1,2001:db8::1,2001:db8::2", ERR_SYNTAX, false},
      {"192.0.2.1:53", ERR_SYNTAX, false},
      {"192.0.2.1, 2001:db8::1", ERR_SYNTAX, false},
      {"eth0", ERR_SYNTAX, false},
      {"192.0.2.0/24", ERR_SYNTAX, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct source_address source;
    assert_int_equal(rows[i].err, source_address_parse(span_of(rows[i].text), &source));
    if (rows[i].err == ERR_NONE) assert_int_equal(rows[i].ipv6, source_address_has_ipv6(&source));
  }
  assert_true(source_address_has_ipv6(NULL));
  assert_true(source_address_has_ipv6(&(struct source_address){0}));
}

static void a_family_without_an_address_is_not_used(void **state) {
  (void)state;
  struct source_address source;
  union address v4 = address_of("198.51.100.1"), v6 = address_of("2001:db8::5"),
                here = address_of("::1");
  assert_int_equal(ERR_NONE, source_address_parse(SPAN("192.0.2.1"), &source));
  assert_true(source_address_allows(&source, &v4));
  assert_false(source_address_allows(&source, &v6));
  assert_true(source_address_allows(&source, &here));
  assert_int_equal(ERR_NONE, source_address_parse(SPAN("192.0.2.1,2001:db8::1"), &source));
  assert_true(source_address_allows(&source, &v6));
  assert_true(source_address_allows(NULL, &v6));
}

static void it_must_be_of_this_machine(void **state) {
  (void)state;
  struct source_address source;
  const union address *bad;
  assert_int_equal(ERR_NONE, source_address_parse(SPAN("127.0.0.5"), &source));
  assert_int_equal(ERR_NONE, source_address_check(&source, &bad));
  assert_int_equal(ERR_NONE, source_address_parse(SPAN("192.0.2.77"), &source));
  assert_int_equal(ERR_IO, source_address_check(&source, &bad));
  assert_int_equal(EADDRNOTAVAIL, errno);
  assert_ptr_equal(&source.v4, bad);
}

/* What a UDP socket that was bound, and connected, comes from. */
static union address from(const char *given, const char *to_text) {
  struct source_address source;
  union address to = address_of(to_text), own = {0};
  socklen_t size = sizeof own;
  assert_int_equal(ERR_NONE, source_address_parse(span_of(given), &source));
  int fd = socket(to.any.sa_family, SOCK_DGRAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(0, source_address_bind(&source, fd, &to));
  assert_int_equal(0, connect(fd, &to.any, address_size(&to)));
  assert_int_equal(0, getsockname(fd, &own.any, &size));
  close(fd);
  return own;
}

static void it_is_bound_where_it_can_be(void **state) {
  (void)state;
  union address five = address_of("127.0.0.5"), one = address_of("127.0.0.1");
  union address bound = from("127.0.0.5", "127.0.0.1:53");
  assert_true(address_same_ip(&five, &bound));
  /* 192.0.2.77 is not ours: binding to it would fail. */
  bound = from("192.0.2.77", "127.0.0.1:53");
  assert_true(address_same_ip(&one, &bound));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_of_a_family_and_ipv4_always),
      cmocka_unit_test(a_family_without_an_address_is_not_used),
      cmocka_unit_test(it_must_be_of_this_machine),
      cmocka_unit_test(it_is_bound_where_it_can_be),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
