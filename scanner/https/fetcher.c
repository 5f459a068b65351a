#include "scanner/https/fetcher.h"

#include "scanner/https/fetch_state.h"
#include "scanner/https/memory.h"
#include "scanner/https/trust_store.h"
#include <assert.h>
#include <stdlib.h>

static_assert(ADDRESS_PLAN_ADDRESSES_MAX == 2 * FETCHER_ADDRESS_MAX,
              "both families of a policy host");

/* At least a millisecond: libuv runs those of no time again and again before it polls (until 1.45).
 * By another clock than libuv's it is looked at all the time. */
static void fetcher_arm(const struct fetcher *fetcher, uv_timer_t *timer, uv_timer_cb call,
                        uint64_t wait_ns) {
  uint64_t ms = (wait_ns + FETCH_STATE_MS_NS - 1) / FETCH_STATE_MS_NS;
  if (fetcher->config.now != uv_hrtime) ms = 1;
  uv_timer_start(timer, call, ms ? ms : 1, 0);
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
  fetch_state_judge(fetcher, state, request);
  fetcher_rest(fetcher, request);
}

static void fetcher_settle(struct fetcher *fetcher);

static void fetcher_on_late(uv_timer_t *timer);

static void fetcher_watch(struct fetcher *fetcher, struct request *request, uint64_t spent) {
  fetcher_arm(fetcher, &request->late, fetcher_on_late,
              fetch_state_limit(fetcher, request) - spent);
}

static void fetcher_on_late(uv_timer_t *timer) {
  struct request *request = timer->data;
  struct fetcher *fetcher = request->common->fetcher;
  uint64_t spent = fetch_state_now(fetcher) - request->start_ns;
  if (spent < fetch_state_limit(fetcher, request) && !request->outcome.no_memory)
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
    fetch_state_retry_later(fetcher, state, err);
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
  fetch_state_end_pauses(fetcher, now);
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
  state->plan.left_ns = (uint64_t)fetcher->config.timeout_ms * FETCH_STATE_MS_NS;
  fetch->state = state;
  fetch->err = ERR_NONE;
  fetch->result = (struct result_fetch){.connect_ms = -1, .tls_ms = -1};
  address_plan_choose(&state->plan, fetch->addresses, count, &fetcher->common.filter, arena);
  if (state->plan.address_count)
    fetch_state_wait(fetcher, state);
  else
    fetch_state_finish(fetcher, state, ERR_NONE);
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
