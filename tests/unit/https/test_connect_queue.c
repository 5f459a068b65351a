#include "scanner/https/connect_queue.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WAITERS = 5 };

static struct connect_queue *queue;
static struct waiter waiters[WAITERS];

static int set_up(void **state) {
  (void)state;
  memset(waiters, 0, sizeof waiters);
  return connect_queue_new(&queue) == ERR_NONE ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  connect_queue_free(queue);
  return 0;
}

static union address address(const char *text) {
  union address made;
  assert_int_equal(address_parse(span_of(text), 443, &made), ERR_NONE);
  return made;
}

static void add(const char *to, int waiter) {
  union address at = address(to);
  assert_int_equal(connect_queue_add(queue, &at, &waiters[waiter]), ERR_NONE);
}

/* Who is taken at the time now; -1: nobody. */
static int take(uint64_t now) {
  struct lane *lane = connect_queue_next(queue, now);
  return lane ? (int)(connect_queue_take(queue, lane) - waiters) : -1;
}

static void rest(const char *expected, uint64_t now, uint64_t until) {
  union address at = address(expected);
  struct lane *lane = connect_queue_next(queue, now);
  assert_non_null(lane);
  assert_true(address_same_ip(lane_address(lane), &at));
  connect_queue_rest(queue, lane, until);
}

static void test_turns(void **state) {
  (void)state;
  add("192.0.2.1", 0);
  add("192.0.2.1:8443", 1);
  add("192.0.2.1", 2);
  add("2001:db8::1", 3);
  add("192.0.2.2", 4);
  assert_int_equal(connect_queue_waiting(queue), 5);
  assert_int_equal(connect_queue_until(queue), 0);
  const int order[] = {0, 3, 4, 1, 2, -1};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) assert_int_equal(take(0), order[i]);
  assert_int_equal(connect_queue_waiting(queue), 0);
  assert_true(connect_queue_until(queue) == CONNECT_QUEUE_NEVER);
}

static void test_rest(void **state) {
  (void)state;
  add("192.0.2.1", 0);
  add("192.0.2.2", 1);
  add("192.0.2.1", 2);
  rest("192.0.2.1", 10, 100);
  rest("192.0.2.2", 10, 50);
  assert_int_equal(take(10), -1);
  assert_int_equal(connect_queue_until(queue), 50);
  add("192.0.2.1", 3); /* rests with its lane */
  assert_int_equal(take(49), -1);
  assert_int_equal(take(50), 1);
  assert_int_equal(take(99), -1);
  assert_int_equal(connect_queue_until(queue), 100);
  assert_int_equal(take(100), 0);
  assert_int_equal(take(100), 2);
  assert_int_equal(take(100), 3);
  assert_true(connect_queue_until(queue) == CONNECT_QUEUE_NEVER);
}

static void test_wake(void **state) {
  (void)state;
  union address resting = address("192.0.2.1"), unknown = address("192.0.2.9");
  add("192.0.2.1", 0);
  rest("192.0.2.1", 0, 100);
  connect_queue_wake(queue, &unknown);
  assert_int_equal(take(1), -1);
  connect_queue_wake(queue, &resting);
  connect_queue_wake(queue, &resting);
  assert_int_equal(take(1), 0);
}

static void test_free_with_waiters(void **state) {
  (void)state;
  add("192.0.2.1", 0);
  add("192.0.2.1", 1);
  connect_queue_free(queue);
  queue = NULL;
}

static union address many_address(uint32_t i) {
  unsigned char octets[] = {192, 0, (unsigned char)(i >> 8), (unsigned char)i};
  return address_from_octets((struct span){(const char *)octets, 4}, 1);
}

/* More lanes than buckets. */
static void test_many(void **state) {
  (void)state;
  enum { MANY = 2 * CONNECT_QUEUE_BUCKETS };
  struct waiter *many = calloc(MANY, sizeof *many);
  for (uint32_t i = 0; i < MANY; i++) {
    union address at = many_address(i);
    assert_int_equal(connect_queue_add(queue, &at, &many[i]), ERR_NONE);
  }
  for (size_t i = 0; i < MANY; i++) {
    struct lane *lane = connect_queue_next(queue, 0);
    assert_ptr_equal(connect_queue_take(queue, lane), &many[i]);
  }
  assert_int_equal(take(0), -1);
  free(many);
}

/* Those of one /24, or of one /64, count together, whatever lanes they stand in. */
static void test_waiting_near(void **state) {
  (void)state;
  static const char *const texts[] = {"192.0.2.1",   "192.0.2.255",      "192.0.3.1",
                                      "2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"};
  static const size_t near[] = {2, 2, 1, 2, 2, 1};
  struct waiter some[6] = {0};
  union address at[6];
  for (size_t i = 0; i < 6; i++) {
    at[i] = address(texts[i]);
    assert_int_equal(connect_queue_waiting_near(queue, &at[i]), i % 3 == 1);
    assert_int_equal(connect_queue_add(queue, &at[i], &some[i]), ERR_NONE);
  }
  for (size_t i = 0; i < 6; i++)
    assert_int_equal(connect_queue_waiting_near(queue, &at[i]), near[i]);
  while (connect_queue_next(queue, 0)) connect_queue_take(queue, connect_queue_next(queue, 0));
  for (size_t i = 0; i < 6; i++) assert_int_equal(connect_queue_waiting_near(queue, &at[i]), 0);
}

/* Whoever rests comes back in the order of the times, some having been woken meanwhile. */
static void test_many_rests(void **state) {
  (void)state;
  enum { MANY = 1000 };
  struct waiter *many = calloc(MANY, sizeof *many);
  unsigned seed = 7;
  for (uint32_t i = 0; i < MANY; i++) {
    union address at = many_address(i);
    assert_int_equal(connect_queue_add(queue, &at, &many[i]), ERR_NONE);
    assert_int_equal(connect_queue_waiting_at(queue, &at), 1);
    seed = seed * 1103515245 + 12345;
    connect_queue_rest(queue, connect_queue_next(queue, 0), 1 + (seed >> 16) % 500);
  }
  size_t taken = 0, woken = 0;
  for (uint32_t i = 0; i < MANY; i += 3, woken++) {
    union address at = many_address(i);
    connect_queue_wake(queue, &at);
    assert_ptr_equal(connect_queue_take(queue, connect_queue_next(queue, 0)), &many[i]);
  }
  for (uint64_t now = connect_queue_until(queue), last = 0; now != CONNECT_QUEUE_NEVER;
       last = now, now = connect_queue_until(queue)) {
    assert_true(now > last);
    assert_null(connect_queue_next(queue, now - 1));
    while (connect_queue_next(queue, now)) {
      connect_queue_take(queue, connect_queue_next(queue, now));
      taken++;
    }
  }
  assert_int_equal(taken + woken, MANY);
  assert_int_equal(connect_queue_waiting(queue), 0);
  free(many);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_turns),        TEST(test_rest),
      TEST(test_wake),         TEST(test_free_with_waiters),
      TEST(test_many),         TEST(test_many_rests),
      TEST(test_waiting_near),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
