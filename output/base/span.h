/* A span: some bytes that somebody else owns, as pointer and length.
 *
 * Not terminated, may hold NUL and any byte. ptr may be NULL only when len is 0. A span with a
 * NULL ptr means "not there"; span_here() tells that apart from an empty one that is.
 */
#ifndef OUTPUT_BASE_SPAN_H
#define OUTPUT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
  const char *ptr;
  size_t len;
};

/* For string literals. */
#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

/* printf("%.*s", SPAN_ARG(s)): only for bytes known to be printable. */
#define SPAN_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct span span_of(const char *text) {
  return (struct span){text, text ? strlen(text) : 0};
}

static inline bool span_here(struct span s) {
  return s.ptr != NULL;
}

static inline bool span_equal(struct span a, struct span b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII letters only: DNS names and header fields compare so. */
static inline char span_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* To the last byte: a NUL ends nothing. */
static inline bool span_equal_nocase(struct span a, struct span b) {
  if (a.len != b.len) return false;
  for (size_t i = 0; i < a.len; i++)
    if (span_lower(a.ptr[i]) != span_lower(b.ptr[i])) return false;
  return true;
}

static inline bool span_starts(struct span s, struct span prefix) {
  return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool span_ends(struct span s, struct span suffix) {
  return s.len >= suffix.len &&
         (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* What follows the first n bytes; n beyond the end gives an empty span. */
static inline struct span span_skip(struct span s, size_t n) {
  if (n > s.len) n = s.len;
  return (struct span){s.ptr ? s.ptr + n : NULL, s.len - n};
}

static inline struct span span_first(struct span s, size_t n) {
  return (struct span){s.ptr, n < s.len ? n : s.len};
}

/* The index of the first such byte, or s.len. */
static inline size_t span_find(struct span s, char byte) {
  const char *at = s.len ? memchr(s.ptr, byte, s.len) : NULL;
  return at ? (size_t)(at - s.ptr) : s.len;
}

/* Takes what stands before the separator (or all) off the front of *rest, and the separator. */
static inline struct span span_cut(struct span *rest, char separator) {
  size_t at = span_find(*rest, separator);
  struct span head = span_first(*rest, at);
  *rest = span_skip(*rest, at + 1);
  return head;
}

static inline bool span_is_wsp(char c) {
  return c == ' ' || c == '\t';
}

/* ALPHA / DIGIT of RFC 5234, whatever the locale. */
static inline bool span_is_alphanum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* 1*DIGIT; UINT64_MAX stands for all that is larger too. *number is 0 when it is none. */
static inline bool span_number(struct span digits, uint64_t *number) {
  uint64_t value = 0;
  *number = 0;
  for (size_t i = 0; i < digits.len; i++) {
    if (digits.ptr[i] < '0' || digits.ptr[i] > '9') return false;
    uint64_t digit = (uint64_t)(digits.ptr[i] - '0');
    value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
  }
  *number = value;
  return digits.len > 0;
}

/* Without the blanks and tabs at both ends (WSP of RFC 5234). */
static inline struct span span_trim(struct span s) {
  while (s.len && span_is_wsp(s.ptr[0])) s = span_skip(s, 1);
  while (s.len && span_is_wsp(s.ptr[s.len - 1])) s.len--;
  return s;
}

#endif
