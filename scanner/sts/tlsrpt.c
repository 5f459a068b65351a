#include "scanner/sts/tlsrpt.h"

#include "scanner/sts/field.h"
#include "scanner/sts/uri.h"

#define TLSRPT_VERSION "v=TLSRPTv1"

enum { TLSRPT_QUOTE_MAX = 100 };

static void tlsrpt_raise(struct faults *faults, const char *what, struct span value) {
  struct span detail = arena_join(faults->arena, span_of(what), SPAN(": "));
  detail = arena_join(faults->arena, detail, span_first(value, TLSRPT_QUOTE_MAX));
  faults_add(faults, (struct finding){.code = FOUND_TLSRPT_SYNTAX, .detail = detail});
}

static bool tlsrpt_is_record(struct span text) {
  return field_version_is(text, SPAN(TLSRPT_VERSION)) && span_find(text, ';') < text.len;
}

/* tlsrpt-rua = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri) */
static void tlsrpt_judge_rua(struct result_tlsrpt *tlsrpt, struct span value,
                             struct faults *faults) {
  struct span rest = value;
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
    if (!more) break;
    tlsrpt_judge_field(tlsrpt, &field, faults);
    rua = rua || (span_equal(field.name, SPAN("rua")) && span_here(field.value));
  } while (true);
  if (!rua) tlsrpt_raise(faults, "no rua in", text);
}

void tlsrpt_judge(struct result_tlsrpt *tlsrpt, struct faults *faults) {
  size_t records = 0, attempts = 0;
  struct span record = {0}, attempt = {0};
  for (size_t i = 0; i < tlsrpt->txt.count; i++) {
    struct span text = tlsrpt->txt.at[i];
    if (tlsrpt_is_record(text)) {
      if (records++ == 0) record = text;
    } else if (field_tries(text, SPAN("v=tlsrpt"))) {
      if (attempts++ == 0) attempt = text;
    }
  }
  if (records == 1)
    tlsrpt_judge_record(tlsrpt, record, faults);
  else if (records > 1)
    faults_add(faults,
               (struct finding){.code = FOUND_TLSRPT_MULTIPLE,
                                .detail = arena_format(faults->arena,
                                                       "%zu records where one must be", records)});
  else if (attempts)
    tlsrpt_raise(faults, "does not begin with \"v=TLSRPTv1;\" and a field", attempt);
  else
    faults_add(faults, (struct finding){.code = FOUND_TLSRPT_ABSENT});
}
