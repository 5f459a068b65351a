#include "scanner/journey/job.h"
#include "scanner/sts/spf.h"

void stage_spf_ask(struct job *job) {
  job_ask_beside(job, BESIDE_SPF, job->domain, DNS_TYPE_TXT);
}

void stage_spf_judge(struct job *job) {
  struct deployment *facts = job_facts(job);
  const struct lookup *lookup = job_beside(job, BESIDE_SPF);
  if (!lookup) return;
  facts->result.spf.lookup = lookup_facts(lookup);
  if (lookup_answered(lookup))
    spf_judge(job_data(job, &lookup->answer), &facts->result.spf, &facts->findings);
}
