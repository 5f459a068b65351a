#include "scanner/https/fetch_state.h"

#include <time.h>

enum {
  FETCH_STATE_LOCAL_ERRORS_MAX = 50, /* tries of one fetch that ended in an error of our own */
  FETCH_STATE_STANDSTILL_NS =
      1000 * FETCH_STATE_MS_NS,    /* a server may have given us up meanwhile */
  FETCH_STATE_STANDSTILLS_MAX = 1, /* tries of one fetch that ended so */
};

#define FETCH_STATE_SECOND_NS UINT64_C(1000000000)

static int64_t fetch_state_wall_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / FETCH_STATE_MS_NS;
}

uint64_t fetch_state_now(const struct fetcher *fetcher) {
  return loop_clock_now(fetcher->common.clock);
}

void fetch_state_finish(struct fetcher *fetcher, struct fetch_state *state, enum err err) {
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

void fetch_state_wait(struct fetcher *fetcher, struct fetch_state *state) {
  state->place = FETCH_WAITING;
  enum err err =
      connect_queue_add(fetcher->turns.queue, address_plan_address(&state->plan), &state->waiter);
  if (err != ERR_NONE) fetch_state_finish(fetcher, state, err);
}

static void fetch_state_pause(struct fetcher *fetcher, struct fetch_state *state, uint64_t until) {
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

void fetch_state_end_pauses(struct fetcher *fetcher, uint64_t now) {
  struct fetch_state *state;
  while ((state = TAILQ_FIRST(&fetcher->paused)) && state->pause_until <= now) {
    TAILQ_REMOVE(&fetcher->paused, state, link);
    fetcher->paused_count--;
    fetch_state_wait(fetcher, state);
  }
}

void fetch_state_retry_later(struct fetcher *fetcher, struct fetch_state *state, enum err err) {
  if (state->local_errors++ == FETCH_STATE_LOCAL_ERRORS_MAX) {
    fetch_state_finish(fetcher, state, err);
    return;
  }
  connect_turns_pause(&fetcher->turns, fetcher->config.now());
  fetch_state_wait(fetcher, state);
}

/* How long the fetch has to wait before it may come again (RFC 9110 section 10.2.3). The others of
 * the address wait too, in its queue. */
static uint64_t fetch_state_back_off(struct fetcher *fetcher, const union address *address,
                                     const struct attempt *attempt, uint64_t now) {
  uint64_t asked = attempt->retry_after * FETCH_STATE_SECOND_NS;
  uint64_t least = ADDRESS_LIMITS_REST_FIRST_S * FETCH_STATE_SECOND_NS;
  if (attempt->overload)
    address_limits_rest(fetcher->config.limits, address, asked, now);
  else if (attempt->fetch.http_status)
    address_limits_relieve(fetcher->config.limits, address, now);
  return asked < least ? least : asked;
}

/* It failed after the clock had stood still for long: perhaps the server tired of us. Its own
 * silence does not end before its time, whatever the clock lost. */
static bool fetch_state_stood_still(const struct fetcher *fetcher, struct fetch_state *state,
                                    const struct request *request) {
  bool long_enough =
      loop_clock_lost(fetcher->common.clock) >= request->lost_ns + FETCH_STATE_STANDSTILL_NS;
  bool failed = outcome_code(&request->outcome) != FOUND_COUNT && !request->outcome.late;
  if (!failed || !long_enough || state->standstills == FETCH_STATE_STANDSTILLS_MAX) return false;
  state->standstills++;
  return true;
}

/* Says of a silence that it was not waited for as long as others are. */
static void fetch_state_note_short_timeout(struct attempt *attempt) {
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
static void fetch_state_note_silence(struct fetcher *fetcher, const struct request *request,
                                     const struct fetch_state *state, struct attempt *attempt,
                                     uint64_t spent) {
  bool silent = request->outcome.late && attempt->step < OUTCOME_HEADERS;
  bool patient = spent >= (uint64_t)fetcher->config.connect_timeout_ms * FETCH_STATE_MS_NS;
  if (silent && state->short_timeout) fetch_state_note_short_timeout(attempt);
  if (silent && !state->short_timeout && !patient) return;
  address_limits_hear(fetcher->config.limits, &request->address, silent, fetcher->config.now());
}

void fetch_state_judge(struct fetcher *fetcher, struct fetch_state *state,
                       const struct request *request) {
  uint64_t now = fetcher->config.now(), pause;
  uint64_t spent = fetch_state_now(fetcher) - request->start_ns;
  enum err local_error = outcome_local_error(&request->outcome);
  bool stood_still = local_error == ERR_NONE && fetch_state_stood_still(fetcher, state, request);
  if (stood_still || local_error != ERR_NONE) {
    state->plan.left_ns -= spent < state->plan.left_ns ? spent : state->plan.left_ns;
    if (stood_still)
      fetch_state_wait(fetcher, state);
    else
      fetch_state_retry_later(fetcher, state, local_error);
    return;
  }
  struct attempt attempt =
      attempt_judge(request, fetch_state_wall_clock(), state->fetch->findings->arena);
  fetch_state_note_silence(fetcher, request, state, &attempt, spent);
  address_plan_keep(&state->plan, &attempt, spent);
  pause = fetch_state_back_off(fetcher, &request->address, &attempt, now);
  switch (address_plan_turn(&state->plan, &attempt, pause)) {
  case ADDRESS_PLAN_ENDS: fetch_state_finish(fetcher, state, ERR_NONE); break;
  case ADDRESS_PLAN_GOES_ON: fetch_state_wait(fetcher, state); break;
  case ADDRESS_PLAN_PAUSES: fetch_state_pause(fetcher, state, now + pause); break;
  }
}

uint64_t fetch_state_limit(const struct fetcher *fetcher, const struct request *request) {
  const uint64_t short_limit = (uint64_t)FETCHER_SHORT_TIMEOUT_MS * FETCH_STATE_MS_NS;
  const struct fetch_state *state = request->state;
  uint64_t limit =
      address_plan_limit(&state->plan, request_step(request),
                         (uint64_t)fetcher->config.connect_timeout_ms * FETCH_STATE_MS_NS);
  bool is_short = state->short_timeout && request_step(request) < OUTCOME_HEADERS;
  return is_short && short_limit < limit ? short_limit : limit;
}
