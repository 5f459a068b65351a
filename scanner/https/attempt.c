#include "scanner/https/attempt.h"

const struct certificate_codes attempt_certificate_codes = {
    .name_mismatch = FOUND_POLICY_TLS_NAME_MISMATCH,
    .expired = FOUND_POLICY_TLS_EXPIRED,
    .not_yet_valid = FOUND_POLICY_TLS_NOT_YET_VALID,
    .expires_soon = FOUND_POLICY_TLS_EXPIRES_SOON,
    .self_signed = FOUND_POLICY_TLS_SELF_SIGNED,
    .untrusted = FOUND_POLICY_TLS_UNTRUSTED,
    .invalid = FOUND_POLICY_TLS_CERT_INVALID,
};

static enum reason attempt_status_reason(int status) {
  switch (status) {
  case 401: return REASON_POLICY_HTTP_STATUS_AUTHENTICATION;
  case 403: return REASON_POLICY_HTTP_STATUS_FORBIDDEN;
  case 404:
  case 410: return REASON_POLICY_HTTP_STATUS_MISSING;
  case 421: return REASON_POLICY_HTTP_STATUS_MISDIRECTED;
  case 429: return REASON_POLICY_HTTP_STATUS_RATE;
  default:
    return status >= 500 ? REASON_POLICY_HTTP_STATUS_SERVER : REASON_POLICY_HTTP_STATUS_OTHER;
  }
}

static enum reason attempt_reason(const struct outcome *outcome, enum finding_code code) {
  const struct handshake *handshake = &outcome->handshake;
  switch (code) {
  case FOUND_POLICY_TLS_ALERT:
    return handshake_alert_reason(handshake, code, REASON_POLICY_TLS_ALERT_OTHER);
  case FOUND_POLICY_TLS_PROTOCOL:
    if (handshake_lacks_renegotiation(handshake)) return REASON_POLICY_TLS_PROTOCOL_RENEGOTIATION;
    return handshake_alert_reason(handshake, code, REASON_POLICY_TLS_PROTOCOL_OTHER);
  case FOUND_POLICY_HTTP_STATUS:
    if (outcome->challenged) return REASON_POLICY_HTTP_STATUS_CHALLENGE;
    return attempt_status_reason(outcome->http_status);
  case FOUND_POLICY_HTTP_INVALID:
    if (outcome->wrong_length) return REASON_POLICY_HTTP_INVALID_LENGTH;
    if (outcome->over_headers) return REASON_POLICY_HTTP_INVALID_HEADER;
    if (outcome->http_2) return REASON_POLICY_HTTP_INVALID_HTTP_2;
    return outcome_was_closed(outcome) ? REASON_POLICY_HTTP_INVALID_CLOSED
                                       : REASON_POLICY_HTTP_INVALID_OTHER;
  default: return REASON_NONE;
  }
}

static void attempt_raise(struct attempt *attempt, const struct request *request) {
  const struct outcome *outcome = &request->outcome;
  enum finding_code code = outcome_code(outcome);
  if (code == FOUND_COUNT) return;
  bool http = finding_info(code)->stage == STAGE_POLICY_HTTP;
  enum reason reason = attempt_reason(outcome, code);
  /* A client may go on without it, and many do. */
  bool unsafe = reason == REASON_POLICY_TLS_PROTOCOL_RENEGOTIATION;
  finding_list_add(
      &attempt->findings,
      (struct finding){.code = code,
                       .reason = reason,
                       .contested = unsafe,
                       .erratum = unsafe ? SPAN("RFC 5746 section 4.1") : (struct span){0},
                       .detail = outcome_detail(outcome, code, attempt->findings.arena),
                       .http_status = http ? outcome->http_status : 0});
}

static enum finding_code attempt_first_error(const struct finding_list *findings) {
  for (const struct finding *f = findings->first; f; f = f->next)
    if (finding_info(f->code)->severity == FINDING_ERROR) return f->code;
  return FOUND_COUNT;
}

struct attempt attempt_judge(const struct request *request, int64_t now, struct arena *arena) {
  const struct outcome *outcome = &request->outcome;
  struct attempt attempt = {
      .here = true,
      .step = outcome->step,
      .findings.arena = arena,
      .certificate = request->certificate.facts,
      .has_header = outcome->step == OUTCOME_BODY,
      .has_body = outcome_code(outcome) == FOUND_COUNT,
  };
  request_result(request, arena, &attempt.fetch);
  attempt_raise(&attempt, request);
  attempt.fetch.has_trusted = request->certificate.facts.here;
  attempt.fetch.trusted =
      certificate_judge(&request->certificate, &attempt_certificate_codes, now, &attempt.findings);
  attempt.code = attempt_first_error(&attempt.findings);
  bool distrusted = attempt.fetch.has_trusted && !attempt.fetch.trusted;
  attempt.tries_next = !distrusted && outcome_tries_next(outcome);
  attempt.overload = outcome_is_overload(outcome);
  if (attempt.overload && outcome->http_status)
    attempt.retry_after = response_retry_after(&request->response);
  if (attempt.has_body)
    attempt.body = arena_copy(arena, (struct span){request->response.body, (size_t)outcome->bytes});
  return attempt;
}
