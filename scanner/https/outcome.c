#include "scanner/https/outcome.h"

#include "scanner/net/local_error.h"
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>

enum {
  OUTCOME_EVIDENCE_MAX = CURL_ERROR_SIZE,
  OUTCOME_CODING_MAX = 100,     /* bytes that are told of a field */
  HTTP_MISDIRECTED = 421,       /* RFC 9110 section 15.5.20 */
  HTTP_TOO_MANY_REQUESTS = 429, /* RFC 6585 section 4 */
  HTTP_UNAVAILABLE = 503,
};

/* A single header line over libcurl's own limit ends in CURLE_OUT_OF_MEMORY (until 8.6). */
static bool outcome_over_headers(const struct outcome *outcome) {
  bool line_too_long = outcome->result == CURLE_OUT_OF_MEMORY && outcome->handshake.finished &&
                       outcome->step < OUTCOME_BODY &&
                       outcome->handshake.received_bytes > outcome->headers_max;
  return outcome->over_headers || line_too_long;
}

enum err outcome_local_error(const struct outcome *outcome) {
  if (outcome->no_memory || outcome->handshake.no_memory) return ERR_MEMORY;
  enum err err = local_error_of(outcome->socket_errno ? outcome->socket_errno : outcome->os_errno);
  if (err != ERR_NONE) return err;
  if (outcome->result != CURLE_OUT_OF_MEMORY || outcome_over_headers(outcome)) return ERR_NONE;
  return ERR_MEMORY;
}

static enum finding_code outcome_late_code(enum outcome_step step) {
  switch (step) {
  case OUTCOME_CONNECTING: return FOUND_POLICY_TCP_TIMEOUT;
  case OUTCOME_SHAKING_HANDS: return FOUND_POLICY_TLS_TIMEOUT;
  default: return FOUND_POLICY_HTTP_TIMEOUT;
  }
}

static enum finding_code outcome_errno_code(int number) {
  switch (number) {
  case ECONNREFUSED: return FOUND_POLICY_TCP_REFUSED;
  case ETIMEDOUT: return FOUND_POLICY_TCP_TIMEOUT;
  case ECONNRESET:
  case ECONNABORTED:
  case EPIPE: return FOUND_POLICY_TCP_RESET;
  default: return FOUND_POLICY_TCP_UNREACHABLE;
  }
}

/* The budget of the connection is spent. */
static enum finding_code outcome_over_code(const struct outcome *outcome) {
  return outcome->handshake.finished ? FOUND_POLICY_HTTP_INVALID : FOUND_POLICY_TLS_PROTOCOL;
}

static enum finding_code outcome_http_code(const struct outcome *outcome) {
  if (outcome->over_body) return FOUND_POLICY_HTTP_TOO_LARGE;
  if (outcome_over_headers(outcome)) return FOUND_POLICY_HTTP_INVALID;
  if (outcome->step < OUTCOME_BODY) return FOUND_POLICY_HTTP_INVALID;
  return outcome->result == CURLE_PARTIAL_FILE ? FOUND_POLICY_HTTP_TRUNCATED
                                               : FOUND_POLICY_HTTP_INVALID;
}

static enum finding_code outcome_tls_code(const struct outcome *outcome) {
  switch (handshake_end(&outcome->handshake)) {
  case HANDSHAKE_ALERT: return FOUND_POLICY_TLS_ALERT;
  case HANDSHAKE_PROTOCOL: return FOUND_POLICY_TLS_PROTOCOL;
  case HANDSHAKE_NOT_TLS: return FOUND_POLICY_TLS_NOT_TLS;
  case HANDSHAKE_CLOSED: return FOUND_POLICY_TLS_CLOSED;
  case HANDSHAKE_CERTIFICATE: return FOUND_POLICY_TLS_CERT_INVALID;
  case HANDSHAKE_FINISHED: break;
  }
  return outcome_http_code(outcome);
}

enum finding_code outcome_code(const struct outcome *outcome) {
  int status = outcome->http_status;
  if (outcome->barred) return FOUND_POLICY_ADDRESS_NOT_PUBLIC;
  if (status >= 300 && status <= 399) return FOUND_POLICY_HTTP_REDIRECT;
  if (status && status != 200) return FOUND_POLICY_HTTP_STATUS;
  if (outcome->wrong_version || outcome->headless || outcome->wrong_length || outcome->encoded)
    return FOUND_POLICY_HTTP_INVALID;
  if (outcome->compressed) return FOUND_POLICY_HTTP_ENCODING;
  if (handshake_is_over(&outcome->handshake)) return outcome_over_code(outcome);
  if (outcome->late || outcome->result == CURLE_OPERATION_TIMEDOUT)
    return outcome_late_code(outcome->step);
  /* A header that breaks off is fine with libcurl, and so is a body after a 101. */
  if (outcome->result == CURLE_OK && outcome->step == OUTCOME_BODY && status) return FOUND_COUNT;
  if (outcome->socket_errno) return FOUND_POLICY_TCP_UNREACHABLE;
  if (outcome->os_errno) return outcome_errno_code(outcome->os_errno);
  if (outcome->step == OUTCOME_CONNECTING) return FOUND_POLICY_TCP_UNREACHABLE;
  return outcome_tls_code(outcome);
}

bool outcome_was_closed(const struct outcome *outcome) {
  bool in_order = outcome->result == CURLE_OK || outcome->result == CURLE_GOT_NOTHING ||
                  outcome->result == CURLE_PARTIAL_FILE;
  return outcome_code(outcome) == FOUND_POLICY_HTTP_INVALID && in_order &&
         outcome->step < OUTCOME_BODY && !outcome->headless &&
         !handshake_is_over(&outcome->handshake);
}

/* What cost us much once may cost as much at each further address. */
static bool outcome_was_costly(const struct handshake *handshake) {
  return handshake->dh_bits > HANDSHAKE_DH_BITS_CHEAP || handshake_is_over(handshake) ||
         handshake->budget.spent[BUDGET_RECORDS] > BUDGET_RECORDS_FEW;
}

bool outcome_tries_next(const struct outcome *outcome) {
  enum finding_code code = outcome_code(outcome);
  if (outcome_was_costly(&outcome->handshake)) return false;
  if (code == FOUND_POLICY_HTTP_TIMEOUT) return outcome->step == OUTCOME_ASKING;
  if (code == FOUND_COUNT || code == FOUND_POLICY_TLS_CERT_INVALID) return false;
  enum finding_stage stage = finding_info(code)->stage;
  return stage == STAGE_POLICY_TCP || stage == STAGE_POLICY_TLS;
}

bool outcome_is_overload(const struct outcome *outcome) {
  int status = outcome->http_status;
  if (status) return status == HTTP_TOO_MANY_REQUESTS || status == HTTP_UNAVAILABLE;
  return outcome->step <= OUTCOME_SHAKING_HANDS && outcome_code(outcome) == FOUND_POLICY_TCP_RESET;
}

static const char *outcome_step_text(enum outcome_step step) {
  switch (step) {
  case OUTCOME_CONNECTING: return "while connecting";
  case OUTCOME_SHAKING_HANDS: return "in the TLS handshake";
  case OUTCOME_ASKING: return "before the HTTP status";
  case OUTCOME_HEADERS: return "in the HTTP header";
  case OUTCOME_BODY: return "in the HTTP body";
  }
  return "";
}

static struct span outcome_coding_phrase(const struct outcome *outcome, const char *field,
                                         const char *right, struct arena *arena) {
  struct span coding = span_first(outcome->coding, OUTCOME_CODING_MAX);
  return arena_format(arena, "%s: %.*s%s, where only %s", field, SPAN_ARG(coding),
                      coding.len < outcome->coding.len ? " ..." : "", right);
}

static struct span outcome_over_phrase(const struct outcome *outcome, struct arena *arena) {
  const struct budget *budget = &outcome->handshake.budget;
  enum budget_kind kind = budget_over(budget);
  return arena_format(arena, "more than %llu %s %s, the limit for one connection",
                      (unsigned long long)budget->limit[kind], budget_kind_text(kind),
                      outcome_step_text(outcome->step));
}

static struct span outcome_protocol_phrase(const struct outcome *outcome, struct arena *arena) {
  int bits = outcome->handshake.dh_bits;
  if (handshake_is_over(&outcome->handshake)) return outcome_over_phrase(outcome, arena);
  if (handshake_lacks_renegotiation(&outcome->handshake))
    return SPAN("the server does not know secure renegotiation (RFC 5746)");
  if (bits <= HANDSHAKE_DH_BITS_MAX) return SPAN("no TLS version or cipher in common");
  return arena_format(arena, "a Diffie-Hellman group of %d bits, where at most %d are accepted",
                      bits, HANDSHAKE_DH_BITS_MAX);
}

static struct span outcome_status_phrase(const struct outcome *outcome, struct arena *arena) {
  const char *said = "";
  if (outcome->challenged)
    said = ", a challenge for browsers (cf-mitigated), not the server's own answer";
  else if (outcome->http_status == HTTP_MISDIRECTED)
    said = ", the server does not serve this name on this connection";
  return arena_format(arena, "HTTP status %d%s", outcome->http_status, said);
}

static struct span outcome_phrase(const struct outcome *outcome, enum finding_code code,
                                  struct arena *arena) {
  const char *step = outcome_step_text(outcome->step);
  int alert = outcome->handshake.alert;
  switch (code) {
  case FOUND_POLICY_TCP_REFUSED: return SPAN("the connection was refused");
  case FOUND_POLICY_TCP_TIMEOUT: return SPAN("the connection got no answer");
  case FOUND_POLICY_TCP_RESET: return arena_format(arena, "the connection was reset %s", step);
  case FOUND_POLICY_TCP_UNREACHABLE: return SPAN("the address cannot be reached");
  case FOUND_POLICY_TLS_ALERT:
    if (!handshake_alert_text(alert))
      return arena_format(arena, "the server refused with the TLS alert %d", alert);
    return arena_format(arena, "the server refused with the TLS alert %s",
                        handshake_alert_text(alert));
  case FOUND_POLICY_TLS_PROTOCOL: return outcome_protocol_phrase(outcome, arena);
  case FOUND_POLICY_TLS_NOT_TLS: return SPAN("what answers is not TLS");
  case FOUND_POLICY_TLS_CLOSED: return SPAN("the connection was closed in the TLS handshake");
  case FOUND_POLICY_TLS_TIMEOUT: return SPAN("the TLS handshake did not come to its end in time");
  case FOUND_POLICY_TLS_CERT_INVALID:
    if (!outcome->handshake.chain_too_large) return SPAN("the certificate cannot be used");
    return arena_format(arena, "the certificates are larger than %d bytes together",
                        SSL_MAX_CERT_LIST_DEFAULT);
  case FOUND_POLICY_HTTP_REDIRECT:
    return arena_format(arena, "HTTP status %d, and senders do not follow redirects",
                        outcome->http_status);
  case FOUND_POLICY_HTTP_STATUS: return outcome_status_phrase(outcome, arena);
  case FOUND_POLICY_HTTP_TIMEOUT:
    return arena_format(arena, "no end in time: silent or slow %s", step);
  case FOUND_POLICY_HTTP_TRUNCATED:
    return arena_format(arena, "the body broke off after %llu bytes",
                        (unsigned long long)outcome->bytes);
  case FOUND_POLICY_HTTP_TOO_LARGE:
    return arena_format(arena, "the policy is larger than %zu bytes", outcome->body_max);
  case FOUND_POLICY_HTTP_INVALID:
    if (handshake_is_over(&outcome->handshake)) return outcome_over_phrase(outcome, arena);
    if (outcome_over_headers(outcome))
      return arena_format(arena, "the HTTP header is larger than %zu bytes", outcome->headers_max);
    if (outcome->wrong_version)
      return SPAN("the status line is of another version than HTTP/1.1 or HTTP/1.0");
    if (outcome->http_2)
      return SPAN("the server speaks HTTP/2, though HTTP/1.1 alone was offered (ALPN)");
    if (outcome->wrong_length)
      return SPAN(
          "Content-Length is no number, too large, or given with different ones, or it or the "
          "status goes on in a second line");
    if (outcome->encoded)
      return outcome_coding_phrase(outcome, "Transfer-Encoding", "\"chunked\", once, can be read",
                                   arena);
    if (outcome_was_closed(outcome))
      return arena_format(arena, "the connection was closed %s", step);
    return SPAN("no HTTP answer that can be read");
  case FOUND_POLICY_HTTP_ENCODING:
    return outcome_coding_phrase(outcome, "Content-Encoding", "identity was asked for", arena);
  default: return SPAN("not contacted");
  }
}

static void outcome_evidence(const struct outcome *outcome, enum finding_code code, char *out) {
  bool own = outcome->late || handshake_is_over(&outcome->handshake) || outcome->over_body ||
             outcome->over_headers || outcome->wrong_version || outcome->headless ||
             outcome->wrong_length || outcome->encoded || outcome->compressed ||
             finding_info(code)->stage == STAGE_POLICY_DNS || outcome->result == CURLE_OK;
  int number = outcome->socket_errno ? outcome->socket_errno : outcome->os_errno;
  out[0] = '\0';
  if (own || outcome->http_status > 200) return;
  if (code == FOUND_POLICY_TLS_PROTOCOL && outcome->handshake.dh_bits > HANDSHAKE_DH_BITS_MAX)
    return; /* OpenSSL's reason is that it is too small */
  /* libcurl's text is of the first thing that went amiss, which need not be the cause. */
  if (number)
    snprintf(out, OUTCOME_EVIDENCE_MAX, "%s", strerror(number));
  else if (outcome->text[0])
    snprintf(out, OUTCOME_EVIDENCE_MAX, "%s", outcome->text);
  else if (outcome->handshake.reason)
    ERR_error_string_n(outcome->handshake.reason, out, OUTCOME_EVIDENCE_MAX);
  else
    snprintf(out, OUTCOME_EVIDENCE_MAX, "%s", curl_easy_strerror(outcome->result));
}

struct span outcome_detail(const struct outcome *outcome, enum finding_code code,
                           struct arena *arena) {
  char evidence[OUTCOME_EVIDENCE_MAX];
  struct span phrase = outcome_phrase(outcome, code, arena);
  outcome_evidence(outcome, code, evidence);
  if (!evidence[0]) return arena_format(arena, "%s: %.*s", outcome->address, SPAN_ARG(phrase));
  return arena_format(arena, "%s: %.*s (%s)", outcome->address, SPAN_ARG(phrase), evidence);
}
