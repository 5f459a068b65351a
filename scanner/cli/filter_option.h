/* Which domains the statistics are of, and how they are told: --where, --by, --columns. */
#ifndef SCANNER_CLI_FILTER_OPTION_H
#define SCANNER_CLI_FILTER_OPTION_H

#include "output/stats/aggregate.h"
#include "output/stats/columns.h"
#include "output/stats/filter.h"
#include "output/stats/group_by.h"
#include "scanner/cli/options.h"

enum { FILTER_OPTION_TEXT_SIZE = 1024 };

/* Reads the conditions. False: they are not understood, which was said. */
bool filter_option_where(const char *command, const struct options_texts *texts,
                         struct filter *where);

/* The dimensions of --by, none when by is NULL, into config->by, by_names and by_count. False: they
 * are not understood, which was said. */
bool filter_option_by(const char *command, const char *by, struct aggregate_config *config);

/* What --columns tells; names alone when text is NULL. False: as above. */
bool filter_option_columns(const char *command, const char *text, struct columns *columns);

/* All conditions with commas between, as --where takes them; empty: there are none. False: they
 * are longer than FILTER_OPTION_TEXT_SIZE, which was said. */
bool filter_option_text(const char *command, const struct options_texts *texts,
                        char text[FILTER_OPTION_TEXT_SIZE]);

#endif
