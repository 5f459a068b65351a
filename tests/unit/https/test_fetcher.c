/* The queue, the limits and how fetches end. What one request brings is in test_request.c. */
#include "tests/unit/https/stage.h"
#include "tests/unit/net/block_list_of.h"
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const struct script sound = {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))};
static const struct script silent = {.until = UNTIL_REQUEST, .then = THEN_SILENCE};

static void check_sound(const struct run *run) {
  assert_true(run->done);
  assert_int_equal(run->fetch.err, ERR_NONE);
  assert_null(run->findings.first);
  assert_true(run->fetch.has_body);
}

static void reopen_fetcher(const struct fetcher_config *config) {
  close_fetcher(NULL);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  assert_int_equal(fetcher_new(&stage.fetcher, &stage.loop, config, NULL), ERR_NONE);
}

/* No more at once than allowed, and none lost. */
static void test_many(void **state) {
  (void)state;
  enum { MANY = 50, AT_ONCE = 3 };
  static struct run runs[MANY];
  struct fetcher_config config = stage.config;
  struct server server;
  config.in_flight_max = AT_ONCE;
  reopen_fetcher(&config);
  start_server(&server, &sound, "127.0.3.1");
  for (size_t i = 0; i < MANY; i++) start_fetch(&runs[i], "127.0.3.1");
  assert_int_equal(fetcher_waiting(stage.fetcher), MANY);
  while (stage.done < MANY) {
    uv_run(&stage.loop, UV_RUN_ONCE);
    assert_true(fetcher_in_flight(stage.fetcher) <= AT_ONCE);
  }
  assert_int_equal(fetcher_in_flight(stage.fetcher), 0);
  server_end(&server);
  assert_int_equal(server.connections, MANY);
  for (size_t i = 0; i < MANY; i++) {
    check_sound(&runs[i]);
    arena_free(&runs[i].arena);
  }
}

/* Those before a busy address do not hold up the others. */
static void test_gates(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server busy, idle;
  struct run runs[4];
  uint64_t wait_ns = 0;
  assert_int_equal(address_limits_new(&config.limits, 1, 0, 1), ERR_NONE);
  reopen_fetcher(&config);
  start_server(&busy, &silent, "127.0.3.1");
  start_server(&idle, &sound, "127.0.3.2");
  for (size_t i = 0; i < 3; i++) start_fetch(&runs[i], "127.0.3.1");
  start_fetch(&runs[3], "127.0.3.2");
  run_until(1);
  check_sound(&runs[3]);
  assert_int_equal(fetcher_in_flight(stage.fetcher), 1);
  assert_int_equal(fetcher_waiting(stage.fetcher), 2);
  assert_int_equal(address_limits_count(config.limits), 2); /* its prefix has one too */
  while (fetcher_waiting(stage.fetcher) == 2) turn();
  assert_int_equal(runs[0].findings.first->code, FOUND_POLICY_HTTP_TIMEOUT);
  assert_int_equal(fetcher_in_flight(stage.fetcher), 1);
  fetcher_close(stage.fetcher);
  stage.fetcher = NULL;
  uv_run(&stage.loop, UV_RUN_DEFAULT);
  assert_int_equal(
      address_limits_enter(config.limits, &runs[0].addresses[0], stage_now(), &wait_ns), ERR_NONE);
  server_end(&busy);
  server_end(&idle);
  address_limits_free(config.limits);
  for (size_t i = 0; i < 4; i++) arena_free(&runs[i].arena);
}

static void test_pace(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server server;
  struct run runs[5];
  assert_int_equal(rate_limit_new(&config.rate_limit, 50, 1), ERR_NONE);
  reopen_fetcher(&config);
  start_server(&server, &sound, "127.0.3.1");
  for (size_t i = 0; i < 5; i++) start_fetch(&runs[i], "127.0.3.1");
  run_until(5);
  server_end(&server);
  for (size_t i = 0; i < 5; i++) {
    check_sound(&runs[i]);
    arena_free(&runs[i].arena);
  }
  close_fetcher(NULL);
  rate_limit_free(config.rate_limit);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
}

static void test_close_in_flight(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server server;
  struct run runs[3];
  config.in_flight_max = 2;
  reopen_fetcher(&config);
  start_server(&server, &silent, "127.0.3.1");
  for (size_t i = 0; i < 3; i++) start_fetch(&runs[i], "127.0.3.1");
  while (fetcher_in_flight(stage.fetcher) < 2) uv_run(&stage.loop, UV_RUN_ONCE);
  for (size_t i = 0; i < 20; i++) uv_run(&stage.loop, UV_RUN_NOWAIT);
  close_fetcher(NULL);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  assert_int_equal(stage.done, 0);
  server_end(&server);
  for (size_t i = 0; i < 3; i++) arena_free(&runs[i].arena);
}

static struct run next_run;

static void on_done_start(struct fetch *fetch) {
  on_done(fetch);
  start_fetch(&next_run, "127.0.3.1");
  assert_false(next_run.done);
}

static void on_done_close(struct fetch *fetch) {
  on_done(fetch);
  fetcher_close(stage.fetcher);
  stage.fetcher = NULL;
}

/* A callback may start another, and close. */
static void test_calls_in_done(void **state) {
  (void)state;
  struct server server;
  struct run run;
  start_server(&server, &sound, "127.0.3.1");
  run_init(&run);
  run.fetch.done = on_done_start;
  add_address(&run, "127.0.3.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  run_until(1);
  next_run.fetch.done = on_done_close;
  run_until(2);
  check_sound(&run);
  check_sound(&next_run);
  server_end(&server);
  arena_free(&run.arena);
  arena_free(&next_run.arena);
}

/* What must not be contacted is not, and the others are. */
static void test_barred(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct block_list *block = block_list_of("127.0.3.0/24\n");
  struct server barred, open;
  struct run all, some;
  start_server(&barred, &sound, "127.0.3.1");
  start_server(&open, &sound, "127.0.5.1");
  config.block = block;
  reopen_fetcher(&config);
  start_fetch(&all, "127.0.3.1");
  assert_false(all.done);
  run_init(&some);
  add_address(&some, "127.0.3.1");
  add_address(&some, "127.0.5.1");
  assert_int_equal(fetcher_start(stage.fetcher, &some.fetch), ERR_NONE);
  run_until(2);
  check_sound(&some);
  assert_int_equal(some.fetch.result.attempts.count, 1);
  assert_int_equal(all.findings.first->code, FOUND_POLICY_HOST_BLOCKED);
  assert_string_equal(all.findings.first->detail.ptr, "127.0.3.1 is on the block list");
  assert_false(all.fetch.result.asked || all.fetch.has_body);
  arena_free(&all.arena);
  config.allow_private = false;
  reopen_fetcher(&config);
  run_init(&all);
  add_address(&all, "127.0.5.1");
  add_address(&all, "127.0.3.1");
  assert_int_equal(fetcher_start(stage.fetcher, &all.fetch), ERR_NONE);
  run_until(3);
  assert_string_equal(all.findings.first->detail.ptr,
                      "127.0.5.1 is not public, 127.0.3.1 is on the block list");
  server_end(&barred);
  server_end(&open);
  assert_int_equal(barred.connections, 0);
  assert_int_equal(open.connections, 1);
  arena_free(&all.arena);
  arena_free(&some.arena);
  block_list_free(block);
}

#define BUSY(status, headers)                                                                      \
  SAY("HTTP/1.1 " status " Busy\r\n" headers "Content-Length: 0\r\n\r\n")

static void start_busy_server(struct server *server, const struct script *first) {
  *server = (struct server){.script = &sound, .first = first, .certificate = &stage.good};
  server_start(server, "127.0.3.1", &stage.port);
}

static uint64_t milliseconds(void) {
  return stage_now() / 1000000;
}

/* Left alone for as long as it asks, then asked once more; of both there is an attempt. */
static void test_busy_once(void **state) {
  (void)state;
  static const struct {
    struct script first;
    uint64_t least_ms;
    enum finding_code code;
  } rows[] = {
      {{.answer = BUSY("503", "Retry-After: 2\r\n")}, 2000, FOUND_POLICY_HTTP_STATUS},
      {{.answer = BUSY("429", "")}, 1000, FOUND_POLICY_HTTP_STATUS},
      {{.until = UNTIL_ACCEPT, .then = THEN_RESET}, 1000, FOUND_POLICY_TCP_RESET},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct server server;
    struct run run;
    start_busy_server(&server, &rows[i].first);
    uint64_t start = milliseconds();
    start_fetch(&run, "127.0.3.1");
    run_until((unsigned)i + 1);
    assert_true(milliseconds() - start >= rows[i].least_ms);
    check_sound(&run);
    assert_int_equal(run.fetch.result.attempts.count, 2);
    assert_int_equal(run.fetch.result.attempts.at[0].code, rows[i].code);
    assert_int_equal(run.fetch.result.attempts.at[1].code, FOUND_COUNT);
    assert_int_equal(run.fetch.result.http_status, 200);
    server_end(&server);
    arena_free(&run.arena);
  }
}

/* Twice, and no more; not at all, if it asks for more than there is of time. */
static void test_busy_always(void **state) {
  (void)state;
  static const struct script always = {.answer = BUSY("429", "")};
  static const struct script long_time = {.answer = BUSY("503", "Retry-After: 4\r\n")};
  const struct script *scripts[] = {&always, &long_time};
  for (unsigned i = 0; i < 2; i++) {
    struct server server;
    struct run run;
    start_server(&server, scripts[i], "127.0.3.1");
    start_fetch(&run, "127.0.3.1");
    run_until(i + 1);
    server_end(&server);
    assert_int_equal(server.connections, 2 - i);
    assert_int_equal(run.fetch.result.attempts.count, 2 - i);
    assert_int_equal(run.findings.first->code, FOUND_POLICY_HTTP_STATUS);
    assert_null(run.findings.first->next);
    assert_int_equal(run.findings.first->http_status, i ? 503 : 429);
    arena_free(&run.arena);
  }
}

/* The others of the address wait too; those of another one do not, though there is but one place.
 */
static void test_busy_and_others(void **state) {
  (void)state;
  static const struct script busy = {.answer = BUSY("503", "Retry-After: 2\r\n")};
  struct fetcher_config config = stage.config;
  struct server shared, alone;
  struct run runs[3];
  assert_int_equal(address_limits_new(&config.limits, 1, 0, 1), ERR_NONE);
  config.in_flight_max = 1;
  reopen_fetcher(&config);
  start_busy_server(&shared, &busy);
  start_server(&alone, &sound, "127.0.3.2");
  uint64_t start = milliseconds();
  start_fetch(&runs[0], "127.0.3.1");
  start_fetch(&runs[1], "127.0.3.1");
  start_fetch(&runs[2], "127.0.3.2");
  run_until(1);
  assert_true(runs[2].done);
  run_until(3);
  assert_true(milliseconds() - start >= 2000);
  for (size_t i = 0; i < 3; i++) check_sound(&runs[i]);
  server_end(&shared);
  server_end(&alone);
  assert_int_equal(shared.connections, 3);
  close_fetcher(NULL);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  address_limits_free(config.limits);
  for (size_t i = 0; i < 3; i++) arena_free(&runs[i].arena);
}

/* A sound answer ends the row of rests: the next one is as short as the first. */
static void test_sound_answer_relieves(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server server;
  struct run run;
  union address address;
  uint64_t now = stage_now(), wait = 0;
  const uint64_t first = ADDRESS_LIMITS_REST_FIRST_S * UINT64_C(1000000000);
  assert_int_equal(address_parse(SPAN("127.0.3.1"), 443, &address), ERR_NONE);
  assert_int_equal(address_limits_new(&config.limits, 0, 0, 1), ERR_NONE);
  address_limits_rest(config.limits, &address, 0, now - 2 * first);
  reopen_fetcher(&config);
  start_server(&server, &sound, "127.0.3.1");
  start_fetch(&run, "127.0.3.1");
  run_until(1);
  check_sound(&run);
  server_end(&server);
  now = stage_now();
  address_limits_rest(config.limits, &address, 0, now);
  assert_int_equal(address_limits_enter(config.limits, &address, now, &wait), ERR_REFUSED);
  assert_in_range(wait, 1, first);
  close_fetcher(NULL);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  address_limits_free(config.limits);
  arena_free(&run.arena);
}

static void test_close_in_pause(void **state) {
  (void)state;
  static const struct script busy = {.answer = BUSY("503", "Retry-After: 2\r\n")};
  struct server server;
  struct run runs[2];
  start_server(&server, &busy, "127.0.3.1");
  for (size_t i = 0; i < 2; i++) start_fetch(&runs[i], "127.0.3.1");
  while (fetcher_waiting(stage.fetcher) || server.connections < 2 ||
         fetcher_in_flight(stage.fetcher))
    uv_run(&stage.loop, UV_RUN_ONCE);
  assert_int_equal(fetcher_resting(stage.fetcher), 2);
  server_end(&server);
  close_fetcher(NULL);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  assert_int_equal(stage.done, 0);
  for (size_t i = 0; i < 2; i++) arena_free(&runs[i].arena);
}

/* An address that was silent again and again is not waited for as long as others. */
static void test_short_patience(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server server;
  struct run runs[2];
  union address address;
  assert_int_equal(address_parse(SPAN("127.0.3.1"), 443, &address), ERR_NONE);
  assert_int_equal(address_limits_new(&config.limits, 0, 0, 1), ERR_NONE);
  config.timeout_ms = 60000;
  reopen_fetcher(&config);
  for (int i = 0; i < ADDRESS_LIMITS_SILENCES; i++)
    address_limits_hear(config.limits, &address, true, stage_now());
  start_server(&server, &silent, "127.0.3.1");
  uint64_t start = milliseconds();
  start_fetch(&runs[0], "127.0.3.1");
  run_until(1);
  assert_in_range(milliseconds() - start, FETCHER_SHORT_TIMEOUT_MS, 30000);
  const struct finding *finding = runs[0].findings.first;
  assert_int_equal(finding->code, FOUND_POLICY_HTTP_TIMEOUT);
  assert_non_null(memmem(finding->detail.ptr, finding->detail.len, "silent 8 times", 14));
  server_end(&server);
  start_server(&server, &sound, "127.0.3.1");
  start_fetch(&runs[1], "127.0.3.1");
  run_until(2);
  check_sound(&runs[1]);
  assert_false(address_limits_is_silent(config.limits, &address, stage_now()));
  server_end(&server);
  close_fetcher(NULL);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  address_limits_free(config.limits);
  for (size_t i = 0; i < 2; i++) arena_free(&runs[i].arena);
}

/* A timeout of a small share of the time says nothing of the address; one of all of it does. */
static void test_silence_takes_its_time(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  union address address;
  assert_int_equal(address_parse(SPAN("127.0.3.1"), 443, &address), ERR_NONE);
  config.timeout_ms = 2 * CONNECT_MS;
  static const char *const ips[] = {"127.0.3.1", "127.0.3.2", "127.0.3.3", "127.0.3.4"};
  static const size_t counts[] = {4, 1}; /* a half of CONNECT_MS each; twice as much */
  for (size_t i = 0; i < 2; i++) {
    struct server server;
    struct run run;
    assert_int_equal(address_limits_new(&config.limits, 0, 0, 1), ERR_NONE);
    reopen_fetcher(&config);
    for (int j = 1; j < ADDRESS_LIMITS_SILENCES; j++)
      address_limits_hear(config.limits, &address, true, stage_now());
    start_server(&server, &silent, "127.0.3.1");
    run_init(&run);
    for (size_t j = 0; j < counts[i]; j++) add_address(&run, ips[j]);
    stage.done = 0;
    assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
    run_until(1);
    assert_int_equal(address_limits_is_silent(config.limits, &address, stage_now()), i == 1);
    server_end(&server);
    close_fetcher(NULL);
    assert_int_equal(uv_loop_init(&stage.loop), 0);
    address_limits_free(config.limits);
    arena_free(&run.arena);
  }
}

/* Silence leaves each address its share of the time. */
static void test_shares(void **state) {
  (void)state;
  struct server first, second, third;
  struct run run;
  start_server(&first, &silent, "127.0.3.1");
  start_server(&second, &silent, "127.0.3.2");
  start_server(&third, &sound, "127.0.3.3");
  run_init(&run);
  add_address(&run, "127.0.3.1");
  add_address(&run, "127.0.3.2");
  add_address(&run, "127.0.3.3");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  run_until(1);
  check_sound(&run);
  assert_int_equal(run.fetch.result.attempts.count, 3);
  assert_int_equal(run.fetch.result.attempts.at[0].code, FOUND_POLICY_HTTP_TIMEOUT);
  assert_int_equal(run.fetch.result.attempts.at[1].code, FOUND_POLICY_HTTP_TIMEOUT);
  assert_int_equal(run.fetch.result.attempts.at[2].code, FOUND_COUNT);
  assert_true(span_equal(run.fetch.result.attempts.at[2].address, SPAN("127.0.3.3")));
  server_end(&first);
  server_end(&second);
  server_end(&third);
  arena_free(&run.arena);
}

/* The furthest attempt counts, though it was not the last. */
static void test_furthest(void **state) {
  (void)state;
  static const struct script broken = {.until = UNTIL_REQUEST, .then = THEN_RESET};
  struct server server;
  struct run run;
  start_server(&server, &broken, "127.0.3.1");
  run_init(&run);
  add_address(&run, "127.0.3.1");
  add_address(&run, "127.0.4.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  run_until(1);
  assert_int_equal(run.fetch.result.attempts.count, 2);
  assert_int_equal(run.fetch.result.attempts.at[1].code, FOUND_POLICY_TCP_REFUSED);
  assert_true(span_equal(run.fetch.result.address, SPAN("127.0.3.1")));
  assert_int_equal(run.findings.first->code, FOUND_POLICY_TCP_RESET);
  assert_null(run.findings.first->next);
  assert_true(run.fetch.certificate.here);
  server_end(&server);
  arena_free(&run.arena);
}

/* One handle for all: nothing of a fetch shows in the next. */
static void test_reuse(void **state) {
  (void)state;
  static const struct script scripts[] = {
      {.until = UNTIL_HELLO, .then = THEN_RESET},
      {.until = UNTIL_HELLO},
      {.answer = SAY("HTTP/1.1 301 Moved\r\nLocation: /x\r\nX: " THOUSAND THOUSAND THOUSAND THOUSAND
                     "\r\n\r\nabc")},
      {.answer = SAY("ab")},
      {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))},
  };
  static const enum finding_code codes[] = {FOUND_POLICY_TCP_RESET, FOUND_POLICY_TLS_CLOSED,
                                            FOUND_POLICY_HTTP_REDIRECT, FOUND_POLICY_HTTP_INVALID,
                                            FOUND_COUNT};
  struct fetcher_config config = stage.config;
  config.in_flight_max = 1;
  reopen_fetcher(&config);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct server server;
    struct run run;
    start_server(&server, &scripts[i], "127.0.3.1");
    start_fetch(&run, "127.0.3.1");
    run_until((unsigned)i + 1);
    assert_int_equal(run.findings.first ? run.findings.first->code : FOUND_COUNT, codes[i]);
    assert_int_equal(span_here(run.fetch.result.location), codes[i] == FOUND_POLICY_HTTP_REDIRECT);
    assert_int_equal(run.fetch.certificate.here, i > 1);
    server_end(&server);
    arena_free(&run.arena);
  }
}

static void test_limits(void **state) {
  (void)state;
  static char long_host[255];
  struct run run;
  memset(long_host, 'a', sizeof long_host);
  run_init(&run);
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_LIMIT);
  for (size_t i = 0; i < 2 * FETCHER_ADDRESS_MAX; i++) {
    char text[] = "127.0.4.1";
    text[sizeof text - 2] = (char)('1' + i);
    add_address(&run, text);
  }
  run.fetch.host = (struct span){long_host, 254};
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_LIMIT);
  run.fetch.host.len = 253;
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  run_until(1);
  assert_int_equal(run.fetch.result.attempts.count, 2 * FETCHER_ADDRESS_MAX);
  assert_int_equal(run.findings.first->code, FOUND_POLICY_TCP_REFUSED);
  add_address(&run, "127.0.4.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_LIMIT);
  arena_free(&run.arena);
}

static void test_bad_ca_file(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct fetcher *fetcher = NULL;
  const char *why = NULL;
  config.ca_file = "/dev/null";
  assert_int_equal(fetcher_new(&fetcher, &stage.loop, &config, &why), ERR_LIBRARY);
  assert_string_equal(why, "the CA file holds no certificate");
  assert_int_equal(fetcher_new(&fetcher, &stage.loop, &config, NULL), ERR_LIBRARY);
  assert_null(fetcher);
}

/* No memory for what a fetch brings: that says nothing about the host. */
static void test_no_memory(void **state) {
  (void)state;
  struct server server;
  struct run run;
  start_server(&server, &sound, "127.0.3.1");
  run_init(&run);
  run.arena.limit = ARENA_CHUNK_SIZE;
  add_address(&run, "127.0.3.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  arena_alloc(&run.arena, run.arena.left - 64);
  run_until(1);
  assert_int_equal(run.fetch.err, ERR_LIMIT);
  assert_null(run.findings.first);
  arena_free(&run.arena);
  run_init(&run);
  run.arena.limit = 1;
  add_address(&run, "127.0.3.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_LIMIT);
  server_end(&server);
}

enum { FILES_MAX = 64 };

static int files[FILES_MAX];
static struct rlimit file_limit;

/* Takes every descriptor there is. */
static void files_take(void) {
  struct rlimit low;
  getrlimit(RLIMIT_NOFILE, &file_limit);
  low = file_limit;
  low.rlim_cur = FILES_MAX;
  setrlimit(RLIMIT_NOFILE, &low);
  for (size_t i = 0; i < FILES_MAX; i++) files[i] = dup(STDERR_FILENO);
}

static void files_give(uv_timer_t *timer) {
  for (size_t i = 0; i < FILES_MAX; i++)
    if (files[i] >= 0) close(files[i]);
  setrlimit(RLIMIT_NOFILE, &file_limit);
  if (timer) uv_close((uv_handle_t *)timer, NULL);
}

/* No descriptor left is no fault of the host: the fetch waits for one, though not for ever. */
static void test_no_descriptors(void **state) {
  (void)state;
  struct server server;
  struct run run;
  uv_timer_t timer;
  start_server(&server, &sound, "127.0.3.1");
  uv_timer_init(&stage.loop, &timer);
  uv_timer_start(&timer, files_give, 250, 0);
  uv_run(&stage.loop, UV_RUN_NOWAIT);
  files_take();
  start_fetch(&run, "127.0.3.1");
  while (stage.done < 1) uv_run(&stage.loop, UV_RUN_ONCE);
  check_sound(&run);
  assert_int_equal(run.fetch.result.attempts.count, 1);
  arena_free(&run.arena);
  files_take();
  start_fetch(&run, "127.0.3.1");
  run_until(2);
  files_give(NULL);
  assert_int_equal(run.fetch.err, ERR_DESCRIPTORS);
  assert_null(run.findings.first);
  arena_free(&run.arena);
  server_end(&server);
}

enum { STALL_MS = CONNECT_MS + CONNECT_MS / 2 };

/* Once, when a transfer is on its way. */
static void stand_still(uv_check_t *check) {
  const struct timespec server_works = {0, 50 * 1000000L};
  if (!fetcher_in_flight(stage.fetcher)) return;
  nanosleep(&server_works, NULL);
  stage.skipped_ns += STALL_MS * UINT64_C(1000000);
  uv_check_stop(check);
}

/* While nobody looks, a connection stands, or a server tires of waiting for us. */
static void test_time_that_passed_without_us(void **state) {
  (void)state;
  static const struct script tired = {.until = UNTIL_ACCEPT, .then = THEN_CLOSE};
  for (int i = 0; i < 3; i++) {
    bool stops = i<2, tires = i> 0;
    struct server server;
    struct run run;
    uv_check_t check;
    start_server(&server, &sound, "127.0.3.1");
    if (tires) server.first = &tired;
    uv_check_init(&stage.loop, &check);
    if (stops) uv_check_start(&check, stand_still);
    start_fetch(&run, "127.0.3.1");
    run_until((unsigned)i + 1);
    if (stops) check_sound(&run);
    /* A machine that stood still itself has asked once more. */
    if (!stops && run.findings.first)
      assert_int_equal(run.findings.first->code, FOUND_POLICY_TLS_CLOSED);
    assert_int_equal(run.fetch.result.attempts.count, 1);
    assert_in_range(run.fetch.result.ms, 0, CONNECT_MS - 1);
    assert_true(run.fetch.result.tls_ms <= run.fetch.result.ms);
    uv_close((uv_handle_t *)&check, NULL);
    uv_run(&stage.loop, UV_RUN_NOWAIT);
    server_end(&server);
    arena_free(&run.arena);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fetcher, close_fetcher)
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest tests[] = {
      TEST(test_many),
      TEST(test_gates),
      TEST(test_pace),
      TEST(test_close_in_flight),
      TEST(test_calls_in_done),
      TEST(test_barred),
      TEST(test_shares),
      TEST(test_furthest),
      TEST(test_reuse),
      TEST(test_limits),
      TEST(test_bad_ca_file),
      TEST(test_no_memory),
      TEST(test_no_descriptors),
      TEST(test_busy_once),
      TEST(test_busy_always),
      TEST(test_busy_and_others),
      TEST(test_sound_answer_relieves),
      TEST(test_close_in_pause),
      TEST(test_silence_takes_its_time),
      TEST(test_time_that_passed_without_us),
      TEST(test_short_patience),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
