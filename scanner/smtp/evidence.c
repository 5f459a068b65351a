#include "scanner/smtp/evidence.h"

#include "output/findings/reason.h"
#include "scanner/https/memory.h"
#include "scanner/net/local_error.h"
#include "scanner/sts/mx_tls.h"
#include <openssl/err.h>
#include <stdio.h>

enum { EVIDENCE_REASON_MAX = 256, EVIDENCE_MS_NS = 1000000 };

static const struct certificate_codes evidence_certificate_codes = {
    .name_mismatch = FOUND_MX_TLS_NAME_MISMATCH,
    .expired = FOUND_MX_TLS_EXPIRED,
    .not_yet_valid = FOUND_MX_TLS_NOT_YET_VALID,
    .expires_soon = FOUND_MX_TLS_EXPIRES_SOON,
    .self_signed = FOUND_MX_TLS_SELF_SIGNED,
    .untrusted = FOUND_MX_TLS_UNTRUSTED,
    .invalid = FOUND_MX_TLS_CERT_INVALID,
    .cn_is_contested = true,
};

enum err evidence_trouble(const struct probe *probe) {
  bool starved = memory_failures() != probe->memory_failures;
  if (probe->no_memory || probe->handshake.no_memory || starved) return ERR_MEMORY;
  if (handshake_lacks_algorithm(&probe->handshake)) return ERR_MEMORY;
  return local_error_of(probe->error);
}

static bool evidence_has_finished(const struct probe *probe) {
  return probe->ssl && probe->handshake.finished;
}

static enum finding_code evidence_tls_code(const struct probe *probe) {
  enum handshake_end end = handshake_end(&probe->handshake);
  if (end == HANDSHAKE_ALERT) return FOUND_MX_TLS_ALERT;
  if (end == HANDSHAKE_FINISHED) return FOUND_COUNT;
  if (probe->late) return FOUND_MX_TLS_TIMEOUT;
  if (handshake_is_over(&probe->handshake)) return FOUND_MX_TLS_PROTOCOL;
  switch (end) {
  case HANDSHAKE_NOT_TLS: return FOUND_MX_TLS_NOT_TLS;
  case HANDSHAKE_CLOSED: return FOUND_MX_TLS_CLOSED;
  case HANDSHAKE_CERTIFICATE: return FOUND_MX_TLS_CERT_INVALID;
  default: return FOUND_MX_TLS_PROTOCOL;
  }
}

enum finding_code evidence_code(const struct probe *probe) {
  if (probe->ssl) return evidence_tls_code(probe);
  if (probe->dialogue.code != FOUND_COUNT) return probe->dialogue.code;
  if (probe->place == PROBE_CONNECTS && probe->error != ECONNRESET)
    return FOUND_MX_SMTP_UNREACHABLE;
  return probe->late ? FOUND_MX_SMTP_TIMEOUT : FOUND_MX_SMTP_CLOSED;
}

bool evidence_has_stood(const struct probe *probe) {
  return probe->place != PROBE_CONNECTS || probe->error == ECONNRESET;
}

bool evidence_has_no_route(const struct probe *probe) {
  bool without_ipv6 = probe->error == EADDRNOTAVAIL || probe->error == EAFNOSUPPORT;
  return probe->place == PROBE_CONNECTS && (probe->error == ENETUNREACH || without_ipv6);
}

static enum result_step evidence_step(const struct probe *probe) {
  if (probe->place == PROBE_CONNECTS) return STEP_CONNECT;
  return probe->ssl ? STEP_HANDSHAKE : dialogue_step(&probe->dialogue);
}

/* The reply that a finding is about. */
static int evidence_status(const struct probe *probe, enum finding_code code) {
  bool said = code == probe->dialogue.code && code != FOUND_MX_TLS_NO_STARTTLS;
  return said && probe->dialogue.reply.whole ? probe->dialogue.reply.code : 0;
}

static const char *evidence_connect_phrase(const struct probe *probe) {
  if (probe->late) return "the connection got no answer";
  if (probe->error == ECONNREFUSED) return "the connection was refused";
  return probe->error == ETIMEDOUT ? "the connection got no answer"
                                   : "the address cannot be reached";
}

static struct span evidence_alert_phrase(const struct probe *probe, struct arena *arena) {
  int alert = probe->handshake.alert;
  const char *name = handshake_alert_text(alert);
  const char *when = probe->handshake.finished ? " after the handshake" : "";
  if (!name) return arena_format(arena, "the server refused with the TLS alert %d%s", alert, when);
  return arena_format(arena, "the server refused with the TLS alert %s%s", name, when);
}

static struct span evidence_closed_phrase(const struct probe *probe, struct arena *arena) {
  const char *how = probe->error ? "reset" : "closed";
  if (probe->place == PROBE_CONNECTS) return SPAN("the connection was reset at once");
  return arena_format(arena, "the connection was %s before %s", how,
                      dialogue_awaits(&probe->dialogue));
}

/* OpenSSL's own words, if there are some. */
static struct span evidence_with_reason(const struct probe *probe, const char *phrase,
                                        struct arena *arena) {
  char reason[EVIDENCE_REASON_MAX];
  if (!probe->handshake.reason || handshake_is_over(&probe->handshake))
    return arena_copy(arena, span_of(phrase));
  ERR_error_string_n(probe->handshake.reason, reason, sizeof reason);
  return arena_format(arena, "%s (%s)", phrase, reason);
}

static const char *evidence_protocol_phrase(const struct handshake *handshake) {
  if (handshake_is_over(handshake)) return "more came in the TLS handshake than is accepted";
  if (handshake->dh_bits > HANDSHAKE_DH_BITS_MAX) return "a Diffie-Hellman group that is too large";
  return "no TLS version or cipher in common";
}

static struct span evidence_phrase(const struct probe *probe, enum finding_code code,
                                   struct arena *arena) {
  switch (code) {
  case FOUND_MX_SMTP_UNREACHABLE: return span_of(evidence_connect_phrase(probe));
  case FOUND_MX_SMTP_CLOSED: return evidence_closed_phrase(probe, arena);
  case FOUND_MX_SMTP_TIMEOUT:
    return arena_format(arena, "%s did not come to its end in time",
                        dialogue_awaits(&probe->dialogue));
  case FOUND_MX_TLS_TIMEOUT: return SPAN("the TLS handshake did not come to its end in time");
  case FOUND_MX_TLS_ALERT: return evidence_alert_phrase(probe, arena);
  case FOUND_MX_TLS_CLOSED:
    return arena_format(arena, "the connection was %s in the TLS handshake",
                        probe->error ? "reset" : "closed");
  case FOUND_MX_TLS_NOT_TLS: return SPAN("what answers after the reply to STARTTLS is not TLS");
  case FOUND_MX_TLS_PROTOCOL:
    return evidence_with_reason(probe, evidence_protocol_phrase(&probe->handshake), arena);
  case FOUND_MX_TLS_CERT_INVALID:
    return evidence_with_reason(probe, "the certificate cannot be used", arena);
  default: return dialogue_detail(&probe->dialogue, arena);
  }
}

/* STARTTLS: see the dialogue. RFC 8461 section 7.2 asks senders for TLS 1.2, but does not forbid
 * less. */
static bool evidence_is_contested(const struct probe *probe, enum finding_code code) {
  const struct handshake *handshake = &probe->handshake;
  bool old = handshake->alert == SSL_AD_PROTOCOL_VERSION ||
             handshake->alert_sent == SSL_AD_PROTOCOL_VERSION;
  return code == FOUND_MX_TLS_PROTOCOL ? old : probe->dialogue.contested;
}

/* The rows of such a code begin with those of the replies, in the order of the dialogue. */
static enum reason evidence_reply_reason(const struct probe *probe, enum finding_code code) {
  return reason_first(code) + (enum reason)probe->dialogue.asked;
}

static enum reason evidence_connect_reason(const struct probe *probe) {
  if (probe->late || probe->error == ETIMEDOUT) return REASON_MX_SMTP_UNREACHABLE_TIMEOUT;
  return probe->error == ECONNREFUSED ? REASON_MX_SMTP_UNREACHABLE_REFUSED
                                      : REASON_MX_SMTP_UNREACHABLE_ROUTE;
}

static enum reason evidence_offer_reason(const struct dialogue *dialogue) {
  if (dialogue->helo) return REASON_MX_TLS_NO_STARTTLS_HELO;
  return dialogue->masked ? REASON_MX_TLS_NO_STARTTLS_HIDDEN
                          : REASON_MX_TLS_NO_STARTTLS_NOT_OFFERED;
}

static enum reason evidence_starttls_reason(const struct dialogue *dialogue) {
  switch (dialogue->starttls / 100) {
  case 4: return REASON_MX_TLS_STARTTLS_REFUSED_TEMPORARY;
  case 5: return REASON_MX_TLS_STARTTLS_REFUSED_PERMANENT;
  default: return REASON_MX_TLS_STARTTLS_REFUSED_NOT_220;
  }
}

static enum reason evidence_invalid_reason(const struct dialogue *dialogue) {
  switch (dialogue->reply.fault) {
  case REPLY_FAULT_LINE:
  case REPLY_FAULT_LINES:
  case REPLY_FAULT_OCTETS: return REASON_MX_SMTP_INVALID_LONG;
  case REPLY_FAULT_NONE: return REASON_MX_SMTP_INVALID_STEP;
  default: return REASON_MX_SMTP_INVALID_OTHER;
  }
}

static enum reason evidence_reason(const struct probe *probe, enum finding_code code) {
  const struct dialogue *dialogue = &probe->dialogue;
  switch (code) {
  case FOUND_MX_SMTP_UNREACHABLE: return evidence_connect_reason(probe);
  case FOUND_MX_SMTP_TIMEOUT:
  case FOUND_MX_SMTP_CLOSED:
  case FOUND_MX_SMTP_LATER: return evidence_reply_reason(probe, code);
  case FOUND_MX_SMTP_REFUSED:
    /* A greeting that is fine and refused all the same. */
    return dialogue->asked == DIALOGUE_CONNECTED && dialogue->greeting / 100 == 2
               ? REASON_MX_SMTP_REFUSED_SPAMD
               : evidence_reply_reason(probe, code);
  case FOUND_MX_SMTP_INVALID: return evidence_invalid_reason(dialogue);
  case FOUND_MX_TLS_NO_STARTTLS: return evidence_offer_reason(dialogue);
  case FOUND_MX_TLS_STARTTLS_REFUSED: return evidence_starttls_reason(dialogue);
  case FOUND_MX_TLS_NOT_TLS:
    return dialogue->behind ? REASON_MX_TLS_NOT_TLS_BEHIND : REASON_MX_TLS_NOT_TLS_OTHER;
  case FOUND_MX_TLS_ALERT:
    return handshake_alert_reason(&probe->handshake, code, REASON_MX_TLS_ALERT_OTHER);
  case FOUND_MX_TLS_PROTOCOL:
    if (handshake_lacks_renegotiation(&probe->handshake))
      return REASON_MX_TLS_PROTOCOL_RENEGOTIATION;
    return handshake_alert_reason(&probe->handshake, code, REASON_MX_TLS_PROTOCOL_OTHER);
  default: return REASON_NONE;
  }
}

static void evidence_raise(const struct probe *probe, enum finding_code code,
                           struct finding_list *findings) {
  struct arena *arena = findings->arena;
  char text[ADDRESS_TEXT_MAX];
  size_t len = address_text(&probe->address, text);
  struct span at = arena_join(arena, (struct span){text, len}, SPAN(": "));
  finding_list_add(findings,
                   (struct finding){
                       .code = code,
                       .reason = evidence_reason(probe, code),
                       .contested = evidence_is_contested(probe, code),
                       .detail = arena_join(arena, at, evidence_phrase(probe, code, arena)),
                       .smtp_status = evidence_status(probe, code),
                   });
}

static void evidence_note(const struct probe *probe, struct arena *arena,
                          struct result_mx_tls *result) {
  const struct dialogue *dialogue = &probe->dialogue;
  struct span greeting = {dialogue->greeting_text, dialogue->greeting_len};
  char ip[ADDRESS_TEXT_MAX];
  size_t len = address_ip_text(&probe->address, ip);
  *result = (struct result_mx_tls){
      .address = arena_copy(arena, (struct span){ip, len}),
      .step = evidence_step(probe),
      .greeting = dialogue->greeting,
      .greeting_text = dialogue->greeting ? arena_copy(arena, greeting) : (struct span){0},
      .ehlo = dialogue->ehlo,
      .helo = dialogue->helo,
      .starttls = dialogue->starttls,
      .version = span_of(probe->handshake.version),
      .has_trusted = probe->certificate.facts.here,
      .certificate = probe->certificate.facts,
      .ms = (int64_t)((probe->told_ns - probe->start_ns) / EVIDENCE_MS_NS),
  };
}

void evidence_judge(const struct probe *probe, int64_t now, struct finding_list *findings,
                    struct result_mx_tls *result) {
  const struct certificate *certificate = &probe->certificate;
  enum finding_code code = evidence_code(probe);
  evidence_note(probe, findings->arena, result);
  if (code != FOUND_COUNT) evidence_raise(probe, code, findings);
  result->trusted = certificate_judge(certificate, &evidence_certificate_codes, now, findings);
  if (probe->tlsa.count)
    dane_conclude(&result->tlsa, probe->dane_fit, certificate->facts.names, certificate->host,
                  probe->tlsa_base, findings);
  if (result->has_trusted) mx_tls_keep_names(&result->certificate, certificate->host);
  if (code == FOUND_COUNT && result->trusted && evidence_has_finished(probe))
    result->step = STEP_DONE;
}
