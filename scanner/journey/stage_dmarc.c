#include "scanner/journey/job.h"
#include "scanner/sts/dmarc.h"

#define DMARC_PREFIX "_dmarc."

static struct span dmarc_name(struct job *job, struct span domain) {
  return arena_join(&job->arena, SPAN(DMARC_PREFIX), domain);
}

/* Both names at once: the second is needed only where the first has no record (RFC 7489 section
 * 6.6.3), but a list of registrable domains has no second. */
void stage_dmarc_ask(struct job *job) {
  struct span organizational = dmarc_organizational(job->journey->config.psl, job->domain);
  job_ask_beside(job, BESIDE_DMARC, dmarc_name(job, job->domain), DNS_TYPE_TXT);
  if (organizational.len < job->domain.len)
    job_ask_beside(job, BESIDE_DMARC_ORGANIZATIONAL, dmarc_name(job, organizational), DNS_TYPE_TXT);
}

static size_t dmarc_place(struct job *job, const struct lookup *lookup,
                          struct dmarc_place *places) {
  if (!lookup || !lookup_answered(lookup)) return 0;
  *places = (struct dmarc_place){span_skip(lookup->name, sizeof DMARC_PREFIX - 1),
                                 job_data(job, &lookup->answer)};
  return 1;
}

/* Where the domain's own name was not answered, nothing is known; where the organizational domain's
 * was not, nothing is unless there is a record before. */
void stage_dmarc_judge(struct job *job) {
  struct deployment *facts = job_facts(job);
  struct result_dmarc *dmarc = &facts->result.dmarc;
  const struct lookup *own = job_beside(job, BESIDE_DMARC);
  const struct lookup *organizational = job_beside(job, BESIDE_DMARC_ORGANIZATIONAL);
  struct dmarc_place places[2];
  if (!own) return;
  size_t count = dmarc_place(job, own, places);
  if (count) count += dmarc_place(job, organizational, places + 1);
  dmarc_judge(places, count, dmarc, &facts->findings);
  bool failed = organizational && !lookup_answered(organizational) && dmarc->txt.count == 0;
  dmarc->lookup = lookup_facts(count && failed ? organizational : own);
}
