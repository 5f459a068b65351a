#include "scanner/base/edit_distance.h"

static unsigned edit_distance_least(unsigned a, unsigned b, unsigned c) {
  unsigned least = a < b ? a : b;
  return least < c ? least : c;
}

static char edit_distance_fold(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Levenshtein's table, of which one row is kept. */
unsigned edit_distance(struct span a, struct span b) {
  unsigned row[EDIT_DISTANCE_TEXT_MAX + 1];
  if (a.len > EDIT_DISTANCE_TEXT_MAX || b.len > EDIT_DISTANCE_TEXT_MAX)
    return EDIT_DISTANCE_TEXT_MAX;
  for (unsigned j = 0; j <= b.len; j++) row[j] = j;
  for (unsigned i = 1; i <= a.len; i++) {
    unsigned diagonal = row[0];
    row[0] = i;
    for (unsigned j = 1; j <= b.len; j++) {
      bool same = edit_distance_fold(a.ptr[i - 1]) == edit_distance_fold(b.ptr[j - 1]);
      unsigned replaced = diagonal + !same;
      diagonal = row[j];
      row[j] = edit_distance_least(replaced, row[j] + 1, row[j - 1] + 1);
    }
  }
  return row[b.len];
}
