#include "scanner/cli/diagnosis_step.h"

#include "scanner/sts/domain.h"

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

static void connection_show(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result_fetch *fetch = &diagnosis->result->fetch;
  diagnosis_attempts(out, fetch->attempts, "an answer");
  if (fetch->connect_ms >= 0)
    fprintf(out, "%*sconnected after %lld ms\n", DIAGNOSIS_INDENT, "",
            (long long)fetch->connect_ms);
}

static bool certificate_reached(const struct result *result) {
  return result->certificate.here || (result->fetch.asked && result->fetch.tls_ms >= 0);
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
    diagnosis_certificate(out, &diagnosis->result->certificate, span_of(host));
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

static bool reports_reached(const struct result *result) {
  return result->tlsrpt.lookup.asked;
}

static void reports_show(const struct diagnosis *diagnosis) {
  diagnosis_lookup(diagnosis->out, &diagnosis->result->tlsrpt.lookup);
  diagnosis_rows(diagnosis->out, "\"", diagnosis->result->tlsrpt.txt, "\"");
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
     diagnosis_mail_reached, diagnosis_mail_show, PROPOSES_NOTHING},
    {STAGE_DANE, STEP_RECORD_ASKED, "Mail servers: DANE (TLSA records)",
     "Expected: none, or records validated by DNSSEC of which one fits the certificate.",
     diagnosis_dane_reached, diagnosis_dane_show, PROPOSES_NOTHING},
    {STAGE_TLSRPT, STEP_RECORD, "Reports: TXT at _smtp._tls.DOMAIN",
     "Expected: at most one record, such as\n"
     "  _smtp._tls.DOMAIN. IN TXT \"v=TLSRPTv1; rua=mailto:tlsrpt@DOMAIN\"",
     reports_reached, reports_show, PROPOSES_NOTHING},
    {STAGE_MX, STEP_NO_RECORD_ASKED, "MX hosts: MX of DOMAIN", "", diagnosis_all_mx_reached,
     diagnosis_all_mx_show, PROPOSES_NOTHING},
    {STAGE_COUNT, STEP_ASKED, "Name servers: NS of DOMAIN", "", diagnosis_ns_reached,
     diagnosis_ns_show, PROPOSES_NOTHING},
    {STAGE_SPF, STEP_ASKED, "SPF: TXT of DOMAIN",
     "Expected: at most one record of terms with blanks between, such as\n"
     "  DOMAIN. IN TXT \"v=spf1 mx -all\"",
     diagnosis_spf_reached, diagnosis_spf_show, PROPOSES_NOTHING},
    {STAGE_DMARC, STEP_ASKED, "DMARC: TXT at _dmarc.DOMAIN",
     "Expected: at most one record, such as\n"
     "  _dmarc.DOMAIN. IN TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@DOMAIN\"",
     diagnosis_dmarc_reached, diagnosis_dmarc_show, PROPOSES_NOTHING},
    {STAGE_DKIM, STEP_ASKED, "DKIM: TXT at SELECTOR._domainkey.DOMAIN",
     "Expected: one key record under each selector, such as\n"
     "  SELECTOR._domainkey.DOMAIN. IN TXT \"v=DKIM1; k=rsa; p=MIIBIjANBgkq...\"",
     diagnosis_dkim_reached, diagnosis_dkim_show, PROPOSES_NOTHING},
};

const size_t diagnosis_step_count = sizeof diagnosis_steps / sizeof *diagnosis_steps;
