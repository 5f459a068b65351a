/* Whether a scan that is resumed has anything left to do: looked up in its lists alone, so that one
 * that is complete ends without a question to anybody. */
#ifndef SCANNER_RUN_REMAINDER_H
#define SCANNER_RUN_REMAINDER_H

#include "output/results/line_set.h"
#include "scanner/run/scan_config.h"

/* *left: true as soon as a line without a mark could need a record, and whenever it cannot be told
 * (a list that is a stream, or cannot be read). *lines, of all lists, is set when nothing is. */
enum err remainder_look(const struct scan_config *config, const struct line_set *done, bool *left,
                        uint64_t *lines);

#endif
