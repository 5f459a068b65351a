#include "scanner/smtp/hosts.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { THREADS = 4, NAMES = 50, TURNS = 400 };

#define SECOND UINT64_C(1000000000)
#define DAY    (86400 * SECOND)
#define AGE    (HOSTS_AGE_S * SECOND)

/* A worker: its loop, and what came by its inbox. */
struct worker {
  uv_loop_t loop;
  struct inbox *inbox;
  struct arena arena;
  struct hosts *hosts;
  unsigned messages;
  struct hosts_waiter *last;
  enum hosts_end end; /* of the last message */
  struct host_evidence evidence;
};

static void on_letter(void *data, struct inbox_message *message) {
  struct worker *worker = data;
  worker->messages++;
  worker->last = CONTAINER_OF(message, struct hosts_waiter, message);
  worker->end = hosts_take(worker->hosts, worker->last, &worker->arena, &worker->evidence);
}

static void worker_open(struct worker *worker, struct hosts *hosts) {
  *worker = (struct worker){.hosts = hosts};
  assert_int_equal(0, uv_loop_init(&worker->loop));
  assert_int_equal(ERR_NONE, inbox_new(&worker->inbox, &worker->loop, on_letter, worker));
}

static void worker_close(struct worker *worker) {
  inbox_close(worker->inbox);
  uv_run(&worker->loop, UV_RUN_DEFAULT);
  assert_int_equal(0, uv_loop_close(&worker->loop));
  arena_free(&worker->arena);
}

static struct hosts *hosts_of(size_t bytes_max) {
  struct hosts *hosts;
  assert_int_equal(ERR_NONE, hosts_new(&hosts, bytes_max));
  return hosts;
}

static enum hosts_end ask(struct worker *worker, const char *name, uint64_t now,
                          struct hosts_waiter *waiter) {
  *waiter = (struct hosts_waiter){.inbox = worker->inbox};
  return hosts_ask(worker->hosts, span_of(name), now, waiter, &worker->arena, &worker->evidence);
}

static void tell(struct worker *worker, struct host_entry *entry, const char *text, uint64_t now) {
  struct host_evidence evidence = {.own = span_of(text)};
  assert_int_equal(ERR_NONE, hosts_tell(worker->hosts, entry, &evidence, now));
}

/* Asks as the first, and tells at once. */
static void learn(struct worker *worker, const char *name, const char *text, uint64_t now) {
  struct hosts_waiter waiter;
  assert_int_equal(HOSTS_YOURS, ask(worker, name, now, &waiter));
  tell(worker, waiter.entry, text, now);
  uv_run(&worker->loop, UV_RUN_NOWAIT);
  assert_int_equal(HOSTS_KNOWN, worker->end);
}

/* As learn(), of a host that has something that others may have, too. */
static void learn_shared(struct worker *worker, const char *name, const char *shared) {
  struct host_evidence evidence = {span_of(name), span_of(shared)};
  struct hosts_waiter waiter;
  assert_int_equal(HOSTS_YOURS, ask(worker, name, DAY, &waiter));
  assert_int_equal(ERR_NONE, hosts_tell(worker->hosts, waiter.entry, &evidence, DAY));
  uv_run(&worker->loop, UV_RUN_NOWAIT);
  assert_int_equal(HOSTS_KNOWN, worker->end);
  assert_true(span_equal(evidence.own, worker->evidence.own));
  assert_true(span_equal(evidence.shared, worker->evidence.shared));
}

static bool knows(struct worker *worker, const char *name, uint64_t now) {
  struct hosts_waiter waiter;
  enum hosts_end end = ask(worker, name, now, &waiter);
  if (end == HOSTS_KNOWN) return true;
  assert_int_equal(HOSTS_YOURS, end);
  struct host_entry *entry = waiter.entry;
  hosts_leave(worker->hosts, &waiter);
  hosts_abandon(worker->hosts, entry);
  return false;
}

static void test_the_first_visits_and_all_are_told(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker one, two;
  struct hosts_waiter first, second, third;
  (void)state;
  worker_open(&one, hosts);
  worker_open(&two, hosts);
  assert_int_equal(HOSTS_YOURS, ask(&one, "mx.example", DAY, &first));
  assert_int_equal(HOSTS_PENDING, ask(&one, "mx.example", DAY, &second));
  assert_int_equal(HOSTS_PENDING, ask(&two, "mx.example", DAY, &third));
  struct host_entry *entry = first.entry;
  assert_true(span_equal(SPAN("mx.example"), host_entry_name(entry)));
  uint64_t key = hosts_key(hosts, SPAN("mx.example"));
  assert_int_equal(3, hosts_waiting(hosts, key));
  assert_int_equal(0, hosts_waiting(hosts, hosts_key(hosts, SPAN("other.example"))));
  hosts_leave(hosts, &second);
  assert_int_equal(2, hosts_waiting(hosts, key));
  assert_int_equal(HOSTS_PENDING, ask(&one, "mx.example", DAY, &second));
  tell(&one, entry, "secure", DAY);
  assert_int_equal(0, hosts_waiting(hosts, key));
  uv_run(&one.loop, UV_RUN_NOWAIT);
  uv_run(&two.loop, UV_RUN_NOWAIT);
  assert_int_equal(2, one.messages);
  assert_int_equal(1, two.messages);
  assert_ptr_equal(&third, two.last);
  assert_true(span_equal(SPAN("secure"), two.evidence.own));
  assert_int_equal(HOSTS_KNOWN, ask(&two, "mx.example", DAY, &third));
  assert_true(span_equal(SPAN("secure"), two.evidence.own));
  assert_null(third.entry);
  hosts_leave(hosts, &third); /* nothing */
  worker_close(&one);
  worker_close(&two);
  hosts_free(hosts);
  hosts_free(NULL);
}

static void test_empty_evidence_is_known(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker worker;
  (void)state;
  worker_open(&worker, hosts);
  learn(&worker, "mx.example", "", DAY);
  assert_true(knows(&worker, "mx.example", DAY));
  assert_false(knows(&worker, "mx.exampl", DAY));
  worker_close(&worker);
  hosts_free(hosts);
}

static void test_what_is_old_is_asked_anew(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker worker;
  struct hosts_waiter waiter, late;
  (void)state;
  worker_open(&worker, hosts);
  learn(&worker, "mx.example", "old", DAY);
  assert_true(knows(&worker, "mx.example", DAY + AGE - 1));
  assert_int_equal(HOSTS_YOURS, ask(&worker, "mx.example", DAY + AGE, &waiter));
  assert_int_equal(HOSTS_PENDING, ask(&worker, "mx.example", DAY + AGE, &late));
  tell(&worker, waiter.entry, "new", DAY + AGE);
  /* The one that is still to take it has it, however old it is by then. */
  assert_int_equal(HOSTS_KNOWN,
                   ask(&worker, "mx.example", DAY + 3 * AGE, &(struct hosts_waiter){0}));
  uv_run(&worker.loop, UV_RUN_NOWAIT);
  assert_true(span_equal(SPAN("new"), worker.evidence.own));
  assert_int_equal(1, hosts_account(hosts).count);
  worker_close(&worker);
  hosts_free(hosts);
}

static void test_abandoned_hosts_get_another_visitor(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker one, two;
  struct hosts_waiter first, second, third;
  (void)state;
  worker_open(&one, hosts);
  worker_open(&two, hosts);
  assert_int_equal(HOSTS_YOURS, ask(&one, "mx.example", DAY, &first));
  assert_int_equal(HOSTS_PENDING, ask(&two, "mx.example", DAY, &second));
  assert_int_equal(HOSTS_PENDING, ask(&two, "mx.example", DAY, &third));
  struct host_entry *entry = first.entry;
  hosts_leave(hosts, &first);
  hosts_abandon(hosts, entry);
  while (two.messages < 1) uv_run(&two.loop, UV_RUN_NOWAIT);
  while (two.messages < 2) uv_run(&two.loop, UV_RUN_NOWAIT);
  assert_int_equal(0, one.messages);
  assert_int_equal(HOSTS_PENDING, two.end); /* of the second message: the first got it */
  tell(&two, second.entry, "unknown", DAY);
  uv_run(&two.loop, UV_RUN_NOWAIT);
  assert_int_equal(4, two.messages);
  assert_int_equal(HOSTS_KNOWN, two.end);
  worker_close(&one);
  worker_close(&two);
  hosts_free(hosts);
}

static void test_an_abandoned_host_without_waiters_is_forgotten(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker worker;
  struct hosts_waiter first, second;
  (void)state;
  worker_open(&worker, hosts);
  assert_int_equal(HOSTS_YOURS, ask(&worker, "mx.example", DAY, &first));
  assert_int_equal(HOSTS_PENDING, ask(&worker, "mx.example", DAY, &second));
  struct host_entry *entry = first.entry;
  hosts_abandon(hosts, entry); /* both messages are under way */
  hosts_leave(hosts, &first);
  assert_int_equal(1, hosts_account(hosts).count);
  hosts_leave(hosts, &second);
  assert_int_equal(0, hosts_account(hosts).count);
  assert_int_equal(0, hosts_account(hosts).bytes);
  uv_run(&worker.loop, UV_RUN_NOWAIT);
  assert_int_equal(0, worker.messages);
  worker_close(&worker);
  hosts_free(hosts);
}

static void test_who_leaves_is_not_told(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker worker;
  struct hosts_waiter first, second, third;
  (void)state;
  worker_open(&worker, hosts);
  assert_int_equal(HOSTS_YOURS, ask(&worker, "mx.example", DAY, &first));
  assert_int_equal(HOSTS_PENDING, ask(&worker, "mx.example", DAY, &second));
  assert_int_equal(HOSTS_PENDING, ask(&worker, "mx.example", DAY, &third));
  struct host_entry *entry = first.entry;
  hosts_leave(hosts, &first); /* its visit goes on */
  hosts_leave(hosts, &second);
  tell(&worker, entry, "secure", DAY);
  hosts_leave(hosts, &third); /* after it was posted */
  uv_run(&worker.loop, UV_RUN_NOWAIT);
  assert_int_equal(0, worker.messages);
  assert_true(knows(&worker, "mx.example", DAY));
  worker_close(&worker);
  hosts_free(hosts);
}

/* The size that so many hosts come to. */
static size_t bytes_of(unsigned count) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker worker;
  char name[16];
  worker_open(&worker, hosts);
  for (unsigned i = 0; i < count; i++) {
    snprintf(name, sizeof name, "mx%u", i % 10);
    learn(&worker, name, "evidence", DAY);
  }
  size_t bytes = hosts_account(hosts).bytes;
  worker_close(&worker);
  hosts_free(hosts);
  return bytes;
}

static void test_the_bound(void **state) {
  const size_t three = bytes_of(3);
  static const struct {
    int more;
    unsigned kept;
  } rows[] = {{-1, 2}, {0, 3}, {1, 3}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct hosts *hosts = hosts_of(three + (size_t)rows[i].more);
    struct worker worker;
    worker_open(&worker, hosts);
    learn(&worker, "mx0", "evidence", DAY);
    learn(&worker, "mx1", "evidence", DAY);
    learn(&worker, "mx2", "evidence", DAY);
    struct hosts_account account = hosts_account(hosts);
    assert_int_equal(rows[i].kept, account.count);
    assert_int_equal(3 - rows[i].kept, account.evicted);
    assert_true(account.bytes <= three + (size_t)rows[i].more);
    worker_close(&worker);
    hosts_free(hosts);
  }
}

static void test_what_is_alike_is_kept_once(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker worker;
  (void)state;
  worker_open(&worker, hosts);
  learn_shared(&worker, "mx0", "of the operator");
  struct hosts_account one = hosts_account(hosts);
  learn_shared(&worker, "mx1", "of the operator");
  struct hosts_account two = hosts_account(hosts);
  learn_shared(&worker, "mx2", "of its own, as it");
  struct hosts_account three = hosts_account(hosts);
  assert_int_equal(1, one.shared);
  assert_int_equal(1, two.shared);
  assert_int_equal(2, three.shared);
  assert_true(two.bytes - one.bytes + strlen("of the operator") < one.bytes);
  assert_true(three.bytes - two.bytes >= one.bytes);
  worker_close(&worker);
  hosts_free(hosts);
}

/* It goes with the last of those that have it. */
static void test_what_is_alike_goes_with_the_last(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker worker;
  struct hosts_waiter waiter;
  (void)state;
  worker_open(&worker, hosts);
  learn_shared(&worker, "mx0", "of the operator");
  learn_shared(&worker, "mx1", "of the operator");
  size_t bytes = hosts_account(hosts).bytes;
  assert_false(knows(&worker, "mx0", DAY + AGE)); /* too old: forgotten */
  assert_int_equal(1, hosts_account(hosts).shared);
  assert_true(knows(&worker, "mx1", DAY));
  assert_true(span_equal(SPAN("of the operator"), worker.evidence.shared));
  assert_int_equal(HOSTS_YOURS, ask(&worker, "mx1", DAY + AGE, &waiter));
  assert_int_equal(0, hosts_account(hosts).shared);
  struct host_entry *entry = waiter.entry;
  hosts_leave(hosts, &waiter);
  hosts_abandon(hosts, entry);
  assert_int_equal(0, hosts_account(hosts).bytes);
  learn_shared(&worker, "mx1", "of the operator");
  learn_shared(&worker, "mx0", "of the operator");
  assert_int_equal(bytes, hosts_account(hosts).bytes);
  worker_close(&worker);
  hosts_free(hosts);
}

/* As test_the_bound, where two of three have the same: it stays as long as one of them does. */
static void test_the_bound_with_what_is_alike(void **state) {
  static const struct {
    int more;
    unsigned kept, shared;
  } rows[] = {{-1, 2, 2}, {0, 3, 2}, {1, 3, 2}};
  (void)state;
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct worker worker;
  worker_open(&worker, hosts);
  learn_shared(&worker, "mx0", "same");
  learn_shared(&worker, "mx1", "same");
  learn_shared(&worker, "mx2", "else");
  const size_t three = hosts_account(hosts).bytes;
  worker_close(&worker);
  hosts_free(hosts);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    hosts = hosts_of(three + (size_t)rows[i].more);
    worker_open(&worker, hosts);
    learn_shared(&worker, "mx0", "same");
    learn_shared(&worker, "mx1", "same");
    learn_shared(&worker, "mx2", "else");
    struct hosts_account account = hosts_account(hosts);
    assert_int_equal(rows[i].kept, account.count);
    assert_int_equal(rows[i].shared, account.shared);
    assert_true(account.bytes <= three + (size_t)rows[i].more);
    assert_true(knows(&worker, "mx1", DAY));
    assert_true(span_equal(SPAN("same"), worker.evidence.shared));
    worker_close(&worker);
    hosts_free(hosts);
  }
}

static void test_the_shared_ones_stay(void **state) {
  struct hosts *hosts = hosts_of(bytes_of(3));
  struct worker worker;
  char name[16];
  (void)state;
  worker_open(&worker, hosts);
  learn(&worker, "big", "evidence", DAY);
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "m%02d", i);
    learn(&worker, name, "evidence", DAY);
    assert_true(knows(&worker, "big", DAY));
  }
  assert_true(hosts_account(hosts).count <= 3);
  worker_close(&worker);
  hosts_free(hosts);
}

/* Neither those who are visited nor those whose messages lie there go. */
static void test_nobody_goes_before_he_is_told(void **state) {
  struct hosts *hosts = hosts_of(1);
  struct worker worker;
  struct hosts_waiter waiters[10];
  char name[16];
  (void)state;
  worker_open(&worker, hosts);
  for (int i = 0; i < 10; i++) {
    snprintf(name, sizeof name, "mx%d", i);
    assert_int_equal(HOSTS_YOURS, ask(&worker, name, DAY, &waiters[i]));
  }
  for (int i = 0; i < 10; i++) tell(&worker, waiters[i].entry, "evidence", DAY);
  assert_int_equal(10, hosts_account(hosts).count);
  uv_run(&worker.loop, UV_RUN_NOWAIT);
  assert_int_equal(10, worker.messages);
  assert_int_equal(HOSTS_KNOWN, worker.end);
  assert_int_equal(0, hosts_account(hosts).count);
  assert_int_equal(10, hosts_account(hosts).evicted);
  worker_close(&worker);
  hosts_free(hosts);
}

/* Workers that ask for the same names at the same time, visit, tell, abandon and leave. */
struct crowd {
  struct worker worker;
  unsigned seed;
  unsigned known;
  struct hosts_waiter waiter;
  atomic_uint *visits; /* of each name */
};

static void visit(struct crowd *crowd, struct host_entry *entry) {
  struct span name = host_entry_name(entry);
  if (rand_r(&crowd->seed) % 8 == 0) {
    hosts_leave(crowd->worker.hosts, &crowd->waiter);
    hosts_abandon(crowd->worker.hosts, entry);
    return;
  }
  atomic_fetch_add(&crowd->visits[atoi(name.ptr)], 1);
  assert_int_equal(
      ERR_NONE, hosts_tell(crowd->worker.hosts, entry, &(struct host_evidence){.own = name}, DAY));
}

static void *crowd_main(void *data) {
  struct crowd *crowd = data;
  struct worker *worker = &crowd->worker;
  char name[16];
  for (int i = 0; i < TURNS; i++) {
    snprintf(name, sizeof name, "%d.example", i % NAMES);
    enum hosts_end end = ask(worker, name, DAY, &crowd->waiter);
    while (end == HOSTS_PENDING || end == HOSTS_YOURS) {
      if (end == HOSTS_YOURS) visit(crowd, crowd->waiter.entry);
      if (!crowd->waiter.entry) break;
      unsigned messages = worker->messages;
      while (worker->messages == messages) uv_run(&worker->loop, UV_RUN_ONCE);
      end = worker->end;
    }
    if (end == HOSTS_KNOWN) crowd->known += span_equal(span_of(name), worker->evidence.own);
    arena_reset(&worker->arena);
  }
  return NULL;
}

static void test_threads_ask_for_the_same(void **state) {
  struct hosts *hosts = hosts_of(HOSTS_BYTES_MAX);
  struct crowd crowds[THREADS];
  atomic_uint visits[NAMES] = {0};
  pthread_t threads[THREADS];
  (void)state;
  for (unsigned i = 0; i < THREADS; i++) {
    crowds[i] = (struct crowd){.seed = i, .visits = visits};
    worker_open(&crowds[i].worker, hosts);
  }
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, crowd_main, &crowds[i]);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) {
    assert_true(crowds[i].known > TURNS / 2);
    worker_close(&crowds[i].worker);
  }
  for (int i = 0; i < NAMES; i++) assert_int_equal(1, atomic_load(&visits[i]));
  assert_int_equal(NAMES, hosts_account(hosts).count);
  hosts_free(hosts);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_first_visits_and_all_are_told),
      cmocka_unit_test(test_empty_evidence_is_known),
      cmocka_unit_test(test_what_is_old_is_asked_anew),
      cmocka_unit_test(test_abandoned_hosts_get_another_visitor),
      cmocka_unit_test(test_an_abandoned_host_without_waiters_is_forgotten),
      cmocka_unit_test(test_who_leaves_is_not_told),
      cmocka_unit_test(test_the_bound),
      cmocka_unit_test(test_what_is_alike_is_kept_once),
      cmocka_unit_test(test_what_is_alike_goes_with_the_last),
      cmocka_unit_test(test_the_bound_with_what_is_alike),
      cmocka_unit_test(test_the_shared_ones_stay),
      cmocka_unit_test(test_nobody_goes_before_he_is_told),
      cmocka_unit_test(test_threads_ask_for_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
