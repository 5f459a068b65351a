#include "scanner/sts/reasons.h"

#include "scanner/sts/cause.h"

void reasons_add(struct reasons *reasons, const char *word) {
  enum reason reason = reason_by_word(reasons->code, span_of(word));
  if (reason == REASON_NONE || reasons_has(reasons, word)) return;
  if (reasons->count < REASONS_MAX) reasons->at[reasons->count++] = reason;
}

bool reasons_has(const struct reasons *reasons, const char *word) {
  for (size_t i = 0; i < reasons->count; i++)
    if (strcmp(reason_info(reasons->at[i])->word, word) == 0) return true;
  return false;
}

static bool holds_word(struct span text, struct span word) {
  for (size_t i = 0; i + word.len <= text.len; i++)
    if (span_equal_nocase(span_first(span_skip(text, i), word.len), word)) return true;
  return false;
}

/* open, something, and close behind it. */
static bool holds_between(struct span text, char open, char inner, char close) {
  size_t from = span_find(text, open);
  struct span rest = span_skip(text, from + 1);
  struct span between = span_first(rest, span_find(rest, close));
  if (from == text.len || between.len == rest.len || between.len == 0) return false;
  return !inner || span_find(between, inner) < between.len;
}

/* Words that stand in guides; none of them in a name that anybody has. */
static const struct span placeholder_words[] = {
    {"your-domain", 11},  {"yourdomain", 10},    {"your_domain", 11},   {"your.domain", 11},
    {"your domain", 11},  {"your-mx", 7},        {"your_mx", 7},        {"yourmx", 6},
    {"your-mail", 9},     {"yourmail", 8},       {"your_mail", 9},      {"your-host", 9},
    {"yourhost", 8},      {"your_host", 9},      {"your-server", 11},   {"yourserver", 10},
    {"your-company", 12}, {"yourcompany", 11},   {"your-provider", 13}, {"your-id", 7},
    {"mydomain.tld", 12}, {"my-domain.tld", 13}, {"domain.tld", 10},    {"example.tld", 11},
    {"mx-host-here", 12}, {"host-here", 9},      {"domain-here", 11},   {"domain_here", 11},
    {"replace-me", 10},   {"replace_me", 10},    {"replaceme", 9},      {"changeme", 8},
    {"change-me", 9},     {"change_me", 9},      {"insert-", 7},        {"enter-your", 10},
};

bool reasons_is_placeholder(struct span text) {
  text = span_first(text, REASONS_TEXT_MAX);
  for (size_t i = 0; i < sizeof placeholder_words / sizeof *placeholder_words; i++)
    if (holds_word(text, placeholder_words[i])) return true;
  return holds_between(text, '<', 0, '>') || holds_between(text, '{', 0, '}') ||
         holds_between(text, '[', '|', ']') || holds_between(text, '%', 0, '%') ||
         (text.len >= 2 && holds_between(text, '$', 0, ')'));
}

size_t reasons_comment_at(struct span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '#') return i;
    if (i == 0 || !span_is_wsp(text.ptr[i - 1])) continue;
    struct span rest = span_skip(text, i);
    if (span_starts(rest, SPAN("//")) || span_starts(rest, SPAN("/*")) ||
        span_starts(rest, SPAN("--")) || span_starts(rest, SPAN("(")) ||
        (span_starts(rest, SPAN(";")) && span_trim(span_skip(rest, 1)).len))
      return i;
  }
  return text.len;
}

static bool holds_unseen(struct span text) {
  for (size_t i = 0; i < text.len; i++)
    if (cause_unseen(span_skip(text, i), NULL)) return true;
  return false;
}

static bool holds_quote(struct span text) {
  return span_find(text, '"') < text.len || span_find(text, '\'') < text.len ||
         span_find(text, '`') < text.len || cause_holds_quote(text);
}

static bool holds_control(struct span text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.ptr[i];
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return true;
  }
  return false;
}

/* The field's own name and what parts it from a value: "mx: mx: a", "mode=enforce". */
static bool begins_with_name(struct span text, struct span name) {
  if (!span_equal_nocase(span_first(text, name.len), name)) return false;
  struct span rest = span_trim(span_skip(text, name.len));
  return name.len && rest.len && (rest.ptr[0] == ':' || rest.ptr[0] == '=');
}

struct span reasons_of_value(struct reasons *reasons, struct span name, struct span value) {
  value = span_first(value, REASONS_TEXT_MAX);
  if (reasons_is_placeholder(value)) reasons_add(reasons, "placeholder");
  size_t comment = reasons_comment_at(value);
  if (comment < value.len) reasons_add(reasons, "comment");
  if (holds_quote(span_first(value, comment))) reasons_add(reasons, "quoted");
  value = span_trim(span_first(value, comment));
  if (holds_unseen(value)) reasons_add(reasons, "invisible-character");
  if (holds_control(value)) reasons_add(reasons, "control-character");
  if (span_find(value, '\\') < value.len) reasons_add(reasons, "backslash");
  if (begins_with_name(value, name)) {
    reasons_add(reasons, "field-name");
    value = span_trim(span_skip(span_trim(span_skip(value, name.len)), 1));
  }
  if (span_ends(value, SPAN(";"))) {
    reasons_add(reasons, "semicolon");
    value = span_trim(span_first(value, value.len - 1));
  }
  return value;
}
