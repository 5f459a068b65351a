#include "scanner/journey/job.h"

void stage_ns_ask(struct job *job) {
  job_ask_beside(job, BESIDE_NS, job->domain, DNS_TYPE_NS);
}

void stage_ns_judge(struct job *job) {
  struct result_ns *ns = &job_facts(job)->result.ns;
  const struct lookup *lookup = job_beside(job, BESIDE_NS);
  if (!lookup) return;
  ns->lookup = lookup_facts(lookup);
  if (lookup_answered(lookup)) ns->hosts = job_data(job, &lookup->answer);
}
