#include "scanner/cli/diagnosis_step.h"
#include "scanner/sts/domain.h"

bool diagnosis_mail_reached(const struct result *result) {
  for (size_t i = 0; i < result->mx.count; i++)
    if (result->mx.at[i].tls) return true;
  return false;
}

static void mail_dialogue_show(FILE *out, const struct result_mx_tls *tls) {
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
static void mail_codes_show(const struct diagnosis *diagnosis, const struct result_mx *mx) {
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

static void mail_host_show(const struct diagnosis *diagnosis, const struct result_mx *mx) {
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
  diagnosis_attempts(out, tls->attempts, "TLS");
  mail_dialogue_show(out, tls);
  if (span_here(tls->version)) diagnosis_row(out, "", tls->version, "");
  if (tls->certificate.here) diagnosis_certificate(out, &tls->certificate, mx->host);
  mail_codes_show(diagnosis, mx);
}

/* A block a host. */
void diagnosis_mail_show(const struct diagnosis *diagnosis) {
  const struct result_mx_set *mx = &diagnosis->result->mx;
  for (size_t i = 0; i < mx->count && diagnosis_has_room(diagnosis->out, i, mx->count); i++)
    if (mx->at[i].tls) mail_host_show(diagnosis, &mx->at[i]);
}

bool diagnosis_dane_reached(const struct result *result) {
  for (size_t i = 0; i < result->mx.count; i++)
    if (result->mx.at[i].tls && result->mx.at[i].tls->tlsa.here) return true;
  return false;
}

static void mail_tlsa_show(FILE *out, const struct result_mx *mx) {
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

void diagnosis_dane_show(const struct diagnosis *diagnosis) {
  const struct result_mx_set *mx = &diagnosis->result->mx;
  for (size_t i = 0; i < mx->count && diagnosis_has_room(diagnosis->out, i, mx->count); i++)
    if (mx->at[i].tls && mx->at[i].tls->tlsa.here) mail_tlsa_show(diagnosis->out, &mx->at[i]);
}
