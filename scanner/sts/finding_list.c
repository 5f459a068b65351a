#include "scanner/sts/finding_list.h"

#include "scanner/sts/cause.h"

#define FAULTS_MORE "; and more"

enum { FAULTS_CLOSED = UINT8_MAX };

static struct finding *faults_find(const struct faults *faults, enum finding_code code) {
  for (struct finding *f = faults->first; f; f = f->next)
    if (f->code == code) return f;
  return NULL;
}

static void faults_extend(struct faults *faults, struct finding *known, struct span detail) {
  uint8_t *count = &faults->details[known->code];
  if (*count == FAULTS_CLOSED || !detail.len) return;
  size_t len = known->detail.len + sizeof "; " - 1 + detail.len + sizeof FAULTS_MORE - 1;
  bool fits = *count < FAULTS_DETAILS_MAX && len <= FAULTS_DETAIL_MAX;
  *count = fits ? (uint8_t)(*count + 1) : FAULTS_CLOSED;
  if (fits && span_equal(known->detail, detail)) return; /* said already */
  if (!fits)
    detail = SPAN(FAULTS_MORE);
  else if (known->detail.len)
    detail = arena_join(faults->arena, SPAN("; "), detail);
  struct span joined = arena_join(faults->arena, known->detail, detail);
  if (span_here(joined)) known->detail = joined;
}

void faults_add(struct faults *faults, struct finding finding) {
  struct finding *known = faults_find(faults, finding.code);
  if (known) {
    faults_extend(faults, known, finding.detail);
    return;
  }
  struct finding *copy = arena_alloc(faults->arena, sizeof *copy);
  if (!copy) return;
  struct finding **at = &faults->first;
  while (*at && (*at)->code < finding.code) at = &(*at)->next;
  *copy = finding;
  copy->next = *at;
  *at = copy;
  faults->details[finding.code] = finding.detail.len > 0;
}

/* Ends before a UTF-8 character that does not fit, so that sound text stays sound. */
static struct span faults_quote(struct span text) {
  if (text.len <= FAULTS_QUOTE_MAX) return text;
  size_t len = FAULTS_QUOTE_MAX;
  for (int i = 0; i < 3 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80; i++) len--;
  return span_first(text, len);
}

void faults_tell(struct faults *faults, struct finding finding, const char *what,
                 struct span text) {
  if (faults_full(faults, finding.code)) return;
  struct arena *arena = faults->arena;
  const char *cause = cause_of(text);
  struct span detail = span_of(what);
  if (finding.line) detail = arena_format(arena, "line %u: %s", finding.line, what);
  struct span quote = faults_quote(text);
  if (text.len) detail = arena_join(arena, detail, SPAN(": "));
  detail = arena_join(arena, detail, quote);
  if (quote.len < text.len) detail = arena_join(arena, detail, SPAN(" ..."));
  if (cause) detail = arena_join(arena, detail, arena_format(arena, " (holds %s)", cause));
  finding.detail = detail;
  faults_add(faults, finding);
}

bool faults_full(const struct faults *faults, enum finding_code code) {
  return faults->details[code] == FAULTS_CLOSED;
}

bool faults_has(const struct faults *faults, enum finding_code code) {
  return faults_find(faults, code) != NULL;
}

bool faults_error_at(const struct faults *faults, enum finding_stage stage) {
  for (const struct finding *f = faults->first; f; f = f->next) {
    const struct finding_info *info = finding_info(f->code);
    if (info->stage == stage && info->severity == FINDING_ERROR) return true;
  }
  return false;
}
