/* The statistics arranged for people: sections of rows, each a count with its base, the member of
 * the JSON that it is, and the options that list its domains. The text and the HTML report show
 * what stands here and nothing else.
 */
#ifndef OUTPUT_REPORT_REPORT_H
#define OUTPUT_REPORT_REPORT_H

#include "output/report/rows.h"

/* The figures and the conditions must live as long as the report. To be followed by report_free(),
 * whatever it returns. */
enum err report_make(struct report *report, const struct statistics *statistics, const char *where);
void report_free(struct report *report);

/* Whether any manager's policy hosts have that error. */
bool report_has_cause(const struct managed_statistics *managed, enum finding_code code);

/* A row with a base of nothing says nothing. */
bool report_section_empty(const struct report *report, const struct report_section *section);

/* The row whose base all rows of the section share, or NULL. */
const struct report_row *report_section_base(const struct report *report,
                                             const struct report_section *section);

#endif
