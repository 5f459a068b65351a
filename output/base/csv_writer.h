/* CSV (RFC 4180) with LF, for spreadsheets too: a field that they would take for a formula, as it
 * begins with =, +, - or @, gets a ' in front.
 */
#ifndef OUTPUT_BASE_CSV_WRITER_H
#define OUTPUT_BASE_CSV_WRITER_H

#include "output/base/span.h"
#include <stdio.h>

/* One field, quoted where it needs it. Commas and line ends are the caller's. */
void csv_writer_field(FILE *out, struct span text);

#endif
