#include "scanner/journey/journey.h"

#include "output/base/siphash.h"
#include "scanner/journey/job.h"
#include "scanner/sts/shard.h"
#include "scanner/sts/verdict.h"
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
  journey->held = NULL;
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

static bool journey_has_slot(const struct journey *journey) {
  return journey->in_flight < journey->config.jobs_max &&
         resolver_room(journey->config.resolver) > 0;
}

/* As many with a record as may be, who could all come to wait for their mail hosts. */
static bool journey_is_deployed(const struct journey *journey) {
  size_t most = journey->config.deployed_max;
  return most && journey->deployed >= most;
}

bool journey_has_room(const struct journey *journey) {
  for (int i = 0; i < JOURNEY_ASIDES; i++)
    if (journey->asides[i] && !aside_has_room(journey->asides[i])) return false;
  return journey_has_slot(journey) && !journey_is_deployed(journey) &&
         (!journey->looks || second_look_has_room(journey->looks));
}

static uint64_t journey_aside_for(const struct journey *journey, enum journey_aside what) {
  return journey->asides[what] ? aside_count(journey->asides[what]) : 0;
}

uint64_t journey_aside(const struct journey *journey) {
  return journey_aside_for(journey, ASIDE_FOR_ROOM) + journey_aside_for(journey, ASIDE_FOR_ADDRESS);
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

static struct job *job_take(struct journey *journey) {
  struct job *job = journey->unused;
  const size_t beside = (size_t)__builtin_popcount(journey->beside) * sizeof *job->beside;
  if (job)
    journey->unused = job->next;
  else if (!(job = malloc(sizeof *job + beside)))
    return NULL;
  *job = (struct job){
      .journey = journey,
      .beside = memset(job + 1, 0, beside),
      .older = journey->busy,
      .started = uv_now(journey->config.loop),
      .at = journey_wall_clock(),
      .arena = {.limit = ARENA_LIMIT_DEFAULT + JOB_POLICY_COPIES * journey->config.policy_size_max,
                .budget = journey->budget.limit ? &journey->budget : NULL},
  };
  if (journey->busy) journey->busy->newer = job;
  journey->busy = job;
  journey->in_flight++;
  return job;
}

static void job_is_back(struct job *job) {
  job->journey->returning -= job->returning;
  job->journey->returning_large -= job->returning && job->large;
  job->returning = false;
}

static void job_drop(struct job *job) {
  struct journey *journey = job->journey;
  job_is_back(job);
  stage_mx_tls_leave(job);
  journey->deployed -= job->deployed;
  if (job->newer)
    job->newer->older = job->older;
  else
    journey->busy = job->older;
  if (job->older) job->older->newer = job->newer;
  arena_free(&job->arena);
  free((char *)job->carried.ptr);
  job->carried = (struct span){0};
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
  result->line = carried_line(job->carried);
  result->labels = carried_labels(job->carried, job->journey->labels);
  result->at = job->at;
  result->ms = (int64_t)(uv_now(job->journey->config.loop) - job->started);
}

/* All that is kept of it without a slot. */
static struct aside_name job_name(const struct job *job) {
  struct aside_name name = {
      .n = job->n,
      .has_rank = job->has_rank,
      .rank = job->rank,
      .first = job->first,
      .len = job->domain.len,
      .carried_len = job->carried.len,
  };
  memcpy(name.name, job->domain.ptr, job->domain.len);
  if (job->carried.len) memcpy(name.carried, job->carried.ptr, job->carried.len);
  return name;
}

static void job_wait_for_second_look(const struct job *job, const struct result *result) {
  const struct journey *journey = job->journey;
  struct aside_name name = job_name(job);
  name.first = (struct result_first){.codes = result_codes(result), .at = result->at};
  enum err err = second_look_put(journey->looks, &name, loop_clock_now(journey->clock));
  if (err != ERR_NONE) journey->config.fail(journey->config.data, err);
}

/* What may pass is told when it was found twice, and else what was found the second time. */
static void job_tell(const struct job *job, struct result *result) {
  const struct journey *journey = job->journey;
  if (journey->looks && job->first.at == 0 && result_may_pass(result)) {
    job_wait_for_second_look(job, result);
    return;
  }
  if (job->first.at) {
    struct finding_codes codes = result_codes(result);
    result->looks = RESULT_LOOKS_MAX;
    result->first = job->first;
    result->first.here = !finding_codes_equal(&codes, &job->first.codes);
  }
  journey->config.emit(journey->config.data, result);
}

static void job_emit_deployment(struct job *job) {
  struct deployment *deployment = job->deployment;
  struct result *result = &deployment->result;
  job_stamp(job, result);
  result->findings = deployment->findings.first;
  verdict_judge(result, true, deployment->presence);
  job_tell(job, result);
}

/* No TXT at all, or DNS would not say: nothing was allocated, but for what --ask found. */
static void job_emit_record_only(struct job *job) {
  bool known = job_lookup_answered(&job->txt);
  struct finding finding = stage_record_finding(job);
  struct result result = {0};
  if (job->journey->beside) {
    result = job->journey->plain.result;
    finding.next = job->journey->plain.findings.first;
  }
  result.findings = &finding;
  result.record.lookup = job_lookup_facts(&job->txt);
  job_stamp(job, &result);
  verdict_judge(&result, known, RECORD_NONE);
  job_tell(job, &result);
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
  job_tell(job, &result);
}

/* A share of the slots, at least one; no more than what share of the memory the last that came to
 * its fetch would fill as often. */
static size_t journey_share(const struct journey *journey, size_t of) {
  size_t slots = journey->config.jobs_max;
  size_t fit = journey->fetch_bytes ? journey->budget.limit / 2 / journey->fetch_bytes : slots;
  size_t share = (fit < slots ? fit : slots) / of;
  return share ? share : 1;
}

/* Whether so many wait in all that another one would take a slot, or memory, from those who could
 * get on. */
static bool journey_is_full(const struct journey *journey, size_t of_all) {
  struct fetcher *fetcher = journey->config.fetcher;
  return fetcher_waiting(fetcher) + fetcher_resting(fetcher) >= of_all;
}

/* Likewise for one address, or for those near it. */
static bool journey_is_crowded(const struct journey *journey, const union address *address,
                               size_t of_near, size_t of_one) {
  struct fetcher *fetcher = journey->config.fetcher;
  return fetcher_waiting_near(fetcher, address) >= of_near ||
         fetcher_waiting_at(fetcher, address) >= of_one;
}

/* When they return there is half of what made them wait, so that they do not come in vain. */
static bool journey_is_full_again(const struct journey *journey) {
  return journey->budget.used > journey->budget.limit / 4 * 3 || journey_is_deployed(journey) ||
         journey_is_full(journey, 1 + journey_share(journey, 2 * JOURNEY_WAIT_SHARE));
}

static bool job_is_large(const struct job *job) {
  return job->arena.total > JOURNEY_LARGE;
}

/* Gives up its slot, and all that it knows but its name. */
static void job_put_aside(struct job *job, enum journey_aside what) {
  struct aside_name name = job_name(job);
  name.large = job_is_large(job);
  name.has_address = job->deployment && job->deployment->address_count;
  if (name.has_address) name.address = job->deployment->addresses[0];
  enum err err = aside_put(job->journey->asides[what], &name);
  if (err != ERR_NONE) job->journey->config.fail(job->journey->config.data, err);
  job_drop(job);
}

static bool job_is_at_crowd(const struct job *job) {
  const struct journey *journey = job->journey;
  const union address *address = job->deployment->addresses;
  if (job_is_large(job)) return fetcher_waiting_at(journey->config.fetcher, address) > 0;
  return !job->waited &&
         journey_is_crowded(journey, address, journey_share(journey, JOURNEY_NEAR_SHARE),
                            journey_share(journey, JOURNEY_SHARE));
}

/* Before its fetch. Who was aside has had his turn of waiting for the same: he stays; who is new
 * does not go before those who wait for room. */
static bool job_steps_aside(struct job *job) {
  struct journey *journey = job->journey;
  if (!journey->asides[ASIDE_FOR_ROOM] || !job->deployment->address_count) return false;
  if (!job_is_large(job)) journey->fetch_bytes = job->arena.total;
  unsigned of_all = JOURNEY_WAIT_SHARE * (journey_aside_for(journey, ASIDE_FOR_ROOM) ? 2 : 1);
  if (job_is_at_crowd(job))
    job_put_aside(job, ASIDE_FOR_ADDRESS);
  else if (!job->returned && journey_is_full(journey, journey_share(journey, of_all)))
    job_put_aside(job, ASIDE_FOR_ROOM);
  else
    return false;
  return true;
}

static void job_finish(struct job *job) {
  struct journey *journey = job->journey;
  if (job->arena.pressed) {
    job_put_aside(job, ASIDE_FOR_ROOM);
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

/* Whether its record makes one too many of them; who was aside has had his turn. */
static bool job_is_too_many(struct job *job) {
  struct journey *journey = job->journey;
  if (journey->asides[ASIDE_FOR_ROOM] && !job->returned && journey_is_deployed(journey))
    return true;
  journey->deployed++;
  job->deployed = true;
  return false;
}

/* Goes on until something is waited for, or the journey is over. */
static void job_run(struct job *job) {
  while (job->waiting == 0) {
    job_judge(job);
    if (!job_has_next_round(job)) {
      job_finish(job);
      return;
    }
    if (job->round == ROUND_RECORD && job_is_too_many(job)) {
      job_put_aside(job, ASIDE_FOR_ROOM);
      return;
    }
    if (job->round + 1 == ROUND_FETCH && job_steps_aside(job)) return;
    job->round++;
    if (job->round == ROUND_FETCH) job_is_back(job);
    job_ask_round(job);
  }
}

void job_returned(struct job *job) {
  if (--job->waiting == 0) job_run(job);
}

static struct span journey_last_labels(struct span domain) {
  size_t dots = 0, at = domain.len;
  while (at && (dots += domain.ptr[at - 1] == '.') < 2) at--;
  return span_skip(domain, at);
}

static void journey_learn(struct journey *journey, struct span name) {
  uint64_t place = siphash_text(siphash_key(), journey_last_labels(name));
  char *known = journey->known[place % JOURNEY_KNOWN];
  journey->failing = 0;
  if (name.len > DOMAIN_LENGTH_MAX) return;
  memcpy(known, name.ptr, name.len);
  known[name.len] = 0;
  journey->knows = true;
}

/* Whether failures are doubted: the names may be as they were, and the network gone. Where DNS
 * never said anything of any name, there is nothing to doubt it by. */
static bool journey_is_failing(const struct journey *journey) {
  if (journey->distrusts) return true;
  unsigned most = JOURNEY_FAILING;
  if (!journey->knows || journey->failing <= most) return false;
  return journey->failing > most << journey->trusted ||
         uv_now(journey->config.loop) - journey->failing_since >= JOURNEY_FAILING_MS;
}

/* Nothing was said of the name, or what a server says that reaches nobody, or will not ask. */
static bool lookup_failed(const struct lookup *lookup) {
  if (lookup->end != LOOKUP_ANSWERED) return lookup->end == LOOKUP_TIMEOUT;
  switch (lookup->answer.rcode) {
  case DNS_SERVFAIL:
  case DNS_REFUSED:
  case DNS_NOTIMP:
  case DNS_NOTAUTH: return true;
  default: return false;
  }
}

/* Whether this failure says no more of the name than all the others do. */
static bool journey_doubts(struct journey *journey, const struct lookup *lookup) {
  if (!lookup_failed(lookup)) return false;
  if (!journey->failing++) journey->failing_since = uv_now(journey->config.loop);
  return journey_is_failing(journey);
}

/* Nothing is said of a name by servers that are gone, or that reach nobody. */
static bool journey_hold(struct journey *journey, struct lookup *lookup) {
  if (!journey->config.patient) return false;
  bool gone = lookup->end == LOOKUP_TIMEOUT && lookup->unheard;
  bool doubts = journey_doubts(journey, lookup);
  if (!gone && !doubts) return false;
  lookup->next = journey->held;
  journey->held = lookup;
  return true;
}

/* False: it could not be, and has failed. */
static bool journey_ask_again(struct journey *journey, struct lookup *lookup) {
  enum err err = resolver_ask(journey->config.resolver, lookup);
  if (err == ERR_NONE) return true;
  lookup->end = LOOKUP_FAILED;
  lookup->trouble = err;
  return false;
}

/* What was asked before the network came back, and failed, says nothing of the name; nor does what
 * fails soon after: resolvers remember for a while whom they could not reach. */
static bool journey_was_gone(const struct journey *journey, const struct lookup *lookup) {
  if (!lookup_failed(lookup)) return false;
  return journey->back_at && uv_now(journey->config.loop) <=
                                 journey->back_at + JOURNEY_RECOVERY_MS + (uint64_t)lookup->ms;
}

bool journey_keeps(struct journey *journey, struct lookup *lookup, struct span name) {
  if (journey->lets_go) return false;
  if (job_lookup_answered(lookup)) journey_learn(journey, name);
  if (!journey_is_failing(journey) && journey_was_gone(journey, lookup))
    return journey_ask_again(journey, lookup);
  return journey_hold(journey, lookup);
}

static void job_lookup_done(struct lookup *lookup) {
  struct job *job = lookup->data;
  if (journey_keeps(job->journey, lookup, job->domain)) return;
  if (lookup->end == LOOKUP_FAILED && job->arena.err == ERR_NONE) job->arena.err = lookup->trouble;
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
  if (again) journey->back_at = uv_now(journey->config.loop);
  if (again)
    journey->trusted = 0;
  else if (journey->trusted < JOURNEY_TRUSTED)
    journey->trusted++;
  while (held) {
    struct lookup *lookup = held;
    held = held->next;
    if (again && journey_ask_again(journey, lookup)) continue;
    journey->lets_go = true;
    lookup->done(lookup);
    journey->lets_go = false;
  }
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

/* Not in the arena, which may give up what it holds before the domain is put aside. */
static bool job_carry(struct job *job, struct span piece) {
  if (piece.len == 0) return true;
  char *copy = malloc(piece.len);
  if (!copy) return false;
  memcpy(copy, piece.ptr, piece.len);
  job->carried = (struct span){copy, piece.len};
  return true;
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

static bool journey_can_return(const struct journey *journey, const struct aside_name *name) {
  if (name->large && journey->returning_large == JOURNEY_RETURNING_LARGE) return false;
  if (!name->has_address) return true;
  if (name->large) return fetcher_waiting_at(journey->config.fetcher, &name->address) == 0;
  return !journey_is_crowded(journey, &name->address,
                             1 + journey_share(journey, 2 * JOURNEY_NEAR_SHARE),
                             1 + journey_share(journey, 2 * JOURNEY_SHARE) / 2);
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

/* ERR_END: nobody, just now. */
static enum err journey_take_next(struct journey *journey, enum journey_aside what,
                                  struct aside_name *name) {
  if (aside_take(journey->asides[what], name)) return ERR_NONE;
  return aside_is_lost(journey->asides[what]) ? ERR_TEMPORARY : ERR_END;
}

/* Somebody else may have come to wait at its address meanwhile. */
static enum err journey_take_back_to_room(struct journey *journey) {
  struct aside_name name;
  enum err err = journey_take_next(journey, ASIDE_FOR_ROOM, &name);
  if (err != ERR_NONE) return err;
  if (journey_can_return(journey, &name)) return journey_return(journey, &name);
  return aside_put(journey->asides[ASIDE_FOR_ADDRESS], &name);
}

static enum err journey_take_back_to_address(struct journey *journey) {
  struct aside_name name;
  if (uv_now(journey->config.loop) < journey->rest_end) return ERR_END;
  enum err err = journey_take_next(journey, ASIDE_FOR_ADDRESS, &name);
  if (err != ERR_NONE) return err;
  if (journey_can_return(journey, &name)) {
    journey->passed_over = 0;
    name.waited = true;
    return journey_return(journey, &name);
  }
  uint64_t left = journey_aside_for(journey, ASIDE_FOR_ADDRESS);
  if (++journey->passed_over > left) {
    journey->passed_over = 0;
    journey->rest_end =
        uv_now(journey->config.loop) + JOURNEY_ASIDE_REST_MS + left / JOURNEY_ASIDE_EACH_MS;
  }
  return aside_put(journey->asides[ASIDE_FOR_ADDRESS], &name);
}

void journey_take_back(struct journey *journey) {
  enum err err = ERR_NONE;
  if (journey_aside(journey) == 0) return;
  for (int i = 0; i < JOURNEY_PASSED_OVER && err == ERR_NONE; i++) {
    if (!journey_has_slot(journey) || journey->returning == JOURNEY_RETURNING) return;
    if (journey_is_full_again(journey)) return;
    err = journey_take_back_to_room(journey);
    if (err == ERR_END) err = journey_take_back_to_address(journey);
  }
  if (err != ERR_NONE && err != ERR_END) journey->config.fail(journey->config.data, err);
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
  while (err == ERR_NONE && journey_has_slot(journey) &&
         second_look_take(journey->looks, now, &name))
    err = journey_return(journey, &name);
  if (err == ERR_NONE && second_look_is_lost(journey->looks)) err = ERR_TEMPORARY;
  if (err != ERR_NONE) journey->config.fail(journey->config.data, err);
}
