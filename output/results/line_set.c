#include "output/results/line_set.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64, PAGE_WORDS = MARKS_PAGE_LINES / WORD_BITS };

struct page {
  uint64_t words[PAGE_WORDS];
};

struct marks {
  struct page **pages; /* some may be NULL */
  size_t page_count;
  uint64_t count;
};

enum err marks_new(struct marks **marks) {
  *marks = calloc(1, sizeof **marks);
  return *marks ? ERR_NONE : ERR_MEMORY;
}

void marks_clear(struct marks *marks) {
  for (size_t i = 0; i < marks->page_count; i++) free(marks->pages[i]);
  free(marks->pages);
  *marks = (struct marks){0};
}

void marks_free(struct marks *marks) {
  if (!marks) return;
  marks_clear(marks);
  free(marks);
}

static enum err marks_grow(struct marks *marks, size_t pages) {
  if (pages <= marks->page_count) return ERR_NONE;
  size_t wanted = pages > 2 * marks->page_count ? pages : 2 * marks->page_count;
  struct page **grown = realloc(marks->pages, wanted * sizeof(struct page *));
  if (!grown) return ERR_MEMORY;
  memset(grown + marks->page_count, 0, (wanted - marks->page_count) * sizeof(struct page *));
  marks->pages = grown;
  marks->page_count = wanted;
  return ERR_NONE;
}

enum err marks_set(struct marks *marks, uint64_t n) {
  if (n == 0 || n > MARKS_LINE_MAX) return ERR_LIMIT;
  size_t at = (size_t)(n / MARKS_PAGE_LINES);
  if (marks_grow(marks, at + 1) != ERR_NONE) return ERR_MEMORY;
  if (!marks->pages[at] && !(marks->pages[at] = calloc(1, sizeof(struct page)))) return ERR_MEMORY;
  uint64_t *word = &marks->pages[at]->words[n % MARKS_PAGE_LINES / WORD_BITS];
  uint64_t bit = (uint64_t)1 << n % WORD_BITS;
  marks->count += !(*word & bit);
  *word |= bit;
  return ERR_NONE;
}

bool marks_has(const struct marks *marks, uint64_t n) {
  uint64_t at = n / MARKS_PAGE_LINES;
  if (!marks || at >= marks->page_count || !marks->pages[at]) return false;
  return marks->pages[at]->words[n % MARKS_PAGE_LINES / WORD_BITS] >> n % WORD_BITS & 1;
}

uint64_t marks_count(const struct marks *marks) {
  return marks ? marks->count : 0;
}
