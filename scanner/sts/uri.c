#include "scanner/sts/uri.h"

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* unreserved, gen-delims and sub-delims of RFC 3986 section 2, without "!" "," ";". */
static bool is_uri_character(char c) {
  return c && (span_is_alphanum(c) || strchr("-._~:/?#[]@$&'()*+=", c));
}

static enum reason uri_characters_fault(struct span uri) {
  size_t fragment = span_find(uri, '#');
  if (fragment < uri.len && span_find(span_skip(uri, fragment + 1), '#') < uri.len - fragment - 1)
    return REASON_TLSRPT_SYNTAX_FRAGMENT;
  for (size_t i = 0; i < uri.len; i++) {
    char c = uri.ptr[i];
    if (c == '%') {
      if (i + 2 >= uri.len || !is_hex(uri.ptr[i + 1]) || !is_hex(uri.ptr[i + 2]))
        return REASON_TLSRPT_SYNTAX_PERCENT;
    } else if (!is_uri_character(c)) {
      return c == '!' ? REASON_TLSRPT_SYNTAX_EXCLAMATION : REASON_TLSRPT_SYNTAX_CHARACTER;
    }
  }
  return REASON_NONE;
}

/* The address before any header fields: something on both sides of the "@". */
static enum reason uri_mailto_fault(struct span rest) {
  struct span address = span_first(rest, span_find(rest, '?'));
  struct span domain = address;
  struct span local = span_cut(&domain, '@');
  return local.len == 0 || domain.len == 0 ? REASON_TLSRPT_SYNTAX_ADDRESS : REASON_NONE;
}

/* authority = [ userinfo "@" ] host [ ":" port ], of which the host must not be empty. */
static enum reason uri_authority_fault(struct span authority) {
  size_t at = span_find(authority, '@');
  struct span port = at < authority.len ? span_skip(authority, at + 1) : authority;
  struct span host;
  if (port.len && port.ptr[0] == '[') {
    size_t close = span_find(port, ']');
    if (close == port.len) return REASON_TLSRPT_SYNTAX_BRACKET;
    host = span_first(port, close + 1);
    port = span_skip(port, close + 1);
    if (port.len && port.ptr[0] != ':') return REASON_TLSRPT_SYNTAX_BEHIND_HOST;
    port = span_skip(port, 1);
  } else {
    host = span_cut(&port, ':');
  }
  for (size_t i = 0; i < port.len; i++)
    if (port.ptr[i] < '0' || port.ptr[i] > '9') return REASON_TLSRPT_SYNTAX_PORT;
  return host.len ? REASON_NONE : REASON_TLSRPT_SYNTAX_HOST;
}

static enum reason uri_https_fault(struct span rest) {
  if (!span_starts(rest, SPAN("//"))) return REASON_TLSRPT_SYNTAX_SLASHES;
  struct span authority = span_skip(rest, 2);
  size_t end = 0;
  while (end < authority.len && !strchr("/?#", authority.ptr[end])) end++;
  return uri_authority_fault(span_first(authority, end));
}

enum reason uri_report_fault(struct span uri) {
  if (uri.len == 0) return REASON_TLSRPT_SYNTAX_EMPTY_URI;
  enum reason fault = uri_characters_fault(uri);
  if (fault) return fault;
  size_t colon = span_find(uri, ':');
  if (colon == uri.len) return REASON_TLSRPT_SYNTAX_NO_SCHEME;
  struct span scheme = span_first(uri, colon), rest = span_skip(uri, colon + 1);
  if (span_equal_nocase(scheme, SPAN("mailto"))) return uri_mailto_fault(rest);
  if (span_equal_nocase(scheme, SPAN("https"))) return uri_https_fault(rest);
  return REASON_TLSRPT_SYNTAX_SCHEME;
}
