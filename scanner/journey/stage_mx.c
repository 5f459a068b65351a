#include "scanner/journey/job.h"
#include "scanner/sts/match.h"
#include <stdlib.h>

static const struct lookup_codes mx_codes = {
    FOUND_MX_DNS_SERVFAIL,
    FOUND_MX_DNS_REFUSED,
    FOUND_MX_DNS_TIMEOUT,
    FOUND_MX_DNS_MALFORMED,
};

void stage_mx_ask_early(struct job *job) {
  job_ask_beside(job, BESIDE_MX, job->domain, DNS_TYPE_MX);
}

void stage_mx_ask(struct job *job) {
  const struct lookup *early = job_beside(job, BESIDE_MX);
  if (early)
    job->deployment->mx = *early;
  else
    job_ask(job, &job->deployment->mx, job->domain, DNS_TYPE_MX);
}

static int mx_compare(const void *left, const void *right) {
  const struct result_mx *a = left, *b = right;
  if (a->preference != b->preference) return a->preference < b->preference ? -1 : 1;
  size_t shorter = a->host.len < b->host.len ? a->host.len : b->host.len;
  int order = memcmp(a->host.ptr, b->host.ptr, shorter);
  return order ? order : (a->host.len > b->host.len) - (a->host.len < b->host.len);
}

static void mx_fill(struct job *job, const struct lookup *lookup, struct result_mx_set *mx) {
  const struct dns_answer *answer = &lookup->answer;
  mx->lookup = lookup_facts(lookup);
  if (!lookup_answered(lookup)) return;
  mx->at = arena_array(&job->arena, answer->count, sizeof *mx->at);
  if (!mx->at) return;
  mx->count = answer->count;
  for (size_t i = 0; i < answer->count; i++)
    mx->at[i] = (struct result_mx){.preference = answer->records[i].preference,
                                   .host = answer->records[i].data};
  qsort(mx->at, mx->count, sizeof *mx->at, mx_compare);
}

void stage_mx_judge_early(struct job *job) {
  struct result_mx_set *mx = &job_facts(job)->result.mx;
  const struct lookup *lookup = job_beside(job, BESIDE_MX);
  mx->wanted = true;
  if (lookup) mx_fill(job, lookup, mx);
}

void stage_mx_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  struct result_mx_set *mx = &deployment->result.mx;
  if (!mx->wanted) mx_fill(job, &deployment->mx, mx);
  if (lookup_answered(&deployment->mx))
    match_judge_null(mx, job->domain, &deployment->findings);
  else
    finding_list_add(&deployment->findings,
                     lookup_finding(&job->arena, &deployment->mx, &mx_codes));
}
