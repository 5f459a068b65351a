#include "scanner/journey/visit_state.h"
#include "scanner/sts/dane.h"

bool visit_is_secure(const struct visit *visit) {
  return (visit->v4.answer.count && visit->v4.answer.ad) ||
         (visit->v6.answer.count && visit->v6.answer.ad);
}

/* Of an alias, what it leads to is asked first, then the host itself (RFC 7672 section 2.2.2). */
void visit_ask_tlsa(struct visit *visit) {
  struct spans cname = visit->tls.cname;
  visit->tlsa_of_alias = cname.count && !span_here(visit->tlsa.name);
  struct span base =
      visit->tlsa_of_alias ? cname.at[cname.count - 1] : host_entry_name(visit->entry);
  visit_ask(visit, &visit->tlsa, arena_join(&visit->arena, SPAN("_25._tcp."), base), DNS_TYPE_TLSA);
}

static void visit_take_tlsa(struct visit *visit) {
  const struct dns_answer *answer = &visit->tlsa.answer;
  struct result_tlsa *tlsa = &visit->tls.tlsa;
  tlsa->ad = answer->ad;
  if (visit->tlsa_of_alias) tlsa->base = visit->tls.cname.at[visit->tls.cname.count - 1];
  tlsa->records.at = arena_array(&visit->arena, answer->count, sizeof *tlsa->records.at);
  visit->usable.at = arena_array(&visit->arena, answer->count, sizeof *visit->usable.at);
  if (!visit->usable.at) return;
  for (size_t i = 0; i < answer->count; i++) {
    struct span record = answer->records[i].data;
    tlsa->records.at[tlsa->records.count++] = dane_text(record, &visit->arena);
    if (tlsa->ad && dane_is_usable(record)) visit->usable.at[visit->usable.count++] = record;
  }
}

bool visit_hear_tlsa(struct visit *visit) {
  static const struct lookup_codes codes = {FOUND_DANE_DNSSEC, FOUND_DANE_DNSSEC, FOUND_DANE_DNSSEC,
                                            FOUND_DANE_DNSSEC};
  struct result_tlsa *tlsa = &visit->tls.tlsa;
  const struct lookup *lookup = &visit->tlsa;
  bool answered = lookup_answered(lookup);
  if (answered && lookup->answer.count == 0 && visit->tlsa_of_alias) return false;
  tlsa->has_rcode = lookup->end == LOOKUP_ANSWERED;
  tlsa->rcode = tlsa->has_rcode ? lookup->answer.rcode : -1;
  if (!answered) {
    struct finding finding = lookup_finding(&visit->arena, lookup, &codes);
    finding.host = (struct span){0};
    finding_list_add(&visit->findings, finding);
    tlsa->dane = DANE_FAILED;
    return true;
  }
  visit_take_tlsa(visit);
  if (tlsa->ad) {
    dane_judge(tlsa, visit->usable.count, &visit->findings);
    return true;
  }
  tlsa->dane = DANE_INSECURE;
  if (tlsa->records.count)
    finding_list_add(
        &visit->findings,
        (struct finding){.code = FOUND_DANE_INSECURE,
                         .reason = REASON_DANE_INSECURE_TLSA,
                         .detail = SPAN("there are TLSA records, which DNSSEC does not validate")});
  return true;
}
