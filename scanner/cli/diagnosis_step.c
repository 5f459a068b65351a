#include "scanner/cli/diagnosis_step.h"

#include "output/base/json_writer.h"
#include "output/base/mx_pattern.h"
#include "output/base/terminal_text.h"
#include "scanner/sts/domain.h"

void diagnosis_text(FILE *out, struct span text) {
  terminal_text_print(out, span_first(text, DIAGNOSIS_TEXT_MAX));
  if (text.len > DIAGNOSIS_TEXT_MAX) fprintf(out, " ... (%zu bytes in all)", text.len);
}

static void diagnosis_row(FILE *out, const char *before, struct span text, const char *after) {
  fprintf(out, "%*s%s", DIAGNOSIS_INDENT, "", before);
  diagnosis_text(out, text);
  fprintf(out, "%s\n", after);
}

/* Whether row i is to be shown; the first that is not says how many are left. */
static bool diagnosis_has_room(FILE *out, size_t i, size_t count) {
  if (i == DIAGNOSIS_ROWS_MAX)
    fprintf(out, "%*s... and %zu more\n", DIAGNOSIS_INDENT, "", count - i);
  return i < DIAGNOSIS_ROWS_MAX;
}

static void diagnosis_rows(FILE *out, const char *before, struct spans rows, const char *after) {
  for (size_t i = 0; i < rows.count && diagnosis_has_room(out, i, rows.count); i++)
    diagnosis_row(out, before, rows.at[i], after);
}

static void diagnosis_ede(FILE *out, const struct result_ede *ede) {
  const char *name = result_ede_text(ede->code);
  fprintf(out, "%*sthe resolver says: extended DNS error %u%s%s%s%s", DIAGNOSIS_INDENT, "",
          ede->code, name ? " (" : "", name ? name : "", name ? ")" : "",
          ede->text.len ? ": " : "");
  diagnosis_text(out, ede->text);
  fputc('\n', out);
}

/* A record has nothing of some lookups but what they brought. */
static void diagnosis_lookup(FILE *out, const struct result_lookup *lookup) {
  const char *rcode = result_rcode_text(lookup->rcode);
  if (!lookup->tries && lookup->rcode < 0) return;
  fprintf(out, "%*s", DIAGNOSIS_INDENT, "");
  if (rcode)
    fputs(rcode, out);
  else if (lookup->rcode >= 0)
    fprintf(out, "rcode %d", lookup->rcode);
  else
    fputs("no answer", out);
  fprintf(out, " after %lld ms, %u %s%s\n", (long long)lookup->ms, lookup->tries,
          lookup->tries == 1 ? "try" : "tries", lookup->ad ? ", validated by DNSSEC" : "");
  diagnosis_rows(out, "alias of ", lookup->cname, "");
  if (lookup->ede.here) diagnosis_ede(out, &lookup->ede);
}

static bool record_reached(const struct result *result) {
  return result->record.lookup.asked;
}

static void record_show(const struct diagnosis *diagnosis) {
  const struct result_record *record = &diagnosis->result->record;
  diagnosis_lookup(diagnosis->out, &record->lookup);
  diagnosis_rows(diagnosis->out, "\"", record->txt, "\"");
}

static bool host_reached(const struct result *result) {
  return result->policy_host.lookup.asked;
}

static void host_show(const struct diagnosis *diagnosis) {
  diagnosis_lookup(diagnosis->out, &diagnosis->result->policy_host.lookup);
  diagnosis_rows(diagnosis->out, "", diagnosis->result->policy_host.addresses, "");
}

static bool connection_reached(const struct result *result) {
  return result->fetch.asked;
}

/* How far each got: to a fault, or to its goal. */
static void attempts_show(FILE *out, struct result_attempts attempts, const char *goal) {
  for (size_t i = 0; i < attempts.count && diagnosis_has_room(out, i, attempts.count); i++) {
    const struct result_attempt *attempt = &attempts.at[i];
    fprintf(out, "%*s", DIAGNOSIS_INDENT, "");
    diagnosis_text(out, attempt->address);
    fprintf(out, ": %s after %lld ms\n",
            attempt->code == FOUND_COUNT ? goal : finding_info(attempt->code)->name,
            (long long)attempt->ms);
  }
}

static void connection_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_fetch *fetch = &diagnosis->result->fetch;
  attempts_show(out, fetch->attempts, "an answer");
  if (fetch->connect_ms >= 0)
    fprintf(out, "%*sconnected after %lld ms\n", DIAGNOSIS_INDENT, "",
            (long long)fetch->connect_ms);
}

static bool certificate_reached(const struct result *result) {
  return result->certificate.here || (result->fetch.asked && result->fetch.tls_ms >= 0);
}

/* The name that counts for the host; all of them where none does. */
static void certificate_names_show(FILE *out, const struct result_certificate *certificate,
                                   struct span host) {
  struct spans names = certificate->names;
  size_t i = 0,
         all = certificate->names_count > names.count ? certificate->names_count : names.count;
  while (i < names.count && !mx_pattern_covers(names.at[i], host)) i++;
  if (i == names.count) {
    diagnosis_rows(out, "for ", names, "");
    return;
  }
  diagnosis_row(out, "for ", names.at[i], "");
  if (all > 1)
    fprintf(out, "%*sand %zu other name%s\n", DIAGNOSIS_INDENT, "", all - 1, all == 2 ? "" : "s");
}

/* To the second. */
static void certificate_date_text(bool here, int64_t ms, char text[JSON_WRITER_TIME_SIZE]) {
  json_writer_time_text(ms, text);
  memcpy(text + sizeof "2026-11-23T10:00:00" - 1, "Z", sizeof "Z");
  if (!here) snprintf(text, JSON_WRITER_TIME_SIZE, "(unreadable date)");
}

static void certificate_facts_show(FILE *out, const struct result_certificate *certificate,
                                   struct span host) {
  char from[JSON_WRITER_TIME_SIZE], to[JSON_WRITER_TIME_SIZE];
  certificate_date_text(certificate->has_not_before, certificate->not_before, from);
  certificate_date_text(certificate->has_not_after, certificate->not_after, to);
  certificate_names_show(out, certificate, host);
  diagnosis_row(out, "subject ", certificate->subject, "");
  diagnosis_row(out, "issuer ", certificate->issuer, "");
  fprintf(out, "%*svalid from %s to %s, %u %s sent\n", DIAGNOSIS_INDENT, "", from, to,
          certificate->chain, certificate->chain == 1 ? "certificate" : "certificates");
}

static void certificate_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_fetch *fetch = &diagnosis->result->fetch;
  char host[sizeof "mta-sts." + DOMAIN_LENGTH_MAX];
  snprintf(host, sizeof host, "mta-sts.%.*s", SPAN_ARG(diagnosis->result->domain));
  if (span_here(fetch->tls)) diagnosis_row(out, "", fetch->tls, "");
  if (fetch->tls_ms >= 0)
    fprintf(out, "%*shandshake ended after %lld ms\n", DIAGNOSIS_INDENT, "",
            (long long)fetch->tls_ms);
  if (diagnosis->result->certificate.here)
    certificate_facts_show(out, &diagnosis->result->certificate, span_of(host));
}

static bool http_reached(const struct result *result) {
  return result->fetch.asked && result->fetch.http_status != 0;
}

/* Who gave an answer that is no policy. */
static void http_answerer_show(FILE *out, const struct result_fetch *fetch) {
  bool policy = fetch->http_status == 200 && !span_here(fetch->body);
  if (policy) return;
  if (span_here(fetch->server)) diagnosis_row(out, "Server: ", fetch->server, "");
  if (span_here(fetch->cf_mitigated)) diagnosis_row(out, "cf-mitigated: ", fetch->cf_mitigated, "");
  if (span_here(fetch->www_authenticate))
    diagnosis_row(out, "WWW-Authenticate: ", fetch->www_authenticate, "");
  if (span_here(fetch->body)) diagnosis_row(out, "it begins \"", fetch->body, "\"");
}

static void http_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_fetch *fetch = &diagnosis->result->fetch;
  fprintf(out, "%*sstatus %d after %lld ms", DIAGNOSIS_INDENT, "", fetch->http_status,
          (long long)fetch->ms);
  if (fetch->has_bytes) fprintf(out, ", %llu bytes", (unsigned long long)fetch->bytes);
  fputc('\n', out);
  if (span_here(fetch->content_type) && !fetch->content_types.count)
    diagnosis_row(out, "Content-Type: ", fetch->content_type, "");
  for (size_t i = 0; i < fetch->content_types.count; i++)
    diagnosis_row(out, "Content-Type: ", fetch->content_types.at[i], "");
  if (span_here(fetch->content_encoding))
    diagnosis_row(out, "Content-Encoding: ", fetch->content_encoding, "");
  if (span_here(fetch->location) && !fetch->locations.count)
    diagnosis_row(out, "Location: ", fetch->location, "");
  diagnosis_rows(out, "Location: ", fetch->locations, "");
  http_answerer_show(out, fetch);
}

static bool policy_reached(const struct result *result) {
  return result->policy.here;
}

static void policy_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  struct span rest = diagnosis->result->policy.text;
  for (unsigned number = 1; rest.len; number++) {
    if (number > DIAGNOSIS_ROWS_MAX) {
      fprintf(out, "%*s... and %zu bytes more\n", DIAGNOSIS_INDENT, "", rest.len);
      return;
    }
    struct span line = span_cut(&rest, '\n');
    if (span_ends(line, SPAN("\r"))) line.len--;
    fprintf(out, "%*s%3u  ", DIAGNOSIS_INDENT, "", number);
    diagnosis_text(out, line);
    fputc('\n', out);
  }
}

static bool mx_reached(const struct result *result) {
  return result->mx.lookup.asked;
}

static void mx_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_mx_set *mx = &diagnosis->result->mx;
  diagnosis_lookup(out, &mx->lookup);
  for (size_t i = 0; i < mx->count && diagnosis_has_room(out, i, mx->count); i++) {
    fprintf(out, "%*s%5u ", DIAGNOSIS_INDENT, "", mx->at[i].preference);
    diagnosis_text(out, mx->at[i].host);
    if (mx->at[i].judged) fputs(mx->at[i].covered ? "  covered" : "  NOT covered", out);
    fputc('\n', out);
  }
}

static bool hosts_reached(const struct result *result) {
  for (size_t i = 0; i < result->mx.count; i++)
    if (result->mx.at[i].tls) return true;
  return false;
}

static void host_dialogue_show(FILE *out, const struct result_mx_tls *tls) {
  const struct {
    const char *name;
    int code;
  } replies[] = {{"EHLO", tls->ehlo}, {"HELO", tls->helo}, {"STARTTLS", tls->starttls}};
  if (tls->greeting) {
    fprintf(out, "%*sgreeting: %d ", DIAGNOSIS_INDENT, "", tls->greeting);
    diagnosis_text(out, tls->greeting_text);
    fputc('\n', out);
  }
  const char *between = "";
  for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
    if (!replies[i].code) continue;
    if (!*between) fprintf(out, "%*s", DIAGNOSIS_INDENT, "");
    fprintf(out, "%s%s: %d", between, replies[i].name, replies[i].code);
    between = ", ";
  }
  if (*between) fputc('\n', out);
}

/* What is no finding of the domain, as it has no policy in use, is told with its cure. */
static void host_codes_show(const struct diagnosis *diagnosis, const struct result_mx *mx) {
  struct finding_codes told = result_codes(diagnosis->result);
  struct explain_style style = *diagnosis->style;
  if (domain_is_hostname(mx->host)) style.host = mx->host;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    if (info->stage != STAGE_MX_TLS || !finding_codes_has(&mx->tls->codes, code)) continue;
    fprintf(diagnosis->out, "%*s%s: %s\n", DIAGNOSIS_INDENT, "", info->name, info->title);
    if (!finding_codes_has(&told, code) && info->severity != FINDING_INFO)
      explain_text(diagnosis->out, &style, DIAGNOSIS_PROPOSAL_INDENT, info->fix);
  }
}

static void host_tls_show(const struct diagnosis *diagnosis, const struct result_mx *mx) {
  static const char *const verdicts[VERDICT_COUNT] = {
      [VERDICT_SECURE] = "secure",
      [VERDICT_REFUSED] = "REFUSED by senders that enforce the policy",
      [VERDICT_UNKNOWN] = "unknown: it could not be found out",
  };
  FILE *out = diagnosis->out;
  const struct result_mx_tls *tls = mx->tls;
  fprintf(out, "%*s", DIAGNOSIS_INDENT / 2, "");
  diagnosis_text(out, mx->host);
  fprintf(out, ": %s\n", verdicts[tls->verdict]);
  diagnosis_rows(out, "alias of ", tls->cname, "");
  attempts_show(out, tls->attempts, "TLS");
  host_dialogue_show(out, tls);
  if (span_here(tls->version)) diagnosis_row(out, "", tls->version, "");
  if (tls->certificate.here) certificate_facts_show(out, &tls->certificate, mx->host);
  host_codes_show(diagnosis, mx);
}

/* A block a host. */
static void hosts_show(const struct diagnosis *diagnosis) {
  const struct result_mx_set *mx = &diagnosis->result->mx;
  for (size_t i = 0; i < mx->count && diagnosis_has_room(diagnosis->out, i, mx->count); i++)
    if (mx->at[i].tls) host_tls_show(diagnosis, &mx->at[i]);
}

static bool dane_reached(const struct result *result) {
  for (size_t i = 0; i < result->mx.count; i++)
    if (result->mx.at[i].tls && result->mx.at[i].tls->tlsa.here) return true;
  return false;
}

static void host_tlsa_show(FILE *out, const struct result_mx *mx) {
  const struct result_tlsa *tlsa = &mx->tls->tlsa;
  static const char *const texts[DANE_COUNT + 1] = {
      [DANE_NONE] = "no TLSA records",
      [DANE_MATCH] = "the certificate fits",
      [DANE_MISMATCH] = "the certificate fits none of them",
      [DANE_UNUSABLE] = "none of them can be used",
      [DANE_INSECURE] = "not validated by DNSSEC",
      [DANE_FAILED] = "the lookup of TLSA fails",
      [DANE_COUNT] = "there was no certificate to hold against them",
  };
  fprintf(out, "%*s", DIAGNOSIS_INDENT / 2, "");
  diagnosis_text(out, mx->host);
  fprintf(out, ": %s\n", texts[tlsa->dane]);
  if (span_here(tlsa->base)) diagnosis_row(out, "of ", tlsa->base, "");
  diagnosis_rows(out, "TLSA ", tlsa->records, "");
}

static void dane_show(const struct diagnosis *diagnosis) {
  const struct result_mx_set *mx = &diagnosis->result->mx;
  for (size_t i = 0; i < mx->count && diagnosis_has_room(diagnosis->out, i, mx->count); i++)
    if (mx->at[i].tls && mx->at[i].tls->tlsa.here) host_tlsa_show(diagnosis->out, &mx->at[i]);
}

static bool reports_reached(const struct result *result) {
  return result->tlsrpt.lookup.asked;
}

static void reports_show(const struct diagnosis *diagnosis) {
  diagnosis_lookup(diagnosis->out, &diagnosis->result->tlsrpt.lookup);
  diagnosis_rows(diagnosis->out, "\"", diagnosis->result->tlsrpt.txt, "\"");
}

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

static bool ns_reached(const struct result *result) {
  return result->ns.lookup.asked;
}

static void ns_show(const struct diagnosis *diagnosis) {
  const struct result_ns *ns = &diagnosis->result->ns;
  if (ns->hosts.count == 0) none_show(diagnosis->out, SPAN(""), "", &ns->lookup);
  diagnosis_rows(diagnosis->out, "", ns->hosts, "");
}

static bool all_mx_reached(const struct result *result) {
  return result->mx.wanted || result->mx.count;
}

static void all_mx_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_mx_set *mx = &diagnosis->result->mx;
  if (mx->count == 0) none_show(out, SPAN(""), "", &mx->lookup);
  for (size_t i = 0; i < mx->count && diagnosis_has_room(out, i, mx->count); i++) {
    fprintf(out, "%*s%5u ", DIAGNOSIS_INDENT, "", mx->at[i].preference);
    diagnosis_text(out, mx->at[i].host);
    fputc('\n', out);
  }
}

static bool spf_reached(const struct result *result) {
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

static void spf_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_spf *spf = &diagnosis->result->spf;
  if (spf->txt.count == 0) none_show(out, SPAN(""), "", &spf->lookup);
  diagnosis_rows(out, "\"", spf->txt, "\"");
  if (span_here(spf->all)) fprintf(out, "%*s%s\n", DIAGNOSIS_INDENT, "", spf_all_text(spf->all));
}

static bool dmarc_reached(const struct result *result) {
  return result->dmarc.lookup.asked;
}

static void dmarc_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_dmarc *dmarc = &diagnosis->result->dmarc;
  if (dmarc->txt.count == 0) none_show(out, SPAN(""), "", &dmarc->lookup);
  diagnosis_rows(out, "\"", dmarc->txt, "\"");
  if (span_here(dmarc->domain) && !span_equal(dmarc->domain, diagnosis->result->domain))
    diagnosis_row(out, "found at its organizational domain, ", dmarc->domain, "");
}

static bool dkim_reached(const struct result *result) {
  return result->dkim.count > 0;
}

static void dkim_show(const struct diagnosis *diagnosis) {
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

const struct diagnosis_step diagnosis_steps[] = {
    {STAGE_RECORD, STEP_ALWAYS, "Record: TXT at _mta-sts.DOMAIN",
     "Expected: an answer with exactly one record, such as", record_reached, record_show,
     PROPOSES_RECORD},
    {STAGE_POLICY_DNS, STEP_RECORD, "Policy host: A and AAAA of mta-sts.DOMAIN",
     "Expected: a public address, or a CNAME to a host that has one. The policy to serve there:",
     host_reached, host_show, PROPOSES_POLICY},
    {STAGE_POLICY_TCP, STEP_RECORD, "Connection: TCP to mta-sts.DOMAIN",
     "Expected: a web server that takes connections at each address of mta-sts.DOMAIN.",
     connection_reached, connection_show, PROPOSES_NOTHING},
    {STAGE_POLICY_TLS, STEP_RECORD,
     "Certificate: TLS with mta-sts.DOMAIN as the server's name (SNI)",
     "Expected: a certificate of a public issuer, served with its intermediates, valid today, "
     "whose DNS names (subject alternative names) hold\n  mta-sts.DOMAIN",
     certificate_reached, certificate_show, PROPOSES_NOTHING},
    {STAGE_POLICY_HTTP, STEP_RECORD, "Answer: GET https://mta-sts.DOMAIN/.well-known/mta-sts.txt",
     "Expected: status 200 without a redirect, Content-Type text/plain, and a policy such as",
     http_reached, http_show, PROPOSES_POLICY},
    {STAGE_POLICY_SYNTAX, STEP_RECORD, "Policy",
     "Expected: lines of key and value, and nothing else, such as", policy_reached, policy_show,
     PROPOSES_POLICY},
    {STAGE_MX, STEP_RECORD, "Mail servers: MX of DOMAIN",
     "Expected: an mx line for each MX host, such as", mx_reached, mx_show, PROPOSES_POLICY},
    {STAGE_MX_TLS, STEP_RECORD_ASKED, "Mail servers: TLS on port 25",
     "Expected: STARTTLS at each MX host, TLS 1.2 or later, and a certificate of a public issuer, "
     "served with its intermediates, valid today, whose DNS names hold the host's name.",
     hosts_reached, hosts_show, PROPOSES_NOTHING},
    {STAGE_DANE, STEP_RECORD_ASKED, "Mail servers: DANE (TLSA records)",
     "Expected: none, or records validated by DNSSEC of which one fits the certificate.",
     dane_reached, dane_show, PROPOSES_NOTHING},
    {STAGE_TLSRPT, STEP_RECORD, "Reports: TXT at _smtp._tls.DOMAIN",
     "Expected: at most one record, such as\n"
     "  _smtp._tls.DOMAIN. IN TXT \"v=TLSRPTv1; rua=mailto:tlsrpt@DOMAIN\"",
     reports_reached, reports_show, PROPOSES_NOTHING},
    {STAGE_MX, STEP_NO_RECORD_ASKED, "MX hosts: MX of DOMAIN", "", all_mx_reached, all_mx_show,
     PROPOSES_NOTHING},
    {STAGE_COUNT, STEP_ASKED, "Name servers: NS of DOMAIN", "", ns_reached, ns_show,
     PROPOSES_NOTHING},
    {STAGE_SPF, STEP_ASKED, "SPF: TXT of DOMAIN",
     "Expected: at most one record of terms with blanks between, such as\n"
     "  DOMAIN. IN TXT \"v=spf1 mx -all\"",
     spf_reached, spf_show, PROPOSES_NOTHING},
    {STAGE_DMARC, STEP_ASKED, "DMARC: TXT at _dmarc.DOMAIN",
     "Expected: at most one record, such as\n"
     "  _dmarc.DOMAIN. IN TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@DOMAIN\"",
     dmarc_reached, dmarc_show, PROPOSES_NOTHING},
    {STAGE_DKIM, STEP_ASKED, "DKIM: TXT at SELECTOR._domainkey.DOMAIN",
     "Expected: one key record under each selector, such as\n"
     "  SELECTOR._domainkey.DOMAIN. IN TXT \"v=DKIM1; k=rsa; p=MIIBIjANBgkq...\"",
     dkim_reached, dkim_show, PROPOSES_NOTHING},
};

const size_t diagnosis_step_count = sizeof diagnosis_steps / sizeof *diagnosis_steps;
