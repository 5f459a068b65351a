#include "scanner/sts/record.h"

#include "scanner/sts/cause.h"
#include "scanner/sts/field.h"

#define RECORD_VERSION       "v=STSv1"
#define RECORD_ERRATUM_DELIM "erratum 6285"

enum { RECORD_QUOTE_MAX = 100 };

/* How a TXT record relates to MTA-STS. */
enum record_kind {
  KIND_UNRELATED,
  KIND_ATTEMPT,   /* tries, but does not begin with the version field */
  KIND_BARE,      /* the version and nothing behind it */
  KIND_CONTESTED, /* `v=STSv1 ;`: the ABNF has it, the prose of section 3.1 does not */
  KIND_RECORD,    /* begins `v=STSv1;` */
  KIND_COUNTS
};

static enum record_kind record_kind(struct span text) {
  struct span version = SPAN(RECORD_VERSION);
  if (span_starts(text, SPAN(RECORD_VERSION ";"))) return KIND_RECORD;
  if (field_version_is(text, version))
    return span_find(text, ';') < text.len ? KIND_CONTESTED : KIND_BARE;
  return field_tries(text, SPAN("v=sts")) ? KIND_ATTEMPT : KIND_UNRELATED;
}

static struct span record_quote(struct span text) {
  return span_first(text, RECORD_QUOTE_MAX);
}

/* "what: value (cause)", where the value may hold any bytes. */
static struct span record_detail(struct arena *arena, const char *what, struct span value) {
  const char *cause = cause_of(value);
  struct span detail = arena_join(arena, span_of(what), SPAN(": "));
  detail = arena_join(arena, detail, record_quote(value));
  if (!cause) return detail;
  return arena_join(arena, detail, arena_format(arena, " (holds %s)", cause));
}

static void record_raise(struct faults *faults, enum finding_code code, const char *what,
                         struct span value) {
  faults_add(faults,
             (struct finding){.code = code, .detail = record_detail(faults->arena, what, value)});
}

static bool is_alphanum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* NULL, or what is wrong: sts-id = %s"id=" 1*32(ALPHA / DIGIT) */
static const char *record_id_fault(struct span id) {
  if (id.len == 0) return "the id is empty";
  for (size_t i = 0; i < id.len; i++)
    if (!is_alphanum(id.ptr[i])) return "the id may hold only letters and digits";
  return id.len > RECORD_ID_MAX ? "the id is over 32 characters" : NULL;
}

static void record_judge_id(struct faults *faults, const struct field *field, struct span *id) {
  if (span_here(*id)) {
    record_raise(faults, FOUND_RECORD_DUPLICATE_FIELD, "the first id counts", field->text);
    return;
  }
  *id = field->value;
  const char *fault = record_id_fault(field->value);
  if (fault) record_raise(faults, FOUND_RECORD_ID_INVALID, fault, field->value);
}

static void record_judge_field(struct faults *faults, const struct field *field, struct span *id) {
  if (field->text.len == 0)
    record_raise(faults, FOUND_RECORD_SYNTAX, "an empty field", SPAN(";;"));
  else if (!span_here(field->value))
    record_raise(faults, FOUND_RECORD_SYNTAX, "a field without \"=\"", field->text);
  else if (span_equal(field->name, SPAN("id")))
    record_judge_id(faults, field, id);
  else if (span_equal(field->name, SPAN("v")))
    record_raise(faults, FOUND_RECORD_DUPLICATE_FIELD, "the first v counts", field->text);
  else if (!field_is_extension_name(field->name))
    record_raise(faults, FOUND_RECORD_EXTENSION_INVALID, "not the name of a field", field->text);
  else if (!field_is_extension_value(field->value))
    record_raise(faults, FOUND_RECORD_EXTENSION_INVALID, "not the value of a field", field->text);
}

static void record_judge_fields(struct span text, struct faults *faults, struct span *id) {
  struct span rest = span_skip(text, sizeof RECORD_VERSION - 1);
  struct field field = {0};
  enum field_fault fault;
  bool more;
  do {
    more = field_next(&rest, &field, &fault);
    if (fault == FIELD_TRAILING_BLANK)
      record_raise(faults, FOUND_RECORD_SYNTAX, "a blank at the end without \";\"", text);
    if (more) record_judge_field(faults, &field, id);
  } while (more);
  if (!span_here(*id)) record_raise(faults, FOUND_RECORD_ID_MISSING, "no id in", text);
}

/* Counts the kinds, and notes the first of each. */
static void record_sort(struct spans txt, size_t counts[KIND_COUNTS],
                        struct span firsts[KIND_COUNTS]) {
  for (size_t i = 0; i < txt.count; i++) {
    enum record_kind kind = record_kind(txt.at[i]);
    if (counts[kind]++ == 0) firsts[kind] = txt.at[i];
  }
}

static void record_raise_unrelated(struct faults *faults, struct spans txt, struct span record) {
  for (size_t i = 0; i < txt.count; i++)
    if (txt.at[i].ptr != record.ptr)
      record_raise(faults, FOUND_RECORD_UNRELATED_TXT, "discarded", txt.at[i]);
}

/* No record begins as one must: whatever tried is told why it does not. */
static enum record_presence record_judge_attempts(struct spans txt, struct faults *faults,
                                                  struct span *id) {
  for (size_t i = 0; i < txt.count; i++) {
    switch (record_kind(txt.at[i])) {
    case KIND_BARE: record_judge_fields(txt.at[i], faults, id); break;
    case KIND_ATTEMPT:
      record_raise(faults, FOUND_RECORD_VERSION, "does not begin with \"v=STSv1;\"", txt.at[i]);
      break;
    default: record_raise(faults, FOUND_RECORD_UNRELATED_TXT, "discarded", txt.at[i]); break;
    }
  }
  return RECORD_ATTEMPT;
}

static enum record_presence record_judge_one(struct spans txt, struct span record,
                                             struct faults *faults, struct span *id) {
  record_raise_unrelated(faults, txt, record);
  if (record_kind(record) == KIND_CONTESTED)
    faults_add(faults, (struct finding){
                           .code = FOUND_RECORD_CONTESTED,
                           .contested = true,
                           .erratum = SPAN(RECORD_ERRATUM_DELIM),
                           .detail = SPAN("blanks before the first \";\": the ABNF has them, the "
                                          "text of section 3.1 does not"),
                       });
  record_judge_fields(record, faults, id);
  return faults_error_at(faults, STAGE_RECORD) ? RECORD_ATTEMPT : RECORD_SOUND;
}

static enum record_presence record_judge_many(size_t count, struct faults *faults) {
  faults_add(faults, (struct finding){.code = FOUND_RECORD_MULTIPLE,
                                      .detail = arena_format(
                                          faults->arena, "%zu records where one must be", count)});
  return RECORD_ATTEMPT;
}

enum record_presence record_judge(struct spans txt, struct faults *faults, struct span *id) {
  size_t counts[KIND_COUNTS] = {0};
  struct span firsts[KIND_COUNTS] = {{0}};
  *id = (struct span){0};
  record_sort(txt, counts, firsts);
  for (enum record_kind kind = KIND_RECORD; kind >= KIND_CONTESTED; kind--) {
    if (counts[kind] == 1) return record_judge_one(txt, firsts[kind], faults, id);
    if (counts[kind] > 1) return record_judge_many(counts[kind], faults);
  }
  if (counts[KIND_BARE] || counts[KIND_ATTEMPT]) return record_judge_attempts(txt, faults, id);
  faults_add(faults, (struct finding){.code = FOUND_RECORD_ABSENT});
  record_raise_unrelated(faults, txt, (struct span){0});
  return RECORD_NONE;
}
