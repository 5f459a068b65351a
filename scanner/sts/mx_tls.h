/* What a domain's mail servers come to by their TLS: RFC 8461 sections 4.2 and 5.
 *
 * The evidence of a host (struct result_mx_tls) is the same for every domain that has it as MX, and
 * belongs to whoever probed it. Here it is concluded from what was found, given to the MX of one
 * domain, and turned into that domain's findings. The effect is the verdict's (sts/verdict.h).
 */
#ifndef SCANNER_STS_MX_TLS_H
#define SCANNER_STS_MX_TLS_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"

/* Sets verdict and codes from tls->findings: an error of stage mx-tls is a refusal, and whatever
 * else was found there leaves the host unknown, but for a certificate that expires soon. */
void mx_tls_conclude(struct result_mx_tls *tls);

/* Of a certificate that a host has shown: counts its names and keeps RESULT_MX_NAMES_FITTING of
 * them where some are for the host, those first, else RESULT_MX_NAMES_MAX. The array's order
 * changes. */
void mx_tls_keep_names(struct result_certificate *certificate, struct span host);

/* The hosts to probe: distinct, in the order of the records, no null MX; gives how many. */
size_t mx_tls_hosts(const struct result_mx_set *mx, struct span hosts[RESULT_MX_PROBED_MAX]);

/* Gives each MX the evidence of its host, hosts and tls being count of each, as mx_tls_hosts() gave
 * them. An MX that is one too many gets evidence that says so. */
void mx_tls_place(struct result_mx_set *mx, const struct span *hosts,
                  const struct result_mx_tls *const *tls, size_t count);

/* Raises what was found of the hosts of domain: of stage mx-tls only where the policy has patterns
 * and its mode is not none. A code stands once, its members being those of the first host, and is
 * contested where it is at every host that has it. Where the MX records are not validated,
 * dane-insecure stands in place of what the TLSA records come to (RFC 7672 section 2.2.1); and the
 * name of the domain does for a certificate under an issuer of theirs (section 3.2.2): that MX then
 * gets evidence of its own, in the arena of the findings. */
void mx_tls_judge(struct span domain, const struct result_policy *policy, struct result_mx_set *mx,
                  struct finding_list *findings);

#endif
