#include "output/results/line_set.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64, PAGE_WORDS = LINE_SET_PAGE_LINES / WORD_BITS };

struct page {
  uint64_t words[PAGE_WORDS];
};

struct line_set {
  struct page **pages; /* some may be NULL */
  size_t page_count;
  uint64_t count;
};

enum err line_set_new(struct line_set **marks) {
  *marks = calloc(1, sizeof **marks);
  return *marks ? ERR_NONE : ERR_MEMORY;
}

void line_set_clear(struct line_set *marks) {
  for (size_t i = 0; i < marks->page_count; i++) free(marks->pages[i]);
  free(marks->pages);
  *marks = (struct line_set){0};
}

void line_set_free(struct line_set *marks) {
  if (!marks) return;
  line_set_clear(marks);
  free(marks);
}

static enum err line_set_grow(struct line_set *marks, size_t pages) {
  if (pages <= marks->page_count) return ERR_NONE;
  size_t wanted = pages > 2 * marks->page_count ? pages : 2 * marks->page_count;
  struct page **grown = realloc(marks->pages, wanted * sizeof(struct page *));
  if (!grown) return ERR_MEMORY;
  memset(grown + marks->page_count, 0, (wanted - marks->page_count) * sizeof(struct page *));
  marks->pages = grown;
  marks->page_count = wanted;
  return ERR_NONE;
}

enum err line_set_set(struct line_set *marks, uint64_t n) {
  if (n == 0 || n > LINE_SET_LINE_MAX) return ERR_LIMIT;
  size_t at = (size_t)(n / LINE_SET_PAGE_LINES);
  if (line_set_grow(marks, at + 1) != ERR_NONE) return ERR_MEMORY;
  if (!marks->pages[at] && !(marks->pages[at] = calloc(1, sizeof(struct page)))) return ERR_MEMORY;
  uint64_t *word = &marks->pages[at]->words[n % LINE_SET_PAGE_LINES / WORD_BITS];
  uint64_t bit = (uint64_t)1 << n % WORD_BITS;
  marks->count += !(*word & bit);
  *word |= bit;
  return ERR_NONE;
}

bool line_set_has(const struct line_set *marks, uint64_t n) {
  uint64_t at = n / LINE_SET_PAGE_LINES;
  if (!marks || at >= marks->page_count || !marks->pages[at]) return false;
  return marks->pages[at]->words[n % LINE_SET_PAGE_LINES / WORD_BITS] >> n % WORD_BITS & 1;
}

uint64_t line_set_count(const struct line_set *marks) {
  return marks ? marks->count : 0;
}
