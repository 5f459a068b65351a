#include "scanner/net/address.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DEFAULT_PORT = 53 };

#define ROWS(rows) (sizeof(rows) / sizeof *(rows))

static union address parsed(const char *text) {
  union address address;
  if (address_parse(span_of(text), DEFAULT_PORT, &address) != ERR_NONE)
    fail_msg("%s was not taken", text);
  return address;
}

static void test_parses_and_prints(void **state) {
  static const struct {
    const char *text, *ip, *whole;
    int family;
    uint16_t port;
  } rows[] = {
      {"192.0.2.1", "192.0.2.1", "192.0.2.1:53", AF_INET, 53},
      {"192.0.2.1:1", "192.0.2.1", "192.0.2.1:1", AF_INET, 1},
      {"192.0.2.1:65535", "192.0.2.1", "192.0.2.1:65535", AF_INET, 65535},
      {"255.255.255.255", "255.255.255.255", "255.255.255.255:53", AF_INET, 53},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", "[2001:db8::1]:53", AF_INET6, 53},
      {"[2001:db8::1]", "2001:db8::1", "[2001:db8::1]:53", AF_INET6, 53},
      {"[2001:db8::1]:5353", "2001:db8::1", "[2001:db8::1]:5353", AF_INET6, 5353},
      {"::", "::", "[::]:53", AF_INET6, 53},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:53", AF_INET6, 53},
      {"2001:db8::1:53", "2001:db8::1:53", "[2001:db8::1:53]:53", AF_INET6, 53},
      {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535",
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
       AF_INET6, 65535},
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    char text[ADDRESS_TEXT_MAX];
    union address address = parsed(rows[i].text);
    assert_int_equal(rows[i].family, address.any.sa_family);
    assert_int_equal(rows[i].port, address_port(&address));
    assert_int_equal(strlen(rows[i].ip), address_ip_text(&address, text));
    assert_string_equal(rows[i].ip, text);
    assert_int_equal(strlen(rows[i].whole), address_text(&address, text));
    assert_string_equal(rows[i].whole, text);
  }
}

static void test_refuses_all_else(void **state) {
  static const char *const rows[] = {
      "",
      " ",
      ":",
      ":53",
      "[]",
      "[]:53",
      "[",
      "]",
      "192.0.2",
      "192.0.2.1.",
      "192.0.2.256",
      "192.0.2.01",
      "0xc0.0.2.1",
      "3221225985",
      " 192.0.2.1",
      "192.0.2.1 ",
      "192.0.2.1:",
      "192.0.2.1:0",
      "192.0.2.1:053",
      "192.0.2.1:65536",
      "192.0.2.1:100000",
      "192.0.2.1:4294967349",
      "192.0.2.1:+53",
      "192.0.2.1:-1",
      "192.0.2.1:53:53",
      "192.0.2.1:domain",
      "192.0.2.1#53",
      "192.0.2.0/24",
      "[192.0.2.1]",
      "[192.0.2.1]:53",
      "2001:db8",
      "2001:db8::1::2",
      "2001:db8::12345",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20",
      "[2001:db8::1",
      "2001:db8::1]",
      "[2001:db8::1]53",
      "[2001:db8::1]:",
      "[2001:db8::1]:0",
      "[2001:db8::1]:65536",
      "[[2001:db8::1]]",
      "fe80::1%eth0",
      "fe80::1%1",
      "[fe80::1%25eth0]:53",
      "example.com",
      "localhost",
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    union address address;
    if (address_parse(span_of(rows[i]), DEFAULT_PORT, &address) != ERR_SYNTAX)
      fail_msg("\"%s\" was taken", rows[i]);
  }
}

static void test_octets_behind_a_nul_count(void **state) {
  union address address;
  (void)state;
  assert_int_equal(ERR_SYNTAX, address_parse(SPAN("192.0.2.1\0"), DEFAULT_PORT, &address));
  assert_int_equal(ERR_SYNTAX, address_parse(SPAN("192.0.2.1\0.example"), DEFAULT_PORT, &address));
  assert_int_equal(ERR_SYNTAX, address_parse((struct span){0}, DEFAULT_PORT, &address));
}

static void test_octets_there_and_back(void **state) {
  static const char *const rows[] = {"192.0.2.1", "2001:db8::1"};
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    union address address = parsed(rows[i]);
    struct span octets = address_octets(&address);
    bool v4 = address.any.sa_family == AF_INET;
    assert_int_equal(v4 ? 4 : 16, octets.len);
    assert_int_equal(v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
                     address_size(&address));
    union address again = address_from_octets(octets, DEFAULT_PORT);
    assert_memory_equal(&address, &again, address_size(&address));
  }
}

static void test_same_ip_whatever_the_port(void **state) {
  static const struct {
    const char *a, *b;
    bool same;
  } rows[] = {
      {"192.0.2.1:1", "192.0.2.1:2", true},           {"192.0.2.1", "192.0.2.2", false},
      {"[2001:db8::1]:1", "[2001:db8:0::1]:2", true}, {"2001:db8::1", "2001:db8::2", false},
      {"192.0.2.1", "::ffff:192.0.2.1", false},
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    union address a = parsed(rows[i].a), b = parsed(rows[i].b);
    assert_int_equal(rows[i].same, address_same_ip(&a, &b));
    assert_int_equal(rows[i].same, address_same_ip(&b, &a));
  }
}

static void test_destination_looks_through_the_forms(void **state) {
  static const struct {
    const char *text, *to;
  } rows[] = {
      {"192.0.2.1:25", "192.0.2.1:25"},
      {"[2001:db8::1]:25", "[2001:db8::1]:25"},
      {"[::ffff:192.0.2.1]:25", "192.0.2.1:25"},
      {"[64:ff9b::192.0.2.1]:25", "192.0.2.1:25"},
      {"[2002:c000:201:5::6]:25", "192.0.2.1:25"},
      {"[::192.0.2.1]:25", "[::192.0.2.1]:25"},
      {"[64:ff9b:1::192.0.2.1]:25", "[64:ff9b:1::c000:201]:25"},
      {"[64:ff9b::1:c000:201]:25", "[64:ff9b::1:c000:201]:25"},
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) {
    char text[ADDRESS_TEXT_MAX];
    union address address = parsed(rows[i].text), to = address_destination(&address);
    address_text(&to, text);
    assert_string_equal(rows[i].to, text);
  }
}

/* The first and the last address of each block of the registries, and the neighbours of both. */
static const struct {
  const char *what, *before, *first, *last, *after; /* NULL: the neighbour is in a block as well */
} special[] = {
    {"this network", NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
    {"private", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
    {"shared", "100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
    {"loopback", "126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
    {"link-local", "169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
    {"private", "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
    {"protocol", "191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
    {"TEST-NET-1", "192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
    {"6to4 relay", "192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
    {"private", "192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
    {"benchmarking", "198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
    {"TEST-NET-2", "198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
    {"TEST-NET-3", "203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
    {"multicast", "223.255.255.255", "224.0.0.0", "239.255.255.255", NULL},
    {"reserved", NULL, "240.0.0.0", "255.255.255.254", NULL},
    {"broadcast", NULL, "255.255.255.255", "255.255.255.255", NULL},
    {"unspecified, loopback", NULL, "::", "::1", NULL},
    {"IPv4-compatible", NULL, "::2", "::255.255.255.255", NULL},
    {"IPv4-translated", NULL, "::ffff:0:0:0", "::ffff:0:255.255.255.255", NULL},
    {"local NAT64", NULL, "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", NULL},
    {"discard", NULL, "100::", "100::ffff:ffff:ffff:ffff", NULL},
    {"dummy", NULL, "100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", NULL},
    {"below 2000::/3", NULL, "::1:0:0", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
    {"protocol", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
    {"Teredo", NULL, "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"benchmarking", NULL, "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", NULL},
    {"ORCHID", NULL, "2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"ORCHIDv2", NULL, "2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"documentation", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"documentation", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
    {"above 2000::/3", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"SRv6", NULL, "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"unique local", NULL, "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"link-local", NULL, "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"site-local", NULL, "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"multicast", NULL, "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
};

static void assert_public(const char *what, const char *text, bool public) {
  if (!text) return;
  union address address = parsed(text);
  if (address_is_public(&address) != public)
    fail_msg("%s is %spublic (%s)", text, public ? "not " : "", what);
}

static void test_special_blocks_are_not_public(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS(special); i++) {
    assert_public(special[i].what, special[i].before, true);
    assert_public(special[i].what, special[i].first, false);
    assert_public(special[i].what, special[i].last, false);
    assert_public(special[i].what, special[i].after, true);
  }
}

/* The text of an IPv6 address that carries the IPv4 address from the octet `at` on. */
static void carry(const char *form, size_t at, const char *v4, char *text) {
  union address carrier = parsed(form), inside = parsed(v4);
  memcpy(carrier.v6.sin6_addr.s6_addr + at, &inside.v4.sin_addr, 4);
  address_ip_text(&carrier, text);
}

static void assert_carried_public(const char *v4, bool public) {
  char text[ADDRESS_TEXT_MAX];
  if (!v4) return;
  carry("::ffff:0:0", 12, v4, text);
  assert_public("IPv4-mapped", text, public);
  carry("64:ff9b::", 12, v4, text);
  assert_public("NAT64", text, public);
  carry("2002::1", 2, v4, text);
  assert_public("6to4", text, public);
}

static void test_ipv4_inside_ipv6_is_as_public_as_itself(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS(special) && !strchr(special[i].first, ':'); i++) {
    assert_carried_public(special[i].before, true);
    assert_carried_public(special[i].first, false);
    assert_carried_public(special[i].last, false);
    assert_carried_public(special[i].after, true);
  }
}

static void test_ordinary_addresses_are_public(void **state) {
  static const char *const rows[] = {
      "1.1.1.1",        "8.8.8.8",        "93.184.216.34",        "192.31.196.1", "192.52.193.1",
      "192.175.48.1",   "2600::1",        "2606:4700:4700::1111", "2a00::1",      "2620:4f:8000::1",
      "2002:808:808::", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
  };
  (void)state;
  for (size_t i = 0; i < ROWS(rows); i++) assert_public("ordinary", rows[i], true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parses_and_prints),
      cmocka_unit_test(test_refuses_all_else),
      cmocka_unit_test(test_octets_behind_a_nul_count),
      cmocka_unit_test(test_octets_there_and_back),
      cmocka_unit_test(test_same_ip_whatever_the_port),
      cmocka_unit_test(test_destination_looks_through_the_forms),
      cmocka_unit_test(test_special_blocks_are_not_public),
      cmocka_unit_test(test_ipv4_inside_ipv6_is_as_public_as_itself),
      cmocka_unit_test(test_ordinary_addresses_are_public),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
