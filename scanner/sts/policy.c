#include "scanner/sts/policy.h"

#include "output/base/json_writer.h"

#include "scanner/base/edit_distance.h"
#include "scanner/sts/body.h"
#include "scanner/sts/cause.h"
#include "scanner/sts/domain.h"
#include "scanner/sts/mx_pattern.h"
#include "scanner/sts/txt_field.h"

#define POLICY_VERSION         "STSv1"
#define POLICY_ERRATUM_MAX_AGE "erratum 7282"

enum { POLICY_MAX_AGE_DIGITS = 10 };

struct policy_reader {
  struct finding_list *findings;
  struct result_policy *policy;
  unsigned line;
  bool has_version, has_mode, has_max_age, has_mx; /* whether the key stood there */
  struct txt_field_names extensions;
};

static void policy_raise(const struct policy_reader *reader, enum finding_code code,
                         const char *what, struct span text) {
  finding_list_tell(reader->findings, (struct finding){.code = code, .line = reader->line}, what,
                    text);
}

static void policy_tell(const struct policy_reader *reader, enum reason reason, struct span text) {
  const struct finding finding = {.code = reason_info(reason)->code, .line = reader->line};
  finding_list_tell_reason(reader->findings, finding, reason, text);
}

/* All that is wrong with a value; other: where it is nothing that has a name. */
static void policy_tell_value(const struct policy_reader *reader, struct reasons *reasons,
                              enum reason other, struct span value) {
  if (reasons->count == 0) reasons_add(reasons, reason_info(other)->word);
  const struct finding finding = {.code = reasons->code, .line = reader->line};
  finding_list_tell_reasons(reader->findings, finding, reasons, value);
}

/* A later entry of a field that is not mx is ignored (section 3.2), so it is not judged. */
static bool policy_is_later(const struct policy_reader *reader, bool *had, struct span text) {
  bool later = *had;
  *had = true;
  if (later) policy_raise(reader, FOUND_POLICY_DUPLICATE_FIELD, "the first one counts", text);
  return later;
}

static void policy_take_version(struct policy_reader *reader, struct span value, struct span text) {
  if (policy_is_later(reader, &reader->has_version, text)) return;
  reader->policy->version = value;
  if (span_equal(value, SPAN(POLICY_VERSION))) return;
  struct reasons reasons = {.code = FOUND_POLICY_VERSION};
  if (value.len == 0) reasons_add(&reasons, "empty");
  struct span rest = reasons_of_value(&reasons, SPAN("version"), value);
  if (!span_equal(rest, SPAN(POLICY_VERSION)) && span_equal_nocase(rest, SPAN(POLICY_VERSION)))
    reasons_add(&reasons, "case");
  policy_tell_value(reader, &reasons, REASON_POLICY_VERSION_OTHER, value);
}

/* How many of the modes' names stand in text. */
static unsigned policy_modes_in(struct span text) {
  unsigned count = 0;
  for (enum result_mode mode = 0; mode < MODE_COUNT; mode++) {
    struct span name = span_of(result_mode_text(mode));
    count += text.len && memmem(text.ptr, text.len, name.ptr, name.len) != NULL;
  }
  return count;
}

static bool policy_is_mode_in_capitals(struct span text) {
  for (enum result_mode mode = 0; mode < MODE_COUNT; mode++) {
    struct span name = span_of(result_mode_text(mode));
    if (span_equal_nocase(text, name) && !span_equal(text, name)) return true;
  }
  return false;
}

static void policy_take_mode(struct policy_reader *reader, struct span value, struct span text) {
  if (policy_is_later(reader, &reader->has_mode, text)) return;
  reader->policy->mode = result_mode_by_text(value);
  if (reader->policy->mode != MODE_COUNT) return;
  struct reasons reasons = {.code = FOUND_POLICY_MODE};
  if (value.len == 0) reasons_add(&reasons, "empty");
  struct span rest = reasons_of_value(&reasons, SPAN("mode"), value);
  if (policy_modes_in(rest) > 1) reasons_add(&reasons, "list");
  if (policy_is_mode_in_capitals(rest)) reasons_add(&reasons, "case");
  policy_tell_value(reader, &reasons, REASON_POLICY_MODE_OTHER, value);
}

/* What is wrong with a number of seconds. */
static void policy_max_age_reasons(struct span value, struct reasons *reasons) {
  uint64_t number;
  if (value.len == 0) reasons_add(reasons, "empty");
  struct span rest = reasons_of_value(reasons, SPAN("max_age"), value);
  if (rest.len && (rest.ptr[0] == '-' || rest.ptr[0] == '+')) {
    reasons_add(reasons, "sign");
    rest = span_skip(rest, 1);
  }
  size_t digits = 0;
  while (digits < rest.len && strchr("0123456789.,_'", rest.ptr[digits]) && rest.ptr[digits])
    digits++;
  bool plain = span_number(span_first(rest, digits), &number);
  if (digits && !plain) reasons_add(reasons, "separator");
  struct span behind = span_skip(rest, digits), unit = span_trim(behind);
  if (plain && digits > POLICY_MAX_AGE_DIGITS) reasons_add(reasons, "too-long");
  bool letter = unit.len && span_is_alphanum(unit.ptr[0]) && !strchr("0123456789", unit.ptr[0]);
  if (digits && letter) reasons_add(reasons, "unit");
  if (unit.len < behind.len || span_find(unit, ' ') < unit.len) reasons_add(reasons, "blank");
}

static void policy_take_max_age(struct policy_reader *reader, struct span value, struct span text) {
  if (policy_is_later(reader, &reader->has_max_age, text)) return;
  uint64_t seconds;
  /* sts-policy-max-age-value = 1*10(DIGIT) */
  if (value.len > POLICY_MAX_AGE_DIGITS || !span_number(value, &seconds)) {
    struct reasons reasons = {.code = FOUND_POLICY_MAX_AGE};
    policy_max_age_reasons(value, &reasons);
    policy_tell_value(reader, &reasons, REASON_POLICY_MAX_AGE_OTHER, value);
    return;
  }
  reader->policy->has_max_age = true;
  reader->policy->max_age = seconds;
  if (seconds > POLICY_MAX_AGE_MAX)
    finding_list_tell_reason(reader->findings,
                             (struct finding){.code = FOUND_POLICY_MAX_AGE,
                                              .line = reader->line,
                                              .contested = true,
                                              .erratum = SPAN(POLICY_ERRATUM_MAX_AGE)},
                             REASON_POLICY_MAX_AGE_OVER, value);
  else if (seconds < POLICY_MAX_AGE_SHORT)
    policy_raise(reader, FOUND_POLICY_MAX_AGE_SHORT, "under a day", value);
}

/* An IPv4 address fits the ABNF, and no MX host is ever called so: some senders refuse the whole
 * policy for it, most take the other patterns. */
static void policy_tell_contested_mx(const struct policy_reader *reader, struct span value) {
  finding_list_tell(reader->findings,
                    (struct finding){.code = FOUND_POLICY_CONTESTED,
                                     .line = reader->line,
                                     .pattern = value,
                                     .contested = true,
                                     .erratum = SPAN("RFC 8461 section 3.2")},
                    "ends in a number, as no MX host does", value);
}

static void policy_take_mx(struct policy_reader *reader, struct span value) {
  reader->has_mx = true;
  struct span name = span_starts(value, SPAN("*.")) ? span_skip(value, 2) : value;
  struct spans *mx = &reader->policy->mx;
  if (domain_is_rfc5321(name)) {
    if (mx->at) mx->at[mx->count++] = value;
    if (!domain_is_hostname(name)) policy_tell_contested_mx(reader, value);
    return;
  }
  struct reasons reasons = {.code = FOUND_POLICY_MX_INVALID};
  mx_pattern_reasons(value, &reasons);
  finding_list_tell_reasons(
      reader->findings,
      (struct finding){.code = FOUND_POLICY_MX_INVALID, .line = reader->line, .pattern = value},
      &reasons, value);
}

/* sts-policy-ext-value is visible ASCII, UTF-8 and inner blanks (no tabs). */
static enum reason policy_extension_fault(struct span value) {
  if (value.len == 0) return REASON_POLICY_SYNTAX_EMPTY;
  for (size_t i = 0; i < value.len; i++) {
    unsigned char byte = (unsigned char)value.ptr[i];
    if (byte < 0x20 || byte == 0x7f) return REASON_POLICY_SYNTAX_VALUE;
  }
  return json_writer_utf8(value) ? REASON_NONE : REASON_POLICY_SYNTAX_UTF8;
}

/* The known key that was meant: at most so many edits away. */
static const struct policy_key {
  const char *name;
  unsigned edits;
} policy_keys[] = {{"version", 2}, {"mode", 1}, {"max_age", 2}, {"mx", 1}};

static const char *policy_nearest_key(struct span name) {
  for (size_t i = 0; i < sizeof policy_keys / sizeof *policy_keys; i++)
    if (edit_distance(name, span_of(policy_keys[i].name)) <= policy_keys[i].edits)
      return policy_keys[i].name;
  return NULL;
}

static void policy_tell_unknown(const struct policy_reader *reader, struct span name,
                                struct span text) {
  if (finding_list_full(reader->findings, FOUND_POLICY_UNKNOWN_FIELD)) return;
  const char *nearest = policy_nearest_key(name);
  struct span what = SPAN("ignored");
  if (nearest) what = arena_format(reader->findings->arena, "ignored (is \"%s\" meant?)", nearest);
  if (span_here(what)) policy_raise(reader, FOUND_POLICY_UNKNOWN_FIELD, what.ptr, text);
}

static enum reason policy_name_fault(struct span name) {
  for (size_t i = 0; i < name.len && i < REASONS_TEXT_MAX; i++)
    if (cause_unseen(span_skip(name, i), NULL)) return REASON_POLICY_SYNTAX_INVISIBLE;
  return REASON_POLICY_SYNTAX_NAME;
}

static void policy_take_extension(struct policy_reader *reader, struct span name, struct span value,
                                  struct span text) {
  enum reason fault = policy_extension_fault(value);
  if (!txt_field_is_extension_name(name))
    policy_tell(reader, policy_name_fault(name), text);
  else if (txt_field_names_met(&reader->extensions, name))
    policy_raise(reader, FOUND_POLICY_DUPLICATE_FIELD, "the first one counts", text);
  else if (fault)
    policy_tell(reader, fault, text);
  else
    policy_tell_unknown(reader, name, text);
}

static void policy_take_field(struct policy_reader *reader, struct span name, struct span value,
                              struct span text) {
  if (span_equal(name, SPAN("version")))
    policy_take_version(reader, value, text);
  else if (span_equal(name, SPAN("mode")))
    policy_take_mode(reader, value, text);
  else if (span_equal(name, SPAN("max_age")))
    policy_take_max_age(reader, value, text);
  else if (span_equal(name, SPAN("mx")))
    policy_take_mx(reader, value);
  else
    policy_take_extension(reader, name, value, text);
}

static bool has_control(struct span text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.ptr[i];
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return true;
  }
  return false;
}

/* A line that is no field, whatever it is; false: it may be one. */
static bool policy_tell_no_field(const struct policy_reader *reader, struct span text) {
  enum reason reason = REASON_NONE;
  if (text.len == 0)
    reason = REASON_POLICY_SYNTAX_BLANK_LINE;
  else if (text.ptr[0] == '#')
    reason = REASON_POLICY_SYNTAX_COMMENT;
  else if (text.ptr[0] == '<')
    reason = REASON_POLICY_SYNTAX_MARKUP;
  else if (span_starts(text, SPAN("//")) || span_starts(text, SPAN(";")))
    reason = REASON_POLICY_SYNTAX_COMMENT;
  if (reason != REASON_NONE) policy_tell(reader, reason, text);
  return reason != REASON_NONE;
}

/* The ABNF has neither blank lines, nor blanks before a name or the colon. What is meant is read
 * all the same, so that one pass names all faults. */
static void policy_take_line(struct policy_reader *reader, struct span line) {
  struct span text = span_trim(line);
  if (policy_tell_no_field(reader, text)) return;
  if (has_control(text)) policy_tell(reader, REASON_POLICY_SYNTAX_CONTROL, text);
  if (text.ptr != line.ptr) policy_tell(reader, REASON_POLICY_SYNTAX_LEADING_BLANK, text);
  size_t colon = span_find(text, ':'), equals;
  if (colon == text.len) {
    bool is_equation = body_key(text, "=", &equals) >= 0;
    policy_tell(reader, is_equation ? REASON_POLICY_SYNTAX_EQUALS : REASON_POLICY_SYNTAX_COLON,
                text);
    return;
  }
  struct span name = span_trim(span_first(text, colon));
  if (name.len < colon) policy_tell(reader, REASON_POLICY_SYNTAX_COLON_BLANK, text);
  policy_take_field(reader, name, span_trim(span_skip(text, colon + 1)), text);
}

static void policy_tell_line(struct policy_reader *reader, unsigned line, enum reason reason) {
  unsigned current = reader->line;
  reader->line = line;
  policy_tell(reader, reason, (struct span){0});
  reader->line = current;
}

/* sts-policy-term = LF / CRLF; a file whose lines end in CR alone is read by them, and told. */
static void policy_take_lines(struct policy_reader *reader, struct span text) {
  bool cr_only = span_find(text, '\n') == text.len && span_find(text, '\r') < text.len;
  bool ends_in_cr = !cr_only && span_ends(text, SPAN("\r"));
  struct span rest = text;
  if (cr_only) policy_tell_line(reader, 1, REASON_POLICY_SYNTAX_CR_ONLY);
  while (rest.len) {
    struct span line = span_cut(&rest, cr_only ? '\r' : '\n');
    if (!cr_only && line.len && line.ptr[line.len - 1] == '\r') line.len--;
    reader->line++;
    policy_take_line(reader, line);
  }
  if (ends_in_cr) policy_tell_line(reader, reader->line, REASON_POLICY_SYNTAX_FINAL_CR);
}

static void policy_raise_missing(struct policy_reader *reader) {
  const struct {
    bool had;
    enum reason reason;
  } required[] = {
      {reader->has_version, REASON_POLICY_VERSION_MISSING},
      {reader->has_mode, REASON_POLICY_MODE_MISSING},
      {reader->has_max_age, REASON_POLICY_MAX_AGE_MISSING},
  };
  reader->line = 0;
  for (size_t i = 0; i < sizeof required / sizeof *required; i++)
    if (!required[i].had) policy_tell(reader, required[i].reason, (struct span){0});
  if (!reader->has_mx && reader->policy->mode != MODE_NONE)
    policy_raise(reader, FOUND_POLICY_MX_MISSING, "no mx", (struct span){0});
}

/* Room for as many patterns as there are lines that could hold one. */
static void policy_make_room(struct policy_reader *reader, struct span text) {
  size_t most = 0;
  for (size_t i = 0; i + 1 < text.len; i++) most += text.ptr[i] == 'm' && text.ptr[i + 1] == 'x';
  if (most == 0) return;
  reader->policy->mx.at = arena_array(reader->findings->arena, most, sizeof(struct span));
}

/* What precedes the first byte that is neither a blank nor part of a line end. */
static struct span policy_leading_space(struct span text) {
  size_t i = 0;
  while (i < text.len && (span_is_wsp(text.ptr[i]) || text.ptr[i] == '\r' || text.ptr[i] == '\n'))
    i++;
  return span_first(text, i);
}

/* Blanks and empty lines alone are told as nothing at all: what is missing is everything. */
static void policy_tell_empty(struct finding_list *findings, struct span text) {
  finding_list_add(
      findings,
      (struct finding){.code = FOUND_POLICY_EMPTY,
                       .detail = text.len ? SPAN("blanks and line ends alone") : SPAN("no bytes")});
}

/* Whatever stands there instead of a policy: one finding names it. */
static bool policy_tell_other_body(struct policy_reader *reader, struct span text) {
  struct body_kind kind = body_kind(text);
  if (kind.reason == REASON_NONE) return false;
  if (kind.is_page) finding_list_add(reader->findings, (struct finding){.code = FOUND_POLICY_HTML});
  policy_tell_line(reader, kind.line, kind.reason);
  return true;
}

void policy_parse(struct span text, struct finding_list *findings, struct result_policy *policy) {
  struct policy_reader reader = {.findings = findings, .policy = policy};
  policy->mode = MODE_COUNT;
  struct span rest = span_starts(text, SPAN("\xef\xbb\xbf")) ? span_skip(text, 3) : text;
  if (policy_leading_space(rest).len == rest.len) {
    policy_tell_empty(findings, text);
    return;
  }
  if (policy_tell_other_body(&reader, text)) return;
  if (rest.len < text.len) policy_tell_line(&reader, 1, REASON_POLICY_SYNTAX_BOM);
  policy_make_room(&reader, rest);
  policy_take_lines(&reader, rest);
  policy_raise_missing(&reader);
  /* Senders that keep a malformed pattern have no other to go by. */
  if (policy->mx.count == 0) finding_list_set_strict(findings, FOUND_POLICY_MX_INVALID);
}

static struct span policy_media_type(struct span content_type) {
  return span_trim(span_first(content_type, span_find(content_type, ';')));
}

void policy_judge_content_type(struct span content_type, struct finding_list *findings) {
  struct span type = policy_media_type(content_type);
  if (span_equal_nocase(type, SPAN("text/plain"))) return;
  const char *what = type.len ? "not text/plain" : "there is none, where text/plain should be";
  finding_list_tell(findings, (struct finding){.code = FOUND_POLICY_HTTP_CONTENT_TYPE}, what,
                    content_type);
}

void policy_judge_content_types(struct spans content_types, struct finding_list *findings) {
  struct arena *arena = findings->arena;
  struct span all = {0};
  bool plain = true;
  for (size_t i = 0; i < content_types.count; i++) {
    struct span value = span_first(content_types.at[i], FINDING_LIST_QUOTE_MAX);
    if (!span_equal_nocase(policy_media_type(content_types.at[i]), SPAN("text/plain")))
      plain = false;
    all = arena_join(arena, arena_join(arena, all, i ? SPAN("\", \"") : SPAN("\"")), value);
  }
  if (plain) return;
  struct span said = SPAN("not text/plain alone, but several, of which a sender may take any: ");
  all = arena_join(arena, arena_join(arena, said, all), SPAN("\""));
  finding_list_add(findings,
                   (struct finding){.code = FOUND_POLICY_HTTP_CONTENT_TYPE, .detail = all});
}
