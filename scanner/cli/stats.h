/* stscan stats: statistics of result files, as text, JSON or HTML; of all domains or of chosen
 * ones; lists of domains. */
#ifndef SCANNER_CLI_STATS_H
#define SCANNER_CLI_STATS_H

int stats_main(int argc, char **argv);

#endif
