#include "scanner/run/outage_watch.h"

#include "scanner/sts/domain.h"
#include <stdlib.h>
#include <sys/random.h>

enum { VIGIL_LABEL_SIZE = sizeof "x1234567." };

/* A name below a known domain, which leaves room for a label in front. */
struct trial {
  struct lookup lookup;
  char name[VIGIL_LABEL_SIZE + DOMAIN_LENGTH_MAX];
};

struct vigil {
  struct vigil_config config;
  struct resolver *resolver;
  struct lookup lookup;
  struct trial trials[VIGIL_KNOWN_MAX];
  unsigned tried, waiting, reached; /* trials */
  uv_timer_t pause;
  struct arena arena;
  bool under_way;
  bool gone;
};

static enum err vigil_ask(struct vigil *vigil);

enum err vigil_new(struct vigil **vigil, const struct vigil_config *config) {
  struct vigil *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  struct resolver_config resolver = {
      .servers = config->servers,
      .server_count = config->server_count,
      .timeout_ms = VIGIL_TIMEOUT_MS,
      .tries = VIGIL_TRIES,
  };
  enum err err = resolver_new(&made->resolver, config->loop, &resolver);
  if (err != ERR_NONE) {
    free(made);
    return err;
  }
  uv_timer_init(config->loop, &made->pause);
  made->pause.data = made;
  *vigil = made;
  return ERR_NONE;
}

static void vigil_closed(uv_handle_t *pause) {
  struct vigil *vigil = pause->data;
  arena_free(&vigil->arena);
  free(vigil);
}

void vigil_free(struct vigil *vigil) {
  if (!vigil) return;
  resolver_close(vigil->resolver);
  uv_close((uv_handle_t *)&vigil->pause, vigil_closed);
}

static void vigil_back(struct vigil *vigil) {
  bool was_gone = vigil->gone;
  vigil->under_way = vigil->gone = false;
  vigil->config.back(vigil->config.data, was_gone);
}

static void vigil_gone(struct vigil *vigil, bool silent) {
  if (!vigil->gone) vigil->config.gone(vigil->config.data, silent);
  vigil->gone = true;
}

/* What cannot be read is an answer as well: somebody is there. */
static bool vigil_heard(const struct lookup *lookup) {
  return lookup->end == LOOKUP_ANSWERED || lookup->end == LOOKUP_MALFORMED;
}

static void vigil_paused(uv_timer_t *pause) {
  struct vigil *vigil = pause->data;
  if (vigil_ask(vigil) != ERR_NONE) vigil_back(vigil);
}

static void vigil_tried(struct lookup *lookup) {
  struct vigil *vigil = lookup->data;
  bool failed = lookup->end == LOOKUP_ANSWERED && lookup->answer.rcode == DNS_SERVFAIL;
  if (vigil_heard(lookup) && !failed) vigil->reached++;
  if (--vigil->waiting) return;
  if (2 * vigil->reached >= vigil->tried) {
    vigil_back(vigil);
    return;
  }
  vigil_gone(vigil, false);
  uv_timer_start(&vigil->pause, vigil_paused, VIGIL_PAUSE_MS, 0);
}

static void vigil_try(struct vigil *vigil, struct span known) {
  struct trial *trial = &vigil->trials[vigil->tried];
  uint32_t label = 0;
  if (known.len > DOMAIN_LENGTH_MAX || getrandom(&label, sizeof label, 0) != sizeof label) return;
  snprintf(trial->name, sizeof trial->name, "x%07x.%.*s", label >> 4, SPAN_ARG(known));
  trial->lookup = (struct lookup){
      .name = span_of(trial->name),
      .type = DNS_TYPE_TXT,
      .arena = &vigil->arena,
      .done = vigil_tried,
      .data = vigil,
  };
  if (resolver_ask(vigil->resolver, &trial->lookup) == ERR_NONE) vigil->tried++;
}

static void vigil_answered(struct vigil *vigil) {
  vigil->tried = vigil->reached = 0;
  for (size_t i = 0; i < VIGIL_KNOWN_MAX && vigil->config.known; i++) {
    struct span known = vigil->config.known(vigil->config.data, i);
    if (known.len) vigil_try(vigil, known);
  }
  vigil->waiting = vigil->tried;
  if (!vigil->tried) vigil_back(vigil);
}

static void vigil_asked(struct lookup *lookup) {
  struct vigil *vigil = lookup->data;
  if (vigil_heard(lookup)) {
    vigil_answered(vigil);
    return;
  }
  vigil_gone(vigil, true);
  if (vigil_ask(vigil) != ERR_NONE) vigil_back(vigil);
}

static enum err vigil_ask(struct vigil *vigil) {
  arena_reset(&vigil->arena);
  vigil->lookup = (struct lookup){
      .name = SPAN("localhost"), /* answered without a question to anybody, RFC 6761 section 6.3 */
      .type = DNS_TYPE_A,
      .arena = &vigil->arena,
      .done = vigil_asked,
      .data = vigil,
  };
  return resolver_ask(vigil->resolver, &vigil->lookup);
}

enum err vigil_begin(struct vigil *vigil) {
  if (vigil->under_way) return ERR_NONE;
  enum err err = vigil_ask(vigil);
  vigil->under_way = err == ERR_NONE;
  return err;
}
