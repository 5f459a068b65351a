#include "scanner/sts/finding_list.h"

#include "scanner/sts/cause.h"

#define FINDING_LIST_MORE "; and more"

enum { FINDING_LIST_CLOSED = UINT8_MAX };

static struct finding *finding_list_find(const struct finding_list *findings,
                                         enum finding_code code) {
  for (struct finding *f = findings->first; f; f = f->next)
    if (f->code == code) return f;
  return NULL;
}

static void finding_list_extend(struct finding_list *findings, struct finding *known,
                                struct span detail) {
  uint8_t *count = &findings->details[known->code];
  if (*count == FINDING_LIST_CLOSED || !detail.len) return;
  size_t len = known->detail.len + sizeof "; " - 1 + detail.len + sizeof FINDING_LIST_MORE - 1;
  bool fits = *count < FINDING_LIST_DETAILS_MAX && len <= FINDING_LIST_DETAIL_MAX;
  *count = fits ? (uint8_t)(*count + 1) : FINDING_LIST_CLOSED;
  if (fits && span_equal(known->detail, detail)) return; /* said already */
  if (!fits)
    detail = SPAN(FINDING_LIST_MORE);
  else if (known->detail.len)
    detail = arena_join(findings->arena, SPAN("; "), detail);
  struct span joined = arena_join(findings->arena, known->detail, detail);
  if (span_here(joined)) known->detail = joined;
}

/* Whether most senders go on in spite of each of the set. */
static bool finding_list_set_is_lenient(enum finding_code code, uint64_t reasons) {
  return reason_senders(code, reasons) >= REASON_SENDERS_MOST;
}

void finding_list_add(struct finding_list *findings, struct finding finding) {
  struct finding *known = finding_list_find(findings, finding.code);
  finding.reasons |= reason_bit(finding.reason);
  finding.lenient = finding_list_set_is_lenient(finding.code, finding.reasons);
  if (known) {
    known->reasons |= finding.reasons;
    known->lenient &= finding.lenient;
    if (known->reason == REASON_NONE) known->reason = finding.reason;
    finding_list_extend(findings, known, finding.detail);
    return;
  }
  struct finding *copy = arena_alloc(findings->arena, sizeof *copy);
  if (!copy) return;
  struct finding **at = &findings->first;
  while (*at && (*at)->code < finding.code) at = &(*at)->next;
  *copy = finding;
  copy->next = *at;
  *at = copy;
  findings->details[finding.code] = finding.detail.len > 0;
}

/* Ends before a UTF-8 character that does not fit, so that sound text stays sound. */
static struct span finding_list_quote(struct span text) {
  if (text.len <= FINDING_LIST_QUOTE_MAX) return text;
  size_t len = FINDING_LIST_QUOTE_MAX;
  for (int i = 0; i < 3 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80; i++) len--;
  return span_first(text, len);
}

void finding_list_tell(struct finding_list *findings, struct finding finding, const char *what,
                       struct span text) {
  struct arena *arena = findings->arena;
  if (finding_list_full(findings, finding.code)) {
    finding_list_add(findings, finding);
    return;
  }
  const char *cause = cause_of(text);
  struct span detail = span_of(what);
  if (finding.line) detail = arena_format(arena, "line %u: %s", finding.line, what);
  struct span quote = finding_list_quote(text);
  if (text.len) detail = arena_join(arena, detail, SPAN(": "));
  detail = arena_join(arena, detail, quote);
  if (quote.len < text.len) detail = arena_join(arena, detail, SPAN(" ..."));
  if (cause) detail = arena_join(arena, detail, arena_format(arena, " (holds %s)", cause));
  finding.detail = detail;
  finding_list_add(findings, finding);
}

void finding_list_tell_reason(struct finding_list *findings, struct finding finding,
                              enum reason reason, struct span text) {
  finding.reason = reason;
  finding_list_tell(findings, finding, reason_info(reason)->text, text);
}

void finding_list_tell_reasons(struct finding_list *findings, struct finding finding,
                               const struct reasons *reasons, struct span text) {
  struct span what = {0};
  finding.reason = reasons->at[0];
  for (size_t i = 0; i < reasons->count; i++) {
    const char *each = reason_info(reasons->at[i])->text;
    finding.reasons |= reason_bit(reasons->at[i]);
    if (finding_list_full(findings, finding.code)) continue;
    what = arena_format(findings->arena, "%.*s%s%s", SPAN_ARG(what), i ? "; " : "", each);
  }
  finding_list_tell(findings, finding, span_here(what) ? what.ptr : "", text);
}

void finding_list_set_strict(struct finding_list *findings, enum finding_code code) {
  struct finding *known = finding_list_find(findings, code);
  if (known) known->lenient = false;
}

bool finding_list_full(const struct finding_list *findings, enum finding_code code) {
  return findings->details[code] == FINDING_LIST_CLOSED;
}

bool finding_list_has(const struct finding_list *findings, enum finding_code code) {
  return finding_list_find(findings, code) != NULL;
}

bool finding_list_error_at(const struct finding_list *findings, enum finding_stage stage) {
  for (const struct finding *f = findings->first; f; f = f->next) {
    const struct finding_info *info = finding_info(f->code);
    if (info->stage == stage && info->severity == FINDING_ERROR) return true;
  }
  return false;
}
