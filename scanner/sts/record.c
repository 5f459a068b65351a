#include "scanner/sts/record.h"

#include "scanner/sts/cause.h"
#include "scanner/sts/txt_field.h"

#define RECORD_VERSION       "v=STSv1"
#define RECORD_ERRATUM_DELIM "erratum 6285"

/* How a TXT record relates to MTA-STS. */
enum record_kind {
  KIND_UNRELATED,
  KIND_ATTEMPT,   /* tries, but does not begin with the version field */
  KIND_BARE,      /* the version and nothing behind it */
  KIND_CONTESTED, /* `v=STSv1 ;`: the ABNF has it, the prose of section 3.1 does not */
  KIND_RECORD,    /* begins `v=STSv1;` */
  KIND_COUNTS
};

struct record_reader {
  struct finding_list *findings;
  struct span id; /* ptr NULL until the first */
  struct txt_field_names extensions;
};

static enum record_kind record_kind(struct span text) {
  struct span version = SPAN(RECORD_VERSION);
  if (span_starts(text, SPAN(RECORD_VERSION ";"))) return KIND_RECORD;
  if (txt_field_version_is(text, version))
    return span_find(text, ';') < text.len ? KIND_CONTESTED : KIND_BARE;
  return txt_field_tries(text, SPAN("v=sts")) ? KIND_ATTEMPT : KIND_UNRELATED;
}

static void record_raise(struct finding_list *findings, enum finding_code code, const char *what,
                         struct span value) {
  finding_list_tell(findings, (struct finding){.code = code}, what, value);
}

static void record_tell(struct finding_list *findings, enum reason reason, struct span text) {
  finding_list_tell_reason(findings, (struct finding){.code = reason_info(reason)->code}, reason,
                           text);
}

static bool record_id_is_foreign(struct span id) {
  for (size_t i = 0; i < id.len; i++)
    if (!span_is_alphanum(id.ptr[i])) return true;
  return false;
}

/* sts-id = %s"id=" 1*32(ALPHA / DIGIT) */
static void record_id_reasons(struct span id, struct reasons *reasons) {
  if (id.len == 0) reasons_add(reasons, "empty");
  if (txt_field_tries(id, SPAN("v="))) reasons_add(reasons, "joined");
  struct span rest = reasons_of_value(reasons, SPAN("id"), id);
  if (span_find(rest, ',') < rest.len) reasons_add(reasons, "list");
  if (span_find(rest, ' ') < rest.len || span_find(rest, '\t') < rest.len)
    reasons_add(reasons, "blank");
  if (reasons->count == 0 && record_id_is_foreign(id)) reasons_add(reasons, "character");
  if (!reasons_has(reasons, "joined") && rest.len > RECORD_ID_MAX) reasons_add(reasons, "too-long");
}

static void record_judge_id(struct record_reader *reader, const struct txt_field *field) {
  if (span_here(reader->id)) {
    record_raise(reader->findings, FOUND_RECORD_DUPLICATE_FIELD, "the first id counts",
                 field->text);
    return;
  }
  reader->id = field->value;
  struct reasons reasons = {.code = FOUND_RECORD_ID_INVALID};
  record_id_reasons(field->value, &reasons);
  if (reasons.count)
    finding_list_tell_reasons(reader->findings, (struct finding){.code = FOUND_RECORD_ID_INVALID},
                              &reasons, field->value);
}

static enum reason record_value_fault(struct span value) {
  if (value.len == 0) return REASON_RECORD_EXTENSION_INVALID_EMPTY;
  if (span_find(value, ' ') < value.len || span_find(value, '\t') < value.len)
    return REASON_RECORD_EXTENSION_INVALID_BLANK;
  if (span_find(value, '=') < value.len) return REASON_RECORD_EXTENSION_INVALID_EQUALS;
  return REASON_RECORD_EXTENSION_INVALID_VALUE;
}

static enum reason record_name_fault(struct span name) {
  return txt_field_is_extension_name(span_first(name, TXT_FIELD_NAME_MAX))
             ? REASON_RECORD_EXTENSION_INVALID_NAME_LONG
             : REASON_RECORD_EXTENSION_INVALID_NAME;
}

/* What belongs into the policy is an extension here, and does nothing. */
static bool record_is_policy_field(struct span name) {
  return span_equal_nocase(name, SPAN("mode")) || span_equal_nocase(name, SPAN("mx")) ||
         span_equal_nocase(name, SPAN("max_age"));
}

/* A later entry of a field is ignored (section 3.2), so it is not judged. */
static void record_judge_extension(struct record_reader *reader, const struct txt_field *field) {
  if (record_is_policy_field(field->name))
    record_raise(reader->findings, FOUND_RECORD_POLICY_FIELD, "a field of the policy", field->text);
  if (!txt_field_is_extension_name(field->name))
    record_tell(reader->findings, record_name_fault(field->name), field->text);
  else if (txt_field_names_met(&reader->extensions, field->name))
    record_raise(reader->findings, FOUND_RECORD_DUPLICATE_FIELD, "the first one counts",
                 field->text);
  else if (!txt_field_is_extension_value(field->value))
    record_tell(reader->findings, record_value_fault(field->value), field->text);
}

static enum reason record_no_equals(struct span text) {
  bool comment = reasons_comment_at(text) == 0 || span_starts(text, SPAN("//"));
  return comment ? REASON_RECORD_SYNTAX_COMMENT : REASON_RECORD_SYNTAX_EQUALS;
}

static void record_judge_field(struct record_reader *reader, const struct txt_field *field) {
  if (field->text.len == 0)
    record_tell(reader->findings, REASON_RECORD_SYNTAX_EMPTY, SPAN(";;"));
  else if (!span_here(field->value))
    record_tell(reader->findings, record_no_equals(field->text), field->text);
  else if (span_equal(field->name, SPAN("id")))
    record_judge_id(reader, field);
  else if (span_equal(field->name, SPAN("v")))
    record_raise(reader->findings, FOUND_RECORD_DUPLICATE_FIELD,
                 "the first v counts (two records joined into one?)", field->text);
  else
    record_judge_extension(reader, field);
}

static enum reason record_no_id(const struct record_reader *reader, struct span text) {
  for (size_t i = 0; i < reader->extensions.count; i++)
    if (span_equal_nocase(reader->extensions.at[i], SPAN("id")))
      return REASON_RECORD_ID_MISSING_CASE;
  struct span rest = span_skip(text, sizeof RECORD_VERSION - 1);
  while (rest.len && (span_is_wsp(rest.ptr[0]) || rest.ptr[0] == ';')) rest = span_skip(rest, 1);
  return rest.len ? REASON_RECORD_ID_MISSING_NONE : REASON_RECORD_ID_MISSING_BARE;
}

static struct span record_judge_fields(struct span text, struct finding_list *findings) {
  struct record_reader reader = {.findings = findings};
  struct span rest = span_skip(text, sizeof RECORD_VERSION - 1);
  struct txt_field field = {0};
  enum txt_field_fault fault;
  bool more;
  do {
    more = txt_field_next(&rest, &field, &fault);
    if (fault == TXT_FIELD_TRAILING_BLANK) record_tell(findings, REASON_RECORD_SYNTAX_BLANK, text);
    if (more) record_judge_field(&reader, &field);
  } while (more);
  if (!span_here(reader.id)) record_tell(findings, record_no_id(&reader, text), text);
  return reader.id;
}

static bool record_holds(struct span text, struct span word) {
  return memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
}

/* What stands in the way of a version that is there. */
static void record_version_marks(struct span text, struct reasons *reasons) {
  struct span start = span_first(text, REASONS_TEXT_MAX);
  if (span_find(start, '"') < start.len || cause_holds_quote(start)) reasons_add(reasons, "quoted");
  for (size_t i = 0; i < start.len; i++)
    if (cause_unseen(span_skip(start, i), NULL)) reasons_add(reasons, "invisible-character");
  if (span_find(start, '\\') < start.len) reasons_add(reasons, "backslash");
  if (span_is_wsp(text.ptr[0])) reasons_add(reasons, "leading-blank");
}

/* Of a record that tries and does not begin `v=STSv1;`. */
static void record_version_reasons(struct span text, struct reasons *reasons) {
  struct span version = SPAN(RECORD_VERSION), trimmed = span_trim(text);
  struct span next = span_skip(trimmed, version.len), begin = span_first(trimmed, version.len);
  record_version_marks(text, reasons);
  if (span_equal(begin, version)) {
    if (next.len && span_is_alphanum(next.ptr[0]))
      reasons_add(reasons, "other-version");
    else if (!next.len || (next.ptr[0] != ';' && next.ptr[0] != '\\'))
      reasons_add(reasons, "no-semicolon");
  } else if (span_equal_nocase(begin, version)) {
    reasons_add(reasons, "case");
  } else if (span_equal_nocase(span_first(trimmed, version.len - 1), SPAN("v=STSv"))) {
    reasons_add(reasons, "other-version");
  } else if (span_starts(trimmed, SPAN("v=")) &&
             txt_field_tries(span_skip(trimmed, 1), SPAN("v=sts"))) {
    reasons_add(reasons, "joined");
  } else if (!record_holds(text, version) && txt_field_tries(trimmed, SPAN("v=stsv1"))) {
    reasons_add(reasons, "blank");
  } else if (record_holds(text, SPAN(";")) && !reasons->count) {
    reasons_add(reasons, "order");
  }
  if (reasons->count == 0) reasons_add(reasons, "start");
}

static void record_tell_attempt(struct finding_list *findings, struct span text) {
  struct reasons reasons = {.code = FOUND_RECORD_VERSION};
  record_version_reasons(text, &reasons);
  finding_list_tell_reasons(findings, (struct finding){.code = FOUND_RECORD_VERSION}, &reasons,
                            text);
}

/* No record begins as one must: whatever tried is told why it does not. */
static enum record_presence record_judge_attempts(struct spans txt, struct finding_list *findings) {
  for (size_t i = 0; i < txt.count; i++) {
    struct span text = txt.at[i];
    switch (record_kind(text)) {
    case KIND_BARE: record_judge_fields(text, findings); break;
    case KIND_ATTEMPT: record_tell_attempt(findings, text); break;
    default: record_raise(findings, FOUND_RECORD_UNRELATED_TXT, "discarded", text); break;
    }
  }
  return RECORD_ATTEMPT;
}

static enum record_presence record_judge_one(struct span record, struct finding_list *findings,
                                             struct span *id) {
  if (record_kind(record) == KIND_CONTESTED)
    finding_list_add(findings,
                     (struct finding){
                         .code = FOUND_RECORD_CONTESTED,
                         .contested = true,
                         .erratum = SPAN(RECORD_ERRATUM_DELIM),
                         .detail = SPAN("blanks before the first \";\": the ABNF has them, the "
                                        "text of section 3.1 does not"),
                     });
  *id = record_judge_fields(record, findings);
  return finding_list_error_at(findings, STAGE_RECORD) ? RECORD_ATTEMPT : RECORD_SOUND;
}

/* Those of one kind stand beside each other; all other TXT is discarded (section 3.1). */
static enum record_presence record_judge_kind(struct spans txt, enum record_kind kind, size_t count,
                                              struct finding_list *findings, struct span *id) {
  enum record_presence presence = RECORD_ATTEMPT;
  for (size_t i = 0; i < txt.count; i++) {
    if (record_kind(txt.at[i]) != kind)
      record_raise(findings, FOUND_RECORD_UNRELATED_TXT, "discarded", txt.at[i]);
    else if (count == 1)
      presence = record_judge_one(txt.at[i], findings, id);
    else
      record_raise(findings, FOUND_RECORD_MULTIPLE, "one of several", txt.at[i]);
  }
  return presence;
}

enum record_presence record_judge(struct spans txt, struct finding_list *findings,
                                  struct span *id) {
  size_t counts[KIND_COUNTS] = {0};
  *id = (struct span){0};
  for (size_t i = 0; i < txt.count; i++) counts[record_kind(txt.at[i])]++;
  if (counts[KIND_RECORD])
    return record_judge_kind(txt, KIND_RECORD, counts[KIND_RECORD], findings, id);
  if (counts[KIND_CONTESTED])
    return record_judge_kind(txt, KIND_CONTESTED, counts[KIND_CONTESTED], findings, id);
  if (counts[KIND_BARE] || counts[KIND_ATTEMPT]) return record_judge_attempts(txt, findings);
  finding_list_add(findings, (struct finding){.code = FOUND_RECORD_ABSENT});
  for (size_t i = 0; i < txt.count; i++)
    record_raise(findings, FOUND_RECORD_UNRELATED_TXT, "discarded", txt.at[i]);
  return RECORD_NONE;
}
