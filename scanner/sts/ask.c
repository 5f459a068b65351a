#include "scanner/sts/ask.h"

#include "scanner/sts/dkim.h"

static const char *const ask_words[ASK_QUESTIONS] = {
#define X(name, word) word,
    ASK_MAP(X)
#undef X
};

const char *ask_word(const void *data, size_t i) {
  (void)data;
  return i < ASK_QUESTIONS ? ask_words[i] : NULL;
}

static bool ask_has_selector(const struct ask *ask, struct span selector) {
  for (size_t i = 0; i < ask->selector_count; i++)
    if (span_equal_nocase(ask->selectors[i], selector)) return true;
  return false;
}

static enum ask_fault ask_selectors(struct ask *ask, struct span list, struct span *bad) {
  do {
    struct span selector = span_cut(&list, '+');
    *bad = selector;
    if (!dkim_is_selector(selector)) return ASK_BAD_SELECTOR;
    if (ask_has_selector(ask, selector)) continue;
    if (ask->selector_count == ASK_SELECTORS_MAX) return ASK_MANY_SELECTORS;
    ask->selectors[ask->selector_count++] = selector;
  } while (list.len);
  return ASK_OK;
}

static enum ask_fault ask_part(struct ask *ask, struct span part, struct span *bad) {
  size_t equals = span_find(part, '='), i = 0;
  struct span word = span_first(part, equals);
  *bad = word;
  while (i < ASK_QUESTIONS && !span_equal(word, span_of(ask_words[i]))) i++;
  if (i == ASK_QUESTIONS) return ASK_UNKNOWN;
  ask->what |= 1U << i;
  if (i != ASK_QUESTION_DKIM) return equals < part.len ? ASK_NO_VALUE : ASK_OK;
  if (equals >= part.len || equals + 1 == part.len) return ASK_NO_SELECTOR;
  return ask_selectors(ask, span_skip(part, equals + 1), bad);
}

enum ask_fault ask_parse(struct ask *ask, struct span list, struct span *bad) {
  enum ask_fault fault;
  do {
    fault = ask_part(ask, span_cut(&list, ','), bad);
  } while (fault == ASK_OK && list.len);
  if (ask->what & ASK_NS_ALL) ask->what &= ~(unsigned)ASK_NS; /* which it holds */
  return fault;
}

void ask_text(const struct ask *ask, char text[ASK_TEXT_SIZE]) {
  int used = 0;
  text[0] = 0;
  for (size_t i = 0; i < ASK_QUESTIONS; i++)
    if (ask->what >> i & 1)
      used += snprintf(text + used, ASK_TEXT_SIZE - (size_t)used, "%s%s", used ? "," : "",
                       ask_words[i]);
  for (size_t i = 0; i < ask->selector_count && used < ASK_TEXT_SIZE; i++)
    used += snprintf(text + used, ASK_TEXT_SIZE - (size_t)used, "%c%.*s", i ? '+' : '=',
                     SPAN_ARG(ask->selectors[i]));
}
