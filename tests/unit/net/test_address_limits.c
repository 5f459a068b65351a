#include "scanner/net/address_limits.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { AT_ONCE = 3, THREADS = 4, TURNS = 2000, MANY = 5000 };

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)
#define DAY    (86400 * SECOND)

static union address of_ipv4(uint32_t number) {
  unsigned char octets[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                             (unsigned char)(number >> 8), (unsigned char)number};
  return address_from_octets((struct span){(const char *)octets, sizeof octets}, 443);
}

/* Each in a /24 of its own. */
static union address numbered(uint32_t number) {
  return of_ipv4(number << 8 | 1);
}

static union address parsed(const char *text) {
  union address address;
  assert_int_equal(ERR_NONE, address_parse(span_of(text), 443, &address));
  return address;
}

static struct address_limits *part_of(unsigned at_once, unsigned per_second, unsigned parts) {
  struct address_limits *limits;
  assert_int_equal(ERR_NONE, address_limits_new(&limits, at_once, per_second, parts));
  return limits;
}

static struct address_limits *gates_of(unsigned at_once, unsigned per_second) {
  return part_of(at_once, per_second, 1);
}

static enum err enter(struct address_limits *limits, uint32_t number, uint64_t now) {
  uint64_t wait;
  union address address = numbered(number);
  enum err err = address_limits_enter(limits, &address, now, &wait);
  assert_int_equal(err == ERR_REFUSED, wait > 0);
  return err;
}

static void leave(struct address_limits *limits, uint32_t number, uint64_t now) {
  union address address = numbered(number);
  address_limits_leave(limits, &address, now);
}

static void test_no_more_than_at_once(void **state) {
  struct address_limits *limits = gates_of(AT_ONCE, 0);
  (void)state;
  for (int i = 0; i < AT_ONCE; i++) assert_int_equal(ERR_NONE, enter(limits, 1, DAY));
  assert_int_equal(ERR_REFUSED, enter(limits, 1, DAY));
  assert_int_equal(ERR_REFUSED, enter(limits, 1, DAY + SECOND));
  assert_int_equal(ERR_NONE, enter(limits, 2, DAY));
  leave(limits, 1, DAY);
  assert_int_equal(ERR_NONE, enter(limits, 1, DAY));
  assert_int_equal(ERR_REFUSED, enter(limits, 1, DAY));
  address_limits_free(limits);
}

/* Of limits for several processes, each keeps to its part: at least one connection, any rate. */
static void test_a_part_of_the_limits(void **state) {
  static const struct {
    unsigned at_once, parts, enter;
  } rows[] = {{8, 1, 8}, {8, 2, 4}, {8, 3, 2}, {8, 8, 1}, {8, 9, 1}, {8, 64, 1}};
  union address address = numbered(1);
  uint64_t wait;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct address_limits *limits = part_of(rows[i].at_once, 0, rows[i].parts);
    for (unsigned j = 0; j < rows[i].enter; j++) assert_int_equal(ERR_NONE, enter(limits, 1, DAY));
    assert_int_equal(ERR_REFUSED, enter(limits, 1, DAY));
    address_limits_free(limits);
  }
  struct address_limits *limits = part_of(0, 20, 64);
  assert_int_equal(ERR_NONE, address_limits_enter(limits, &address, DAY, &wait));
  assert_int_equal(ERR_REFUSED, address_limits_enter(limits, &address, DAY, &wait));
  assert_int_equal(3200 * (SECOND / 1000), wait);
  address_limits_free(limits);
  limits = part_of(0, 0, 64);
  for (int i = 0; i < 100; i++) assert_int_equal(ERR_NONE, enter(limits, 1, DAY));
  address_limits_free(limits);
}

static void test_zero_is_no_limit(void **state) {
  struct address_limits *limits = gates_of(0, 0);
  uint64_t wait;
  union address address = numbered(1);
  (void)state;
  for (int i = 0; i < MANY; i++) assert_int_equal(ERR_NONE, enter(limits, 1, DAY));
  for (int i = 0; i < MANY; i++) leave(limits, 1, DAY);
  assert_int_equal(0, address_limits_count(limits));
  address_limits_free(limits);
  assert_int_equal(ERR_NONE, address_limits_enter(NULL, &address, 0, &wait));
  address_limits_leave(NULL, &address, 0);
  address_limits_free(NULL);
}

static void test_connections_are_spaced(void **state) {
  static const unsigned rates[] = {1, 3, 7, 20, 1000, 1000000000, UINT32_MAX};
  union address address = numbered(1);
  (void)state;
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    struct address_limits *limits = gates_of(0, rates[i]);
    uint64_t now = DAY, wait, again;
    for (unsigned j = 0; j < 2 * (rates[i] < MANY ? rates[i] : MANY); j++) {
      assert_int_equal(ERR_NONE, address_limits_enter(limits, &address, now, &wait));
      assert_int_equal(ERR_REFUSED, address_limits_enter(limits, &address, now, &wait));
      assert_int_equal(1 + (SECOND - 1) / rates[i], wait);
      if (wait > 1)
        assert_int_equal(ERR_REFUSED,
                         address_limits_enter(limits, &address, now + wait - 1, &again));
      address_limits_leave(limits, &address, now);
      now += wait;
    }
    assert_true(now >= DAY + (rates[i] < MANY ? 2 * SECOND : 0));
    assert_int_equal(ERR_NONE, enter(limits, 2, DAY));
    address_limits_free(limits);
  }
}

static void test_forms_of_one_address_share_a_gate(void **state) {
  static const char *const forms[] = {"192.0.2.1", "192.0.2.1:8443", "::ffff:192.0.2.1",
                                      "64:ff9b::192.0.2.1", "[2002:c000:201::1]:8443"};
  static const char *const others[] = {"192.0.2.2", "2001:db8::c000:201", "::192.0.2.1"};
  (void)state;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    struct address_limits *limits = gates_of(1, 0);
    uint64_t wait;
    union address in = parsed(forms[i]);
    assert_int_equal(ERR_NONE, address_limits_enter(limits, &in, DAY, &wait));
    for (size_t j = 0; j < sizeof forms / sizeof *forms; j++) {
      union address form = parsed(forms[j]);
      assert_int_equal(ERR_REFUSED, address_limits_enter(limits, &form, DAY, &wait));
    }
    for (size_t j = 0; j < sizeof others / sizeof *others; j++) {
      union address other = parsed(others[j]);
      assert_int_equal(ERR_NONE, address_limits_enter(limits, &other, DAY, &wait));
    }
    union address out = parsed(forms[(i + 1) % (sizeof forms / sizeof *forms)]);
    address_limits_leave(limits, &out, DAY);
    assert_int_equal(ERR_NONE, address_limits_enter(limits, &in, DAY, &wait));
    address_limits_free(limits);
  }
}

static void test_open_gates_are_kept_as_the_map_grows(void **state) {
  struct address_limits *limits = gates_of(1, 0);
  (void)state;
  for (uint32_t i = 0; i < MANY; i++) assert_int_equal(ERR_NONE, enter(limits, i, DAY));
  assert_int_equal(2 * MANY, address_limits_count(limits)); /* each with its prefix */
  for (uint32_t i = 0; i < MANY; i++) assert_int_equal(ERR_REFUSED, enter(limits, i, 2 * DAY));
  for (uint32_t i = 0; i < MANY; i++) leave(limits, i, 2 * DAY);
  assert_int_equal(0, address_limits_count(limits));
  address_limits_free(limits);
}

static void test_idle_gates_are_forgotten_as_the_map_grows(void **state) {
  struct address_limits *limits = gates_of(1, 1);
  (void)state;
  for (uint32_t i = 0; i < MANY; i++) {
    assert_int_equal(ERR_NONE, enter(limits, i, DAY));
    leave(limits, i, DAY);
  }
  assert_int_equal(2 * MANY, address_limits_count(limits));
  for (uint32_t i = 0; i < MANY; i++) assert_int_equal(ERR_REFUSED, enter(limits, i, DAY + MS));
  for (uint32_t i = MANY; i < 4 * MANY; i++) enter(limits, i, DAY + SECOND);
  assert_int_equal(2 * 3 * MANY, address_limits_count(limits));
  address_limits_free(limits);
}

/* One address after the other, never again. */
static void test_memory_is_bounded_by_what_is_recent(void **state) {
  enum { EACH_MS = 1, RECENT = 50, FIRST_SIZE = 256 };
  struct address_limits *limits = gates_of(8, 1000 / RECENT);
  (void)state;
  for (uint32_t i = 0; i < 20 * MANY; i++) {
    uint64_t now = DAY + i * EACH_MS * MS;
    assert_int_equal(ERR_NONE, enter(limits, i, now));
    leave(limits, i, now);
    assert_true(address_limits_count(limits) <= FIRST_SIZE);
  }
  address_limits_free(limits);
}

static void test_who_never_entered_leaves_nothing(void **state) {
  struct address_limits *limits = gates_of(1, 0);
  (void)state;
  leave(limits, 1, DAY);
  assert_int_equal(0, address_limits_count(limits));
  assert_int_equal(ERR_NONE, enter(limits, 1, DAY));
  assert_int_equal(ERR_REFUSED, enter(limits, 1, DAY));
  address_limits_free(limits);
}

/* For how long nobody enters afterwards. */
static uint64_t rest(struct address_limits *limits, uint32_t number, unsigned seconds,
                     uint64_t now) {
  union address address = numbered(number);
  uint64_t wait;
  address_limits_rest(limits, &address, seconds * SECOND, now);
  if (address_limits_enter(limits, &address, now, &wait) == ERR_NONE) leave(limits, number, now);
  return wait / SECOND;
}

static void relieve(struct address_limits *limits, uint32_t number, uint64_t now) {
  union address address = numbered(number);
  address_limits_relieve(limits, &address, now);
}

static void test_the_overloaded_is_left_alone(void **state) {
  struct address_limits *limits = gates_of(0, 0);
  (void)state;
  assert_int_equal(ERR_NONE, enter(limits, 1, DAY));
  assert_int_equal(3, rest(limits, 1, 3, DAY));
  leave(limits, 1, DAY);
  assert_int_equal(ERR_REFUSED, enter(limits, 1, DAY + 3 * SECOND - 1));
  assert_int_equal(ERR_NONE, enter(limits, 2, DAY));
  assert_int_equal(ERR_NONE, enter(limits, 1, DAY + 3 * SECOND));
  address_limits_rest(NULL, NULL, SECOND, DAY);
  address_limits_relieve(NULL, NULL, DAY);
  address_limits_free(limits);
}

/* What was inside when it began belongs to the same rest. */
static void test_a_rest_is_told_many_times(void **state) {
  struct address_limits *limits = gates_of(0, 0);
  (void)state;
  for (int i = 0; i < 2 * ADDRESS_LIMITS_RESTS_MAX; i++)
    assert_int_equal(1, rest(limits, 1, 0, DAY));
  assert_int_equal(5, rest(limits, 1, 5, DAY));
  assert_int_equal(4, rest(limits, 1, 2, DAY + SECOND));
  assert_int_equal(2, rest(limits, 1, 0, DAY + 5 * SECOND));
  address_limits_free(limits);
}

static void test_rests_have_their_limits(void **state) {
  static const unsigned own[ADDRESS_LIMITS_RESTS_MAX + 1] = {1, 2, 4, 8, 10, 10, 0};
  struct address_limits *limits = gates_of(0, 0);
  uint64_t now = DAY;
  (void)state;
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    assert_int_equal(own[i], rest(limits, 1, 0, now));
    now += own[i] * SECOND;
  }
  assert_int_equal(0, rest(limits, 1, 9, now));
  assert_int_equal(0, rest(limits, 1, 9, now + (ADDRESS_LIMITS_MEMORY_S - 1) * SECOND));
  assert_int_equal(1, rest(limits, 1, 0, now + ADDRESS_LIMITS_MEMORY_S * SECOND));
  assert_int_equal(ADDRESS_LIMITS_REST_MAX_S - 1,
                   rest(limits, 2, ADDRESS_LIMITS_REST_MAX_S - 1, DAY));
  assert_int_equal(ADDRESS_LIMITS_REST_MAX_S, rest(limits, 3, ADDRESS_LIMITS_REST_MAX_S, DAY));
  assert_int_equal(ADDRESS_LIMITS_REST_MAX_S, rest(limits, 4, ADDRESS_LIMITS_REST_MAX_S + 1, DAY));
  address_limits_free(limits);
}

static void test_a_sound_answer_relieves(void **state) {
  struct address_limits *limits = gates_of(0, 0);
  (void)state;
  for (unsigned i = 0; i < 2 * ADDRESS_LIMITS_RESTS_MAX; i++) {
    assert_int_equal(1, rest(limits, 1, 0, DAY + i * SECOND));
    relieve(limits, 1, DAY + i * SECOND);
    relieve(limits, 2, DAY + i * SECOND);
  }
  assert_int_equal(ERR_REFUSED,
                   enter(limits, 1, DAY + (2 * ADDRESS_LIMITS_RESTS_MAX - 1) * SECOND));
  address_limits_free(limits);
}

static void test_rests_are_forgotten(void **state) {
  struct address_limits *limits = gates_of(0, 0);
  (void)state;
  rest(limits, 1, 0, DAY);
  assert_int_equal(ERR_NONE, enter(limits, 1, DAY + SECOND));
  leave(limits, 1, DAY + SECOND);
  assert_int_equal(1, address_limits_count(limits));
  assert_int_equal(ERR_NONE, enter(limits, 1, DAY + SECOND));
  leave(limits, 1, DAY + (ADDRESS_LIMITS_MEMORY_S + 1) * SECOND);
  assert_int_equal(0, address_limits_count(limits));
  address_limits_free(limits);
}

/* The nth address of one prefix: 255 of a /24, or any of a /64. */
static union address neighbour(bool v6, unsigned number) {
  unsigned char octets[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 7};
  if (!v6) return of_ipv4(0xc0000200 | number);
  octets[15] = (unsigned char)number;
  octets[8] = 0xff;
  return address_from_octets((struct span){(const char *)octets, sizeof octets}, 443);
}

static void test_a_prefix_has_a_gate_too(void **state) {
  static const char *const next[] = {"192.0.3.1", "2001:db8:0:8::1"};
  (void)state;
  for (int v6 = 0; v6 < 2; v6++) {
    struct address_limits *limits = gates_of(AT_ONCE, 0);
    uint64_t wait;
    for (unsigned i = 0; i < AT_ONCE * ADDRESS_LIMITS_PREFIX_TIMES; i++) {
      union address address = neighbour(v6, i);
      assert_int_equal(ERR_NONE, address_limits_enter(limits, &address, DAY, &wait));
    }
    union address one_more = neighbour(v6, 200), first = neighbour(v6, 0), other = parsed(next[v6]);
    assert_int_equal(ERR_REFUSED, address_limits_enter(limits, &one_more, DAY, &wait));
    assert_true(wait > 0);
    assert_int_equal(ERR_NONE, address_limits_enter(limits, &other, DAY, &wait));
    address_limits_leave(limits, &first, DAY);
    assert_int_equal(ERR_NONE, address_limits_enter(limits, &one_more, DAY, &wait));
    assert_int_equal(ERR_REFUSED, address_limits_enter(limits, &first, DAY, &wait));
    for (unsigned i = 1; i < AT_ONCE * ADDRESS_LIMITS_PREFIX_TIMES; i++) {
      union address address = neighbour(v6, i);
      address_limits_leave(limits, &address, DAY);
    }
    address_limits_leave(limits, &one_more, DAY);
    address_limits_leave(limits, &other, DAY);
    assert_int_equal(0, address_limits_count(limits));
    address_limits_free(limits);
  }
}

/* A crowd that comes back when it is told to neither gets more than the prefix may have, nor asks
 * again and again. */
static void test_a_prefix_has_a_rate_too(void **state) {
  enum { RATE = 20, CROWD = 250, SECONDS = 3 };
  struct address_limits *limits = gates_of(0, RATE);
  uint64_t due[CROWD] = {0}, asked = 0, entered = 0;
  (void)state;
  for (uint64_t now = 0; now < SECONDS * SECOND; now += MS) {
    for (unsigned i = 0; i < CROWD; i++) {
      union address address = neighbour(false, i);
      uint64_t wait;
      if (due[i] > now) continue;
      asked++;
      bool enters = address_limits_enter(limits, &address, DAY + now, &wait) == ERR_NONE;
      entered += enters;
      due[i] = now + (enters ? 0 : wait);
      if (enters) address_limits_leave(limits, &address, DAY + now);
    }
  }
  assert_in_range(entered, RATE * ADDRESS_LIMITS_PREFIX_TIMES * SECONDS * 8 / 10,
                  RATE * ADDRESS_LIMITS_PREFIX_TIMES * SECONDS + 1);
  assert_true(asked < 40 * entered);
  address_limits_free(limits);
}

static void test_what_its_prefix_refuses_costs_an_address_nothing(void **state) {
  struct address_limits *limits = gates_of(1, 10);
  uint64_t wait;
  (void)state;
  union address first = neighbour(false, 1), second = neighbour(false, 2);
  assert_int_equal(ERR_NONE, address_limits_enter(limits, &first, DAY, &wait));
  assert_int_equal(ERR_REFUSED, address_limits_enter(limits, &second, DAY, &wait));
  assert_true(wait <= SECOND / (10 * ADDRESS_LIMITS_PREFIX_TIMES));
  assert_int_equal(ERR_NONE, address_limits_enter(limits, &second, DAY + wait, &wait));
  address_limits_free(limits);
}

static void hear(struct address_limits *limits, uint32_t number, bool silent, uint64_t now) {
  union address address = numbered(number);
  address_limits_hear(limits, &address, silent, now);
}

static bool is_silent(struct address_limits *limits, uint32_t number, uint64_t now) {
  union address address = numbered(number);
  return address_limits_is_silent(limits, &address, now);
}

static void test_silence_is_remembered(void **state) {
  struct address_limits *limits = gates_of(8, 20);
  (void)state;
  for (int i = 0; i < ADDRESS_LIMITS_SILENCES; i++) {
    assert_false(is_silent(limits, 1, DAY + i * SECOND));
    hear(limits, 1, true, DAY + i * SECOND);
  }
  uint64_t last = DAY + (ADDRESS_LIMITS_SILENCES - 1) * SECOND;
  uint64_t memory = ADDRESS_LIMITS_SILENCE_MEMORY_S * SECOND;
  assert_true(is_silent(limits, 1, last + memory - 1));
  assert_false(is_silent(limits, 2, last));
  assert_false(is_silent(limits, 1, last + memory));
  hear(limits, 1, true, last + memory); /* the first in a row again */
  assert_false(is_silent(limits, 1, last + memory));
  for (int i = 1; i < ADDRESS_LIMITS_SILENCES; i++) hear(limits, 1, true, last + memory);
  assert_true(is_silent(limits, 1, last + memory));
  hear(limits, 1, false, last + memory);
  assert_false(is_silent(limits, 1, last + memory));
  hear(limits, 3, false, last + memory);
  assert_int_equal(0, address_limits_count(limits) - 1); /* of the first alone, and that is idle */
  address_limits_hear(NULL, NULL, true, DAY);
  assert_false(address_limits_is_silent(NULL, NULL, DAY));
  address_limits_free(limits);
}

struct crowd {
  struct address_limits *limits;
  atomic_int inside[2], most;
};

static void *go_in_and_out(void *data) {
  struct crowd *crowd = data;
  uint64_t wait;
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    uint32_t which = turn & 1;
    union address address = numbered(which);
    if (address_limits_enter(crowd->limits, &address, turn, &wait) != ERR_NONE) continue;
    int inside = atomic_fetch_add(&crowd->inside[which], 1) + 1, most = atomic_load(&crowd->most);
    while (inside > most && !atomic_compare_exchange_weak(&crowd->most, &most, inside)) {}
    atomic_fetch_sub(&crowd->inside[which], 1);
    address_limits_leave(crowd->limits, &address, turn);
  }
  return NULL;
}

static void test_threads_share_the_gates(void **state) {
  struct crowd crowd = {.limits = gates_of(AT_ONCE, 0)};
  pthread_t threads[THREADS];
  (void)state;
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(0, pthread_create(&threads[i], NULL, go_in_and_out, &crowd));
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_in_range(atomic_load(&crowd.most), 1, AT_ONCE);
  assert_int_equal(0, address_limits_count(crowd.limits));
  address_limits_free(crowd.limits);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_more_than_at_once),
      cmocka_unit_test(test_zero_is_no_limit),
      cmocka_unit_test(test_a_part_of_the_limits),
      cmocka_unit_test(test_connections_are_spaced),
      cmocka_unit_test(test_forms_of_one_address_share_a_gate),
      cmocka_unit_test(test_open_gates_are_kept_as_the_map_grows),
      cmocka_unit_test(test_idle_gates_are_forgotten_as_the_map_grows),
      cmocka_unit_test(test_memory_is_bounded_by_what_is_recent),
      cmocka_unit_test(test_who_never_entered_leaves_nothing),
      cmocka_unit_test(test_the_overloaded_is_left_alone),
      cmocka_unit_test(test_a_rest_is_told_many_times),
      cmocka_unit_test(test_rests_have_their_limits),
      cmocka_unit_test(test_a_sound_answer_relieves),
      cmocka_unit_test(test_rests_are_forgotten),
      cmocka_unit_test(test_a_prefix_has_a_gate_too),
      cmocka_unit_test(test_a_prefix_has_a_rate_too),
      cmocka_unit_test(test_what_its_prefix_refuses_costs_an_address_nothing),
      cmocka_unit_test(test_silence_is_remembered),
      cmocka_unit_test(test_threads_share_the_gates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
