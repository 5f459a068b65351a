#include "output/stats/provider_code.h"

enum err provider_code_add(struct text_counts *causes, struct provider_code cause, uint64_t domains,
                           uint64_t own) {
  struct span key = {(const char *)&cause, sizeof cause};
  struct text_counts_row *row = text_counts_at(causes, key);
  if (!row) return ERR_MEMORY;
  row->counts[0] += domains;
  row->counts[1] += own;
  return ERR_NONE;
}

struct provider_code provider_code_of(const struct text_counts_row *row) {
  struct provider_code cause;
  memcpy(&cause, row->text.ptr, sizeof cause);
  return cause;
}
