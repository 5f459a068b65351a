/* What a scan asks for beside MTA-STS: the list of --ask, "mx,spf,dkim=s1+s2".
 *
 * Plain data; the selectors' spans point into the list.
 */
#ifndef SCANNER_STS_ASK_H
#define SCANNER_STS_ASK_H

#include "output/base/err.h"
#include "output/record/result.h"
#include <stdio.h>

/* X(NAME, "word"): a bit each, in this order. */
#define ASK_MAP(X)                                                                                 \
  X(MX, "mx")         /* of every domain */                                                        \
  X(NS, "ns")         /* of the deployed */                                                        \
  X(NS_ALL, "ns-all") /* of every domain */                                                        \
  X(SPF, "spf")                                                                                    \
  X(DMARC, "dmarc")                                                                                \
  X(DKIM, "dkim") /* of the deployed, with the selectors behind "=" */

enum ask_question {
#define X(name, word) ASK_QUESTION_##name,
  ASK_MAP(X)
#undef X
      ASK_QUESTIONS
};

enum ask_bit {
#define X(name, word) ASK_##name = 1 << ASK_QUESTION_##name,
  ASK_MAP(X)
#undef X
};

/* What check asks for by itself. */
enum { ASK_OF_CHECK = ASK_MX | ASK_NS_ALL | ASK_SPF | ASK_DMARC };

enum { ASK_SELECTORS_MAX = RESULT_DKIM_MAX, ASK_TEXT_SIZE = 4096 };

/* Zeroes: nothing. */
struct ask {
  unsigned what; /* of ask_bit */
  struct span selectors[ASK_SELECTORS_MAX];
  size_t selector_count;
};

/* Why a list is none. */
enum ask_fault {
  ASK_OK,
  ASK_UNKNOWN,  /* the word is none */
  ASK_NO_VALUE, /* it takes none */
  ASK_NO_SELECTOR,
  ASK_BAD_SELECTOR,
  ASK_MANY_SELECTORS, /* over ASK_SELECTORS_MAX */
};

/* Adds what the list asks for; *bad is the part that is at fault. */
enum ask_fault ask_parse(struct ask *ask, struct span list, struct span *bad);

/* The i-th word, NULL behind the last: nearest_word. */
const char *ask_word(const void *data, size_t i);

/* The same list always as the same text; empty for nothing. Cut where it does not fit. */
void ask_text(const struct ask *ask, char text[ASK_TEXT_SIZE]);

#endif
