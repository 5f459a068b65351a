#include "scanner/sts/uri.h"

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_alphanum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* unreserved, gen-delims and sub-delims of RFC 3986 section 2, without "!" "," ";". */
static bool is_uri_character(char c) {
  return c && (is_alphanum(c) || strchr("-._~:/?#[]@$&'()*+=", c));
}

static const char *uri_characters_fault(struct span uri) {
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

static const char *uri_https_fault(struct span rest) {
  if (!span_starts(rest, SPAN("//"))) return "https without \"//\"";
  struct span host = span_skip(rest, 2);
  size_t end = 0;
  while (end < host.len && !strchr("/?#", host.ptr[end])) end++;
  return end == 0 ? "https without a host" : NULL;
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
