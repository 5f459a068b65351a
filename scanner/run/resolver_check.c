#include "scanner/run/resolver_check.h"

#include "scanner/run/notice.h"

struct probe {
  struct resolver *resolver;
  struct lookup lookup;
  struct arena arena;
};

static void probe_done(struct lookup *lookup) {
  struct probe *probe = lookup->data;
  resolver_close(probe->resolver);
  probe->resolver = NULL;
}

static enum err probe_start(struct probe *probe, uv_loop_t *loop, const union address *server) {
  struct resolver_config config = {
      .servers = server,
      .server_count = 1,
      .timeout_ms = RESOLVER_CHECK_TIMEOUT_MS,
      .any_answer = true,
      .tries = RESOLVER_CHECK_TRIES,
  };
  enum err err = resolver_new(&probe->resolver, loop, &config);
  if (err != ERR_NONE) return err;
  probe->lookup = (struct lookup){
      .name = SPAN("localhost"), /* answered without a question to anybody, RFC 6761 section 6.3 */
      .type = DNS_TYPE_A,
      .arena = &probe->arena,
      .done = probe_done,
      .data = probe,
  };
  return resolver_ask(probe->resolver, &probe->lookup);
}

enum err resolver_check_run(const union address *servers, size_t count, bool *answers,
                            size_t *answering) {
  struct probe probes[RESOLVER_SERVER_MAX] = {0};
  uv_loop_t loop;
  if (uv_loop_init(&loop) != 0) return ERR_MEMORY;
  enum err err = ERR_NONE;
  for (size_t i = 0; i < count && err == ERR_NONE; i++)
    err = probe_start(&probes[i], &loop, &servers[i]);
  if (err != ERR_NONE)
    for (size_t i = 0; i < count; i++)
      if (probes[i].resolver) resolver_close(probes[i].resolver);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  *answering = 0;
  for (size_t i = 0; i < count; i++) {
    /* Something that cannot be read is an answer as well: somebody is there. */
    answers[i] = err == ERR_NONE && probes[i].lookup.end != LOOKUP_TIMEOUT &&
                 probes[i].lookup.end != LOOKUP_FAILED;
    *answering += answers[i];
    arena_free(&probes[i].arena);
  }
  return err;
}

enum err resolver_check_say(const union address *servers, size_t count) {
  bool answers[RESOLVER_SERVER_MAX];
  size_t answering;
  char text[ADDRESS_TEXT_MAX];
  enum err err = resolver_check_run(servers, count, answers, &answering);
  for (size_t i = 0; i < count && err == ERR_NONE; i++) {
    if (answers[i]) continue;
    address_text(&servers[i], text);
    notice("resolver %s does not answer", text);
  }
  if (err == ERR_NONE && answering == 0) err = ERR_TIMEOUT;
  if (err != ERR_NONE) notice("no resolver answers: nothing was asked about any domain");
  return err;
}
