#include "scanner/run/outage_watch.h"

#include "scanner/sts/domain.h"
#include <stdlib.h>
#include <sys/random.h>

enum { OUTAGE_WATCH_LABEL_SIZE = sizeof "x1234567." };

/* A name below a known domain, which leaves room for a label in front. */
struct trial {
  struct lookup lookup;
  char name[OUTAGE_WATCH_LABEL_SIZE + DOMAIN_LENGTH_MAX];
};

struct outage_watch {
  struct outage_watch_config config;
  struct resolver *resolver;
  struct lookup lookup;
  struct trial trials[2 * OUTAGE_WATCH_KNOWN_MAX];
  unsigned tried, waiting; /* trials */
  unsigned domains;        /* that are known */
  uint64_t gone_at;        /* uv_now() */
  uv_timer_t pause;
  struct arena arena;
  bool under_way;
  bool gone;
};

static enum err outage_watch_ask(struct outage_watch *outage);

enum err outage_watch_new(struct outage_watch **outage, const struct outage_watch_config *config) {
  struct outage_watch *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  struct resolver_config resolver = {
      .servers = config->servers,
      .server_count = config->server_count,
      .source = config->source,
      .sockets_max = config->sockets_max,
      .timeout_ms = config->timeout_ms,
      .tries = OUTAGE_WATCH_TRIES,
  };
  enum err err = resolver_new(&made->resolver, config->loop, &resolver);
  if (err != ERR_NONE) {
    free(made);
    return err;
  }
  uv_timer_init(config->loop, &made->pause);
  made->pause.data = made;
  *outage = made;
  return ERR_NONE;
}

void outage_watch_know_servers(struct outage_watch *outage,
                               const enum resolver_check_verdict *verdicts) {
  resolver_check_apply(verdicts, outage->resolver);
}

static void outage_watch_closed(uv_handle_t *pause) {
  struct outage_watch *outage = pause->data;
  arena_free(&outage->arena);
  free(outage);
}

void outage_watch_free(struct outage_watch *outage) {
  if (!outage) return;
  resolver_close(outage->resolver);
  uv_close((uv_handle_t *)&outage->pause, outage_watch_closed);
}

static void outage_watch_back(struct outage_watch *outage, bool given_up) {
  enum outage_watch_end end = OUTAGE_WATCH_NO_OUTAGE;
  if (outage->gone) end = given_up ? OUTAGE_WATCH_GIVEN_UP : OUTAGE_WATCH_OVER;
  outage->under_way = outage->gone = false;
  outage->config.back(outage->config.data, end);
}

static void outage_watch_gone(struct outage_watch *outage, bool silent) {
  if (outage->gone) return;
  outage->gone = true;
  outage->gone_at = uv_now(outage->config.loop);
  outage->config.gone(outage->config.data, silent);
}

/* What cannot be read is an answer as well: somebody is there. */
static bool outage_watch_heard(const struct lookup *lookup) {
  return lookup->end == LOOKUP_ANSWERED || lookup->end == LOOKUP_MALFORMED;
}

static void outage_watch_paused(uv_timer_t *pause) {
  struct outage_watch *outage = pause->data;
  if (outage_watch_ask(outage) != ERR_NONE) outage_watch_back(outage, false);
}

static bool outage_watch_failed(const struct lookup *lookup) {
  return lookup->end == LOOKUP_ANSWERED && message_rcode_fails(lookup->answer.rcode);
}

static bool outage_watch_is_tired(const struct outage_watch *outage) {
  return outage->domains < 2 &&
         uv_now(outage->config.loop) - outage->gone_at >= outage->config.patience_ms;
}

static void outage_watch_reached(struct outage_watch *outage) {
  for (unsigned i = 0; i < outage->tried; i++)
    resolver_cancel(outage->resolver, &outage->trials[i].lookup);
  outage->waiting = 0;
  outage_watch_back(outage, false);
}

static void outage_watch_tried(struct lookup *lookup) {
  struct outage_watch *outage = lookup->data;
  if (outage_watch_heard(lookup) && !outage_watch_failed(lookup)) {
    outage_watch_reached(outage);
    return;
  }
  if (--outage->waiting) return;
  outage_watch_gone(outage, false);
  if (outage_watch_is_tired(outage))
    outage_watch_back(outage, true);
  else
    uv_timer_start(&outage->pause, outage_watch_paused, outage->config.pause_ms, 0);
}

static void outage_watch_try(struct outage_watch *outage, struct span known) {
  struct trial *trial = &outage->trials[outage->tried];
  uint32_t label = 0;
  if (known.len > DOMAIN_LENGTH_MAX || getrandom(&label, sizeof label, 0) != sizeof label) return;
  snprintf(trial->name, sizeof trial->name, "x%07x.%.*s", label >> 4, SPAN_ARG(known));
  trial->lookup = (struct lookup){
      .name = span_of(trial->name),
      .type = DNS_TYPE_TXT,
      .arena = &outage->arena,
      .done = outage_watch_tried,
      .data = outage,
  };
  if (resolver_ask(outage->resolver, &trial->lookup) == ERR_NONE) outage->tried++;
}

static struct span outage_watch_known(const struct outage_watch *outage, size_t i) {
  if (!outage->config.known) return (struct span){0};
  return outage->config.known(outage->config.data, i);
}

static struct span outage_watch_top(struct span known) {
  while (span_find(known, '.') < known.len) span_cut(&known, '.');
  return known;
}

/* Each once. */
static void outage_watch_try_top(struct outage_watch *outage, size_t i) {
  struct span top = outage_watch_top(outage_watch_known(outage, i));
  for (size_t before = 0; before < i; before++) {
    struct span known = outage_watch_known(outage, before);
    if (known.len && span_equal(outage_watch_top(known), top)) return;
  }
  outage_watch_try(outage, top);
}

static void outage_watch_answered(struct outage_watch *outage) {
  outage->tried = outage->domains = 0;
  for (size_t i = 0; i < OUTAGE_WATCH_KNOWN_MAX; i++) {
    if (!outage_watch_known(outage, i).len) continue;
    outage_watch_try(outage, outage_watch_known(outage, i));
    outage->domains++;
  }
  for (size_t i = 0; i < OUTAGE_WATCH_KNOWN_MAX; i++)
    if (outage_watch_known(outage, i).len) outage_watch_try_top(outage, i);
  outage->waiting = outage->tried;
  if (!outage->tried) outage_watch_back(outage, false);
}

static void outage_watch_asked(struct lookup *lookup) {
  struct outage_watch *outage = lookup->data;
  if (outage_watch_heard(lookup)) {
    outage_watch_answered(outage);
    return;
  }
  outage_watch_gone(outage, true);
  if (outage_watch_ask(outage) != ERR_NONE) outage_watch_back(outage, false);
}

static enum err outage_watch_ask(struct outage_watch *outage) {
  arena_reset(&outage->arena);
  outage->lookup = (struct lookup){
      .name = SPAN("localhost"), /* answered without a question to anybody, RFC 6761 section 6.3 */
      .type = DNS_TYPE_A,
      .arena = &outage->arena,
      .done = outage_watch_asked,
      .data = outage,
  };
  return resolver_ask(outage->resolver, &outage->lookup);
}

enum err outage_watch_begin(struct outage_watch *outage) {
  if (outage->under_way) return ERR_NONE;
  enum err err = outage_watch_ask(outage);
  outage->under_way = err == ERR_NONE;
  return err;
}
