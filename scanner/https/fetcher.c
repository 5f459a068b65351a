#include "scanner/https/fetcher.h"

#include "scanner/https/address_plan.h"
#include "scanner/https/connect_turns.h"
#include "scanner/https/memory.h"
#include "scanner/https/request.h"
#include "scanner/https/trust_store.h"
#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum {
  FETCHER_MS_NS = 1000000,
  FETCHER_LOCAL_ERRORS_MAX = 50, /* tries of one fetch that ended in an error of our own */
  FETCHER_STANDSTILL_NS = 1000 * FETCHER_MS_NS, /* a server may have given us up meanwhile */
  FETCHER_STANDSTILLS_MAX = 1,                  /* tries of one fetch that ended so */
};

#define FETCHER_SECOND_NS UINT64_C(1000000000)

static_assert(ADDRESS_PLAN_ADDRESSES_MAX == 2 * FETCHER_ADDRESS_MAX,
              "both families of a policy host");

TAILQ_HEAD(request_list, request);
TAILQ_HEAD(fetch_list, fetch_state);

enum fetch_place { FETCH_PAUSING, FETCH_WAITING, FETCH_RUNNING, FETCH_ENDED };

/* In the arena of the fetch. */
struct fetch_state {
  struct waiter waiter; /* first: a waiter is its fetch_state */
  struct fetch *fetch;
  enum fetch_place place;
  TAILQ_ENTRY(fetch_state) link; /* while pausing or ended */
  uint64_t pause_until;
  struct address_plan plan;
  unsigned local_errors;
  unsigned standstills;
  bool short_timeout; /* the address has been silent for long */
};

struct fetcher {
  struct fetcher_config config;
  char *user_agent;
  bool has_curl;
  struct request_common common;
  uv_loop_t *loop;
  uv_timer_t wake; /* for those that wait */
  unsigned open;   /* handles and the multi, not closed yet */
  bool closing;
  struct request_list idle, busy;
  size_t in_flight;
  struct fetch_list paused; /* who ends first goes first */
  size_t paused_count;
  struct connect_turns turns;
  struct fetch_list ended; /* whose callback is due */
};

/* At least a millisecond: libuv runs those of no time again and again before it polls (until 1.45).
 * By another clock than libuv's it is looked at all the time. */
static void fetcher_arm(const struct fetcher *fetcher, uv_timer_t *timer, uv_timer_cb call,
                        uint64_t wait_ns) {
  uint64_t ms = (wait_ns + FETCHER_MS_NS - 1) / FETCHER_MS_NS;
  if (fetcher->config.now != uv_hrtime) ms = 1;
  uv_timer_start(timer, call, ms ? ms : 1, 0);
}

static int64_t fetcher_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / FETCHER_MS_NS;
}

/* Deadlines and durations are by this clock; what is shared with other threads is not. */
static uint64_t fetcher_now(const struct fetcher *fetcher) {
  return loop_clock_now(fetcher->common.clock);
}

/* Its callback comes with the next fetcher_settle(). */
static void fetcher_finish(struct fetcher *fetcher, struct fetch_state *state, enum err err) {
  struct fetch *fetch = state->fetch;
  const struct attempt *best = &state->plan.best;
  if (err == ERR_NONE) err = fetch->findings->arena->err;
  fetch->err = err;
  if (best->here) fetch->result = best->fetch;
  fetch->result.attempts =
      (struct result_attempts){state->plan.attempts, state->plan.attempt_count};
  fetch->certificate = best->certificate;
  fetch->has_header = best->has_header;
  fetch->has_body = best->has_body;
  fetch->body = best->body;
  for (struct finding *f = best->findings.first; f && err == ERR_NONE; f = f->next)
    finding_list_add(fetch->findings, *f);
  state->place = FETCH_ENDED;
  TAILQ_INSERT_TAIL(&fetcher->ended, state, link);
}

static void fetcher_wait(struct fetcher *fetcher, struct fetch_state *state) {
  state->place = FETCH_WAITING;
  enum err err =
      connect_queue_add(fetcher->turns.queue, address_plan_address(&state->plan), &state->waiter);
  if (err != ERR_NONE) fetcher_finish(fetcher, state, err);
}

static void fetcher_pause(struct fetcher *fetcher, struct fetch_state *state, uint64_t until) {
  struct fetch_state *before = TAILQ_LAST(&fetcher->paused, fetch_list);
  state->place = FETCH_PAUSING;
  fetcher->paused_count++;
  state->pause_until = until;
  while (before && before->pause_until > until) before = TAILQ_PREV(before, fetch_list, link);
  if (before)
    TAILQ_INSERT_AFTER(&fetcher->paused, before, state, link);
  else
    TAILQ_INSERT_HEAD(&fetcher->paused, state, link);
}

static void fetcher_end_pauses(struct fetcher *fetcher, uint64_t now) {
  struct fetch_state *state;
  while ((state = TAILQ_FIRST(&fetcher->paused)) && state->pause_until <= now) {
    TAILQ_REMOVE(&fetcher->paused, state, link);
    fetcher->paused_count--;
    fetcher_wait(fetcher, state);
  }
}

/* An error of our own says nothing about the host: it is tried again after a pause. */
static void fetcher_retry_later(struct fetcher *fetcher, struct fetch_state *state, enum err err) {
  if (state->local_errors++ == FETCHER_LOCAL_ERRORS_MAX) {
    fetcher_finish(fetcher, state, err);
    return;
  }
  connect_turns_pause(&fetcher->turns, fetcher->config.now());
  fetcher_wait(fetcher, state);
}

/* How long the fetch has to wait before it may come again (RFC 9110 section 10.2.3). The others of
 * the address wait too, in their lane. */
static uint64_t fetcher_back_off(struct fetcher *fetcher, const union address *address,
                                 const struct attempt *attempt, uint64_t now) {
  uint64_t asked = attempt->retry_after * FETCHER_SECOND_NS;
  uint64_t least = ADDRESS_LIMITS_REST_FIRST_S * FETCHER_SECOND_NS;
  if (attempt->overload)
    address_limits_rest(fetcher->config.limits, address, asked, now);
  else if (attempt->fetch.http_status)
    address_limits_relieve(fetcher->config.limits, address, now);
  return asked < least ? least : asked;
}

/* It failed after the clock had stood still for long: perhaps the server tired of us. Its own
 * silence does not end before its time, whatever the clock lost. */
static bool fetcher_stood_still(const struct fetcher *fetcher, struct fetch_state *state,
                                const struct request *request) {
  bool long_enough =
      loop_clock_lost(fetcher->common.clock) >= request->lost_ns + FETCHER_STANDSTILL_NS;
  bool failed = outcome_code(&request->outcome) != FOUND_COUNT && !request->outcome.late;
  if (!failed || !long_enough || state->standstills == FETCHER_STANDSTILLS_MAX) return false;
  state->standstills++;
  return true;
}

/* Says of a silence that it was not waited for as long as others are. */
static void fetcher_note_short_timeout(struct attempt *attempt) {
  struct arena *arena = attempt->findings.arena;
  struct finding *found = attempt->findings.first;
  while (found && found->code != attempt->code) found = found->next;
  if (!found) return;
  struct span said = arena_format(arena, " (waited %d ms: silent %d times in a row before)",
                                  FETCHER_SHORT_TIMEOUT_MS, ADDRESS_LIMITS_SILENCES);
  found->detail = arena_join(arena, found->detail, said);
}

/* Whether time passed and no HTTP status came. A share of the time that is less than a connection
 * may take to be made says nothing of the address. */
static void fetcher_note_silence(struct fetcher *fetcher, const struct request *request,
                                 const struct fetch_state *state, struct attempt *attempt,
                                 uint64_t spent) {
  bool silent = request->outcome.late && attempt->step < OUTCOME_HEADERS;
  bool patient = spent >= (uint64_t)fetcher->config.connect_timeout_ms * FETCHER_MS_NS;
  if (silent && state->short_timeout) fetcher_note_short_timeout(attempt);
  if (silent && !state->short_timeout && !patient) return;
  address_limits_hear(fetcher->config.limits, &request->address, silent, fetcher->config.now());
}

static void fetcher_judge(struct fetcher *fetcher, struct fetch_state *state,
                          const struct request *request) {
  uint64_t now = fetcher->config.now(), pause;
  uint64_t spent = fetcher_now(fetcher) - request->start_ns;
  enum err local_error = outcome_local_error(&request->outcome);
  bool stood_still = local_error == ERR_NONE && fetcher_stood_still(fetcher, state, request);
  if (stood_still || local_error != ERR_NONE) {
    state->plan.left_ns -= spent < state->plan.left_ns ? spent : state->plan.left_ns;
    if (stood_still)
      fetcher_wait(fetcher, state);
    else
      fetcher_retry_later(fetcher, state, local_error);
    return;
  }
  struct attempt attempt = attempt_judge(request, fetcher_clock(), state->fetch->findings->arena);
  fetcher_note_silence(fetcher, request, state, &attempt, spent);
  address_plan_keep(&state->plan, &attempt, spent);
  pause = fetcher_back_off(fetcher, &request->address, &attempt, now);
  switch (address_plan_turn(&state->plan, &attempt, pause)) {
  case ADDRESS_PLAN_ENDS: fetcher_finish(fetcher, state, ERR_NONE); break;
  case ADDRESS_PLAN_GOES_ON: fetcher_wait(fetcher, state); break;
  case ADDRESS_PLAN_PAUSES: fetcher_pause(fetcher, state, now + pause); break;
  }
}

/* Nanoseconds that a transfer may have spent by now. */
static uint64_t fetcher_limit(const struct fetcher *fetcher, const struct request *request) {
  const uint64_t short_limit = (uint64_t)FETCHER_SHORT_TIMEOUT_MS * FETCHER_MS_NS;
  const struct fetch_state *state = request->state;
  uint64_t limit = address_plan_limit(&state->plan, request_step(request),
                                      (uint64_t)fetcher->config.connect_timeout_ms * FETCHER_MS_NS);
  bool is_short = state->short_timeout && request_step(request) < OUTCOME_HEADERS;
  return is_short && short_limit < limit ? short_limit : limit;
}

/* Takes the transfer from its fetch and makes room for another. */
static struct fetch_state *fetcher_detach(struct fetcher *fetcher, struct request *request,
                                          CURLcode result, bool late) {
  struct fetch_state *state = request->state;
  request_end(request, result, late);
  uv_timer_stop(&request->late);
  connect_turns_leave(&fetcher->turns, &request->address, fetcher->config.now());
  TAILQ_REMOVE(&fetcher->busy, request, link);
  fetcher->in_flight--;
  request->state = NULL;
  return state;
}

static void fetcher_rest(struct fetcher *fetcher, struct request *request) {
  request_clear(request);
  TAILQ_INSERT_HEAD(&fetcher->idle, request, link);
}

static void fetcher_end(struct fetcher *fetcher, struct request *request, CURLcode result,
                        bool late) {
  struct fetch_state *state = fetcher_detach(fetcher, request, result, late);
  fetcher_judge(fetcher, state, request);
  fetcher_rest(fetcher, request);
}

static void fetcher_settle(struct fetcher *fetcher);

static void fetcher_on_late(uv_timer_t *timer);

static void fetcher_watch(struct fetcher *fetcher, struct request *request, uint64_t spent) {
  fetcher_arm(fetcher, &request->late, fetcher_on_late, fetcher_limit(fetcher, request) - spent);
}

static void fetcher_on_late(uv_timer_t *timer) {
  struct request *request = timer->data;
  struct fetcher *fetcher = request->common->fetcher;
  uint64_t spent = fetcher_now(fetcher) - request->start_ns;
  if (spent < fetcher_limit(fetcher, request) && !request->outcome.no_memory)
    fetcher_watch(fetcher, request, spent);
  else
    fetcher_end(fetcher, request, CURLE_OPERATION_TIMEDOUT, true);
  fetcher_settle(fetcher);
}

static struct request *fetcher_transfer(struct fetcher *fetcher) {
  struct request *request = TAILQ_FIRST(&fetcher->idle);
  if (request) {
    TAILQ_REMOVE(&fetcher->idle, request, link);
    return request;
  }
  request = request_new(&fetcher->common);
  if (!request) return NULL;
  uv_timer_init(fetcher->loop, &request->late);
  request->late.data = request;
  fetcher->open++;
  return request;
}

/* The limits of the address allow it. */
static void fetcher_begin(struct fetcher *fetcher, struct fetch_state *state) {
  struct fetch *fetch = state->fetch;
  union address address =
      address_from_octets(address_octets(address_plan_address(&state->plan)), fetcher->config.port);
  struct request *request = fetcher_transfer(fetcher);
  enum err err = ERR_MEMORY;
  if (request)
    err = request_start(request, fetch->host, fetch->path, &address, fetch->findings->arena);
  if (err != ERR_NONE) {
    address_limits_leave(fetcher->config.limits, &address, fetcher->config.now());
    if (request) fetcher_rest(fetcher, request);
    fetcher_retry_later(fetcher, state, err);
    return;
  }
  state->place = FETCH_RUNNING;
  state->short_timeout =
      address_limits_is_silent(fetcher->config.limits, &address, fetcher->config.now());
  request->state = state;
  TAILQ_INSERT_TAIL(&fetcher->busy, request, link);
  fetcher->in_flight++;
  fetcher_watch(fetcher, request, 0);
}

static void fetcher_on_wake(uv_timer_t *timer) {
  fetcher_settle(timer->data);
}

static bool fetcher_has_room(const struct fetcher *fetcher) {
  return fetcher->in_flight < fetcher->config.in_flight_max;
}

/* When there is something to do next, but for what a transfer that ends makes room for. */
static uint64_t fetcher_until(const struct fetcher *fetcher) {
  const struct fetch_state *paused = TAILQ_FIRST(&fetcher->paused);
  uint64_t until = connect_turns_until(&fetcher->turns, fetcher_has_room(fetcher));
  return paused && paused->pause_until < until ? paused->pause_until : until;
}

static void fetcher_pump(struct fetcher *fetcher) {
  uint64_t now = fetcher->config.now();
  struct waiter *waiter;
  fetcher_end_pauses(fetcher, now);
  while (fetcher_has_room(fetcher) && (waiter = connect_turns_next(&fetcher->turns, now)))
    fetcher_begin(fetcher, (struct fetch_state *)waiter);
  uint64_t until = fetcher_until(fetcher);
  if (until == CONNECT_QUEUE_NEVER) {
    uv_timer_stop(&fetcher->wake);
    return;
  }
  fetcher_arm(fetcher, &fetcher->wake, fetcher_on_wake, until > now ? until - now : 0);
}

/* A callback may start another, and close. */
static void fetcher_report(struct fetcher *fetcher) {
  struct fetch_state *state;
  while (!fetcher->closing && (state = TAILQ_FIRST(&fetcher->ended))) {
    struct fetch *fetch = state->fetch;
    TAILQ_REMOVE(&fetcher->ended, state, link);
    fetch->state = NULL;
    fetch->done(fetch);
  }
}

static void fetcher_settle(struct fetcher *fetcher) {
  CURL *easy;
  CURLcode result;
  while (curl_loop_take(fetcher->common.curl_loop, &easy, &result)) {
    struct request *request = request_of(easy);
    fetcher_end(fetcher, request, result, false);
  }
  fetcher_pump(fetcher);
  fetcher_report(fetcher);
}

static void fetcher_on_worked(void *data) {
  fetcher_settle(data);
}

static void fetcher_on_failed(void *data, CURL *easy) {
  const struct fetcher *fetcher = data;
  struct request *request = request_of(easy);
  if (!request || !request->state) return;
  request->outcome.no_memory = true;
  fetcher_arm(fetcher, &request->late, fetcher_on_late, 0);
}

static void fetcher_release(struct fetcher *fetcher) {
  X509_STORE_free(fetcher->common.trust);
  SSL_CTX_free(fetcher->common.tls);
  connect_queue_free(fetcher->turns.queue);
  free(fetcher->user_agent);
  if (fetcher->has_curl) curl_global_cleanup();
  free(fetcher);
}

static void fetcher_on_closed(void *data) {
  struct fetcher *fetcher = data;
  if (--fetcher->open == 0) fetcher_release(fetcher);
}

/* Everything that can fail; the multi comes last, as it cannot be dropped at once. */
static enum err fetcher_equip(struct fetcher *fetcher, const char **why) {
  const struct curl_loop_calls calls = {fetcher_on_worked, fetcher_on_failed, fetcher_on_closed,
                                        fetcher};
  *why = "out of memory";
  fetcher->user_agent = strdup(fetcher->config.user_agent);
  fetcher->common.user_agent = fetcher->user_agent;
  fetcher->has_curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!fetcher->user_agent || !fetcher->has_curl) return ERR_MEMORY;
  enum err err = connect_queue_new(&fetcher->turns.queue);
  if (err == ERR_NONE) err = trust_store_load(&fetcher->common.trust, fetcher->config.ca_file, why);
  if (err != ERR_NONE) return err;
  *why = "out of memory";
  fetcher->common.tls = tls_new();
  /* OpenSSL leaves out the ciphers and groups that it has no memory for, and says nothing. */
  if (!fetcher->common.tls || memory_failures()) return ERR_MEMORY;
  return curl_loop_new(&fetcher->common.curl_loop, fetcher->loop, fetcher->common.tls, &calls);
}

enum err fetcher_new(struct fetcher **fetcher, uv_loop_t *loop, const struct fetcher_config *config,
                     const char **why) {
  const char *ignored;
  struct fetcher *made = calloc(1, sizeof *made);
  if (!why) why = &ignored;
  *why = "out of memory";
  if (!made) return ERR_MEMORY;
  made->config = *config;
  if (!made->config.now) made->config.now = uv_hrtime;
  made->loop = loop;
  made->turns = (struct connect_turns){.limits = config->limits, .rate_limit = config->rate_limit};
  made->common = (struct request_common){.fetcher = made,
                                         .policy_size_max = config->policy_size_max,
                                         .filter = {.allow_private = config->allow_private,
                                                    .block = config->block,
                                                    .own = config->own},
                                         .source = config->source};
  TAILQ_INIT(&made->idle);
  TAILQ_INIT(&made->busy);
  TAILQ_INIT(&made->paused);
  TAILQ_INIT(&made->ended);
  enum err err = loop_clock_new(&made->common.clock, loop, made->config.now);
  if (err == ERR_NONE) err = fetcher_equip(made, why);
  if (err != ERR_NONE) {
    loop_clock_close(made->common.clock);
    fetcher_release(made);
    return err;
  }
  uv_timer_init(loop, &made->wake);
  made->wake.data = made;
  made->open = 2; /* it and the multi */
  *fetcher = made;
  return ERR_NONE;
}

static void fetcher_on_timer_closed(uv_handle_t *timer) {
  fetcher_on_closed(timer->data);
}

static void fetcher_on_transfer_closed(uv_handle_t *timer) {
  struct request *request = timer->data;
  struct fetcher *fetcher = request->common->fetcher;
  request_free(request);
  fetcher_on_closed(fetcher);
}

void fetcher_close(struct fetcher *fetcher) {
  struct request *request;
  fetcher->closing = true;
  while ((request = TAILQ_FIRST(&fetcher->busy))) {
    fetcher_detach(fetcher, request, CURLE_OK, false);
    fetcher_rest(fetcher, request);
  }
  TAILQ_FOREACH(request, &fetcher->idle, link)
  uv_close((uv_handle_t *)&request->late, fetcher_on_transfer_closed);
  curl_loop_close(fetcher->common.curl_loop);
  loop_clock_close(fetcher->common.clock);
  uv_close((uv_handle_t *)&fetcher->wake, fetcher_on_timer_closed);
}

X509_STORE *fetcher_trust(const struct fetcher *fetcher) {
  return fetcher->common.trust;
}

enum err fetcher_start(struct fetcher *fetcher, struct fetch *fetch) {
  struct arena *arena = fetch->findings->arena;
  size_t count = fetch->address_count;
  if (count == 0 || count > (size_t)2 * FETCHER_ADDRESS_MAX || fetch->host.len > REQUEST_HOST_MAX)
    return ERR_LIMIT;
  struct fetch_state *state = arena_alloc(arena, sizeof *state);
  if (!state) return arena->err;
  state->fetch = fetch;
  state->plan.left_ns = (uint64_t)fetcher->config.timeout_ms * FETCHER_MS_NS;
  fetch->state = state;
  fetch->err = ERR_NONE;
  fetch->result = (struct result_fetch){.connect_ms = -1, .tls_ms = -1};
  address_plan_choose(&state->plan, fetch->addresses, count, &fetcher->common.filter, arena);
  if (state->plan.address_count)
    fetcher_wait(fetcher, state);
  else
    fetcher_finish(fetcher, state, ERR_NONE);
  fetcher_arm(fetcher, &fetcher->wake, fetcher_on_wake, 0);
  return ERR_NONE;
}

size_t fetcher_in_flight(const struct fetcher *fetcher) {
  return fetcher->in_flight;
}

size_t fetcher_waiting(const struct fetcher *fetcher) {
  return connect_queue_waiting(fetcher->turns.queue);
}

size_t fetcher_resting(const struct fetcher *fetcher) {
  return fetcher->paused_count;
}

size_t fetcher_waiting_at(struct fetcher *fetcher, const union address *address) {
  return connect_queue_waiting_at(fetcher->turns.queue, address);
}

size_t fetcher_waiting_near(const struct fetcher *fetcher, const union address *address) {
  return connect_queue_waiting_near(fetcher->turns.queue, address);
}
