#include "scanner/sts/record.h"

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

/* NULL, or what is wrong: sts-id = %s"id=" 1*32(ALPHA / DIGIT) */
static const char *record_id_fault(struct span id) {
  if (id.len == 0) return "the id is empty";
  if (txt_field_tries(id, SPAN("v="))) return "two records joined into one";
  for (size_t i = 0; i < id.len; i++)
    if (!span_is_alphanum(id.ptr[i])) return "the id may hold only letters and digits";
  return id.len > RECORD_ID_MAX ? "the id is over 32 characters" : NULL;
}

static void record_judge_id(struct record_reader *reader, const struct txt_field *field) {
  if (span_here(reader->id)) {
    record_raise(reader->findings, FOUND_RECORD_DUPLICATE_FIELD, "the first id counts",
                 field->text);
    return;
  }
  reader->id = field->value;
  const char *fault = record_id_fault(field->value);
  if (fault) record_raise(reader->findings, FOUND_RECORD_ID_INVALID, fault, field->value);
}

/* A later entry of a field is ignored (section 3.2), so it is not judged. */
static void record_judge_extension(struct record_reader *reader, const struct txt_field *field) {
  if (!txt_field_is_extension_name(field->name))
    record_raise(reader->findings, FOUND_RECORD_EXTENSION_INVALID, "not the name of a field",
                 field->text);
  else if (txt_field_names_met(&reader->extensions, field->name))
    record_raise(reader->findings, FOUND_RECORD_DUPLICATE_FIELD, "the first one counts",
                 field->text);
  else if (!txt_field_is_extension_value(field->value))
    record_raise(reader->findings, FOUND_RECORD_EXTENSION_INVALID, "not the value of a field",
                 field->text);
}

static void record_judge_field(struct record_reader *reader, const struct txt_field *field) {
  if (field->text.len == 0)
    record_raise(reader->findings, FOUND_RECORD_SYNTAX, "an empty field", SPAN(";;"));
  else if (!span_here(field->value))
    record_raise(reader->findings, FOUND_RECORD_SYNTAX, "a field without \"=\"", field->text);
  else if (span_equal(field->name, SPAN("id")))
    record_judge_id(reader, field);
  else if (span_equal(field->name, SPAN("v")))
    record_raise(reader->findings, FOUND_RECORD_DUPLICATE_FIELD,
                 "the first v counts (two records joined into one?)", field->text);
  else
    record_judge_extension(reader, field);
}

static struct span record_judge_fields(struct span text, struct finding_list *findings) {
  struct record_reader reader = {.findings = findings};
  struct span rest = span_skip(text, sizeof RECORD_VERSION - 1);
  struct txt_field field = {0};
  enum txt_field_fault fault;
  bool more;
  do {
    more = txt_field_next(&rest, &field, &fault);
    if (fault == TXT_FIELD_TRAILING_BLANK)
      record_raise(findings, FOUND_RECORD_SYNTAX, "a blank at the end without \";\"", text);
    if (more) record_judge_field(&reader, &field);
  } while (more);
  if (!span_here(reader.id)) record_raise(findings, FOUND_RECORD_ID_MISSING, "no id in", text);
  return reader.id;
}

/* Of a record that tries and does not begin `v=STSv1;`. */
static const char *record_version_fault(struct span text) {
  struct span version = SPAN(RECORD_VERSION), next = span_skip(text, version.len);
  if (span_is_wsp(text.ptr[0])) return "a blank before \"v=STSv1;\"";
  if (span_starts(text, version))
    return span_is_alphanum(next.ptr[0]) ? "another version than STSv1"
                                         : "no \";\" behind \"v=STSv1\"";
  if (span_equal_nocase(span_first(text, version.len), version))
    return "not in the case of \"v=STSv1;\"";
  if (span_equal_nocase(span_first(text, version.len - 1), SPAN("v=STSv")))
    return "another version than STSv1";
  if (span_starts(text, SPAN("v=")) && txt_field_tries(span_skip(text, 1), SPAN("v=sts")))
    return "another record joined before this one";
  return "does not begin with \"v=STSv1;\"";
}

/* No record begins as one must: whatever tried is told why it does not. */
static enum record_presence record_judge_attempts(struct spans txt, struct finding_list *findings) {
  for (size_t i = 0; i < txt.count; i++) {
    struct span text = txt.at[i];
    switch (record_kind(text)) {
    case KIND_BARE: record_judge_fields(text, findings); break;
    case KIND_ATTEMPT:
      record_raise(findings, FOUND_RECORD_VERSION, record_version_fault(text), text);
      break;
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
