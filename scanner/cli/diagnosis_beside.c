#include "scanner/cli/diagnosis_step.h"

/* What was asked for and is not there. */
static void none_show(FILE *out, struct span name, const char *between,
                      const struct result_lookup *lookup) {
  const char *rcode = result_rcode_text(lookup->rcode);
  bool answered = lookup->rcode == 0 || lookup->rcode == 3; /* NOERROR, NXDOMAIN */
  fprintf(out, "%*s", DIAGNOSIS_INDENT, "");
  diagnosis_text(out, name);
  fprintf(out, "%s%s%s\n", between,
          answered ? "none: " : "DNS lookup failed: ", rcode ? rcode : "no answer");
}

bool diagnosis_ns_reached(const struct result *result) {
  return result->ns.lookup.asked;
}

void diagnosis_ns_show(const struct diagnosis *diagnosis) {
  const struct result_ns *ns = &diagnosis->result->ns;
  if (ns->hosts.count == 0) none_show(diagnosis->out, SPAN(""), "", &ns->lookup);
  diagnosis_rows(diagnosis->out, "", ns->hosts, "");
}

bool diagnosis_all_mx_reached(const struct result *result) {
  return result->mx.wanted || result->mx.count;
}

void diagnosis_all_mx_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_mx_set *mx = &diagnosis->result->mx;
  if (mx->count == 0) none_show(out, SPAN(""), "", &mx->lookup);
  for (size_t i = 0; i < mx->count && diagnosis_has_room(out, i, mx->count); i++) {
    fprintf(out, "%*s%5u ", DIAGNOSIS_INDENT, "", mx->at[i].preference);
    diagnosis_text(out, mx->at[i].host);
    fputc('\n', out);
  }
}

bool diagnosis_spf_reached(const struct result *result) {
  return result->spf.lookup.asked;
}

/* The words of RFC 7208 section 2.6. */
static const char *spf_all_text(struct span all) {
  if (span_equal(all, SPAN("-"))) return "all other hosts: fail (-all)";
  if (span_equal(all, SPAN("~"))) return "all other hosts: softfail (~all)";
  if (span_equal(all, SPAN("?"))) return "all other hosts: neutral (?all)";
  if (span_equal(all, SPAN("+"))) return "all other hosts: pass (+all)";
  return "all other hosts: as the record says that redirect names";
}

void diagnosis_spf_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_spf *spf = &diagnosis->result->spf;
  if (spf->txt.count == 0) none_show(out, SPAN(""), "", &spf->lookup);
  diagnosis_rows(out, "\"", spf->txt, "\"");
  if (span_here(spf->all)) fprintf(out, "%*s%s\n", DIAGNOSIS_INDENT, "", spf_all_text(spf->all));
}

bool diagnosis_dmarc_reached(const struct result *result) {
  return result->dmarc.lookup.asked;
}

void diagnosis_dmarc_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_dmarc *dmarc = &diagnosis->result->dmarc;
  if (dmarc->txt.count == 0) none_show(out, SPAN(""), "", &dmarc->lookup);
  diagnosis_rows(out, "\"", dmarc->txt, "\"");
  if (span_here(dmarc->domain) && !span_equal(dmarc->domain, diagnosis->result->domain))
    diagnosis_row(out, "found at its organizational domain, ", dmarc->domain, "");
}

bool diagnosis_dkim_reached(const struct result *result) {
  return result->dkim.count > 0;
}

void diagnosis_dkim_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_dkim *dkim = &diagnosis->result->dkim;
  for (size_t i = 0; i < dkim->count; i++) {
    const struct result_dkim_key *key = &dkim->at[i];
    if (!span_here(key->type) && key->txt.count == 0) {
      none_show(out, key->selector, ": ", &key->lookup);
      continue;
    }
    fprintf(out, "%*s", DIAGNOSIS_INDENT, "");
    diagnosis_text(out, key->selector);
    fputs(span_here(key->type) ? ": " : ": not valid", out);
    diagnosis_text(out, key->type);
    if (key->bits) fprintf(out, ", %u bits", key->bits);
    fputs(key->revoked ? ", revoked\n" : "\n", out);
  }
}
