/* What a server can be told, at the start and in mid-run: a number each.
 * settings.c has the one table of names, limits and help.
 */
#ifndef INTERNET_SETTINGS_H
#define INTERNET_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CHANGES_MAX = 64 };

struct settings {
  double loss;     /* percent of the datagrams, each way */
  double rate;     /* queries a second that are taken up; 0: any number */
  double over;     /* what becomes of more: enum settings_over */
  double queue;    /* how many wait, with over=2 */
  double pending;  /* names being resolved; further ones are dropped */
  double slower;   /* every delay times this */
  double hit;      /* ms: an answer from the cache */
  double referral; /* ms: an answer from the root */
  double stall;    /* ms: of every second nothing is answered for so long, then all at once */
  double silent;   /* 1: nothing is answered */
  double rcode;    /* this to every question; -1: what is so */
  double lie;      /* 1: names that do not exist have an address and a text */
};

enum settings_over { OVER_DROPS, OVER_REFUSES, OVER_QUEUES };

/* Settings that come into force SECONDS after the first query. */
struct change {
  double seconds;
  size_t which;
  double value;
};

struct changes {
  struct change at[CHANGES_MAX]; /* in order of time */
  size_t count, done;
};

void settings_init(struct settings *settings);

/* False: no such name, or a value out of its limits. */
bool settings_set(struct settings *settings, const char *name, const char *value);

/* "SECONDS:NAME=VALUE". False: it is none, or one too many. */
bool changes_add(struct changes *changes, const char *text);

/* Applies what has become due. Returns the seconds of the next change, INFINITY if none. */
double changes_apply(struct changes *changes, struct settings *settings, double seconds);

void settings_help(FILE *out);

#endif
