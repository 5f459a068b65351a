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
  if (txt_field_version_is(text, SPAN(TLSRPT_VERSION)) && span_find(text, ';') < text.len)
    return TLSRPT_CONTESTED;
  return txt_field_tries(text, SPAN("v=tlsrpt")) ? TLSRPT_ATTEMPT : TLSRPT_UNRELATED;
}

static void tlsrpt_tell(struct finding_list *findings, enum reason reason, struct span value) {
  finding_list_tell_reason(findings, (struct finding){.code = FOUND_TLSRPT_SYNTAX}, reason, value);
}

/* What makes it no URI, and first of all a template's own words. */
static void tlsrpt_tell_uri(struct finding_list *findings, enum reason fault, struct span uri) {
  struct reasons reasons = {.code = FOUND_TLSRPT_SYNTAX};
  if (reasons_is_placeholder(uri)) reasons_add(&reasons, "placeholder");
  reasons_add(&reasons, reason_info(fault)->word);
  finding_list_tell_reasons(findings, (struct finding){.code = FOUND_TLSRPT_SYNTAX}, &reasons, uri);
}

/* tlsrpt-rua = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri) */
static void tlsrpt_judge_rua(struct result_tlsrpt *tlsrpt, struct span value,
                             struct finding_list *findings) {
  struct span rest = value;
  if (value.len && span_is_wsp(value.ptr[0]))
    tlsrpt_tell(findings, REASON_TLSRPT_SYNTAX_BLANK, value);
  do {
    struct span uri = span_trim(span_cut(&rest, ','));
    enum reason fault = uri_report_fault(uri);
    if (fault) tlsrpt_tell_uri(findings, fault, uri);
    if (uri.len && tlsrpt->rua.at) tlsrpt->rua.at[tlsrpt->rua.count++] = uri;
  } while (rest.len);
  if (value.len && value.ptr[value.len - 1] == ',')
    tlsrpt_tell(findings, REASON_TLSRPT_SYNTAX_COMMA, value);
}

static void tlsrpt_judge_field(struct result_tlsrpt *tlsrpt, const struct txt_field *field,
                               struct finding_list *findings) {
  if (field->text.len == 0)
    tlsrpt_tell(findings, REASON_TLSRPT_SYNTAX_EMPTY, SPAN(";;"));
  else if (!span_here(field->value))
    tlsrpt_tell(findings, REASON_TLSRPT_SYNTAX_EQUALS, field->text);
  else if (span_equal(field->name, SPAN("rua")))
    tlsrpt_judge_rua(tlsrpt, field->value, findings);
  else if (!txt_field_is_extension_name(field->name) || !txt_field_is_extension_value(field->value))
    tlsrpt_tell(findings, REASON_TLSRPT_SYNTAX_EXTENSION, field->text);
}

/* No more URIs than bytes that can end one. */
static void tlsrpt_make_room(struct result_tlsrpt *tlsrpt, struct span text, struct arena *arena) {
  size_t most = 1;
  for (size_t i = 0; i < text.len; i++) most += text.ptr[i] == ',' || text.ptr[i] == ';';
  tlsrpt->rua = (struct spans){arena_array(arena, most, sizeof *tlsrpt->rua.at), 0};
}

static void tlsrpt_judge_record(struct result_tlsrpt *tlsrpt, struct span text,
                                struct finding_list *findings) {
  struct span rest = span_skip(text, sizeof TLSRPT_VERSION - 1);
  struct txt_field field = {0};
  enum txt_field_fault fault;
  bool rua = false, more;
  tlsrpt_make_room(tlsrpt, text, findings->arena);
  do {
    more = txt_field_next(&rest, &field, &fault);
    if (fault == TXT_FIELD_TRAILING_BLANK)
      tlsrpt_tell(findings, REASON_TLSRPT_SYNTAX_TRAILING_BLANK, text);
    if (!more) continue;
    tlsrpt_judge_field(tlsrpt, &field, findings);
    rua = rua || (span_equal(field.name, SPAN("rua")) && span_here(field.value));
  } while (more);
  if (!rua) tlsrpt_tell(findings, REASON_TLSRPT_SYNTAX_MISSING, text);
}

void tlsrpt_judge(struct result_tlsrpt *tlsrpt, struct finding_list *findings) {
  size_t counts[TLSRPT_KINDS] = {0};
  struct span firsts[TLSRPT_KINDS] = {{0}};
  for (size_t i = 0; i < tlsrpt->txt.count; i++) {
    enum tlsrpt_kind kind = tlsrpt_kind(tlsrpt->txt.at[i]);
    if (counts[kind]++ == 0) firsts[kind] = tlsrpt->txt.at[i];
  }
  enum tlsrpt_kind kind = TLSRPT_RECORD;
  while (kind > TLSRPT_UNRELATED && counts[kind] == 0) kind--;
  if (kind == TLSRPT_UNRELATED)
    finding_list_add(findings, (struct finding){.code = FOUND_TLSRPT_ABSENT});
  else if (kind == TLSRPT_ATTEMPT)
    tlsrpt_tell(findings, REASON_TLSRPT_SYNTAX_VERSION, firsts[kind]);
  else if (counts[kind] == 1)
    tlsrpt_judge_record(tlsrpt, firsts[kind], findings);
  else
    finding_list_add(
        findings,
        (struct finding){.code = FOUND_TLSRPT_MULTIPLE,
                         .detail = arena_format(findings->arena, "%zu records where one must be",
                                                counts[kind])});
}
