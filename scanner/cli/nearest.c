#include "scanner/cli/nearest.h"

#include "scanner/base/edit_distance.h"
#include <string.h>

const char *nearest_find(const char *word, nearest_word *words, const void *data) {
  const char *best = NULL, *known;
  size_t len = strlen(word);
  if (len == 0 || len > NEAREST_WORD_MAX) return NULL;
  unsigned least = (unsigned)len / 3 + 2; /* what is as far away is not near */
  for (size_t i = 0; (known = words(data, i)); i++) {
    unsigned distance = edit_distance(span_of(word), span_of(known));
    if (distance >= least) continue;
    least = distance;
    best = known;
  }
  return best;
}
