/* Seconds of an Internet in milliseconds: one resolver with drawn delays, limits and troubles, and
 * a scan that asks it through a window, as scanner/resolver/name_server.c does. Discrete events, no
 * clock, all chance from a seed. */
#ifndef TESTS_UNIT_RESOLVER_INTERNET_H
#define TESTS_UNIT_RESOLVER_INTERNET_H

#include "scanner/resolver/congestion.h"

/* How long names take: a share of them, between two delays in ms. */
struct delays {
  double share, from, to;
};

enum over { OVER_DROPS, OVER_REFUSES };

struct world {
  const char *name;
  struct delays delays[6]; /* the rest is never answered */
  double cached;           /* share of names answered in 0.1 ms */
  double servfail;         /* share of names that say SERVFAIL after their delay, cached then */
  double loss;             /* share of datagrams lost, each way */
  unsigned cap;            /* answers a second; 0: none */
  enum over over;
  unsigned queue;     /* that wait for the cap, before it drops or refuses */
  unsigned recursion; /* names in work at most; 0: no limit */
  double jostle;      /* ms; older ones are thrown out when it is full */
  unsigned buffer;    /* datagrams that wait at a server that does `speed` a second; 0: no limit */
  unsigned speed;
  double change_at; /* s; then all is `change` times as fast */
  double change;
  double burst; /* s; dead names come in stretches so long, every other one; 0: evenly */
  unsigned slots;
};

struct address_plan {
  double seconds;  /* to be simulated */
  double from;     /* s; counted from here on */
  unsigned window; /* fixed; 0: the controller's */
  unsigned seed;
};

struct tale {
  double goodput; /* names with a useful answer, a second */
  double queries; /* for each name that was begun */
  double wasted;  /* share of queries without an answer, of sound names */
  double lost;    /* share of sound names that had none in time */
  unsigned window;
  double lowest; /* goodput of the worst second counted, against the mean */
};

struct tale internet_run(const struct world *world, const struct address_plan *plan);

#endif
