/* The tables of a report that can be sorted: providers of policy hosts and of mail, issuers,
 * top-level domains, ranks. The first lines are shown at once, and all of them on demand.
 */
#ifndef OUTPUT_REPORT_HTML_TABLE_H
#define OUTPUT_REPORT_HTML_TABLE_H

#include "output/stats/group_by.h"
#include "output/stats/statistics.h"
#include <stdio.h>

enum {
  HTML_TABLE_LINES = 500, /* of a table */
  HTML_TABLE_CAUSES = 3,  /* of an operator */
  HTML_TABLE_SHOWN = 25,  /* of them at once, which html_style_script knows */
};

/* id: of the table; name: what an operator is called. */
void html_table_operators(FILE *out, const char *id, const char *caption, const char *name,
                          const struct managed_lines *lines);

void html_table_mail_providers(FILE *out, const struct mail_statistics *mail);
void html_table_issuers(FILE *out, const struct mail_statistics *mail);

/* whole: all domains. */
void html_table_groups(FILE *out, const struct group_by *by, const struct group_by_line *lines,
                       size_t count, uint64_t whole);

/* id: what a line is of, "tld" or "rank". with_mx: of the domains with MX alone. */
void html_table_lines(FILE *out, const char *id, const char *caption,
                      const struct statistics_line *lines, size_t count, bool with_mx);

#endif
