/* stscan diff OLD NEW: what changed between two scans, worst first. */
#ifndef SCANNER_CLI_DIFF_H
#define SCANNER_CLI_DIFF_H

int diff_main(int argc, char **argv);

#endif
