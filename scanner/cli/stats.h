/* stscan stats: statistics of result files, as text, JSON or HTML; slices and lists of them. */
#ifndef SCANNER_CLI_STATS_H
#define SCANNER_CLI_STATS_H

int stats_main(int argc, char **argv);

#endif
