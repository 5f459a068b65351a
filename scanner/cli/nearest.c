#include "scanner/cli/nearest.h"

#include "scanner/base/edit_distance.h"
#include "scanner/cli/help.h"
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

bool nearest_complain(const char *command, const char *option, struct span word,
                      nearest_word *words, const void *data) {
  char text[NEAREST_WORD_MAX + 1];
  if (word.len > NEAREST_WORD_MAX) return false;
  memcpy(text, word.ptr, word.len);
  text[word.len] = 0;
  const char *nearest = nearest_find(text, words, data);
  if (nearest)
    help_complain(command, "%s: \"%s\" is not allowed; did you mean %s?", option, text, nearest);
  return nearest != NULL;
}
