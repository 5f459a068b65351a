#include "scanner/journey/job.h"

static const struct lookup_codes policy_dns_codes = {
    FOUND_POLICY_DNS_SERVFAIL,
    FOUND_POLICY_DNS_REFUSED,
    FOUND_POLICY_DNS_TIMEOUT,
    FOUND_POLICY_DNS_MALFORMED,
};

void stage_policy_host_ask(struct job *job) {
  struct span name = arena_join(&job->arena, SPAN("mta-sts."), job->domain);
  job_ask(job, &job->deployment->host_v6, name, DNS_TYPE_AAAA);
  job_ask(job, &job->deployment->host_v4, name, DNS_TYPE_A);
}

/* All that DNS gave goes into the record. */
static void policy_host_tell(struct job *job, const struct dns_answer *answer) {
  struct spans *texts = &job->deployment->result.policy_host.addresses;
  for (size_t i = 0; i < answer->count; i++) {
    union address address = address_from_octets(answer->records[i].data, 0);
    char text[ADDRESS_TEXT_MAX];
    size_t len = address_ip_text(&address, text);
    texts->at[texts->count++] = arena_copy(&job->arena, (struct span){text, len});
  }
}

/* At most FETCHER_ADDRESS_MAX of each family are tried. */
static void policy_host_add(struct job *job, const struct dns_answer *answer) {
  struct deployment *deployment = job->deployment;
  for (size_t i = 0; i < answer->count && i < FETCHER_ADDRESS_MAX; i++)
    deployment->addresses[deployment->address_count++] =
        address_from_octets(answer->records[i].data, job->journey->config.https_port);
}

/* What is said of the policy host, or of the name at the end of its aliases. */
static struct span policy_host_end(struct arena *arena, const struct lookup *lookup,
                                   const char *said) {
  struct spans cname = lookup->answer.cname;
  if (cname.count == 0) return arena_join(arena, lookup->name, span_of(said));
  struct span alias = arena_join(arena, lookup->name, SPAN(" is an alias of "));
  struct span end = arena_join(arena, cname.at[cname.count - 1], SPAN(", which"));
  return arena_join(arena, arena_join(arena, alias, end), span_of(said));
}

/* NXDOMAIN of one family means that the name does not exist; else a failure of one family
 * outweighs the other's no data. */
static void policy_host_raise(struct job *job) {
  struct deployment *deployment = job->deployment;
  const struct lookup *both[] = {&deployment->host_v6, &deployment->host_v4};
  const struct lookup *failed = NULL;
  for (size_t i = 0; i < 2; i++) {
    if (!lookup_answered(both[i])) {
      failed = both[i];
    } else if (both[i]->answer.rcode == DNS_NXDOMAIN) {
      finding_list_add(&deployment->findings,
                       (struct finding){
                           .code = FOUND_POLICY_DNS_NXDOMAIN,
                           .host = both[i]->name,
                           .detail = policy_host_end(&job->arena, both[i], " does not exist"),
                       });
      return;
    }
  }
  if (failed) {
    finding_list_add(&deployment->findings, lookup_finding(&job->arena, failed, &policy_dns_codes));
    return;
  }
  finding_list_add(&deployment->findings,
                   (struct finding){
                       .code = FOUND_POLICY_DNS_NODATA,
                       .host = both[0]->name,
                       .detail = policy_host_end(&job->arena, both[0], " has neither AAAA nor A"),
                   });
}

static struct result_lookup policy_host_facts(const struct deployment *deployment) {
  struct result_lookup v6 = lookup_facts(&deployment->host_v6);
  struct result_lookup v4 = lookup_facts(&deployment->host_v4);
  bool first = deployment->host_v6.answer.count > deployment->host_v4.answer.count ||
               (v4.rcode != DNS_NOERROR && v6.rcode == DNS_NXDOMAIN);
  struct result_lookup facts = first ? v6 : v4;
  if (facts.cname.count == 0) facts.cname = first ? v4.cname : v6.cname;
  if (!facts.ede.here) facts.ede = first ? v4.ede : v6.ede;
  if (v6.ms > facts.ms) facts.ms = v6.ms;
  if (v4.ms > facts.ms) facts.ms = v4.ms;
  facts.tries = v6.tries > v4.tries ? v6.tries : v4.tries;
  return facts;
}

/* Who opted out under the policy host's name, or under one that it is an alias for. */
static bool policy_host_is_blocked(struct job *job) {
  const struct block_list *block = job->journey->config.block;
  const struct deployment *deployment = job->deployment;
  struct spans cname = deployment->result.policy_host.lookup.cname;
  struct span blocked = deployment->host_v4.name;
  bool found = block_list_has_name(block, blocked);
  for (size_t i = 0; i < cname.count && !found; i++)
    if ((found = block_list_has_name(block, cname.at[i]))) blocked = cname.at[i];
  if (found)
    finding_list_add(&job->deployment->findings,
                     (struct finding){.code = FOUND_POLICY_HOST_BLOCKED,
                                      .host = blocked,
                                      .detail = arena_join(&job->arena, blocked,
                                                           SPAN(" is on the block list"))});
  return found;
}

void stage_policy_host_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  const struct dns_answer *v6 = &deployment->host_v6.answer, *v4 = &deployment->host_v4.answer;
  struct result_policy_host *host = &deployment->result.policy_host;
  host->lookup = policy_host_facts(deployment);
  if (v6->count + v4->count == 0) {
    policy_host_raise(job);
    return;
  }
  host->addresses.at = arena_array(&job->arena, v6->count + v4->count, sizeof *host->addresses.at);
  if (!host->addresses.at) return;
  policy_host_tell(job, v6);
  policy_host_tell(job, v4);
  if (policy_host_is_blocked(job)) return;
  policy_host_add(job, job->journey->config.ipv6 ? v6 : v4);
  policy_host_add(job, job->journey->config.ipv6 ? v4 : v6);
}
