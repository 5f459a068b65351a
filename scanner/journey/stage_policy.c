#include "output/base/hex.h"
#include "scanner/journey/job.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include <openssl/evp.h>

static void policy_fetched(struct fetch *fetch) {
  struct job *job = fetch->data;
  if (fetch->err != ERR_NONE) job->arena.err = fetch->err;
  job_wake(job);
}

void stage_policy_ask(struct job *job) {
  struct deployment *deployment = job->deployment;
  if (deployment->address_count == 0) return;
  deployment->fetch = (struct fetch){
      .host = deployment->host_v4.name,
      .addresses = deployment->addresses,
      .address_count = deployment->address_count,
      .findings = &deployment->findings,
      .done = policy_fetched,
      .data = job,
  };
  enum err err = fetcher_start(job->journey->config.fetcher, &deployment->fetch);
  if (err == ERR_NONE)
    job->waiting++;
  else
    job->arena.err = err;
}

static struct span policy_sha256(struct arena *arena, struct span text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  if (EVP_Digest(text.ptr, text.len, digest, &len, EVP_sha256(), NULL) != 1)
    return (struct span){0};
  char *hex = arena_alloc(arena, 2 * (size_t)len + 1);
  if (!hex) return (struct span){0};
  hex_put(hex, digest, len);
  return (struct span){hex, 2 * (size_t)len};
}

static void stage_policy_judge_type(const struct result_fetch *fetch,
                                    struct finding_list *findings) {
  if (fetch->content_types.count)
    policy_judge_content_types(fetch->content_types, findings);
  else
    policy_judge_content_type(fetch->content_type, findings);
}

void stage_policy_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  struct fetch *fetch = &deployment->fetch;
  if (!fetch->data) return; /* there was no address */
  struct result *result = &deployment->result;
  result->fetch = fetch->result;
  result->certificate = fetch->certificate;
  if (fetch->result.http_status == 200 && fetch->has_header)
    stage_policy_judge_type(&fetch->result, &deployment->findings);
  if (!fetch->has_body) return;
  result->policy.here = true;
  result->policy.text = fetch->body;
  result->policy.sha256 = policy_sha256(&job->arena, fetch->body);
  policy_parse(fetch->body, &deployment->findings, &result->policy);
}

/* Where no MX record names the host, no sender is known to hold it against the patterns. */
static void match_tell_implicit(struct job *job) {
  struct finding_list *findings = &job->deployment->findings;
  if (!finding_list_has(findings, FOUND_MX_IMPLICIT)) return;
  bool covered = match_any(job->deployment->result.policy.mx, job->domain);
  struct span said = SPAN("no mx line of the policy is the domain itself");
  if (covered) said = SPAN("the policy names the domain itself");
  finding_list_add(findings, (struct finding){.code = FOUND_MX_IMPLICIT, .detail = said});
}

/* MX against the patterns: null MX and no MX count as if covered. */
void stage_match_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  struct result *result = &deployment->result;
  if (result->policy.mx.count == 0) return;
  match_tell_implicit(job);
  if (result->mx.count == 0) return;
  if (match_takes_no_mail(&result->mx)) return;
  match_judge(job->journey->config.psl, job->domain, &result->policy, &result->mx,
              &deployment->findings);
}
