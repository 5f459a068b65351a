#include "scanner/smtp/port_watch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)
#define DAY    (86400 * SECOND)
#define WAIT   (PORT_WATCH_S * SECOND)

static union address parsed(const char *text) {
  union address address;
  assert_int_equal(ERR_NONE, address_parse(span_of(text), 25, &address));
  return address;
}

static struct port_watch *watch_new(void) {
  struct port_watch *watch;
  assert_int_equal(ERR_NONE, port_watch_new(&watch));
  return watch;
}

static void fails(struct port_watch *watch, const char *text, uint64_t now) {
  union address address = parsed(text);
  port_watch_failed(watch, &address, true, now);
}

/* One host in each of so many networks. */
static void fail_in(struct port_watch *watch, unsigned networks, uint64_t now) {
  char text[32];
  for (unsigned i = 0; i < networks; i++) {
    snprintf(text, sizeof text, "192.%u.2.1", i);
    fails(watch, text, now);
  }
}

static void test_so_many_networks(void **state) {
  static const struct {
    unsigned networks;
    uint64_t later;
    enum port_watch_state state;
  } rows[] = {
      {0, 10 * WAIT, PORT_WATCH_UNSURE},
      {1, WAIT - 1, PORT_WATCH_UNSURE},
      {1, WAIT, PORT_WATCH_DOUBTED},
      {PORT_WATCH_NETWORKS_LEAST - 1, WAIT, PORT_WATCH_DOUBTED},
      {PORT_WATCH_NETWORKS_LEAST, WAIT - 1, PORT_WATCH_UNSURE},
      {PORT_WATCH_NETWORKS_LEAST, WAIT, PORT_WATCH_CLOSED},
      {PORT_WATCH_NETWORKS - 1, WAIT - 1, PORT_WATCH_UNSURE},
      {PORT_WATCH_NETWORKS, 0, PORT_WATCH_CLOSED},
      {PORT_WATCH_NETWORKS + 1, 0, PORT_WATCH_CLOSED},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct port_watch *watch = watch_new();
    fail_in(watch, rows[i].networks, DAY);
    assert_int_equal(rows[i].state, port_watch_state(watch, DAY + rows[i].later));
    assert_int_equal(rows[i].networks, port_watch_count(watch).hosts);
    port_watch_reached(watch); /* one connection outweighs them all */
    assert_int_equal(PORT_WATCH_OPEN, port_watch_state(watch, DAY + rows[i].later));
    port_watch_free(watch);
  }
  port_watch_free(NULL);
}

static void test_what_is_one_network(void **state) {
  static const struct {
    const char *a, *b;
    unsigned networks;
  } rows[] = {
      {"192.0.2.1", "192.0.255.1", 1},       {"192.0.2.1", "192.1.2.1", 2},
      {"2001:db8:1::1", "2001:db8:2::1", 1}, {"2001:db8::1", "2001:db9::1", 2},
      {"192.0.2.1", "::ffff:192.0.3.1", 1},  {"192.0.2.1", "2001:db8::1", 2},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct port_watch *watch = watch_new();
    fails(watch, rows[i].a, DAY);
    fails(watch, rows[i].b, DAY);
    assert_int_equal(rows[i].networks, port_watch_count(watch).networks);
    port_watch_free(watch);
  }
}

static void test_addresses_of_one_host(void **state) {
  struct port_watch *watch = watch_new();
  union address first = parsed("192.0.2.1"), second = parsed("198.51.100.1");
  (void)state;
  port_watch_failed(watch, &first, false, DAY);
  port_watch_failed(watch, &second, true, DAY);
  assert_int_equal(1, port_watch_count(watch).hosts);
  assert_int_equal(2, port_watch_count(watch).networks);
  port_watch_free(watch);
}

static void greet(struct port_watch *watch, unsigned domain, unsigned network, const char *text) {
  char name[32], address[32];
  snprintf(name, sizeof name, "d%u.example", domain);
  snprintf(address, sizeof address, "192.%u.2.1", network);
  union address from = parsed(address);
  port_watch_greeted(watch, span_of(name), &from, span_of(text));
}

static void test_all_greet_alike(void **state) {
  const char *const proxy = "proxy.isp.example ESMTP";
  (void)state;
  for (unsigned many = PORT_WATCH_GREETINGS - 1; many <= PORT_WATCH_GREETINGS + 1; many++) {
    struct port_watch *watch = watch_new();
    for (unsigned i = 0; i < many; i++) greet(watch, i, i, proxy);
    assert_int_equal(many >= PORT_WATCH_GREETINGS, port_watch_redirected(watch).len > 0);
    if (many >= PORT_WATCH_GREETINGS)
      assert_true(span_equal(SPAN("proxy.isp.example"), port_watch_redirected(watch)));
    greet(watch, 1000, 200, "mx.other.example ESMTP");
    assert_int_equal(0, port_watch_redirected(watch).len);
    port_watch_free(watch);
  }
}

/* A provider's own hosts greet alike, and so does one address under many names. */
static void test_who_is_no_stranger(void **state) {
  struct port_watch *watch = watch_new();
  (void)state;
  for (unsigned i = 0; i < 100; i++) greet(watch, 0, i, "mx.provider.example");
  for (unsigned i = 0; i < 100; i++) greet(watch, i, 0, "mx.provider.example");
  assert_int_equal(0, port_watch_redirected(watch).len);
  greet(watch, 1, 1, "");
  greet(watch, 2, 2, " x");
  for (unsigned i = 1; i < PORT_WATCH_GREETINGS; i++) greet(watch, i, i, "mx.provider.example");
  assert_true(port_watch_redirected(watch).len > 0);
  port_watch_free(watch);
}

/* RFC 5321 section 4.5.3.1.2: a domain is 255 octets at most, so none that is longer is one. */
static void test_the_longest_name(void **state) {
  enum { LONGEST = 255 };
  char name[LONGEST + 2];
  union address from = parsed("192.200.2.1");
  (void)state;
  for (size_t len = LONGEST - 1; len <= LONGEST + 1; len++) {
    struct port_watch *watch = watch_new();
    memset(name, 'a', len);
    name[len] = 0;
    for (unsigned i = 1; i < PORT_WATCH_GREETINGS; i++) greet(watch, i, i, "mx.isp.example");
    port_watch_greeted(watch, (struct span){name, len}, &from, SPAN("mx.isp.example"));
    assert_int_equal(len <= LONGEST, port_watch_redirected(watch).len > 0);
    port_watch_free(watch);
    watch = watch_new();
    for (unsigned i = 0; i < PORT_WATCH_GREETINGS; i++) greet(watch, i, i, name);
    assert_int_equal(len <= LONGEST ? len : 0, port_watch_redirected(watch).len);
    port_watch_free(watch);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_so_many_networks),      cmocka_unit_test(test_what_is_one_network),
      cmocka_unit_test(test_addresses_of_one_host), cmocka_unit_test(test_all_greet_alike),
      cmocka_unit_test(test_who_is_no_stranger),    cmocka_unit_test(test_the_longest_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
