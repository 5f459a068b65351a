#include "output/stats/labels_asked.h"

void labels_asked_add(struct labels_asked *asked, struct span name) {
  if (name.len == 0 || asked->count == LABELS_ASKED_MAX) return;
  for (unsigned i = 0; i < asked->count; i++)
    if (span_equal(asked->names[i], name)) return;
  asked->names[asked->count++] = name;
}

uint64_t labels_asked_among(const struct labels_asked *asked, const struct result_labels *labels) {
  uint64_t found = 0;
  for (size_t i = 0; i < labels->count; i++)
    for (unsigned j = 0; j < asked->count; j++)
      if (span_equal(labels->at[i].name, asked->names[j])) found |= (uint64_t)1 << j;
  return found;
}
