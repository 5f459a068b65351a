/* Which domains the statistics are of: --where and --by of stats. */
#ifndef SCANNER_CLI_FILTER_OPTION_H
#define SCANNER_CLI_FILTER_OPTION_H

#include "output/stats/filter.h"
#include "scanner/cli/options.h"

enum { FILTER_OPTION_TEXT_SIZE = 1024 };

/* Reads the conditions. False: they are not understood, which was said. */
bool filter_option_where(const char *command, const struct options_texts *texts,
                         struct filter *where);

/* The facet of --by, DIMENSION_COUNT for none. False: there is no such one, which was said. */
bool filter_option_by(const char *command, const char *by, enum dimension *dimension);

/* All conditions with commas between, as --where takes them; empty: there are none. False: they
 * are longer than FILTER_OPTION_TEXT_SIZE, which was said. */
bool filter_option_text(const char *command, const struct options_texts *texts,
                        char text[FILTER_OPTION_TEXT_SIZE]);

#endif
