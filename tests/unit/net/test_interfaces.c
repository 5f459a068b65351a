#include "scanner/net/interfaces.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static bool is_own(const struct cidr_set *own, const char *text) {
  union address address;
  assert_int_equal(address_parse(span_of(text), 443, &address), ERR_NONE);
  return cidr_set_holds(own, &address);
}

static void test_the_loopback_is_ours(void **state) {
  struct cidr_set own = {0};
  (void)state;
  assert_int_equal(interfaces_load(&own), ERR_NONE);
  assert_true(is_own(&own, "127.0.0.1"));
  assert_true(is_own(&own, "::ffff:127.0.0.1"));
  assert_false(is_own(&own, "127.0.0.2")); /* an address is its own alone, not its network */
  assert_false(is_own(&own, "192.0.2.1"));
  assert_false(is_own(&own, "2001:db8::1"));
  cidr_set_free(&own);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_loopback_is_ours)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
