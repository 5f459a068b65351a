#include "scanner/net/fetcher.h"

#include "scanner/net/attempt.h"
#include "scanner/net/lanes.h"
#include "scanner/net/transfer.h"
#include "scanner/net/trust.h"
#include <stdlib.h>
#include <time.h>

enum {
  FETCHER_MS_NS = 1000000,
  FETCHER_TROUBLE_WAIT_NS = 100 * FETCHER_MS_NS,
  FETCHER_TROUBLE_MAX = 50, /* tries of one fetch that ended in trouble of our own */
};

TAILQ_HEAD(transfer_list, transfer);
TAILQ_HEAD(fetch_list, fetch_state);

enum fetch_place { FETCH_WAITING, FETCH_RUNNING, FETCH_ENDED };

/* In the arena of the fetch. */
struct fetch_state {
  struct waiter waiter; /* first: a waiter is its fetch_state */
  struct fetch *fetch;
  enum fetch_place place;
  struct transfer *transfer;                               /* while running */
  TAILQ_ENTRY(fetch_state) ended;                          /* while ended */
  const union address *addresses[2 * FETCHER_ADDRESS_MAX]; /* those that may be contacted */
  size_t address_count;
  size_t next;
  uint64_t left_ns; /* of the time for all attempts */
  unsigned troubles;
  struct attempt best;
};

struct fetcher {
  struct fetcher_config config;
  char *user_agent;
  bool has_curl;
  struct transfer_common common;
  uv_loop_t *loop;
  uv_timer_t wake; /* for those that wait */
  unsigned open;   /* handles and the multi, not closed yet */
  bool closing;
  struct transfer_list idle, busy;
  size_t in_flight;
  struct lanes *lanes;
  struct fetch_list ended; /* whose callback is due */
  bool has_token;          /* taken from the pace and not used yet */
  uint64_t pause_until;    /* nobody may connect before: the pace, or trouble of our own */
};

static void fetcher_arm(uv_timer_t *timer, uv_timer_cb call, uint64_t wait_ns) {
  uv_timer_start(timer, call, (wait_ns + FETCHER_MS_NS - 1) / FETCHER_MS_NS, 0);
}

static int64_t fetcher_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / FETCHER_MS_NS;
}

/* Its callback comes with the next fetcher_settle(). */
static void fetcher_finish(struct fetcher *fetcher, struct fetch_state *state, enum err err) {
  struct fetch *fetch = state->fetch;
  if (err == ERR_NONE) err = fetch->faults->arena->err;
  fetch->err = err;
  for (struct finding *f = state->best.faults.first; f && err == ERR_NONE; f = f->next)
    faults_add(fetch->faults, *f);
  state->place = FETCH_ENDED;
  TAILQ_INSERT_TAIL(&fetcher->ended, state, ended);
}

static void fetcher_wait(struct fetcher *fetcher, struct fetch_state *state) {
  state->place = FETCH_WAITING;
  enum err err = lanes_add(fetcher->lanes, state->addresses[state->next], &state->waiter);
  if (err != ERR_NONE) fetcher_finish(fetcher, state, err);
}

/* Trouble of our own says nothing about the host: it is tried again after a pause. */
static void fetcher_bear(struct fetcher *fetcher, struct fetch_state *state, enum err err) {
  if (state->troubles++ == FETCHER_TROUBLE_MAX) {
    fetcher_finish(fetcher, state, err);
    return;
  }
  fetcher->pause_until = uv_hrtime() + FETCHER_TROUBLE_WAIT_NS;
  fetcher_wait(fetcher, state);
}

/* Nanoseconds that a transfer may have spent by now. Until the status shows that the server is
 * alive it has its share of the time only, so that the other addresses have theirs. */
static uint64_t fetcher_limit(const struct fetcher *fetcher, const struct transfer *transfer) {
  const struct fetch_state *state = transfer->state;
  uint64_t share = state->left_ns / (state->address_count - state->next);
  uint64_t connect = (uint64_t)fetcher->config.connect_timeout_ms * FETCHER_MS_NS;
  switch (transfer_step(transfer)) {
  case OUTCOME_CONNECTING: return connect < share ? connect : share;
  case OUTCOME_SHAKING_HANDS:
  case OUTCOME_ASKING: return share;
  default: return state->left_ns;
  }
}

static void fetcher_keep(struct fetch_state *state, const struct attempt *attempt) {
  struct fetch *fetch = state->fetch;
  struct result_attempt *attempts = fetch->result.attempts;
  size_t count = fetch->result.attempt_count;
  attempts[count++] =
      (struct result_attempt){attempt->fetch.address, attempt->code, attempt->fetch.ms};
  if (!state->best.here || attempt->step >= state->best.step) {
    state->best = *attempt;
    fetch->result = attempt->fetch;
    fetch->certificate = attempt->certificate;
    fetch->has_header = attempt->has_header;
    fetch->has_body = attempt->has_body;
    fetch->body = attempt->body;
  }
  fetch->result.attempts = attempts;
  fetch->result.attempt_count = count;
}

static void fetcher_judge(struct fetcher *fetcher, struct fetch_state *state,
                          const struct transfer *transfer) {
  struct arena *arena = state->fetch->faults->arena;
  uint64_t spent = uv_hrtime() - transfer->start_ns;
  enum err trouble = outcome_trouble(&transfer->outcome);
  state->left_ns = spent < state->left_ns ? state->left_ns - spent : 0;
  if (trouble != ERR_NONE) {
    fetcher_bear(fetcher, state, trouble);
    return;
  }
  struct attempt attempt = attempt_judge(transfer, fetcher_clock(), arena);
  fetcher_keep(state, &attempt);
  state->next++;
  if (attempt.tries_next && state->next < state->address_count && state->left_ns)
    fetcher_wait(fetcher, state);
  else
    fetcher_finish(fetcher, state, ERR_NONE);
}

/* Takes the transfer from its fetch and makes room for another. */
static struct fetch_state *fetcher_detach(struct fetcher *fetcher, struct transfer *transfer,
                                          CURLcode result, bool late) {
  struct fetch_state *state = transfer->state;
  transfer_end(transfer, result, late);
  uv_timer_stop(&transfer->late);
  gates_leave(fetcher->config.gates, &transfer->address, uv_hrtime());
  lanes_wake(fetcher->lanes, &transfer->address);
  TAILQ_REMOVE(&fetcher->busy, transfer, link);
  fetcher->in_flight--;
  transfer->state = NULL;
  state->transfer = NULL;
  return state;
}

static void fetcher_rest(struct fetcher *fetcher, struct transfer *transfer) {
  transfer_clear(transfer);
  TAILQ_INSERT_HEAD(&fetcher->idle, transfer, link);
}

static void fetcher_end(struct fetcher *fetcher, struct transfer *transfer, CURLcode result,
                        bool late) {
  struct fetch_state *state = fetcher_detach(fetcher, transfer, result, late);
  fetcher_judge(fetcher, state, transfer);
  fetcher_rest(fetcher, transfer);
}

static void fetcher_settle(struct fetcher *fetcher);

static void fetcher_on_late(uv_timer_t *timer) {
  struct transfer *transfer = timer->data;
  struct fetcher *fetcher = transfer->common->fetcher;
  uint64_t spent = uv_hrtime() - transfer->start_ns;
  uint64_t limit = fetcher_limit(fetcher, transfer);
  if (spent < limit && !transfer->outcome.no_memory) {
    fetcher_arm(timer, fetcher_on_late, limit - spent);
    return;
  }
  fetcher_end(fetcher, transfer, CURLE_OPERATION_TIMEDOUT, true);
  fetcher_settle(fetcher);
}

static struct transfer *fetcher_transfer(struct fetcher *fetcher) {
  struct transfer *transfer = TAILQ_FIRST(&fetcher->idle);
  if (transfer) {
    TAILQ_REMOVE(&fetcher->idle, transfer, link);
    return transfer;
  }
  transfer = transfer_new(&fetcher->common);
  if (!transfer) return NULL;
  uv_timer_init(fetcher->loop, &transfer->late);
  transfer->late.data = transfer;
  fetcher->open++;
  return transfer;
}

/* The gate to the address has been passed. */
static void fetcher_begin(struct fetcher *fetcher, struct fetch_state *state) {
  struct fetch *fetch = state->fetch;
  union address address =
      address_from_octets(address_octets(state->addresses[state->next]), fetcher->config.port);
  struct transfer *transfer = fetcher_transfer(fetcher);
  enum err err = ERR_MEMORY;
  if (transfer) err = transfer_start(transfer, fetch->host, &address, fetch->faults->arena);
  if (err != ERR_NONE) {
    gates_leave(fetcher->config.gates, &address, uv_hrtime());
    if (transfer) fetcher_rest(fetcher, transfer);
    fetcher_bear(fetcher, state, err);
    return;
  }
  state->place = FETCH_RUNNING;
  state->transfer = transfer;
  transfer->state = state;
  TAILQ_INSERT_TAIL(&fetcher->busy, transfer, link);
  fetcher->in_flight++;
  fetcher_arm(&transfer->late, fetcher_on_late, fetcher_limit(fetcher, transfer));
}

/* One token of the pace is put by until somebody passes a gate with it. */
static bool fetcher_has_token(struct fetcher *fetcher, uint64_t now) {
  uint64_t wait_ns = 0;
  if (!fetcher->config.pace || fetcher->has_token) return true;
  fetcher->has_token = pace_take(fetcher->config.pace, 1, now, &wait_ns) == 1;
  if (!fetcher->has_token) fetcher->pause_until = now + wait_ns;
  return fetcher->has_token;
}

static bool fetcher_passes(struct fetcher *fetcher, struct lane *lane, uint64_t now) {
  uint64_t wait_ns = 0;
  enum err err = gates_enter(fetcher->config.gates, lane_address(lane), now, &wait_ns);
  if (err == ERR_NONE) return true;
  lanes_rest(fetcher->lanes, lane, now + (wait_ns ? wait_ns : FETCHER_TROUBLE_WAIT_NS));
  return false;
}

static void fetcher_on_wake(uv_timer_t *timer) {
  fetcher_settle(timer->data);
}

static bool fetcher_has_room(const struct fetcher *fetcher) {
  return fetcher->in_flight < fetcher->config.in_flight_max;
}

static void fetcher_pump(struct fetcher *fetcher) {
  uint64_t now = uv_hrtime();
  struct lane *lane;
  while (fetcher_has_room(fetcher) && now >= fetcher->pause_until &&
         (lane = lanes_next(fetcher->lanes, now)) && fetcher_has_token(fetcher, now)) {
    if (!fetcher_passes(fetcher, lane, now)) continue;
    fetcher->has_token = false;
    fetcher_begin(fetcher, (struct fetch_state *)lanes_take(fetcher->lanes, lane));
  }
  uint64_t until = lanes_until(fetcher->lanes);
  if (!fetcher_has_room(fetcher) || until == LANES_NEVER) {
    uv_timer_stop(&fetcher->wake);
    return;
  }
  if (until < fetcher->pause_until) until = fetcher->pause_until;
  fetcher_arm(&fetcher->wake, fetcher_on_wake, until > now ? until - now : 0);
}

/* A callback may start, cancel and close. */
static void fetcher_report(struct fetcher *fetcher) {
  struct fetch_state *state;
  while (!fetcher->closing && (state = TAILQ_FIRST(&fetcher->ended))) {
    struct fetch *fetch = state->fetch;
    TAILQ_REMOVE(&fetcher->ended, state, ended);
    fetch->state = NULL;
    fetch->done(fetch);
  }
}

static void fetcher_settle(struct fetcher *fetcher) {
  CURL *easy;
  CURLcode result;
  while (multi_take(fetcher->common.multi, &easy, &result)) {
    struct transfer *transfer = transfer_of(easy);
    fetcher_end(fetcher, transfer, result, false);
  }
  fetcher_pump(fetcher);
  fetcher_report(fetcher);
}

static void fetcher_on_worked(void *data) {
  fetcher_settle(data);
}

static void fetcher_on_failed(void *data, CURL *easy) {
  (void)data;
  struct transfer *transfer = transfer_of(easy);
  if (!transfer || !transfer->state) return;
  transfer->outcome.no_memory = true;
  fetcher_arm(&transfer->late, fetcher_on_late, 0);
}

static void fetcher_release(struct fetcher *fetcher) {
  X509_STORE_free(fetcher->common.trust);
  lanes_free(fetcher->lanes);
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
  const struct multi_calls calls = {fetcher_on_worked, fetcher_on_failed, fetcher_on_closed,
                                    fetcher};
  *why = "out of memory";
  fetcher->user_agent = strdup(fetcher->config.user_agent);
  fetcher->config.user_agent = fetcher->user_agent;
  fetcher->has_curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!fetcher->user_agent || !fetcher->has_curl) return ERR_MEMORY;
  enum err err = lanes_new(&fetcher->lanes);
  if (err == ERR_NONE) err = trust_load(&fetcher->common.trust, fetcher->config.ca_file, why);
  if (err != ERR_NONE) return err;
  *why = "out of memory";
  return multi_new(&fetcher->common.multi, fetcher->loop, &calls);
}

enum err fetcher_new(struct fetcher **fetcher, uv_loop_t *loop, const struct fetcher_config *config,
                     const char **why) {
  const char *ignored;
  struct fetcher *made = calloc(1, sizeof *made);
  if (!why) why = &ignored;
  *why = "out of memory";
  if (!made) return ERR_MEMORY;
  made->config = *config;
  made->loop = loop;
  made->common = (struct transfer_common){.fetcher = made, .config = &made->config};
  TAILQ_INIT(&made->idle);
  TAILQ_INIT(&made->busy);
  TAILQ_INIT(&made->ended);
  enum err err = fetcher_equip(made, why);
  if (err != ERR_NONE) {
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
  struct transfer *transfer = timer->data;
  struct fetcher *fetcher = transfer->common->fetcher;
  transfer_free(transfer);
  fetcher_on_closed(fetcher);
}

void fetcher_close(struct fetcher *fetcher) {
  struct transfer *transfer;
  fetcher->closing = true;
  while ((transfer = TAILQ_FIRST(&fetcher->busy))) {
    fetcher_detach(fetcher, transfer, CURLE_OK, false);
    fetcher_rest(fetcher, transfer);
  }
  TAILQ_FOREACH(transfer, &fetcher->idle, link) {
    transfer_close_handle(transfer);
    uv_close((uv_handle_t *)&transfer->late, fetcher_on_transfer_closed);
  }
  multi_close(fetcher->common.multi);
  uv_close((uv_handle_t *)&fetcher->wake, fetcher_on_timer_closed);
}

/* Leaves out what must not be contacted, and says so if nothing is left. */
static void fetcher_choose(const struct fetcher *fetcher, struct fetch_state *state) {
  const struct fetch *fetch = state->fetch;
  struct arena *arena = fetch->faults->arena;
  struct span detail = {0};
  for (size_t i = 0; i < fetch->address_count; i++) {
    const union address *address = &fetch->addresses[i];
    bool barred = block_has_address(fetcher->config.block, address);
    char ip[ADDRESS_TEXT_MAX];
    if (!barred && (fetcher->config.allow_private || address_is_public(address))) {
      state->addresses[state->address_count++] = address;
      continue;
    }
    address_ip_text(address, ip);
    detail = arena_format(arena, "%.*s%s%s is %s", SPAN_ARG(detail), detail.len ? ", " : "", ip,
                          barred ? "on the block list" : "not public");
  }
  if (state->address_count) return;
  state->best.faults.arena = arena;
  faults_add(&state->best.faults,
             (struct finding){.code = FOUND_POLICY_ADDRESS_NOT_PUBLIC, .detail = detail});
}

enum err fetcher_start(struct fetcher *fetcher, struct fetch *fetch) {
  struct arena *arena = fetch->faults->arena;
  size_t count = fetch->address_count;
  if (count == 0 || count > (size_t)2 * FETCHER_ADDRESS_MAX || fetch->host.len > TRANSFER_HOST_MAX)
    return ERR_LIMIT;
  struct fetch_state *state = arena_alloc(arena, sizeof *state);
  struct result_attempt *attempts = arena_array(arena, count, sizeof *attempts);
  if (!state || !attempts) return arena->err;
  state->fetch = fetch;
  state->left_ns = (uint64_t)fetcher->config.timeout_ms * FETCHER_MS_NS;
  fetch->state = state;
  fetch->err = ERR_NONE;
  fetch->result = (struct result_fetch){.connect_ms = -1, .tls_ms = -1, .attempts = attempts};
  fetch->certificate = (struct result_certificate){0};
  fetch->has_body = false;
  fetch->body = (struct span){0};
  fetcher_choose(fetcher, state);
  if (state->address_count)
    fetcher_wait(fetcher, state);
  else
    fetcher_finish(fetcher, state, ERR_NONE);
  fetcher_arm(&fetcher->wake, fetcher_on_wake, 0);
  return ERR_NONE;
}

void fetcher_cancel(struct fetcher *fetcher, struct fetch *fetch) {
  struct fetch_state *state = fetch->state;
  if (!state) return;
  fetch->state = NULL;
  switch (state->place) {
  case FETCH_WAITING: lanes_remove(fetcher->lanes, &state->waiter); break;
  case FETCH_ENDED: TAILQ_REMOVE(&fetcher->ended, state, ended); break;
  case FETCH_RUNNING: {
    struct transfer *transfer = state->transfer;
    fetcher_detach(fetcher, transfer, CURLE_OK, false);
    fetcher_rest(fetcher, transfer);
    fetcher_arm(&fetcher->wake, fetcher_on_wake, 0);
  }
  }
}

size_t fetcher_in_flight(const struct fetcher *fetcher) {
  return fetcher->in_flight;
}

size_t fetcher_waiting(const struct fetcher *fetcher) {
  return lanes_waiting(fetcher->lanes);
}
