#include "scanner/base/edit_distance.h"

static unsigned distance_least(unsigned a, unsigned b, unsigned c) {
  unsigned least = a < b ? a : b;
  return least < c ? least : c;
}

static char distance_fold(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Levenshtein's table, of which one row is kept. */
unsigned distance_edits(struct span a, struct span b) {
  unsigned row[DISTANCE_TEXT_MAX + 1];
  if (a.len > DISTANCE_TEXT_MAX || b.len > DISTANCE_TEXT_MAX) return DISTANCE_TEXT_MAX;
  for (unsigned j = 0; j <= b.len; j++) row[j] = j;
  for (unsigned i = 1; i <= a.len; i++) {
    unsigned diagonal = row[0];
    row[0] = i;
    for (unsigned j = 1; j <= b.len; j++) {
      bool same = distance_fold(a.ptr[i - 1]) == distance_fold(b.ptr[j - 1]);
      unsigned replaced = diagonal + !same;
      diagonal = row[j];
      row[j] = distance_least(replaced, row[j] + 1, row[j - 1] + 1);
    }
  }
  return row[b.len];
}
