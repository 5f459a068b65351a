#include "scanner/sts/policy.h"

#include "output/base/json_writer.h"

#include "scanner/base/edit_distance.h"
#include "scanner/sts/domain.h"
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

static void policy_raise_syntax(const struct policy_reader *reader, const char *what,
                                struct span text) {
  policy_raise(reader, FOUND_POLICY_SYNTAX, what, text);
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
  if (!span_equal(value, SPAN(POLICY_VERSION)))
    policy_raise(reader, FOUND_POLICY_VERSION, "not STSv1", value);
}

static void policy_take_mode(struct policy_reader *reader, struct span value, struct span text) {
  if (policy_is_later(reader, &reader->has_mode, text)) return;
  reader->policy->mode = result_mode_by_text(value);
  if (reader->policy->mode == MODE_COUNT)
    policy_raise(reader, FOUND_POLICY_MODE, "not enforce, testing or none", value);
}

static void policy_take_max_age(struct policy_reader *reader, struct span value, struct span text) {
  if (policy_is_later(reader, &reader->has_max_age, text)) return;
  uint64_t seconds;
  /* sts-policy-max-age-value = 1*10(DIGIT) */
  if (value.len > POLICY_MAX_AGE_DIGITS || !span_number(value, &seconds)) {
    policy_raise(reader, FOUND_POLICY_MAX_AGE, "not 1 to 10 digits", value);
    return;
  }
  reader->policy->has_max_age = true;
  reader->policy->max_age = seconds;
  if (seconds > POLICY_MAX_AGE_MAX)
    finding_list_tell(reader->findings,
                      (struct finding){.code = FOUND_POLICY_MAX_AGE,
                                       .line = reader->line,
                                       .contested = true,
                                       .erratum = SPAN(POLICY_ERRATUM_MAX_AGE)},
                      "over 31557600", value);
  else if (seconds < POLICY_MAX_AGE_SHORT)
    policy_raise(reader, FOUND_POLICY_MAX_AGE_SHORT, "under a day", value);
}

/* Why it is not ["*."] Domain, in the terms of who wrote it. */
static const char *policy_mx_cause(struct span value) {
  if (value.len == 0) return "an empty mx";
  if (span_find(value, '@') < value.len) return "an e-mail address, not a host name";
  if (value.ptr[0] == '.') return "a leading dot: a wildcard is \"*.\"";
  if (value.ptr[value.len - 1] == '.') return "a trailing dot";
  if (span_find(value, ',') < value.len) return "several names: each needs a line of its own";
  if (span_find(value, ' ') < value.len || span_find(value, '\t') < value.len)
    return "a blank inside: only the host name stands here";
  if (span_find(value, ':') < value.len) return "a colon: only the host name stands here";
  struct span rest = span_starts(value, SPAN("*.")) ? span_skip(value, 2) : value;
  if (span_find(rest, '*') < rest.len) return "\"*\" stands only for the whole first label";
  for (size_t i = 0; i < value.len; i++)
    if ((unsigned char)value.ptr[i] >= 0x80) return "not in A-labels (xn--)";
  if (span_find(value, '_') < value.len) return "an underscore, which no host name holds";
  return "not a host name";
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
  finding_list_tell(
      reader->findings,
      (struct finding){.code = FOUND_POLICY_MX_INVALID, .line = reader->line, .pattern = value},
      policy_mx_cause(value), value);
}

/* NULL, or what is wrong: sts-policy-ext-value is visible ASCII, UTF-8 and inner blanks (no tabs).
 */
static const char *policy_extension_fault(struct span value) {
  if (value.len == 0) return "an empty value";
  for (size_t i = 0; i < value.len; i++) {
    unsigned char byte = (unsigned char)value.ptr[i];
    if (byte < 0x20 || byte == 0x7f) return "a tab or control character in the value";
  }
  return json_writer_utf8(value) ? NULL : "a value that is not UTF-8";
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

static void policy_take_extension(struct policy_reader *reader, struct span name, struct span value,
                                  struct span text) {
  const char *fault = policy_extension_fault(value);
  if (!txt_field_is_extension_name(name))
    policy_raise_syntax(reader, "not the name of a field", text);
  else if (txt_field_names_met(&reader->extensions, name))
    policy_raise(reader, FOUND_POLICY_DUPLICATE_FIELD, "the first one counts", text);
  else if (fault)
    policy_raise_syntax(reader, fault, text);
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

/* The ABNF has neither blank lines, nor blanks before a name or the colon. What is meant is read
 * all the same, so that one pass names all faults. */
static void policy_take_line(struct policy_reader *reader, struct span line) {
  struct span text = span_trim(line);
  if (text.len == 0) {
    policy_raise_syntax(reader, "a blank line", text);
    return;
  }
  if (text.ptr[0] == '#') {
    policy_raise_syntax(reader, "a comment, of which the grammar has none", text);
    return;
  }
  if (has_control(text)) policy_raise_syntax(reader, "a control character", text);
  if (text.ptr != line.ptr) policy_raise_syntax(reader, "a leading blank", text);
  size_t colon = span_find(text, ':');
  if (colon == text.len) {
    policy_raise_syntax(reader, "no colon", text);
    return;
  }
  struct span name = span_trim(span_first(text, colon));
  if (name.len < colon) policy_raise_syntax(reader, "a blank before the colon", text);
  policy_take_field(reader, name, span_trim(span_skip(text, colon + 1)), text);
}

/* sts-policy-term = LF / CRLF; a file whose lines end in CR alone is read by them, and told. */
static void policy_take_lines(struct policy_reader *reader, struct span text) {
  bool cr_only = span_find(text, '\n') == text.len && span_find(text, '\r') < text.len;
  struct span rest = text;
  if (cr_only) {
    reader->line = 1;
    policy_raise_syntax(reader, "lines end in CR alone", (struct span){0});
    reader->line = 0;
  }
  while (rest.len) {
    struct span line = span_cut(&rest, cr_only ? '\r' : '\n');
    if (!cr_only && line.len && line.ptr[line.len - 1] == '\r') line.len--;
    reader->line++;
    policy_take_line(reader, line);
  }
}

static void policy_raise_missing(struct policy_reader *reader) {
  const struct {
    bool had;
    enum finding_code code;
    struct span detail;
  } required[] = {
      {reader->has_version, FOUND_POLICY_VERSION, SPAN("no version")},
      {reader->has_mode, FOUND_POLICY_MODE, SPAN("no mode")},
      {reader->has_max_age, FOUND_POLICY_MAX_AGE, SPAN("no max_age")},
      {reader->has_mx || reader->policy->mode == MODE_NONE, FOUND_POLICY_MX_MISSING, SPAN("no mx")},
  };
  for (size_t i = 0; i < sizeof required / sizeof *required; i++)
    if (!required[i].had)
      finding_list_add(reader->findings,
                       (struct finding){.code = required[i].code, .detail = required[i].detail});
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

void policy_parse(struct span text, struct finding_list *findings, struct result_policy *policy) {
  struct policy_reader reader = {.findings = findings, .policy = policy, .line = 1};
  policy->mode = MODE_COUNT;
  struct span rest = span_starts(text, SPAN("\xef\xbb\xbf")) ? span_skip(text, 3) : text;
  struct span body = span_skip(rest, policy_leading_space(rest).len);
  if (body.len == 0) {
    policy_tell_empty(findings, text);
    return;
  }
  if (body.ptr[0] == '<') {
    finding_list_add(findings, (struct finding){.code = FOUND_POLICY_HTML});
    policy_raise_syntax(&reader, "a web page, not a policy", (struct span){0});
    return;
  }
  if (rest.len < text.len)
    policy_raise_syntax(&reader, "a byte order mark at the start", (struct span){0});
  reader.line = 0;
  policy_make_room(&reader, rest);
  policy_take_lines(&reader, rest);
  policy_raise_missing(&reader);
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
