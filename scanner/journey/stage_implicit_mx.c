#include "scanner/journey/job.h"

/* RFC 5321 section 5.1: without MX the domain's own address is the mail host. */
void stage_implicit_mx_ask(struct job *job) {
  struct deployment *deployment = job->deployment;
  if (!lookup_answered(&deployment->mx) || deployment->mx.answer.count) return;
  job_ask(job, &deployment->self_v6, job->domain, DNS_TYPE_AAAA);
  job_ask(job, &deployment->self_v4, job->domain, DNS_TYPE_A);
}

void stage_implicit_mx_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  const struct lookup *v6 = &deployment->self_v6, *v4 = &deployment->self_v4;
  if (!v4->arena) return; /* not asked */
  struct finding finding = {.host = job->domain};
  if (v6->answer.count + v4->answer.count) {
    finding.code = FOUND_MX_IMPLICIT;
    finding.detail = SPAN("no MX: mail goes to the domain's own address (RFC 5321 section 5.1)");
  } else if (lookup_answered(v6) && lookup_answered(v4)) {
    finding.code = FOUND_MX_ABSENT;
    finding.detail = SPAN("neither MX nor an address: the domain takes no mail");
  } else {
    static const struct lookup_codes codes = {
        FOUND_MX_DNS_SERVFAIL,
        FOUND_MX_DNS_REFUSED,
        FOUND_MX_DNS_TIMEOUT,
        FOUND_MX_DNS_MALFORMED,
    };
    finding = lookup_finding(&job->arena, lookup_answered(v6) ? v4 : v6, &codes);
  }
  finding_list_add(&deployment->findings, finding);
}
