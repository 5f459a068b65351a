#include "scanner/journey/journey.h"

#include "scanner/journey/job.h"
#include "scanner/sts/shard.h"
#include "scanner/sts/verdict.h"
#include <stdlib.h>
#include <time.h>

struct stage {
  unsigned round;
  void (*ask)(struct job *job);   /* may be NULL */
  void (*judge)(struct job *job); /* may be NULL */
};

static const struct stage journey_stages[] = {
    {1, stage_record_ask, stage_record_judge},
    {2, stage_policy_host_ask, stage_policy_host_judge},
    {2, stage_mx_ask, stage_mx_judge},
    {2, stage_tlsrpt_ask, stage_tlsrpt_judge},
    {3, stage_policy_ask, stage_policy_judge},
    {3, stage_implicit_mx_ask, stage_implicit_mx_judge},
    {3, NULL, stage_match_judge},
};

enum {
  STAGE_ROWS = sizeof journey_stages / sizeof *journey_stages,
  ROUND_RECORD = 1,
  ROUND_LAST = 3,
};

enum err journey_new(struct journey **journey, const struct journey_config *config) {
  struct journey *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  *journey = made;
  return ERR_NONE;
}

static int64_t journey_wall_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void jobs_free(struct job *job) {
  while (job) {
    struct job *next = job->next;
    arena_free(&job->arena);
    free(job);
    job = next;
  }
}

void journey_free(struct journey *journey) {
  if (!journey) return;
  for (struct job *job = journey->busy; job; job = job->older) job->next = job->older;
  jobs_free(journey->busy);
  jobs_free(journey->unused);
  arena_free(&journey->scratch);
  free(journey);
}

bool journey_has_room(const struct journey *journey) {
  return journey->in_flight < journey->config.jobs_max &&
         resolver_room(journey->config.resolver) > 0;
}

size_t journey_in_flight(const struct journey *journey) {
  return journey->in_flight;
}

static struct job *job_take(struct journey *journey) {
  struct job *job = journey->unused;
  if (job)
    journey->unused = job->next;
  else if (!(job = malloc(sizeof *job)))
    return NULL;
  *job = (struct job){
      .journey = journey,
      .older = journey->busy,
      .started = uv_now(journey->config.loop),
      .at = journey_wall_clock(),
      .arena = {.limit = ARENA_LIMIT_DEFAULT + JOB_POLICY_COPIES * journey->config.policy_size_max},
  };
  if (journey->busy) journey->busy->newer = job;
  journey->busy = job;
  journey->in_flight++;
  return job;
}

static void job_drop(struct job *job) {
  struct journey *journey = job->journey;
  if (job->newer)
    job->newer->older = job->older;
  else
    journey->busy = job->older;
  if (job->older) job->older->newer = job->newer;
  arena_free(&job->arena);
  job->next = journey->unused;
  journey->unused = job;
  journey->in_flight--;
}

/* What is the same in every result of a job. */
static void job_stamp(const struct job *job, struct result *result) {
  result->n = job->n;
  result->has_rank = job->has_rank;
  result->rank = job->rank;
  result->domain = job->domain;
  result->unicode = job->unicode;
  result->at = job->at;
  result->ms = (int64_t)(uv_now(job->journey->config.loop) - job->started);
}

static void job_emit_deployment(struct job *job) {
  struct deployment *deployment = job->deployment;
  struct result *result = &deployment->result;
  job_stamp(job, result);
  result->findings = deployment->findings.first;
  verdict_judge(result, true, deployment->presence);
  job->journey->config.emit(job->journey->config.data, result);
}

/* No TXT at all, or DNS would not say: nothing was allocated. */
static void job_emit_record_only(struct job *job) {
  bool known = job_lookup_answered(&job->txt);
  struct finding finding = stage_record_finding(job);
  struct result result = {
      .findings = &finding,
      .record.lookup = job_lookup_facts(&job->txt),
  };
  job_stamp(job, &result);
  verdict_judge(&result, known, RECORD_NONE);
  job->journey->config.emit(job->journey->config.data, &result);
}

/* One domain that sends more than a domain may hold does not stop the others' scan. */
static void job_emit_overfull(struct job *job) {
  struct finding finding = {
      .code = FOUND_RECORD_DNS_MALFORMED,
      .detail = SPAN("more data than one domain may hold: not judged"),
  };
  struct result result = {.findings = &finding};
  job_stamp(job, &result);
  verdict_judge(&result, false, RECORD_NONE);
  job->journey->config.emit(job->journey->config.data, &result);
}

static void job_finish(struct job *job) {
  struct journey *journey = job->journey;
  if (job->arena.err == ERR_LIMIT)
    job_emit_overfull(job);
  else if (job->arena.err != ERR_NONE)
    journey->config.fail(journey->config.data, job->arena.err);
  else if (job->deployment)
    job_emit_deployment(job);
  else
    job_emit_record_only(job);
  job_drop(job);
}

static bool job_has_next_round(const struct job *job) {
  if (job->arena.err != ERR_NONE || job->round == ROUND_LAST) return false;
  return job->deployment && job->deployment->presence != RECORD_NONE;
}

/* Goes on until something is waited for, or the journey is over. */
static void job_run(struct job *job) {
  while (job->waiting == 0) {
    for (size_t i = 0; i < STAGE_ROWS; i++)
      if (journey_stages[i].round == job->round && journey_stages[i].judge)
        journey_stages[i].judge(job);
    if (!job_has_next_round(job)) {
      job_finish(job);
      return;
    }
    job->round++;
    for (size_t i = 0; i < STAGE_ROWS; i++)
      if (journey_stages[i].round == job->round && journey_stages[i].ask)
        journey_stages[i].ask(job);
  }
}

void job_returned(struct job *job) {
  if (--job->waiting == 0) job_run(job);
}

static void journey_learn(struct journey *journey, const struct job *job) {
  char *known = journey->known[journey->known_turn++ % JOURNEY_KNOWN];
  memcpy(known, job->domain.ptr, job->domain.len);
  known[job->domain.len] = 0;
  journey->failing = 0;
}

/* Where DNS never said anything of any name, there is nothing to doubt it by. */
bool journey_is_failing(const struct journey *journey) {
  return journey->distrusts || (journey->failing > JOURNEY_FAILING && journey->known_turn > 0);
}

/* Whether this answer says no more of the name than all the others do. */
static bool journey_doubts(struct journey *journey, const struct lookup *lookup) {
  if (lookup->end != LOOKUP_ANSWERED || lookup->answer.rcode != DNS_SERVFAIL) return false;
  journey->failing++;
  return journey_is_failing(journey);
}

/* Nothing is said of a name by servers that are gone, or that reach nobody. */
static bool journey_hold(struct journey *journey, struct lookup *lookup) {
  if (!journey->config.patient) return false;
  bool gone = lookup->end == LOOKUP_TIMEOUT && lookup->unheard;
  if (!gone && !journey_doubts(journey, lookup)) return false;
  lookup->next = journey->held;
  journey->held = lookup;
  return true;
}

static void job_lookup_done(struct lookup *lookup) {
  struct job *job = lookup->data;
  if (job_lookup_answered(lookup)) journey_learn(job->journey, job);
  if (journey_hold(job->journey, lookup)) return;
  if (lookup->end == LOOKUP_FAILED) job->arena.err = ERR_MEMORY;
  job_returned(job);
}

void job_ask(struct job *job, struct lookup *lookup, struct span name, enum dns_type type) {
  *lookup = (struct lookup){
      .name = name,
      .type = type,
      .arena = &job->arena,
      .done = job_lookup_done,
      .data = job,
  };
  enum err err = span_here(name) ? resolver_ask(job->journey->config.resolver, lookup) : ERR_SYNTAX;
  lookup->end = LOOKUP_MALFORMED;
  if (err == ERR_NONE)
    job->waiting++;
  else if (err != ERR_SYNTAX)
    job->arena.err = err;
}

static void job_ask_again(struct job *job, struct lookup *lookup) {
  enum err err = resolver_ask(job->journey->config.resolver, lookup);
  if (err == ERR_NONE) return;
  job->arena.err = err;
  job_returned(job);
}

bool journey_holds(const struct journey *journey) {
  return journey->held != NULL;
}

void journey_distrust(struct journey *journey, bool distrusts) {
  journey->distrusts = distrusts;
}

struct span journey_known(const struct journey *journey, size_t i) {
  return span_of(journey->known[i]);
}

void journey_release(struct journey *journey, bool again) {
  struct lookup *held = journey->held;
  journey->held = NULL;
  journey->failing = 0;
  while (held) {
    struct lookup *lookup = held;
    held = held->next;
    if (again)
      job_ask_again(lookup->data, lookup);
    else
      job_returned(lookup->data);
  }
}

static void journey_emit_line(struct journey *journey, uint64_t n, const struct list_entry *entry,
                              const struct domain *domain) {
  struct result result = {
      .n = n,
      .has_rank = entry->has_rank,
      .rank = entry->rank,
      .status = STATUS_INVALID,
      .line = entry->text,
      .at = journey_wall_clock(),
  };
  if (domain) {
    result.status = STATUS_BLOCKED;
    result.has_effect = true;
    result.effect = EFFECT_UNKNOWN;
    result.line = (struct span){0};
    result.domain = domain->ascii;
    result.unicode = domain->unicode;
  }
  journey->config.emit(journey->config.data, &result);
}

static enum err journey_start_domain(struct journey *journey, uint64_t n,
                                     const struct list_entry *entry, const struct domain *domain) {
  struct job *job = job_take(journey);
  if (!job) return ERR_MEMORY;
  job->n = n;
  job->has_rank = entry->has_rank;
  job->rank = entry->rank;
  const size_t prefix = sizeof JOB_RECORD_PREFIX - 1;
  memcpy(job->name, JOB_RECORD_PREFIX, prefix);
  memcpy(job->name + prefix, domain->ascii.ptr, domain->ascii.len);
  job->domain = (struct span){job->name + prefix, domain->ascii.len};
  if (domain->unicode.len) job->unicode = arena_copy(&job->arena, domain->unicode);
  job->round = ROUND_RECORD;
  stage_record_ask(job);
  job_run(job);
  return ERR_NONE;
}

enum err journey_start(struct journey *journey, uint64_t n, const struct list_entry *entry) {
  struct domain domain = {0};
  const char *why;
  arena_reset(&journey->scratch);
  enum err err = domain_parse(entry->name, &journey->scratch, &domain, &why);
  if (err == ERR_MEMORY) return err;
  struct span key = err == ERR_NONE ? domain.ascii : entry->text;
  unsigned shards = journey->config.shards;
  if (shards > 1 && shard_of(key, shards) != journey->config.shard) return ERR_NONE;
  if (err != ERR_NONE) {
    journey_emit_line(journey, n, entry, NULL);
    return ERR_NONE;
  }
  if (!block_list_has_name(journey->config.block, domain.ascii))
    return journey_start_domain(journey, n, entry, &domain);
  journey_emit_line(journey, n, entry, &domain);
  return ERR_NONE;
}
