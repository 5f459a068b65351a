#include "scanner/journey/job.h"

#include "scanner/sts/verdict.h"
#include <stdlib.h>
#include <string.h>

struct job *job_take(struct journey *journey) {
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

void job_has_arrived(struct job *job) {
  job->journey->returning -= job->returning;
  job->journey->returning_large -= job->returning && job->large;
  job->returning = false;
}

void job_drop(struct job *job) {
  struct journey *journey = job->journey;
  job_has_arrived(job);
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

/* Not in the arena, which may give up what it holds before the domain is put aside. */
bool job_carry(struct job *job, struct span piece) {
  if (piece.len == 0) return true;
  char *copy = malloc(piece.len);
  if (!copy) return false;
  memcpy(copy, piece.ptr, piece.len);
  job->carried = (struct span){copy, piece.len};
  return true;
}

/* All that is kept of it without a slot. */
struct aside_name job_name(const struct job *job) {
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

static void job_await_second_look(const struct job *job, const struct result *result) {
  const struct journey *journey = job->journey;
  struct aside_name name = job_name(job);
  name.first = (struct result_first){.codes = result_codes(result), .at = result->at};
  enum err err = second_look_put(journey->looks, &name, loop_clock_now(journey->clock));
  if (err != ERR_NONE) journey->config.fail(journey->config.data, err);
}

/* What may pass is told when it was found twice, and else what was found the second time. */
static void job_emit_result(const struct job *job, struct result *result) {
  const struct journey *journey = job->journey;
  if (journey->looks && job->first.at == 0 && result_may_pass(result)) {
    job_await_second_look(job, result);
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

void job_emit_deployment(struct job *job) {
  struct deployment *deployment = job->deployment;
  struct result *result = &deployment->result;
  job_stamp(job, result);
  result->findings = deployment->findings.first;
  verdict_judge(result, true, deployment->presence);
  job_emit_result(job, result);
}

/* No TXT at all, or DNS would not say: nothing was allocated, but for what --ask found. */
void job_emit_record_only(struct job *job) {
  bool known = lookup_answered(&job->txt);
  struct finding finding = stage_record_finding(job);
  struct result result = {0};
  if (job->journey->beside) {
    result = job->journey->plain.result;
    finding.next = job->journey->plain.findings.first;
  }
  result.findings = &finding;
  result.record.lookup = lookup_facts(&job->txt);
  job_stamp(job, &result);
  verdict_judge(&result, known, RECORD_NONE);
  job_emit_result(job, &result);
}

/* One domain that sends more than a domain may hold does not stop the others' scan. */
void job_emit_overfull(struct job *job) {
  struct finding finding = {
      .code = FOUND_RECORD_DNS_MALFORMED,
      .detail = SPAN("more data than one domain may hold: not judged"),
  };
  struct result result = {.findings = &finding};
  job_stamp(job, &result);
  verdict_judge(&result, false, RECORD_NONE);
  job_emit_result(job, &result);
}

static void job_lookup_done(struct lookup *lookup) {
  struct job *job = lookup->data;
  struct journey *journey = job->journey;
  if (lookup_hold_keeps(&journey->hold, lookup, job->domain, uv_now(journey->config.loop))) return;
  if (lookup->end == LOOKUP_FAILED && job->arena.err == ERR_NONE) job->arena.err = lookup->trouble;
  job_wake(job);
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

struct spans job_data(struct job *job, const struct dns_answer *answer) {
  struct spans data = {arena_array(&job->arena, answer->count, sizeof *data.at), answer->count};
  if (!data.at) return (struct spans){0};
  for (size_t i = 0; i < answer->count; i++) data.at[i] = answer->records[i].data;
  return data;
}

/* Its place among those that each job has. */
static struct lookup *beside_lookup(struct job *job, enum beside which) {
  unsigned before = job->journey->beside & ((1U << which) - 1);
  return &job->beside[__builtin_popcount(before)];
}

void job_ask_beside(struct job *job, enum beside which, struct span name, enum dns_type type) {
  struct lookup *lookup = beside_lookup(job, which);
  if (!lookup->arena) job_ask(job, lookup, name, type);
}

const struct lookup *job_beside(struct job *job, enum beside which) {
  if (!(job->journey->beside >> which & 1)) return NULL;
  const struct lookup *lookup = beside_lookup(job, which);
  return lookup->arena ? lookup : NULL;
}

struct deployment *job_facts(struct job *job) {
  return job->deployment ? job->deployment : &job->journey->plain;
}
