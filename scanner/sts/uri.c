#include "scanner/sts/uri.h"

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* unreserved, gen-delims and sub-delims of RFC 3986 section 2, without "!" "," ";". */
static bool is_uri_character(char c) {
  return c && (span_is_alphanum(c) || strchr("-._~:/?#[]@$&'()*+=", c));
}

static const char *uri_characters_fault(struct span uri) {
  size_t fragment = span_find(uri, '#');
  if (fragment < uri.len && span_find(span_skip(uri, fragment + 1), '#') < uri.len - fragment - 1)
    return "a second \"#\"";
  for (size_t i = 0; i < uri.len; i++) {
    char c = uri.ptr[i];
    if (c == '%') {
      if (i + 2 >= uri.len || !is_hex(uri.ptr[i + 1]) || !is_hex(uri.ptr[i + 2]))
        return "\"%\" without two hexadecimal digits";
    } else if (!is_uri_character(c)) {
      return c == '!' ? "\"!\" that is not encoded" : "a character that no URI holds";
    }
  }
  return NULL;
}

/* The address before any header fields: something on both sides of the "@". */
static const char *uri_mailto_fault(struct span rest) {
  struct span address = span_first(rest, span_find(rest, '?'));
  struct span domain = address;
  struct span local = span_cut(&domain, '@');
  return local.len == 0 || domain.len == 0 ? "mailto without an address" : NULL;
}

/* authority = [ userinfo "@" ] host [ ":" port ], of which the host must not be empty. */
static const char *uri_authority_fault(struct span authority) {
  size_t at = span_find(authority, '@');
  struct span port = at < authority.len ? span_skip(authority, at + 1) : authority;
  struct span host;
  if (port.len && port.ptr[0] == '[') {
    size_t close = span_find(port, ']');
    if (close == port.len) return "\"[\" without \"]\"";
    host = span_first(port, close + 1);
    port = span_skip(port, close + 1);
    if (port.len && port.ptr[0] != ':') return "something between host and port";
    port = span_skip(port, 1);
  } else {
    host = span_cut(&port, ':');
  }
  for (size_t i = 0; i < port.len; i++)
    if (port.ptr[i] < '0' || port.ptr[i] > '9') return "a port that is no number";
  return host.len ? NULL : "https without a host";
}

static const char *uri_https_fault(struct span rest) {
  if (!span_starts(rest, SPAN("//"))) return "https without \"//\"";
  struct span authority = span_skip(rest, 2);
  size_t end = 0;
  while (end < authority.len && !strchr("/?#", authority.ptr[end])) end++;
  return uri_authority_fault(span_first(authority, end));
}

const char *uri_report_fault(struct span uri) {
  if (uri.len == 0) return "an empty URI";
  const char *fault = uri_characters_fault(uri);
  if (fault) return fault;
  size_t colon = span_find(uri, ':');
  if (colon == uri.len) return "no URI scheme";
  struct span scheme = span_first(uri, colon), rest = span_skip(uri, colon + 1);
  if (span_equal_nocase(scheme, SPAN("mailto"))) return uri_mailto_fault(rest);
  if (span_equal_nocase(scheme, SPAN("https"))) return uri_https_fault(rest);
  return "a URI scheme other than mailto and https";
}
