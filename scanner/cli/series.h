/* stscan stats --series RESULT ...: each RESULT, a file or a folder, is a point in time. */
#ifndef SCANNER_CLI_SERIES_H
#define SCANNER_CLI_SERIES_H

#include "scanner/cli/options.h"

/* An exit status. at: when it is made, Unix time in ms. */
int series_main(const struct options *options, const char *command, int64_t at);

#endif
