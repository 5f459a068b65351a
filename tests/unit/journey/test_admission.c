/* Who is put aside, and who returns: below, at and over each limit. What the fetcher and the
 * resolver say is made up here (the linker's --wrap). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/journey/admission.h"
#include <stdlib.h>

enum { JOBS = 1024, ALL = JOBS / ADMISSION_WAIT_SHARE, ONE = JOBS / ADMISSION_SHARE };
enum { NEAR = JOBS / ADMISSION_NEAR_SHARE };

enum { DEPLOYED = 64, MAIL = 1 + DEPLOYED / ADMISSION_MAIL_SHARE };

static size_t waiting, resting, waiting_near, waiting_at, room, waiting_mail;
static uint64_t crowded_mail; /* whom they wait for */

size_t __wrap_fetcher_waiting(const struct fetcher *fetcher);
size_t __wrap_fetcher_resting(const struct fetcher *fetcher);
size_t __wrap_fetcher_waiting_near(const struct fetcher *fetcher, const union address *address);
size_t __wrap_fetcher_waiting_at(struct fetcher *fetcher, const union address *address);
size_t __wrap_resolver_room(const struct resolver *resolver);
size_t __wrap_hosts_waiting(struct hosts *hosts, uint64_t key);

size_t __wrap_hosts_waiting(struct hosts *hosts, uint64_t key) {
  (void)hosts;
  return key == crowded_mail ? waiting_mail : 0;
}

size_t __wrap_fetcher_waiting(const struct fetcher *fetcher) {
  (void)fetcher;
  return waiting;
}

size_t __wrap_fetcher_resting(const struct fetcher *fetcher) {
  (void)fetcher;
  return resting;
}

size_t __wrap_fetcher_waiting_near(const struct fetcher *fetcher, const union address *address) {
  (void)fetcher;
  (void)address;
  return waiting_near;
}

size_t __wrap_fetcher_waiting_at(struct fetcher *fetcher, const union address *address) {
  (void)fetcher;
  (void)address;
  return waiting_at;
}

size_t __wrap_resolver_room(const struct resolver *resolver) {
  (void)resolver;
  return room;
}

static void on_fail(void *data, enum err err) {
  (void)data;
  fail_msg("%s", err_text(err));
}

struct fixture {
  uv_loop_t loop;
  struct journey journey;
};

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  struct journey *journey = &fixture->journey;
  uv_loop_init(&fixture->loop);
  journey->config = (struct journey_config){
      .loop = &fixture->loop, .jobs_max = JOBS, .deployed_max = 2, .fail = on_fail};
  journey->budget.limit = 1 << 30;
  waiting = resting = waiting_near = waiting_at = 0;
  room = 1;
  for (int i = 0; i < JOURNEY_ASIDES; i++)
    if (aside_new(&journey->asides[i], &fixture->loop) != ERR_NONE) return -1;
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  struct journey *journey = &fixture->journey;
  for (int i = 0; i < JOURNEY_ASIDES; i++) aside_close(journey->asides[i]);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  uv_loop_close(&fixture->loop);
  while (journey->busy) job_drop(journey->busy);
  while (journey->unused) {
    struct job *job = journey->unused;
    journey->unused = job->next;
    free(job);
  }
  free(fixture);
  return 0;
}

/* A domain before its fetch, with an address. */
static struct job *job_before_fetch(struct journey *journey) {
  struct job *job = job_take(journey);
  assert_non_null(job);
  job->domain = SPAN("a.example");
  job->deployment = arena_alloc(&job->arena, sizeof *job->deployment);
  assert_non_null(job->deployment);
  job->deployment->address_count = 1;
  return job;
}

static uint64_t aside_for(const struct journey *journey, enum journey_aside what) {
  return aside_count(journey->asides[what]);
}

static void test_slots(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  journey->in_flight = JOBS - 1;
  assert_true(admission_has_slot(journey));
  room = 0;
  assert_false(admission_has_slot(journey));
  room = 1;
  journey->in_flight = JOBS;
  assert_false(admission_has_slot(journey));
  journey->in_flight = 0;
}

static void test_records_are_limited(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  for (int i = 0; i < 2; i++) {
    assert_true(admission_has_room(journey));
    assert_false(admission_defers_record(job_before_fetch(journey)));
  }
  assert_true(admission_has_room(journey)); /* those without a record go on */
  assert_true(admission_defers_record(job_before_fetch(journey)));
  assert_int_equal(aside_for(journey, ASIDE_FOR_ROOM), 1);
  assert_int_equal(journey->deployed, 2);
  struct job *returned = job_before_fetch(journey); /* who was aside has had his turn */
  returned->returned = true;
  assert_false(admission_defers_record(returned));
  job_drop(returned);
  assert_int_equal(journey->deployed, 2);
}

static void test_fetches_are_deferred_at_a_crowd(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  static const struct {
    size_t waiting, resting, near, at;
    bool deferred;
    enum journey_aside what;
  } rows[] = {
      {0, 0, 0, 0, false, 0},
      {ALL - 1, 0, NEAR - 1, ONE - 1, false, 0},
      {ALL, 0, 0, 0, true, ASIDE_FOR_ROOM},
      {ALL - 1, 1, 0, 0, true, ASIDE_FOR_ROOM},
      {0, 0, NEAR, 0, true, ASIDE_FOR_ADDRESS},
      {0, 0, 0, ONE, true, ASIDE_FOR_ADDRESS},
      {ALL, 0, NEAR, ONE, true, ASIDE_FOR_ADDRESS},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct aside_name name;
    struct job *job = job_before_fetch(journey);
    waiting = rows[i].waiting;
    resting = rows[i].resting;
    waiting_near = rows[i].near;
    waiting_at = rows[i].at;
    assert_int_equal(admission_defers_fetch(job), rows[i].deferred);
    if (rows[i].deferred)
      assert_true(aside_take(journey->asides[rows[i].what], &name));
    else
      job_drop(job);
    assert_int_equal(admission_aside(journey), 0);
    assert_int_equal(journey->in_flight, 0);
  }
}

/* A domain before its fetch, with two mail hosts and no address. */
static struct job *job_with_mail(struct journey *journey) {
  static struct result_mx mx[] = {{.host = {"a.mail.example", sizeof "a.mail.example" - 1}},
                                  {.host = {"b.mail.example", sizeof "b.mail.example" - 1}}};
  struct job *job = job_before_fetch(journey);
  job->deployment->address_count = 0;
  job->deployment->result.mx = (struct result_mx_set){.at = mx, .count = 2};
  return job;
}

static void test_a_mail_host_has_a_share(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  struct aside_name name;
  struct job *job;
  assert_int_equal(hosts_new(&journey->config.hosts, HOSTS_BYTES_MAX), ERR_NONE);
  journey->config.deployed_max = DEPLOYED;
  crowded_mail = hosts_key(journey->config.hosts, SPAN("b.mail.example"));
  waiting_mail = MAIL - 1;
  assert_false(admission_defers_fetch(job = job_with_mail(journey)));
  job_drop(job);
  waiting_mail = MAIL;
  job = job_with_mail(journey);
  job->waited = true; /* who was aside for it has had his turn */
  assert_false(admission_defers_fetch(job));
  job_drop(job);
  assert_true(admission_defers_fetch(job_with_mail(journey)));
  assert_int_equal(aside_for(journey, ASIDE_FOR_ADDRESS), 1);
  waiting_mail = 1 + DEPLOYED / ADMISSION_MAIL_SHARE / 2; /* he returns for half as many */
  assert_int_equal(admission_next(journey, &name), ERR_BUSY);
  waiting_mail--;
  journey->rest_end = 0;
  assert_int_equal(admission_next(journey, &name), ERR_NONE);
  assert_true(name.waited);
  assert_int_equal(name.mail_host, crowded_mail);
  waiting_mail = crowded_mail = 0;
  hosts_free(journey->config.hosts);
  journey->config.hosts = NULL;
}

/* Where memory is for fewer than there are slots, shares are of these: as many as fill half of it.
 */
static void test_shares_are_of_the_memory(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  struct job *job = job_before_fetch(journey);
  const size_t bytes = job->arena.total;
  journey->budget.limit = 2 * 32 * bytes;
  waiting = 32 / ADMISSION_WAIT_SHARE - 1;
  assert_false(admission_defers_fetch(job));
  waiting++;
  assert_true(admission_defers_fetch(job));
  journey->budget.limit = bytes; /* not even one: at least one may wait */
  waiting = 0;
  job = job_before_fetch(journey);
  job->returned = true;
  assert_false(admission_defers_fetch(job));
}

/* Who waits for room is not overtaken by who is new. */
static void test_the_new_wait_for_half_as_much(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  waiting = ALL / 2;
  struct job *job = job_before_fetch(journey);
  assert_false(admission_defers_fetch(job));
  admission_put_aside(job, ASIDE_FOR_ROOM);
  job = job_before_fetch(journey);
  job->returned = true;
  assert_false(admission_defers_fetch(job));
  job->returned = false;
  assert_true(admission_defers_fetch(job));
  assert_int_equal(aside_for(journey, ASIDE_FOR_ROOM), 2);
}

/* One that holds much never waits with it. */
static void test_large_ones_never_wait(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  struct job *job = job_before_fetch(journey);
  assert_non_null(arena_alloc(&job->arena, ADMISSION_LARGE));
  assert_false(admission_defers_fetch(job));
  waiting_at = 1;
  assert_true(admission_defers_fetch(job));
  struct aside_name name;
  assert_int_equal(admission_next(journey, &name),
                   ERR_BUSY); /* passed over: somebody waits there */
  waiting_at = 0;
  journey->rest_end = 0;
  journey->returning_large = ADMISSION_RETURNING_LARGE_MAX;
  assert_int_equal(admission_next(journey, &name), ERR_BUSY);
  journey->rest_end = 0;
  journey->returning_large--;
  assert_int_equal(admission_next(journey, &name), ERR_NONE);
  assert_true(name.large);
}

static void test_who_waits_for_room_returns_first(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  struct aside_name name;
  assert_int_equal(admission_next(journey, &name), ERR_END);
  struct job *job = job_before_fetch(journey);
  job->n = 1;
  admission_put_aside(job, ASIDE_FOR_ADDRESS);
  job = job_before_fetch(journey);
  job->n = 2;
  admission_put_aside(job, ASIDE_FOR_ROOM);
  assert_int_equal(admission_next(journey, &name), ERR_NONE);
  assert_int_equal(name.n, 2);
  assert_false(name.waited);
  assert_int_equal(admission_next(journey, &name), ERR_NONE);
  assert_int_equal(name.n, 1);
  assert_true(name.waited);
  assert_int_equal(admission_next(journey, &name), ERR_END);
}

/* Each of these alone keeps all of them aside. */
static void test_nobody_returns_in_vain(void **state) {
  struct journey *journey = &((struct fixture *)*state)->journey;
  struct aside_name name;
  admission_put_aside(job_before_fetch(journey), ASIDE_FOR_ROOM);
  journey->returning = ADMISSION_RETURNING_MAX;
  assert_int_equal(admission_next(journey, &name), ERR_END);
  journey->returning = 0;
  waiting = ALL / 2 + 1;
  assert_int_equal(admission_next(journey, &name), ERR_END);
  waiting = 0;
  journey->budget.used = journey->budget.limit / 4 * 3 + 1;
  assert_int_equal(admission_next(journey, &name), ERR_END);
  journey->budget.used = 0;
  journey->deployed = journey->config.deployed_max;
  assert_int_equal(admission_next(journey, &name), ERR_END);
  journey->deployed = 0;
  room = 0;
  assert_int_equal(admission_next(journey, &name), ERR_END);
  room = 1;
  journey->returning = ADMISSION_RETURNING_MAX - 1;
  waiting = ALL / 2;
  journey->budget.used = journey->budget.limit / 4 * 3;
  assert_int_equal(admission_next(journey, &name), ERR_NONE);
  journey->budget.used = 0;
}

/* When all at an address were passed over they rest for a while. */
static void test_those_at_an_address_rest(void **state) {
  struct fixture *fixture = *state;
  struct journey *journey = &fixture->journey;
  struct aside_name name;
  admission_put_aside(job_before_fetch(journey), ASIDE_FOR_ADDRESS);
  waiting_at = JOBS;
  assert_int_equal(admission_next(journey, &name), ERR_BUSY);
  waiting_at = 0;
  assert_int_equal(admission_next(journey, &name), ERR_END);
  assert_int_equal(journey->rest_end, uv_now(&fixture->loop) + ADMISSION_REST_MS);
  journey->rest_end = uv_now(&fixture->loop);
  assert_int_equal(admission_next(journey, &name), ERR_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_slots, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_records_are_limited, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_fetches_are_deferred_at_a_crowd, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_mail_host_has_a_share, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_shares_are_of_the_memory, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_the_new_wait_for_half_as_much, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_large_ones_never_wait, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_who_waits_for_room_returns_first, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_nobody_returns_in_vain, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_those_at_an_address_rest, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
