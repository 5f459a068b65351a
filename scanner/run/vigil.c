#include "scanner/run/vigil.h"

#include <stdlib.h>

struct vigil {
  struct vigil_config config;
  struct resolver *resolver;
  struct lookup lookup;
  struct arena arena;
  bool under_way;
  bool gone;
};

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
  if (err == ERR_NONE)
    *vigil = made;
  else
    free(made);
  return err;
}

void vigil_free(struct vigil *vigil) {
  if (!vigil) return;
  resolver_close(vigil->resolver);
  arena_free(&vigil->arena);
  free(vigil);
}

static enum err vigil_ask(struct vigil *vigil);

static void vigil_asked(struct lookup *lookup) {
  struct vigil *vigil = lookup->data;
  /* What cannot be read is an answer as well: somebody is there. */
  bool answered = lookup->end == LOOKUP_ANSWERED || lookup->end == LOOKUP_MALFORMED;
  if (!answered) {
    if (!vigil->gone) vigil->config.gone(vigil->config.data);
    vigil->gone = true;
    if (vigil_ask(vigil) == ERR_NONE) return;
  }
  bool was_gone = vigil->gone;
  vigil->under_way = vigil->gone = false;
  vigil->config.back(vigil->config.data, was_gone);
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
