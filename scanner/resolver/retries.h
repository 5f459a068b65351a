/* How many names are asked for again, and when before new ones. Pure.
 *
 * One that no server has answered is asked for again, whatever that costs, as long as the queries
 * for it may all have been lost; how likely that is, the loss of others at the time says
 * (scanner/resolver/loss.h). All other retries (of names that servers fail at, and of what is
 * silent where nothing is lost, to see that nothing is) are paid for by the names that are begun.
 */
#ifndef SCANNER_RESOLVER_RETRIES_H
#define SCANNER_RESOLVER_RETRIES_H

#include <stdbool.h>

enum {
  RETRIES_START = 128,        /* to begin with, */
  RETRIES_PERCENT = 15,       /* of the names that are begun, */
  RETRIES_SCARCE_PERCENT = 6, /* and while names wait for a full window */
  RETRIES_KEPT = 32,          /* for names that had no answer at all */
  RETRIES_TURN = 4,    /* of so many queries one is a retry while names wait; where retries are
                          answered     nearly as often as new ones, all but one */
  RETRIES_PROBE = 8,   /* names, of which one is asked for again early, to see loss early */
  RETRIES_MEMORY = 64, /* queries after which an old one hardly counts */
  RETRIES_DOUBT_RECIPROCAL = 1000000, /* a name is given up when one in so many was but lost */
  RETRIES_CLEAN_RECIPROCAL = 200,     /* of the queries: a line that loses fewer loses none */
};

struct retries {
  double budget;
  unsigned turn, probe;
  double answered[2]; /* share of the first queries, and of the retries */
};

void retries_init(struct retries *retries);

/* A name is asked for, the first time. */
void retries_begun(struct retries *retries, bool scarce);
/* Takes one from the budget, if there is one. pressing: it is the second query for the name, and
 * the first had no answer. */
bool retries_afford(struct retries *retries, bool pressing);

/* Whether the name that is begun is one that is asked for again early. */
bool retries_probes(struct retries *retries);

/* risk: that all queries for a name were lost; 0 to 1. */
bool retries_are_due(double risk);

/* A query was answered, or its name is over without. */
void retries_learn(struct retries *retries, bool first, bool answered);

/* How often a name may be asked for that was asked for `done` times in vain: `tries` times, or
 * `on_loss` times, if that is more, when all of those may have been lost. */
unsigned retries_allowed(unsigned tries, unsigned on_loss, unsigned done, double risk);

/* Whether the next query is a retry, when there is also a new name to ask for. */
bool retries_go_first(struct retries *retries);

#endif
