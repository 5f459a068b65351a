/* What changed between two scans, told: to a person as text, worst first with the counts at the
 * top; to a program as one JSON object.
 */
#ifndef OUTPUT_REPORT_REPORT_DIFF_H
#define OUTPUT_REPORT_REPORT_DIFF_H

#include "output/stats/diff.h"
#include <stdio.h>

struct report_diff {
  const struct diff *diff;
  const struct aggregate *old_aggregate, *new_aggregate; /* what was read */
  bool worse_only;                                       /* of the changes; all are counted */
  bool colour;
  const char *where; /* the conditions that chose the domains; empty: all */
  /* Of the page: */
  const char *title; /* NULL: a plain one */
  size_t names;      /* domains of each kind of change that are named at most */
  int64_t at;        /* when it is made: Unix time in ms */
};

enum { REPORT_DIFF_DETAIL_SIZE = 4096 };

/* How many changes it tells of: all, or those for the worse. */
uint64_t report_diff_told(const struct report_diff *report);

/* What makes a change plain, in a few words; false: there is nothing to say. */
bool report_diff_detail(const struct diff_change *change, char text[REPORT_DIFF_DETAIL_SIZE]);

/* Since when a domain is known to be broken, and why. */
void report_diff_still(const struct diff_change *still, char text[REPORT_DIFF_DETAIL_SIZE]);

void report_diff_html(FILE *out, const struct report_diff *report); /* report_diff_html.c */
void report_diff_text(FILE *out, const struct report_diff *report);
enum err report_diff_json(FILE *out, const struct report_diff *report);

#endif
