#include "scanner/journey/job.h"
#include "scanner/smtp/packed_evidence.h"
#include "scanner/sts/mx_tls.h"

/* Each host of the domain that is to be asked, at most once. */
static void mx_wait_go_on(struct mx_wait *wait, enum hosts_end end, struct host_evidence evidence) {
  struct job *job = wait->job;
  switch (end) {
  case HOSTS_KNOWN: wait->tls = packed_evidence_open(evidence, &job->arena); break;
  case HOSTS_PENDING: break;
  case HOSTS_YOURS: visits_order(job->journey, wait); break;
  case HOSTS_FAILED:
    if (job->arena.err == ERR_NONE) job->arena.err = ERR_MEMORY;
    break;
  }
}

static void mx_wait_ask(struct job *job, struct span host) {
  struct deployment *deployment = job->deployment;
  struct mx_wait *wait = &deployment->mx_waits[deployment->mx_wait_count++];
  struct host_evidence evidence;
  *wait = (struct mx_wait){.waiter.inbox = job->journey->visits.inbox, .job = job, .host = host};
  ring_init(&wait->turn);
  enum hosts_end end = hosts_ask(job->journey->config.hosts, host, uv_hrtime(), &wait->waiter,
                                 &job->arena, &evidence);
  job->waiting += end == HOSTS_PENDING || end == HOSTS_YOURS;
  mx_wait_go_on(wait, end, evidence);
}

void stage_mx_tls_told(struct mx_wait *wait) {
  struct job *job = wait->job;
  struct host_evidence evidence;
  enum hosts_end end =
      hosts_take(job->journey->config.hosts, &wait->waiter, &job->arena, &evidence);
  mx_wait_go_on(wait, end, evidence);
  if (end == HOSTS_KNOWN || end == HOSTS_FAILED) job_wake(job);
}

void stage_mx_tls_ask(struct job *job) {
  struct deployment *deployment = job->deployment;
  const struct result_mx_set *mx = &deployment->result.mx;
  struct span hosts[RESULT_MX_PROBED_MAX] = {job->domain}; /* the implicit MX */
  if (!job->journey->config.hosts || !lookup_answered(&deployment->mx)) return;
  size_t count = mx->count ? mx_tls_hosts(mx, hosts) : 1;
  deployment->mx_waits = arena_array(&job->arena, count, sizeof *deployment->mx_waits);
  for (size_t i = 0; i < count && deployment->mx_waits; i++) mx_wait_ask(job, hosts[i]);
}

void stage_mx_tls_leave(struct job *job) {
  struct deployment *deployment = job->deployment;
  if (!deployment) return;
  for (size_t i = 0; i < deployment->mx_wait_count; i++)
    visits_leave(job->journey, &deployment->mx_waits[i]);
  deployment->mx_wait_count = 0;
}

/* RFC 5321 section 5.1. Without an address the domain takes no mail, which is said already. */
static void mx_tls_add_implicit(struct job *job, const struct result_mx_tls *tls) {
  struct result_mx_set *mx = &job->deployment->result.mx;
  if (!tls || finding_codes_has(&tls->codes, FOUND_MX_HOST_ABSENT)) return;
  mx->at = arena_alloc(&job->arena, sizeof *mx->at);
  if (!mx->at) return;
  mx->count = 1;
  *mx->at = (struct result_mx){.host = job->domain, .implicit = true, .tls = tls};
}

static void mx_tls_take(struct job *job) {
  struct deployment *deployment = job->deployment;
  struct span hosts[RESULT_MX_PROBED_MAX];
  const struct result_mx_tls *tls[RESULT_MX_PROBED_MAX];
  for (size_t i = 0; i < deployment->mx_wait_count; i++) {
    hosts[i] = deployment->mx_waits[i].host;
    tls[i] = deployment->mx_waits[i].tls;
  }
  if (deployment->result.mx.count == 0)
    mx_tls_add_implicit(job, tls[0]);
  else
    mx_tls_place(&deployment->result.mx, hosts, tls, deployment->mx_wait_count);
}

/* After the MX were held against the patterns. */
void stage_mx_tls_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  if (!deployment->mx_wait_count || job->arena.err != ERR_NONE) return;
  mx_tls_take(job);
  mx_tls_judge(job->domain, &deployment->result.policy, &deployment->result.mx,
               &deployment->findings);
}
