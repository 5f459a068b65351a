#include "scanner/journey/journey.h"

#include "scanner/journey/admission.h"
#include "scanner/sts/shard.h"
#include <stdlib.h>
#include <time.h>

struct stage {
  unsigned round;
  unsigned asked; /* bits of enum ask_bit, of which one must be asked for; 0: always */
  void (*ask)(struct job *job);   /* may be NULL */
  void (*judge)(struct job *job); /* may be NULL */
};

static const struct stage journey_stages[] = {
    {1, 0, stage_record_ask, stage_record_judge},
    {1, ASK_MX, stage_mx_ask_early, stage_mx_judge_early},
    {1, ASK_NS_ALL, stage_ns_ask, stage_ns_judge},
    {1, ASK_SPF, stage_spf_ask, stage_spf_judge},
    {1, ASK_DMARC, stage_dmarc_ask, stage_dmarc_judge},
    {2, 0, stage_policy_host_ask, stage_policy_host_judge},
    {2, 0, stage_mx_ask, stage_mx_judge},
    {2, 0, stage_tlsrpt_ask, stage_tlsrpt_judge},
    {2, ASK_NS, stage_ns_ask, stage_ns_judge},
    {2, ASK_DKIM, stage_dkim_ask, stage_dkim_judge},
    {3, 0, stage_policy_ask, stage_policy_judge},
    {3, 0, stage_implicit_mx_ask, stage_implicit_mx_judge},
    {3, 0, NULL, stage_match_judge},
    {3, 0, stage_mx_tls_ask, stage_mx_tls_judge},
    {4, 0, stage_wrong_paths_ask, stage_wrong_paths_judge},
};

enum {
  STAGE_ROWS = sizeof journey_stages / sizeof *journey_stages,
  ROUND_RECORD = 1,
  ROUND_FETCH = 3,
  ROUND_LAST = 4,
  JOURNEY_MS_NS = 1000000,
  JOURNEY_PASSED_OVER = 1024, /* of those aside are looked at in one turn of the loop */
};

/* Which lookups each job has room for. */
static unsigned journey_beside(unsigned asked) {
  return (asked & ASK_MX ? 1U << BESIDE_MX : 0) |
         (asked & (ASK_NS | ASK_NS_ALL) ? 1U << BESIDE_NS : 0) |
         (asked & ASK_SPF ? 1U << BESIDE_SPF : 0) |
         (asked & ASK_DMARC ? 1U << BESIDE_DMARC | 1U << BESIDE_DMARC_ORGANIZATIONAL : 0);
}

static enum err journey_make_looks(struct journey *journey) {
  const struct journey_config *config = &journey->config;
  uint64_t wait_ns = (uint64_t)config->second_look_ms * JOURNEY_MS_NS;
  if (config->second_look_ms == 0) return ERR_NONE;
  enum err err = second_look_new(&journey->looks, config->loop, wait_ns, config->second_look_max);
  return err == ERR_NONE ? loop_clock_new(&journey->clock, config->loop, uv_hrtime) : err;
}

enum err journey_new(struct journey **journey, const struct journey_config *config) {
  struct journey *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  made->budget.limit = config->arena_bytes;
  made->beside = journey_beside(config->ask.what);
  made->hold = (struct lookup_hold){
      .patient = config->patient, .ask = resolver_ask, .resolver = config->resolver};
  enum err err = ERR_NONE;
  for (int i = 0; config->arena_bytes && i < JOURNEY_ASIDES && err == ERR_NONE; i++)
    err = aside_new(&made->asides[i], config->loop);
  if (err == ERR_NONE) err = journey_make_looks(made);
  if (err == ERR_NONE) err = visits_new(made);
  if (err == ERR_NONE) {
    *journey = made;
  } else {
    journey_close(made);
    free(made);
  }
  return err;
}

void journey_close(struct journey *journey) {
  if (!journey) return;
  for (struct job *job = journey->busy; job; job = job->older) stage_mx_tls_leave(job);
  journey->hold.held = NULL;
  if (journey->visits.inbox) visits_close(journey);
  for (int i = 0; i < JOURNEY_ASIDES; i++) {
    aside_close(journey->asides[i]);
    journey->asides[i] = NULL;
  }
  second_look_close(journey->looks);
  loop_clock_close(journey->clock);
  journey->looks = NULL;
  journey->clock = NULL;
}

int64_t journey_wall_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void jobs_free(struct job *job) {
  while (job) {
    struct job *next = job->next;
    arena_free(&job->arena);
    free((char *)job->carried.ptr);
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
  return admission_has_slot(journey) && admission_has_room(journey) &&
         (!journey->looks || second_look_has_room(journey->looks));
}

uint64_t journey_aside(const struct journey *journey) {
  return admission_aside(journey);
}

bool journey_keeps_aside(const struct journey *journey) {
  for (int i = 0; i < JOURNEY_ASIDES; i++)
    if (journey->asides[i] && aside_is_broken(journey->asides[i])) return true;
  return journey->looks && second_look_is_broken(journey->looks);
}

size_t journey_in_flight(const struct journey *journey) {
  return journey->in_flight;
}

size_t journey_visits(const struct journey *journey) {
  return journey->visits.count;
}

void journey_tick(struct journey *journey) {
  visits_tick(journey);
}

void journey_visits_add(const struct journey *journey, struct visits_account *sum) {
  const struct visits_account *one = &journey->visits.account;
  sum->probed += one->probed;
  sum->connections += one->connections;
  sum->again += one->again;
  for (int i = 0; i < VERDICT_COUNT; i++) sum->verdicts[i] += one->verdicts[i];
  for (int i = 0; i < FOUND_COUNT; i++) sum->unknown[i] += one->unknown[i];
}

static void job_finish(struct job *job) {
  struct journey *journey = job->journey;
  if (job->arena.pressed) {
    admission_put_aside(job, ASIDE_FOR_ROOM);
    return;
  }
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

static bool job_has_stage(const struct job *job, const struct stage *stage) {
  return stage->round == job->round &&
         (stage->asked == 0 || stage->asked & job->journey->config.ask.what);
}

static void job_judge(struct job *job) {
  struct journey *journey = job->journey;
  if (job->round == ROUND_RECORD && journey->beside)
    journey->plain = (struct deployment){.findings.arena = &job->arena};
  for (size_t i = 0; i < STAGE_ROWS; i++)
    if (job_has_stage(job, &journey_stages[i]) && journey_stages[i].judge)
      journey_stages[i].judge(job);
}

static void job_ask_round(struct job *job) {
  for (size_t i = 0; i < STAGE_ROWS; i++)
    if (job_has_stage(job, &journey_stages[i]) && journey_stages[i].ask) journey_stages[i].ask(job);
}

static bool job_has_next_round(const struct job *job) {
  if (job->arena.err != ERR_NONE || job->round == ROUND_LAST) return false;
  return job->deployment && job->deployment->presence != RECORD_NONE;
}

/* Goes on until something is waited for, or the journey is over. */
static void job_run(struct job *job) {
  while (job->waiting == 0) {
    job_judge(job);
    if (!job_has_next_round(job)) {
      job_finish(job);
      return;
    }
    if (job->round == ROUND_RECORD && admission_defers_record(job)) return;
    if (job->round + 1 == ROUND_FETCH && admission_defers_fetch(job)) return;
    job->round++;
    if (job->round == ROUND_FETCH) job_has_arrived(job);
    job_ask_round(job);
  }
}

void job_wake(struct job *job) {
  if (--job->waiting == 0) job_run(job);
}

bool journey_holds(const struct journey *journey) {
  return lookup_hold_any(&journey->hold);
}

void journey_distrust(struct journey *journey, bool distrusts) {
  lookup_hold_distrust(&journey->hold, distrusts);
}

struct span journey_known(const struct journey *journey, size_t i) {
  return lookup_hold_known(&journey->hold, i);
}

void journey_release(struct journey *journey, bool again) {
  lookup_hold_release(&journey->hold, again, uv_now(journey->config.loop));
}

static void journey_emit_line(struct journey *journey, uint64_t n, const struct list_entry *entry,
                              const struct domain *domain, const char *reason) {
  struct result result = {
      .n = n,
      .has_rank = entry->has_rank,
      .rank = entry->rank,
      .status = STATUS_INVALID,
      .line = entry->text,
      .reason = span_of(reason),
      .labels = carried_labels(entry->carried, journey->labels),
      .at = journey_wall_clock(),
  };
  if (domain) {
    result.status = STATUS_BLOCKED;
    result.has_effect = true;
    result.effect = EFFECT_UNKNOWN;
    result.line = carried_line(entry->carried);
    result.domain = domain->ascii;
    result.unicode = domain->unicode;
  }
  journey->config.emit(journey->config.data, &result);
}

static enum err journey_start_domain(struct journey *journey, uint64_t n,
                                     const struct list_entry *entry, const struct domain *domain,
                                     const struct aside_name *name) {
  const struct aside_name *aside = name && name->due == 0 ? name : NULL;
  struct job *job = job_take(journey);
  if (!job) return ERR_MEMORY;
  if (!job_carry(job, entry->carried)) {
    job_drop(job);
    return ERR_MEMORY;
  }
  job->n = n;
  job->returned = job->returning = aside != NULL;
  job->waited = aside && aside->waited;
  job->large = aside && aside->large;
  if (name) job->first = name->first;
  journey->returning += job->returned;
  journey->returning_large += job->large;
  job->has_rank = entry->has_rank;
  job->rank = entry->rank;
  const size_t prefix = sizeof JOB_RECORD_PREFIX - 1;
  memcpy(job->name, JOB_RECORD_PREFIX, prefix);
  memcpy(job->name + prefix, domain->ascii.ptr, domain->ascii.len);
  job->domain = (struct span){job->name + prefix, domain->ascii.len};
  if (domain->unicode.len) job->unicode = arena_copy(&job->arena, domain->unicode);
  job->round = ROUND_RECORD;
  job_ask_round(job);
  job_run(job);
  return ERR_NONE;
}

enum err journey_start(struct journey *journey, uint64_t n, const struct list_entry *entry) {
  struct domain domain = {0};
  const char *why = NULL;
  enum err err = ERR_SYNTAX;
  arena_reset(&journey->scratch);
  if (!entry->reason) err = domain_parse(entry->name, &journey->scratch, &domain, &why);
  if (err == ERR_MEMORY) return err;
  struct span key = err == ERR_NONE ? domain.ascii : entry->text;
  unsigned shards = journey->config.shards;
  if (shards > 1 && shard_of(key, shards) != journey->config.shard) return ERR_NONE;
  if (err != ERR_NONE) {
    journey_emit_line(journey, n, entry, NULL, why ? domain_why_word(why) : entry->reason);
    return ERR_NONE;
  }
  if (!block_list_has_name(journey->config.block, domain.ascii))
    return journey_start_domain(journey, n, entry, &domain, NULL);
  journey_emit_line(journey, n, entry, &domain, NULL);
  return ERR_NONE;
}

static enum err journey_return(struct journey *journey, const struct aside_name *name) {
  struct list_entry entry = {
      .text = {name->name, name->len},
      .name = {name->name, name->len},
      .has_rank = name->has_rank,
      .rank = name->rank,
      .carried = {name->carried, name->carried_len},
  };
  struct domain domain = {0};
  const char *why;
  arena_reset(&journey->scratch);
  enum err err = domain_parse(entry.name, &journey->scratch, &domain, &why);
  return err == ERR_NONE ? journey_start_domain(journey, name->n, &entry, &domain, name) : err;
}

void journey_take_back(struct journey *journey) {
  enum err err = ERR_NONE;
  struct aside_name name;
  if (admission_aside(journey) == 0) return;
  for (int i = 0; i < JOURNEY_PASSED_OVER && (err == ERR_NONE || err == ERR_BUSY); i++) {
    err = admission_next(journey, &name);
    if (err == ERR_NONE) err = journey_return(journey, &name);
  }
  if (err != ERR_NONE && err != ERR_BUSY && err != ERR_END)
    journey->config.fail(journey->config.data, err);
}

uint64_t journey_waiting(const struct journey *journey) {
  return journey->looks ? second_look_count(journey->looks) : 0;
}

uint64_t journey_waiting_ms(const struct journey *journey) {
  if (!journey->looks) return 0;
  return second_look_left(journey->looks, loop_clock_now(journey->clock)) / JOURNEY_MS_NS;
}

void journey_look_again(struct journey *journey) {
  enum err err = ERR_NONE;
  struct aside_name name;
  if (journey_waiting(journey) == 0) return;
  uint64_t now = loop_clock_now(journey->clock);
  while (err == ERR_NONE && admission_has_slot(journey) &&
         second_look_take(journey->looks, now, &name))
    err = journey_return(journey, &name);
  if (err == ERR_NONE && second_look_is_lost(journey->looks)) err = ERR_TEMPORARY;
  if (err != ERR_NONE) journey->config.fail(journey->config.data, err);
}
