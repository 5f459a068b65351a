/* What is told of a domain that is listed: `stats --list CODE --columns A,B,...`.
 *
 * A column is a dimension, or one of a few further members. Plain data.
 */
#ifndef OUTPUT_STATS_COLUMNS_H
#define OUTPUT_STATS_COLUMNS_H

#include "output/base/json_writer.h"
#include "output/stats/dimension.h"

enum { COLUMNS_MAX = 32 };

/* Columns that are no dimension: X(NAME, "text") */
#define COLUMNS_FURTHER_MAP(X)                                                                     \
  X(N, "n")                                                                                        \
  X(UNICODE, "unicode")                                                                            \
  X(DETAIL, "detail") /* of the code that is listed, or of all errors and warnings */              \
  X(MX, "mx")                                                                                      \
  X(AT, "at")

enum columns_further {
  COLUMNS_FIRST = DIMENSION_COUNT - 1, /* they follow the dimensions */
#define X(name, text) COLUMNS_##name,
  COLUMNS_FURTHER_MAP(X)
#undef X
      COLUMNS_END
};

struct columns {
  int at[COLUMNS_MAX];            /* a dimension, or columns_further */
  struct span names[COLUMNS_MAX]; /* as given */
  size_t count;
};

enum columns_form { COLUMNS_TEXT, COLUMNS_CSV, COLUMNS_JSON };

/* ERR_SYNTAX: *bad is no column; ERR_LIMIT: over COLUMNS_MAX. */
enum err columns_parse(struct columns *columns, struct span text, struct span *bad);
void columns_print_names(FILE *out);

/* The i-th of those names; NULL behind the last. */
const char *columns_name(size_t i);
bool columns_has(const struct columns *columns, int column);

/* The line of names that CSV begins with. */
void columns_head(FILE *out, const struct columns *columns);

/* One domain on one line: CSV fields; a JSON object, without what is not there; or text with
 * tabs between, control characters as ?. Several values are joined by |, and an array in JSON.
 * code: whose detail is told, or FOUND_COUNT. */
void columns_row(FILE *out, const struct columns *columns, enum columns_form form,
                 const struct dimension_domain *domain, enum finding_code code);

#endif
