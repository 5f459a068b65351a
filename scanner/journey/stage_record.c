#include "scanner/journey/job.h"

static const struct lookup_codes record_codes = {
    FOUND_RECORD_DNS_SERVFAIL,
    FOUND_RECORD_DNS_REFUSED,
    FOUND_RECORD_DNS_TIMEOUT,
    FOUND_RECORD_DNS_MALFORMED,
};

void stage_record_ask(struct job *job) {
  struct span name = {job->name, sizeof JOB_RECORD_PREFIX - 1 + job->domain.len};
  job_ask(job, &job->txt, name, DNS_TYPE_TXT);
}

void stage_record_judge(struct job *job) {
  const struct dns_answer *answer = &job->txt.answer;
  if (!lookup_answered(&job->txt) || answer->count == 0) return;
  struct deployment *deployment = arena_alloc(&job->arena, sizeof *deployment);
  if (!deployment) return;
  job->deployment = deployment;
  deployment->findings.arena = &job->arena;
  struct result_record *record = &deployment->result.record;
  record->lookup = lookup_facts(&job->txt);
  record->txt = job_data(job, answer);
  record->has_ttl = true;
  record->ttl = answer->records[0].ttl;
  deployment->presence = record_judge(record->txt, &deployment->findings, &record->id);
}

struct finding stage_record_finding(struct job *job) {
  if (!lookup_answered(&job->txt)) return lookup_finding(&job->arena, &job->txt, &record_codes);
  return (struct finding){.code = FOUND_RECORD_ABSENT};
}
