#include "scanner/journey/job.h"
#include "scanner/sts/tlsrpt.h"

void stage_tlsrpt_ask(struct job *job) {
  struct span name = arena_join(&job->arena, SPAN("_smtp._tls."), job->domain);
  job_ask(job, &job->deployment->tlsrpt, name, DNS_TYPE_TXT);
}

/* A lookup that fails leaves TLSRPT out: it says nothing about MTA-STS. */
void stage_tlsrpt_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  if (!lookup_answered(&deployment->tlsrpt)) return;
  struct result_tlsrpt *tlsrpt = &deployment->result.tlsrpt;
  tlsrpt->lookup = lookup_facts(&deployment->tlsrpt);
  tlsrpt->txt = job_data(job, &deployment->tlsrpt.answer);
  tlsrpt_judge(tlsrpt, &deployment->findings);
}
