#include "scanner/sts/tlsrpt.h"

#include "scanner/sts/txt_field.h"
#include "scanner/sts/uri.h"

#define TLSRPT_VERSION "v=TLSRPTv1"

/* How a TXT record relates to TLSRPT. */
enum tlsrpt_kind {
  TLSRPT_UNRELATED,
  TLSRPT_ATTEMPT,
  TLSRPT_CONTESTED, /* `v=TLSRPTv1 ;`: the ABNF has it, the prose of section 3 does not */
  TLSRPT_RECORD,    /* begins `v=TLSRPTv1;` */
  TLSRPT_KINDS
};

static enum tlsrpt_kind tlsrpt_kind(struct span text) {
  if (span_starts(text, SPAN(TLSRPT_VERSION ";"))) return TLSRPT_RECORD;
  if (field_version_is(text, SPAN(TLSRPT_VERSION)) && span_find(text, ';') < text.len)
    return TLSRPT_CONTESTED;
  return field_tries(text, SPAN("v=tlsrpt")) ? TLSRPT_ATTEMPT : TLSRPT_UNRELATED;
}

static void tlsrpt_raise(struct faults *faults, const char *what, struct span value) {
  faults_tell(faults, (struct finding){.code = FOUND_TLSRPT_SYNTAX}, what, value);
}

/* tlsrpt-rua = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri) */
static void tlsrpt_judge_rua(struct result_tlsrpt *tlsrpt, struct span value,
                             struct faults *faults) {
  struct span rest = value;
  if (value.len && span_is_wsp(value.ptr[0])) tlsrpt_raise(faults, "a blank before the URI", value);
  do {
    struct span uri = span_trim(span_cut(&rest, ','));
    const char *fault = uri_report_fault(uri);
    if (fault) tlsrpt_raise(faults, fault, uri);
    if (uri.len && tlsrpt->rua.at) tlsrpt->rua.at[tlsrpt->rua.count++] = uri;
  } while (rest.len);
  if (value.len && value.ptr[value.len - 1] == ',')
    tlsrpt_raise(faults, "a comma at the end", value);
}

static void tlsrpt_judge_field(struct result_tlsrpt *tlsrpt, const struct field *field,
                               struct faults *faults) {
  if (field->text.len == 0)
    tlsrpt_raise(faults, "an empty field", SPAN(";;"));
  else if (!span_here(field->value))
    tlsrpt_raise(faults, "a field without \"=\"", field->text);
  else if (span_equal(field->name, SPAN("rua")))
    tlsrpt_judge_rua(tlsrpt, field->value, faults);
  else if (!field_is_extension_name(field->name) || !field_is_extension_value(field->value))
    tlsrpt_raise(faults, "neither rua nor an extension", field->text);
}

/* No more URIs than bytes that can end one. */
static void tlsrpt_make_room(struct result_tlsrpt *tlsrpt, struct span text, struct arena *arena) {
  size_t most = 1;
  for (size_t i = 0; i < text.len; i++) most += text.ptr[i] == ',' || text.ptr[i] == ';';
  tlsrpt->rua = (struct spans){arena_array(arena, most, sizeof *tlsrpt->rua.at), 0};
}

static void tlsrpt_judge_record(struct result_tlsrpt *tlsrpt, struct span text,
                                struct faults *faults) {
  struct span rest = span_skip(text, sizeof TLSRPT_VERSION - 1);
  struct field field = {0};
  enum field_fault fault;
  bool rua = false, more;
  tlsrpt_make_room(tlsrpt, text, faults->arena);
  do {
    more = field_next(&rest, &field, &fault);
    if (fault == FIELD_TRAILING_BLANK)
      tlsrpt_raise(faults, "a blank at the end without \";\"", text);
    if (!more) continue;
    tlsrpt_judge_field(tlsrpt, &field, faults);
    rua = rua || (span_equal(field.name, SPAN("rua")) && span_here(field.value));
  } while (more);
  if (!rua) tlsrpt_raise(faults, "no rua in", text);
}

void tlsrpt_judge(struct result_tlsrpt *tlsrpt, struct faults *faults) {
  size_t counts[TLSRPT_KINDS] = {0};
  struct span firsts[TLSRPT_KINDS] = {{0}};
  for (size_t i = 0; i < tlsrpt->txt.count; i++) {
    enum tlsrpt_kind kind = tlsrpt_kind(tlsrpt->txt.at[i]);
    if (counts[kind]++ == 0) firsts[kind] = tlsrpt->txt.at[i];
  }
  enum tlsrpt_kind kind = TLSRPT_RECORD;
  while (kind > TLSRPT_UNRELATED && counts[kind] == 0) kind--;
  if (kind == TLSRPT_UNRELATED)
    faults_add(faults, (struct finding){.code = FOUND_TLSRPT_ABSENT});
  else if (kind == TLSRPT_ATTEMPT)
    tlsrpt_raise(faults, "does not begin with \"v=TLSRPTv1;\"", firsts[kind]);
  else if (counts[kind] == 1)
    tlsrpt_judge_record(tlsrpt, firsts[kind], faults);
  else
    faults_add(faults,
               (struct finding){.code = FOUND_TLSRPT_MULTIPLE,
                                .detail = arena_format(
                                    faults->arena, "%zu records where one must be", counts[kind])});
}
