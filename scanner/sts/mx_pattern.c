#include "scanner/sts/mx_pattern.h"

#include "scanner/sts/cause.h"
#include "scanner/sts/domain.h"

enum { NAME_LENGTH_MAX = 253 };

#define SEPARATORS " \t,;|"

static bool is_separator(char c) {
  return c && strchr(SEPARATORS, c) != NULL;
}

static bool is_number(struct span text) {
  uint64_t number;
  return span_number(text, &number);
}

/* The next name of a value that may hold several; empty: no more. */
static struct span next_name(struct span *rest) {
  while (rest->len && is_separator(rest->ptr[0])) *rest = span_skip(*rest, 1);
  size_t end = 0;
  while (end < rest->len && !is_separator(rest->ptr[end])) end++;
  struct span name = span_first(*rest, end);
  *rest = span_skip(*rest, end);
  return name;
}

/* Bytes of a character at the start that stands round a name and is none of it; 0: there is none.
 */
static size_t wrapping(struct span text) {
  if (text.len && (text.ptr[0] == '"' || text.ptr[0] == '\'' || text.ptr[0] == '`')) return 1;
  for (size_t i = 1; i <= 3 && i <= text.len; i++)
    if (cause_holds_quote(span_first(text, i))) return i;
  return cause_unseen(text, NULL);
}

static struct span unwrap(struct span name) {
  for (size_t len; (len = wrapping(name)) > 0;) name = span_skip(name, len);
  for (size_t i = 1; i <= 3 && i <= name.len; i++) {
    if (wrapping(span_skip(name, name.len - i)) != i) continue;
    name.len -= i;
    i = 0;
  }
  return name;
}

static void judge_wildcard(struct span name, struct reasons *reasons) {
  if (span_equal(name, SPAN("*")) || span_equal(name, SPAN("*."))) {
    reasons_add(reasons, "wildcard-alone");
    return;
  }
  struct span rest = span_starts(name, SPAN("*.")) ? span_skip(name, 2) : name;
  if (span_find(rest, '*') < rest.len) reasons_add(reasons, "wildcard");
}

static void judge_colons(struct span name, struct reasons *reasons) {
  size_t first = span_find(name, ':');
  if (first == name.len || reasons_has(reasons, "url") || reasons_has(reasons, "field-name"))
    return;
  struct span rest = span_skip(name, first + 1);
  bool several = span_find(rest, ':') < rest.len;
  reasons_add(reasons, several ? "ipv6-address" : "port");
}

static void judge_labels(struct span name, struct reasons *reasons) {
  if (name.len > NAME_LENGTH_MAX) reasons_add(reasons, "too-long");
  while (name.len) {
    struct span label = span_cut(&name, '.');
    if (label.len > DOMAIN_LABEL_MAX) reasons_add(reasons, "too-long");
    if (label.len && (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-'))
      reasons_add(reasons, "hyphen");
  }
}

static bool holds_foreign(struct span name) {
  for (size_t i = 0; i < name.len;) {
    size_t unseen = cause_unseen(span_skip(name, i), NULL);
    if (!unseen && (unsigned char)name.ptr[i] >= 0x80) return true;
    i += unseen ? unseen : 1;
  }
  return false;
}

static void judge_name(struct span name, struct reasons *reasons) {
  if (name.len == 0) return;
  if (span_find(name, '@') < name.len) reasons_add(reasons, "e-mail-address");
  if (name.ptr[0] == '[') {
    reasons_add(reasons, "address-in-brackets");
    return;
  }
  judge_colons(name, reasons);
  if (span_find(name, '/') < name.len && !reasons_has(reasons, "url")) reasons_add(reasons, "path");
  judge_wildcard(name, reasons);
  if (name.ptr[0] == '.') reasons_add(reasons, "leading-dot");
  if (name.len > 1 && name.ptr[name.len - 1] == '.' && !reasons_has(reasons, "wildcard-alone"))
    reasons_add(reasons, "trailing-dot");
  if (memmem(name.ptr, name.len, "..", 2)) reasons_add(reasons, "empty-label");
  if (holds_foreign(name)) reasons_add(reasons, "not-a-labels");
  if (span_find(name, '_') < name.len) reasons_add(reasons, "underscore");
  judge_labels(name, reasons);
}

/* How the names of one value are strung together. */
static void judge_several(struct span value, struct reasons *reasons) {
  struct span rest = value, first = next_name(&rest), name;
  size_t names = first.len && !is_number(first);
  while ((name = next_name(&rest)).len) names++;
  bool preference = is_number(first) && names > 0;
  if (preference) reasons_add(reasons, "preference");
  bool marks = span_find(value, ',') < value.len || span_find(value, ';') < value.len ||
               span_find(value, '|') < value.len;
  if (names > 1 || marks) reasons_add(reasons, "list");
  if (span_find(value, ' ') < value.len || span_find(value, '\t') < value.len)
    reasons_add(reasons, "blank");
}

void mx_pattern_reasons(struct span value, struct reasons *reasons) {
  if (value.len == 0) reasons_add(reasons, "empty");
  struct span rest = reasons_of_value(reasons, SPAN("mx"), value);
  if (span_equal(rest, SPAN("."))) {
    reasons_add(reasons, "null-mx");
    return;
  }
  if (rest.len && memmem(rest.ptr, rest.len, "://", 3)) reasons_add(reasons, "url");
  judge_several(rest, reasons);
  struct span name;
  bool first = true;
  while ((name = next_name(&rest)).len) {
    if (!first || !is_number(name)) judge_name(unwrap(name), reasons);
    first = false;
  }
  if (reasons->count == 0) reasons_add(reasons, "no-host-name");
}
