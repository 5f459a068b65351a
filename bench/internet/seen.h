/* The questions that have come so far, and what became of them: it grows with their number. */
#ifndef INTERNET_SEEN_H
#define INTERNET_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen_entry {
  uint64_t key;   /* 0: free */
  uint64_t ready; /* ns when it is answered; 0: not yet taken up */
  bool answered;
};

struct seen {
  struct seen_entry *entries;
  size_t room, count;
};

/* The question's entry, new if need be; NULL: no memory. Valid until the next call. */
struct seen_entry *seen_find(struct seen *seen, uint64_t key);
void seen_free(struct seen *seen);

#endif
