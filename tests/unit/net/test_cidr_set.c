#include "scanner/net/cidr_set.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROWS(rows) (sizeof(rows) / sizeof *(rows))

static void add(struct cidr_set *prefixes, const char *text) {
  struct cidr prefix;
  assert_true(cidr_parse(span_of(text), &prefix));
  assert_int_equal(ERR_NONE, cidr_set_add(prefixes, &prefix));
}

static bool hold(const struct cidr_set *prefixes, const char *text) {
  union address address;
  assert_int_equal(ERR_NONE, address_parse(span_of(text), 443, &address));
  return cidr_set_holds(prefixes, &address);
}

static void test_holds_from_first_to_last(void **state) {
  static const char *const blocks[] = {"203.0.113.77", "192.0.2.0/25",  "10.0.0.0/8",
                                       "10.0.0.0/8",   "2001:db8::/33", "2001:db8:ffff::1",
                                       "198.18.0.0/15"};
  static const struct {
    const char *address;
    bool held;
  } rows[] = {
      {"203.0.113.76", false},    {"203.0.113.77", true},
      {"203.0.113.78", false},    {"192.0.1.255", false},
      {"192.0.2.0", true},        {"192.0.2.127", true},
      {"192.0.2.128", false},     {"9.255.255.255", false},
      {"10.0.0.0", true},         {"10.255.255.255", true},
      {"11.0.0.0", false},        {"198.17.255.255", false},
      {"198.18.0.0", true},       {"198.19.255.255", true},
      {"198.20.0.0", false},      {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false},
      {"2001:db8::", true},       {"2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", true},
      {"2001:db8:8000::", false}, {"2001:db8:ffff::0", false},
      {"2001:db8:ffff::1", true}, {"2001:db8:ffff::2", false},
  };
  struct cidr_set prefixes = {0};
  (void)state;
  for (size_t i = 0; i < ROWS(blocks); i++) add(&prefixes, blocks[i]);
  cidr_set_sort(&prefixes);
  for (size_t i = 0; i < ROWS(rows); i++)
    if (hold(&prefixes, rows[i].address) != rows[i].held) fail_msg("%s", rows[i].address);
  cidr_set_free(&prefixes);
}

static void test_forms_of_ipv4(void **state) {
  static const struct {
    const char *prefix, *address;
    bool held;
  } rows[] = {
      {"192.0.2.0/24", "::ffff:192.0.2.1", true},
      {"192.0.2.0/24", "64:ff9b::192.0.2.1", true},
      {"192.0.2.0/24", "2002:c000:201::1", true},
      {"192.0.2.0/24", "::192.0.2.1", false},
      {"192.0.2.0/24", "::ffff:192.0.3.1", false},
      {"::ffff:192.0.2.0/120", "192.0.2.1", true},
      {"::ffff:192.0.2.0/120", "192.0.3.1", false},
      {"::ffff:0:0/96", "192.0.2.1", true},
      {"0.0.0.0/0", "192.0.2.1", true},
      {"0.0.0.0/0", "::ffff:192.0.2.1", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"2002::/16", "2002:c000:201::1", true},
      {"2002::/16", "192.0.2.1", false},
      {"64:ff9b::/96", "64:ff9b::192.0.2.1", true},
      {"::/0", "2001:db8::1", true},
      {"::/0", "::ffff:192.0.2.1", true},
      {"::/0", "192.0.2.1", false},
      {"::/95", "192.0.2.1", false},
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    struct cidr_set prefixes = {0};
    add(&prefixes, rows[i].prefix);
    cidr_set_sort(&prefixes);
    if (hold(&prefixes, rows[i].address) != rows[i].held)
      fail_msg("%s in %s", rows[i].address, rows[i].prefix);
    cidr_set_free(&prefixes);
  }
}

static void test_nothing_is_in_none(void **state) {
  struct cidr_set prefixes = {0};
  (void)state;
  assert_false(hold(&prefixes, "192.0.2.1"));
  cidr_set_sort(&prefixes);
  assert_false(hold(&prefixes, "192.0.2.1"));
  assert_false(hold(&prefixes, "::"));
  cidr_set_free(&prefixes);
}

static void test_limit(void **state) {
  struct cidr_set prefixes = {0};
  struct cidr prefix = {.bits = CIDR_BITS_MAX};
  (void)state;
  for (unsigned i = 0; i < CIDR_SET_MAX; i++) {
    memcpy(prefix.octets, &i, sizeof i);
    assert_int_equal(ERR_NONE, cidr_set_add(&prefixes, &prefix));
  }
  assert_int_equal(ERR_LIMIT, cidr_set_add(&prefixes, &prefix));
  assert_int_equal(CIDR_SET_MAX, prefixes.count);
  cidr_set_sort(&prefixes);
  union address last =
      address_from_octets((struct span){(const char *)prefix.octets, CIDR_OCTETS}, 443);
  assert_true(cidr_set_holds(&prefixes, &last));
  cidr_set_free(&prefixes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_holds_from_first_to_last),
      cmocka_unit_test(test_forms_of_ipv4),
      cmocka_unit_test(test_nothing_is_in_none),
      cmocka_unit_test(test_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
