#include "scanner/journey/job.h"
#include "scanner/sts/dkim.h"

void stage_dkim_ask(struct job *job) {
  const struct ask *ask = &job->journey->config.ask;
  struct deployment *deployment = job->deployment;
  struct span domain = arena_join(&job->arena, SPAN("._domainkey."), job->domain);
  deployment->dkim = arena_array(&job->arena, ask->selector_count, sizeof *deployment->dkim);
  for (size_t i = 0; deployment->dkim && i < ask->selector_count; i++)
    job_ask(job, &deployment->dkim[i], arena_join(&job->arena, ask->selectors[i], domain),
            DNS_TYPE_TXT);
}

void stage_dkim_judge(struct job *job) {
  const struct ask *ask = &job->journey->config.ask;
  struct deployment *deployment = job->deployment;
  struct result_dkim *dkim = &deployment->result.dkim;
  dkim->at = arena_array(&job->arena, ask->selector_count, sizeof *dkim->at);
  for (size_t i = 0; deployment->dkim && dkim->at && i < ask->selector_count; i++) {
    const struct lookup *lookup = &deployment->dkim[i];
    struct result_dkim_key *key = &dkim->at[dkim->count++];
    key->selector = ask->selectors[i];
    key->lookup = lookup_facts(lookup);
    if (lookup_answered(lookup))
      dkim_judge(job_data(job, &lookup->answer), key, &deployment->findings);
  }
}
