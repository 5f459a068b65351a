#include "scanner/sts/faults.h"

static struct finding *faults_find(const struct faults *faults, enum finding_code code) {
  for (struct finding *f = faults->first; f; f = f->next)
    if (f->code == code) return f;
  return NULL;
}

static void faults_extend(struct faults *faults, struct finding *known, struct span detail) {
  if (!detail.len || span_equal(known->detail, detail)) return;
  if (known->detail.len + detail.len + 2 > FAULTS_DETAIL_MAX) return;
  struct span joined = arena_join(faults->arena, known->detail, SPAN("; "));
  joined = arena_join(faults->arena, joined, detail);
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
