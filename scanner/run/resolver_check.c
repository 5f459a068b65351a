#include "scanner/run/resolver_check.h"

#include "scanner/run/notice.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { PROBE_NAME_SIZE = 32, PROBE_LOOKUPS = RESOLVER_CHECK_NAMES + 1 };

/* Where whoever rewrites answers does it first. */
static const char *const probe_tops[RESOLVER_CHECK_NAMES] = {"com", "net", "org"};

struct resolver_check;

/* One server that is asked. */
struct probe {
  struct resolver_check *check;
  size_t i; /* of the servers */
  struct resolver *resolver;
  struct lookup localhost;
  struct lookup lookups[RESOLVER_CHECK_NAMES];
  char names[RESOLVER_CHECK_NAMES][PROBE_NAME_SIZE];
  struct arena arena;
  uint64_t started, heard; /* uv_now(); heard 0: nothing */
  unsigned waiting, lies, refuses, fails;
};

struct resolver_check {
  uv_loop_t loop;
  uv_timer_t timer;
  const union address *servers;
  const struct source_address *source;
  enum resolver_check_verdict *verdicts;
  size_t count, next, settled;
  struct probe probes[RESOLVER_CHECK_AT_ONCE];
  bool good, bad; /* one is, to each */
  enum err err;
};

static void probe_settle(struct probe *probe, enum resolver_check_verdict verdict) {
  struct resolver_check *check = probe->check;
  resolver_close(probe->resolver);
  probe->resolver = NULL;
  check->verdicts[probe->i] = verdict;
  check->settled++;
  check->good |= verdict == RESOLVER_CHECK_GOOD;
  check->bad |= verdict == RESOLVER_CHECK_REFUSES || verdict == RESOLVER_CHECK_FAILS;
}

static enum resolver_check_verdict probe_verdict(const struct probe *probe) {
  if (probe->lies > 1) return RESOLVER_CHECK_LIES;
  if (probe->refuses == RESOLVER_CHECK_NAMES) return RESOLVER_CHECK_REFUSES;
  if (probe->fails == RESOLVER_CHECK_NAMES) return RESOLVER_CHECK_FAILS;
  return probe->heard ? RESOLVER_CHECK_GOOD : RESOLVER_CHECK_SILENT;
}

/* What cannot be read is an answer as well: somebody is there. */
static bool probe_hears(struct probe *probe, const struct lookup *lookup) {
  bool heard = lookup->end == LOOKUP_ANSWERED || lookup->end == LOOKUP_MALFORMED;
  if (heard && !probe->heard) probe->heard = uv_now(&probe->check->loop);
  return heard;
}

/* Whether it says of a name that there is none, or has nothing to say of it. */
static bool probe_is_honest(struct probe *probe, const struct lookup *lookup) {
  if (lookup->end != LOOKUP_ANSWERED) return false;
  switch (lookup->answer.rcode) {
  case DNS_NOERROR: probe->lies += lookup->answer.count > 0; return lookup->answer.count == 0;
  case DNS_NXDOMAIN: return true;
  case DNS_SERVFAIL: probe->fails++; return false;
  case DNS_REFUSED:
  case DNS_NOTIMP:
  case DNS_NOTAUTH: probe->refuses++; return false;
  default: return false;
  }
}

static void probe_done(struct lookup *lookup) {
  struct probe *probe = lookup->data;
  bool honest =
      probe_hears(probe, lookup) && lookup != &probe->localhost && probe_is_honest(probe, lookup);
  probe->waiting--;
  if (honest)
    probe_settle(probe, RESOLVER_CHECK_GOOD);
  else if (!probe->waiting)
    probe_settle(probe, probe_verdict(probe));
}

static enum err probe_ask(struct probe *probe, struct lookup *lookup, struct span name) {
  *lookup = (struct lookup){
      .name = name,
      .type = DNS_TYPE_A,
      .arena = &probe->arena,
      .done = probe_done,
      .data = probe,
  };
  enum err err = resolver_ask(probe->resolver, lookup);
  probe->waiting += err == ERR_NONE;
  return err;
}

static enum err probe_ask_names(struct probe *probe) {
  enum err err = ERR_NONE;
  for (size_t i = 0; i < RESOLVER_CHECK_NAMES && err == ERR_NONE; i++) {
    uint64_t label;
    if (getrandom(&label, sizeof label, 0) != sizeof label) return ERR_LIBRARY;
    snprintf(probe->names[i], PROBE_NAME_SIZE, "x%016llx.%s", (unsigned long long)label,
             probe_tops[i]);
    err = probe_ask(probe, &probe->lookups[i], span_of(probe->names[i]));
  }
  return err;
}

static enum err probe_start(struct probe *probe, struct resolver_check *check, size_t i) {
  struct resolver_config config = {
      .servers = &check->servers[i],
      .server_count = 1,
      .source = check->source,
      .timeout_ms = RESOLVER_CHECK_TIMEOUT_MS,
      .any_answer = true,
      .tries = RESOLVER_CHECK_TRIES,
  };
  struct arena arena = probe->arena;
  arena_reset(&arena);
  *probe = (struct probe){.check = check, .i = i, .arena = arena, .started = uv_now(&check->loop)};
  enum err err = resolver_new(&probe->resolver, &check->loop, &config);
  if (err != ERR_NONE) return err;
  /* Answered without a question to anybody, RFC 6761 section 6.3. */
  err = probe_ask(probe, &probe->localhost, SPAN("localhost"));
  return err == ERR_NONE ? probe_ask_names(probe) : err;
}

/* Who waits for one that may be better than those that were heard is patient. */
static uint64_t check_patience(const struct resolver_check *check) {
  if (check->good) return RESOLVER_CHECK_GRACE_MS;
  return check->bad ? RESOLVER_CHECK_NAMES_MS : RESOLVER_CHECK_TIMEOUT_MS;
}

static void probe_look(struct probe *probe) {
  uint64_t now = uv_now(&probe->check->loop);
  bool late = probe->heard ? now - probe->heard >= RESOLVER_CHECK_NAMES_MS
                           : now - probe->started >= check_patience(probe->check);
  if (late) probe_settle(probe, probe_verdict(probe));
}

static void check_end(struct resolver_check *check) {
  for (size_t i = 0; i < RESOLVER_CHECK_AT_ONCE; i++)
    if (check->probes[i].resolver) probe_settle(&check->probes[i], RESOLVER_CHECK_SILENT);
  if (!uv_is_closing((uv_handle_t *)&check->timer)) uv_close((uv_handle_t *)&check->timer, NULL);
}

static void check_on_timer(uv_timer_t *timer) {
  struct resolver_check *check = timer->data;
  for (size_t i = 0; i < RESOLVER_CHECK_AT_ONCE && check->err == ERR_NONE; i++) {
    struct probe *probe = &check->probes[i];
    if (probe->resolver) probe_look(probe);
    if (!probe->resolver && check->next < check->count)
      check->err = probe_start(probe, check, check->next++);
  }
  if (check->err != ERR_NONE || check->settled == check->count) check_end(check);
}

static enum err check_go(struct resolver_check *check) {
  enum { LOOK_MS = 2 };
  if (uv_loop_init(&check->loop) != 0) return ERR_MEMORY;
  uv_timer_init(&check->loop, &check->timer);
  check->timer.data = check;
  uv_timer_start(&check->timer, check_on_timer, 0, LOOK_MS);
  uv_run(&check->loop, UV_RUN_DEFAULT);
  uv_loop_close(&check->loop);
  for (size_t i = 0; i < RESOLVER_CHECK_AT_ONCE; i++) arena_free(&check->probes[i].arena);
  return check->err;
}

/* One verdict a server; to be freed with free(). ERR_NONE whatever they are. */
static enum err resolver_check_run(const union address *servers, size_t count,
                                   const struct source_address *source,
                                   enum resolver_check_verdict **verdicts) {
  struct resolver_check *check = calloc(1, sizeof *check);
  *verdicts = calloc(count, sizeof **verdicts);
  enum err err = ERR_MEMORY;
  if (check && *verdicts) {
    check->servers = servers;
    check->source = source;
    check->verdicts = *verdicts;
    check->count = count;
    err = check_go(check);
  }
  free(check);
  if (err != ERR_NONE) {
    free(*verdicts);
    *verdicts = NULL;
  }
  return err;
}

static const char *verdict_text(enum resolver_check_verdict verdict) {
  switch (verdict) {
  case RESOLVER_CHECK_SILENT: return "does not answer";
  case RESOLVER_CHECK_REFUSES: return "refuses every query";
  case RESOLVER_CHECK_FAILS: return "answers SERVFAIL to every query";
  case RESOLVER_CHECK_LIES: return "gives addresses for names that do not exist: it is not used";
  case RESOLVER_CHECK_GOOD: break;
  }
  return "";
}

static void verdicts_tell(const union address *servers, size_t count,
                          const enum resolver_check_verdict *verdicts) {
  char text[ADDRESS_TEXT_MAX];
  size_t bad = 0;
  for (size_t i = 0; i < count; i++) {
    if (verdicts[i] == RESOLVER_CHECK_GOOD || ++bad > RESOLVER_CHECK_TOLD) continue;
    address_text(&servers[i], text);
    notice("resolver %s %s", text, verdict_text(verdicts[i]));
  }
  if (bad > RESOLVER_CHECK_TOLD)
    notice("and %zu more resolvers of %zu do not answer, refuse, fail or lie",
           bad - RESOLVER_CHECK_TOLD, count);
}

static size_t verdicts_count(const enum resolver_check_verdict *verdicts, size_t count,
                             enum resolver_check_verdict verdict) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) found += verdicts[i] == verdict;
  return found;
}

enum err resolver_check_say(const union address *servers, size_t count,
                            const struct source_address *source,
                            enum resolver_check_verdict **verdicts) {
  enum err err = resolver_check_run(servers, count, source, verdicts);
  if (err != ERR_NONE) {
    notice("the resolvers cannot be asked: %s", err_text(err));
    return err;
  }
  verdicts_tell(servers, count, *verdicts);
  size_t silent = verdicts_count(*verdicts, count, RESOLVER_CHECK_SILENT);
  size_t lie = verdicts_count(*verdicts, count, RESOLVER_CHECK_LIES);
  if (silent + lie < count) return ERR_NONE;
  if (lie)
    notice("no resolver can be believed: nothing was asked about any domain; give --resolvers with "
           "others");
  else
    notice("no resolver answers: nothing was asked about any domain");
  free(*verdicts);
  *verdicts = NULL;
  return lie ? ERR_REFUSED : ERR_TIMEOUT;
}

void resolver_check_apply(const enum resolver_check_verdict *verdicts, struct resolver *resolver) {
  size_t count = resolver_server_count(resolver);
  bool good = verdicts_count(verdicts, count, RESOLVER_CHECK_GOOD) > 0;
  for (size_t i = 0; i < count; i++) {
    if (verdicts[i] == RESOLVER_CHECK_LIES)
      resolver_exclude(resolver, i);
    else if (verdicts[i] == RESOLVER_CHECK_SILENT || (good && verdicts[i] != RESOLVER_CHECK_GOOD))
      resolver_rest(resolver, i);
  }
}
