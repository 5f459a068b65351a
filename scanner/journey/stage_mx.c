#include "scanner/journey/job.h"
#include <stdlib.h>

static const struct job_lookup_codes mx_codes = {
    FOUND_MX_DNS_SERVFAIL,
    FOUND_MX_DNS_REFUSED,
    FOUND_MX_DNS_TIMEOUT,
    FOUND_MX_DNS_MALFORMED,
};

void stage_mx_ask(struct job *job) {
  job_ask(job, &job->deployment->mx, job->domain, DNS_TYPE_MX);
}

static int mx_compare(const void *left, const void *right) {
  const struct result_mx *a = left, *b = right;
  if (a->preference != b->preference) return a->preference < b->preference ? -1 : 1;
  size_t shorter = a->host.len < b->host.len ? a->host.len : b->host.len;
  int order = memcmp(a->host.ptr, b->host.ptr, shorter);
  return order ? order : (a->host.len > b->host.len) - (a->host.len < b->host.len);
}

void stage_mx_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  struct result_mx_set *mx = &deployment->result.mx;
  const struct dns_answer *answer = &deployment->mx.answer;
  mx->lookup = job_lookup_facts(&deployment->mx);
  if (!job_lookup_answered(&deployment->mx)) {
    finding_list_add(&deployment->findings,
                     job_lookup_finding(&job->arena, &deployment->mx, &mx_codes));
    return;
  }
  mx->at = arena_array(&job->arena, answer->count, sizeof *mx->at);
  if (!mx->at) return;
  mx->count = answer->count;
  for (size_t i = 0; i < answer->count; i++)
    mx->at[i] = (struct result_mx){.preference = answer->records[i].preference,
                                   .host = answer->records[i].data};
  qsort(mx->at, mx->count, sizeof *mx->at, mx_compare);
  if (mx->count == 1 && span_equal(mx->at[0].host, SPAN(".")))
    finding_list_add(
        &deployment->findings,
        (struct finding){.code = FOUND_MX_NULL,
                         .host = job->domain,
                         .detail = SPAN("null MX (RFC 7505): the domain takes no mail")});
}
