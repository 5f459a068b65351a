/* What a server counts, in all and for each second since the first query. */
#ifndef INTERNET_ACCOUNT_H
#define INTERNET_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { ACCOUNT_SECONDS_MAX = 3600 }; /* later ones are counted in the last */

struct account {
  uint64_t queries, answers;
  uint64_t questions; /* different ones */
  uint64_t lost;      /* datagrams, either way */
  uint64_t over;      /* dropped or refused: the rate */
  uint64_t full;      /* dropped: too many pending */
  uint64_t unread;    /* no query that we read */
  size_t pending_peak;
  size_t seconds; /* of those that follow */
  struct {
    uint32_t queries, answers, names; /* names: answered for the first time */
  } second[ACCOUNT_SECONDS_MAX];
};

/* As one line of JSON. */
void account_print(const struct account *account, uint64_t seed, FILE *out);

#endif
