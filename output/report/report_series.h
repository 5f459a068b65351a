/* A series of scans told: rows as text and as CSV, one JSON object, one HTML page with line charts
 * beside their tables. All but the JSON, which has each point's statistics whole, show the columns
 * of the sections below and nothing else.
 */
#ifndef OUTPUT_REPORT_REPORT_SERIES_H
#define OUTPUT_REPORT_REPORT_SERIES_H

#include "output/stats/series.h"
#include <stdio.h>

/* A counter of a point, and what it is a part of. */
struct report_series_column {
  const char *title, *brief; /* for a page; for a terminal */
  const char *member;        /* of the statistics, or of what is followed */
  size_t count;              /* where in struct series_point */
  size_t base;               /* likewise; 0: it is no part of anything */
};

enum { REPORT_SERIES_COLUMNS_MAX = 8, REPORT_SERIES_SECTIONS = 13 };

struct report_series_section {
  const char *title, *about;
  bool share;   /* the chart shows parts of the bases */
  size_t asked; /* where in struct series_point stands what a scan asked for; 0: all scans do */
  struct report_series_column columns[REPORT_SERIES_COLUMNS_MAX];
};

extern const struct report_series_section report_series_sections[REPORT_SERIES_SECTIONS];

/* Whether a scan asked for what the section shows, or any of them did. */
bool report_series_asked(const struct series_point *point,
                         const struct report_series_section *section);
bool report_series_any(const struct series *series, const struct report_series_section *section);

/* How many columns a section has. */
size_t report_series_columns(const struct report_series_section *section);

uint64_t report_series_count(const struct series_point *point,
                             const struct report_series_column *column);
uint64_t report_series_base(const struct series_point *point,
                            const struct report_series_column *column);

/* "2026-11-23". */
enum { REPORT_SERIES_DAY_SIZE = sizeof "2026-11-23" };
void report_series_day(int64_t at, char day[REPORT_SERIES_DAY_SIZE]);

struct report_series {
  const struct series *series;
  const char *where; /* the conditions that chose the domains; empty: all */
  const char *title; /* of the page; NULL: a plain one */
  size_t names;      /* domains that the page and the text name at most */
  int64_t at;        /* when it is made: Unix time in ms */
};

void report_series_text(FILE *out, const struct report_series *report, bool colour);
void report_series_csv(FILE *out, const struct report_series *report);

/* Where the statistics of each point lie, in the order of the points: whole objects in `from`. */
struct report_series_object {
  off_t at;
  size_t len;
};
/* ERR_IO: `from` could not be read. */
enum err report_series_json(FILE *out, const struct series *series, FILE *from,
                            const struct report_series_object *objects);

void report_series_html(FILE *out, const struct report_series *report);

#endif
