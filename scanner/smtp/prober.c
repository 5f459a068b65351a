#include "scanner/smtp/prober.h"

#include "scanner/https/connect_turns.h"
#include "scanner/https/memory.h"
#include "scanner/smtp/contact.h"
#include "scanner/smtp/evidence.h"
#include "scanner/sts/mx_tls.h"
#include <stdlib.h>
#include <time.h>

enum {
  PROBER_MS_NS = 1000000,
  PROBER_TROUBLE_MAX = 50,              /* tries of one host that ended in trouble of our own */
  PROBER_AWAY_NS = 1000 * PROBER_MS_NS, /* a server may have given us up meanwhile */
  PROBER_AWAY_MAX = 1,                  /* tries of one host that ended so */
};

TAILQ_HEAD(probe_list, probe);
TAILQ_HEAD(state_list, mx_probe_state);

/* In the arena of the asker. */
struct mx_probe_state {
  struct waiter waiter; /* first: a waiter is its state */
  struct mx_probe *probe;
  TAILQ_ENTRY(mx_probe_state) link; /* while pausing or ended */
  uint64_t start_ns;
  uint64_t pause_until;
  struct contact contact;
  unsigned troubles, aways;
  bool routed; /* of an attempt */
  struct finding_list best;
  struct result_attempt attempts[CONTACT_ATTEMPTS_MAX];
};

struct prober {
  struct prober_config config;
  char *ehlo;
  struct probe_common common;
  struct timer_wheel wheel;
  struct ring fired;
  uv_timer_t ticker; /* runs while something is in flight */
  uv_timer_t wake;   /* for those that wait, and to report */
  unsigned open;     /* handles and probes, not closed yet */
  bool closing;
  struct connect_turns turns;
  struct probe_list busy;
  size_t in_flight;
  struct state_list paused; /* all for the same time: who comes first goes first */
  size_t paused_count;
  struct state_list ended; /* whose callback is due */
};

static struct prober *prober_of(const struct probe *probe) {
  return CONTAINER_OF(probe->common, struct prober, common);
}

/* At least a millisecond: libuv runs those of no time again and again before it polls (until 1.45).
 * By another clock than libuv's it is looked at all the time. */
static void prober_arm(struct prober *prober, uv_timer_cb call, uint64_t wait_ns) {
  uint64_t ms = (wait_ns + PROBER_MS_NS - 1) / PROBER_MS_NS;
  if (prober->config.now != uv_hrtime) ms = 1;
  uv_timer_start(&prober->wake, call, ms ? ms : 1, 0);
}

static int64_t prober_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / PROBER_MS_NS;
}

static uint64_t prober_now(const struct prober *prober) {
  return loop_clock_now(prober->common.clock);
}

static void prober_on_wake(uv_timer_t *timer);

/* Its callback comes with the next turn of the loop. */
static void prober_finish(struct prober *prober, struct mx_probe_state *state, enum err err) {
  struct mx_probe *probe = state->probe;
  struct result_mx_tls *result = &probe->result;
  if (err == ERR_NONE) err = probe->findings->arena->err;
  for (struct finding *f = state->best.first; f && err == ERR_NONE; f = f->next)
    finding_list_add(probe->findings, *f);
  probe->err = err;
  probe->connections = state->contact.connections;
  probe->no_route = state->contact.attempts && !state->routed;
  result->findings = probe->findings->first;
  mx_tls_conclude(result);
  result->attempts = (struct result_attempts){state->attempts, state->contact.attempts};
  result->ms = (int64_t)((prober_now(prober) - state->start_ns) / PROBER_MS_NS);
  TAILQ_INSERT_TAIL(&prober->ended, state, link);
}

static void prober_wait(struct prober *prober, struct mx_probe_state *state) {
  enum err err =
      connect_queue_add(prober->turns.queue, contact_address(&state->contact), &state->waiter);
  if (err != ERR_NONE) prober_finish(prober, state, err);
}

static void prober_pause(struct prober *prober, struct mx_probe_state *state, uint64_t now) {
  state->probe->again = true;
  state->pause_until = now + (uint64_t)prober->config.pause_ms * PROBER_MS_NS;
  TAILQ_INSERT_TAIL(&prober->paused, state, link);
  prober->paused_count++;
}

static void prober_end_pauses(struct prober *prober, uint64_t now) {
  struct mx_probe_state *state;
  while ((state = TAILQ_FIRST(&prober->paused)) && state->pause_until <= now) {
    TAILQ_REMOVE(&prober->paused, state, link);
    prober->paused_count--;
    prober_wait(prober, state);
  }
}

/* Trouble of our own says nothing about the host: it is tried again after a pause. */
static void prober_bear(struct prober *prober, struct mx_probe_state *state, enum err err) {
  if (state->troubles++ == PROBER_TROUBLE_MAX) {
    prober_finish(prober, state, err);
    return;
  }
  connect_turns_pause(&prober->turns, prober->config.now());
  prober_wait(prober, state);
}

/* It failed after the clock had stood still for long: perhaps the server tired of us. Its own
 * silence does not end before its time, whatever the clock lost. */
static bool prober_was_away(struct prober *prober, struct mx_probe_state *state,
                            const struct probe *probe) {
  bool away = loop_clock_lost(prober->common.clock) >= probe->lost_ns + PROBER_AWAY_NS;
  bool failed = evidence_code(probe) != FOUND_COUNT && !probe->late;
  if (!failed || !away || state->aways == PROBER_AWAY_MAX) return false;
  state->aways++;
  return true;
}

/* An address that has too many of us, or tired of them, is left alone for a while. */
static void prober_back_off(struct prober *prober, const struct probe *probe,
                            const struct contact_attempt *attempt) {
  struct address_limits *limits = prober->config.limits;
  uint64_t now = prober->config.now();
  bool is_reset = probe->error == ECONNRESET && !probe->ssl;
  if (attempt->code == FOUND_MX_SMTP_LATER || is_reset)
    address_limits_rest(limits, &probe->address, 0, now);
  else if (attempt->step > STEP_GREETING)
    address_limits_relieve(limits, &probe->address, now);
}

/* The finding that decides: the first error, else the first that leaves it unknown. What DANE says
 * stands beside. */
static const struct finding *prober_decisive(const struct finding *findings) {
  const struct finding *decisive = NULL;
  for (const struct finding *f = findings; f; f = f->next) {
    if (finding_info(f->code)->severity == FINDING_ERROR) return f;
    bool leaves_open =
        finding_info(f->code)->stage == STAGE_MX_TLS && f->code != FOUND_MX_TLS_EXPIRES_SOON;
    if (!decisive && leaves_open) decisive = f;
  }
  return decisive;
}

static struct contact_attempt prober_judge(struct mx_probe_state *state,
                                           const struct probe *probe) {
  struct mx_probe *asked = state->probe;
  struct finding_list found = {.arena = asked->findings->arena};
  struct result_mx_tls result = {0};
  evidence_judge(probe, prober_clock(), &found, &result);
  const struct finding *decisive = prober_decisive(found.first);
  struct contact_attempt attempt = {.step = result.step,
                                    .code = decisive ? decisive->code : FOUND_COUNT,
                                    .smtp_status = decisive ? decisive->smtp_status : 0,
                                    .stood = evidence_has_stood(probe),
                                    .no_route = evidence_has_no_route(probe)};
  state->routed |= !attempt.no_route;
  state->attempts[state->contact.attempts] =
      (struct result_attempt){result.address, attempt.code, result.ms};
  if (contact_keep(&state->contact, &attempt)) {
    asked->result = result;
    state->best = found;
  }
  return attempt;
}

/* The outcome of a probe stands. */
static void prober_hear(struct probe *probe) {
  struct prober *prober = prober_of(probe);
  struct mx_probe_state *state = probe->asker;
  enum err trouble = evidence_trouble(probe);
  prober_arm(prober, prober_on_wake, 0);
  if (trouble != ERR_NONE) {
    prober_bear(prober, state, trouble);
    return;
  }
  if (prober_was_away(prober, state, probe)) {
    prober_wait(prober, state);
    return;
  }
  struct contact_attempt attempt = prober_judge(state, probe);
  prober_back_off(prober, probe, &attempt);
  switch (contact_turn(&state->contact, &attempt)) {
  case CONTACT_ENDS: prober_finish(prober, state, ERR_NONE); break;
  case CONTACT_GOES_ON: prober_wait(prober, state); break;
  case CONTACT_PAUSES: prober_pause(prober, state, prober->config.now()); break;
  }
}

static void prober_release(struct prober *prober) {
  connect_queue_free(prober->turns.queue);
  SSL_CTX_free(prober->common.tls);
  free(prober->ehlo);
  free(prober);
}

static void prober_closed_one(struct prober *prober) {
  if (--prober->open == 0) prober_release(prober);
}

/* Its descriptor is closed: that of one which only waited for the answer to QUIT, too. */
static void prober_forget(struct probe *probe) {
  struct prober *prober = prober_of(probe);
  TAILQ_REMOVE(&prober->busy, probe, link);
  prober->in_flight--;
  if (!prober->closing) {
    connect_turns_leave(&prober->turns, &probe->address, prober->config.now());
    prober_arm(prober, prober_on_wake, 0);
  }
  free(probe);
  prober_closed_one(prober);
}

static void prober_on_tick(uv_timer_t *ticker) {
  struct prober *prober = ticker->data;
  timer_wheel_turn(&prober->wheel, prober_now(prober), &prober->fired);
  while (!ring_empty(&prober->fired)) {
    struct timer_wheel_timer *timer =
        CONTAINER_OF(prober->fired.next, struct timer_wheel_timer, link);
    timer_wheel_stop(timer);
    probe_on_time(CONTAINER_OF(timer, struct probe, timer));
  }
  if (prober->in_flight == 0) uv_timer_stop(ticker);
}

/* It is its turn. */
static void prober_begin(struct prober *prober, struct mx_probe_state *state) {
  struct mx_probe *asked = state->probe;
  union address address =
      address_from_octets(address_octets(contact_address(&state->contact)), prober->config.port);
  struct probe *probe = malloc(sizeof *probe);
  enum err err = ERR_MEMORY;
  if (probe)
    err = probe_start(probe, &prober->common, asked->host, &address, asked->findings->arena);
  if (err != ERR_NONE) {
    free(probe);
    address_limits_leave(prober->config.limits, &address, prober->config.now());
    prober_bear(prober, state, err);
    return;
  }
  probe->asker = state;
  probe->tlsa = asked->tlsa;
  probe->tlsa_base = asked->tlsa_base;
  TAILQ_INSERT_TAIL(&prober->busy, probe, link);
  if (prober->in_flight++ == 0)
    uv_timer_start(&prober->ticker, prober_on_tick, TIMER_WHEEL_TICK_MS, TIMER_WHEEL_TICK_MS);
  prober->open++;
}

static bool prober_has_room(const struct prober *prober) {
  return prober->in_flight < prober->config.in_flight_max;
}

static void prober_pump(struct prober *prober) {
  uint64_t now = prober->config.now();
  struct waiter *waiter;
  prober_end_pauses(prober, now);
  while (prober_has_room(prober) && (waiter = connect_turns_next(&prober->turns, now)))
    prober_begin(prober, (struct mx_probe_state *)waiter);
  uint64_t until = connect_turns_until(&prober->turns, prober_has_room(prober));
  const struct mx_probe_state *paused = TAILQ_FIRST(&prober->paused);
  if (paused && paused->pause_until < until) until = paused->pause_until;
  if (until == CONNECT_QUEUE_NEVER)
    uv_timer_stop(&prober->wake);
  else
    prober_arm(prober, prober_on_wake, until > now ? until - now : 0);
}

/* A callback may start another, and close. */
static void prober_on_wake(uv_timer_t *timer) {
  struct prober *prober = timer->data;
  struct mx_probe_state *state;
  prober_pump(prober);
  while (!prober->closing && (state = TAILQ_FIRST(&prober->ended))) {
    TAILQ_REMOVE(&prober->ended, state, link);
    state->probe->done(state->probe);
  }
}

static enum err prober_equip(struct prober *prober) {
  const struct prober_config *config = &prober->config;
  prober->ehlo = strdup(config->ehlo);
  prober->common.ehlo = span_of(prober->ehlo);
  prober->common.tls = probe_tls_new(config->trust);
  /* OpenSSL leaves out the ciphers and groups that it has no memory for, and says nothing. */
  if (!prober->ehlo || !prober->common.tls || memory_failures()) return ERR_MEMORY;
  enum err err = connect_queue_new(&prober->turns.queue);
  if (err != ERR_NONE) return err;
  return loop_clock_new(&prober->common.clock, prober->common.loop, config->now);
}

enum err prober_new(struct prober **prober, uv_loop_t *loop, const struct prober_config *config) {
  struct prober *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  if (!made->config.now) made->config.now = uv_hrtime;
  made->turns = (struct connect_turns){.limits = config->limits, .rate_limit = config->rate_limit};
  made->common = (struct probe_common){.loop = loop,
                                       .times = config->times,
                                       .wheel = &made->wheel,
                                       .source = config->source,
                                       .stands = config->stands,
                                       .data = config->data,
                                       .told = prober_hear,
                                       .ended = prober_forget};
  TAILQ_INIT(&made->busy);
  TAILQ_INIT(&made->paused);
  TAILQ_INIT(&made->ended);
  ring_init(&made->fired);
  enum err err = prober_equip(made);
  if (err != ERR_NONE) {
    prober_release(made);
    return err;
  }
  timer_wheel_init(&made->wheel, prober_now(made));
  uv_timer_init(loop, &made->ticker);
  uv_timer_init(loop, &made->wake);
  made->ticker.data = made->wake.data = made;
  made->open = 2;
  *prober = made;
  return ERR_NONE;
}

static void prober_on_timer_closed(uv_handle_t *timer) {
  prober_closed_one(timer->data);
}

void prober_close(struct prober *prober) {
  struct probe *probe;
  if (!prober) return;
  prober->closing = true;
  TAILQ_FOREACH(probe, &prober->busy, link) {
    address_limits_leave(prober->config.limits, &probe->address, prober->config.now());
    probe_stop(probe);
  }
  /* Whoever waits is the asker's, who may be gone before the handles are closed. */
  connect_queue_free(prober->turns.queue);
  prober->turns.queue = NULL;
  loop_clock_close(prober->common.clock);
  uv_close((uv_handle_t *)&prober->ticker, prober_on_timer_closed);
  uv_close((uv_handle_t *)&prober->wake, prober_on_timer_closed);
}

/* Of the addresses those that may be contacted; what they are not, else. */
static size_t prober_filter(const struct prober *prober, const struct mx_probe *probe,
                            const union address **allowed, struct span *objections) {
  struct arena *arena = probe->findings->arena;
  size_t count = 0;
  for (size_t i = 0; i < probe->address_count; i++) {
    char ip[ADDRESS_TEXT_MAX];
    const char *objection = address_filter_objects(&prober->config.filter, &probe->addresses[i]);
    if (!objection) {
      allowed[count++] = &probe->addresses[i];
      continue;
    }
    if (objections->len > FINDING_LIST_DETAIL_MAX) continue;
    address_ip_text(&probe->addresses[i], ip);
    *objections = arena_format(arena, "%.*s%s%s is %s", SPAN_ARG(*objections),
                               objections->len ? ", " : "", ip, objection);
  }
  return count;
}

enum err prober_start(struct prober *prober, struct mx_probe *probe) {
  const union address *allowed[PROBER_ADDRESSES_MAX];
  struct arena *arena = probe->findings->arena;
  struct span objections = {0};
  size_t count = probe->address_count;
  if (count == 0 || count > PROBER_ADDRESSES_MAX || probe->host.len > PROBE_HOST_MAX)
    return ERR_LIMIT;
  struct mx_probe_state *state = arena_alloc(arena, sizeof *state);
  if (!state) return arena->err;
  *state = (struct mx_probe_state){.probe = probe,
                                   .start_ns = prober_now(prober),
                                   .contact.once = probe->once,
                                   .best.arena = arena};
  probe->result = (struct result_mx_tls){.step = STEP_DNS};
  probe->err = ERR_NONE;
  probe->connections = 0;
  probe->again = probe->no_route = false;
  count = prober_filter(prober, probe, allowed, &objections);
  if (count) {
    contact_choose(&state->contact, probe->host, allowed, count);
    prober_wait(prober, state);
  } else {
    finding_list_add(&state->best, (struct finding){.code = FOUND_MX_HOST_NOT_PUBLIC,
                                                    .reason = REASON_MX_HOST_NOT_PUBLIC_ADDRESS,
                                                    .detail = objections});
    prober_finish(prober, state, ERR_NONE);
  }
  prober_arm(prober, prober_on_wake, 0);
  return ERR_NONE;
}

size_t prober_in_flight(const struct prober *prober) {
  return prober->in_flight;
}

size_t prober_waiting(const struct prober *prober) {
  return connect_queue_waiting(prober->turns.queue);
}

size_t prober_pausing(const struct prober *prober) {
  return prober->paused_count;
}
