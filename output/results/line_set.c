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

enum err line_set_new(struct line_set **set) {
  *set = calloc(1, sizeof **set);
  return *set ? ERR_NONE : ERR_MEMORY;
}

void line_set_clear(struct line_set *set) {
  for (size_t i = 0; i < set->page_count; i++) free(set->pages[i]);
  free(set->pages);
  *set = (struct line_set){0};
}

void line_set_free(struct line_set *set) {
  if (!set) return;
  line_set_clear(set);
  free(set);
}

static enum err line_set_grow(struct line_set *set, size_t pages) {
  if (pages <= set->page_count) return ERR_NONE;
  size_t wanted = pages > 2 * set->page_count ? pages : 2 * set->page_count;
  struct page **grown = realloc(set->pages, wanted * sizeof(struct page *));
  if (!grown) return ERR_MEMORY;
  memset(grown + set->page_count, 0, (wanted - set->page_count) * sizeof(struct page *));
  set->pages = grown;
  set->page_count = wanted;
  return ERR_NONE;
}

enum err line_set_set(struct line_set *set, uint64_t n) {
  if (n == 0 || n > LINE_SET_LINE_MAX) return ERR_LIMIT;
  size_t at = (size_t)(n / LINE_SET_PAGE_LINES);
  if (line_set_grow(set, at + 1) != ERR_NONE) return ERR_MEMORY;
  if (!set->pages[at] && !(set->pages[at] = calloc(1, sizeof(struct page)))) return ERR_MEMORY;
  uint64_t *word = &set->pages[at]->words[n % LINE_SET_PAGE_LINES / WORD_BITS];
  uint64_t bit = (uint64_t)1 << n % WORD_BITS;
  set->count += !(*word & bit);
  *word |= bit;
  return ERR_NONE;
}

bool line_set_has(const struct line_set *set, uint64_t n) {
  uint64_t at = n / LINE_SET_PAGE_LINES;
  if (!set || at >= set->page_count || !set->pages[at]) return false;
  return set->pages[at]->words[n % LINE_SET_PAGE_LINES / WORD_BITS] >> n % WORD_BITS & 1;
}

uint64_t line_set_count(const struct line_set *set) {
  return set ? set->count : 0;
}
