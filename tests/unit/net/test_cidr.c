#include "scanner/net/cidr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/net/address.h"

#define ROWS(rows) (sizeof(rows) / sizeof *(rows))

static struct cidr parsed(const char *text) {
  struct cidr prefix;
  if (!cidr_parse(span_of(text), &prefix)) fail_msg("%s was not taken", text);
  return prefix;
}

static void test_parses(void **state) {
  static const struct {
    const char *text, *first; /* its first address, as IPv6 */
    unsigned bits;
  } rows[] = {
      {"192.0.2.0/24", "::ffff:192.0.2.0", 120},
      {"192.0.2.77/24", "::ffff:192.0.2.0", 120},
      {"192.0.2.255/25", "::ffff:192.0.2.128", 121},
      {"192.0.2.77", "::ffff:192.0.2.77", 128},
      {"192.0.2.77/32", "::ffff:192.0.2.77", 128},
      {"192.0.2.77/0", "::ffff:0.0.0.0", 96},
      {"2001:DB8::/32", "2001:db8::", 32},
      {"2001:db8::1", "2001:db8::1", 128},
      {"2001:db8::1/128", "2001:db8::1", 128},
      {"2001:db8::ffff/127", "2001:db8::fffe", 127},
      {"ffff::/1", "8000::", 1},
      {"ffff::/0", "::", 0},
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    char text[ADDRESS_TEXT_MAX];
    struct cidr prefix = parsed(rows[i].text);
    union address first =
        address_from_octets((struct span){(const char *)prefix.octets, CIDR_OCTETS}, 0);
    address_ip_text(&first, text);
    assert_string_equal(rows[i].first, text);
    assert_int_equal(rows[i].bits, prefix.bits);
  }
}

static void test_refuses_all_else(void **state) {
  static const char *const rows[] = {
      "",
      "/",
      "/24",
      "192.0.2.0/",
      "192.0.2.0/33",
      "192.0.2.0/024",
      "192.0.2.0/00",
      "192.0.2.0/+8",
      "192.0.2.0/-1",
      "192.0.2.0/8/8",
      "192.0.2.0/ 8",
      "192.0.2.0/4294967304",
      "192.0.2.0/255.255.255.0",
      "192.0.2/24",
      "192.0.2.1:53",
      "192.0.2.1:1",
      "192.0.2.0:1/24",
      "[2001:db8::1]",
      "[2001:db8::]/32",
      "[2001:db8::1]:53",
      "2001:db8::/129",
      "fe80::1%1/64",
      "example.com",
      "example.com/24",
  };
  struct cidr prefix;
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++)
    if (cidr_parse(span_of(rows[i]), &prefix)) fail_msg("\"%s\" was taken", rows[i]);
}

/* Every length against an address that differs in one bit, every bit. */
static void test_holds_what_agrees_in_its_bits(void **state) {
  (void)state;
  for (unsigned bits = 0; bits <= CIDR_BITS_MAX; bits++) {
    struct cidr prefix = parsed("2001:db8:1234:5678:9abc:def0:fedc:ba98");
    unsigned char octets[CIDR_OCTETS];
    memcpy(octets, prefix.octets, sizeof octets);
    prefix.bits = bits;
    assert_true(cidr_holds(&prefix, octets));
    for (unsigned bit = 0; bit < CIDR_BITS_MAX; bit++) {
      octets[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
      assert_int_equal(bit >= bits, cidr_holds(&prefix, octets));
      octets[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
    }
  }
}

static void test_rest_is_cleared_and_no_more(void **state) {
  (void)state;
  for (unsigned bits = 0; bits <= CIDR_BITS_MAX; bits++) {
    struct cidr prefix = {.bits = bits};
    memset(prefix.octets, 0xff, sizeof prefix.octets);
    cidr_clear_rest(&prefix);
    for (unsigned bit = 0; bit < CIDR_BITS_MAX; bit++)
      assert_int_equal(bit < bits, prefix.octets[bit / 8] >> (7 - bit % 8) & 1);
  }
}

static void test_order_is_by_bits_then_octets(void **state) {
  static const char *const sorted[] = {"::/0",           "8000::/1",       "2001:db8::/32",
                                       "192.0.2.0/24",   "192.0.3.0/24",   "2001:db8::/120",
                                       "192.0.2.255/32", "2001:db8::/128", "2001:db8::1/128"};
  (void)state;
  for (size_t i = 0; i < ROWS(sorted); i++) {
    for (size_t j = 0; j < ROWS(sorted); j++) {
      struct cidr a = parsed(sorted[i]), b = parsed(sorted[j]);
      int order = cidr_compare(&a, &b);
      assert_int_equal((i > j) - (i < j), (order > 0) - (order < 0));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parses),
      cmocka_unit_test(test_refuses_all_else),
      cmocka_unit_test(test_holds_what_agrees_in_its_bits),
      cmocka_unit_test(test_rest_is_cleared_and_no_more),
      cmocka_unit_test(test_order_is_by_bits_then_octets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
