/* The command `stscan scan`: scans every domain of the lists. */
#ifndef SCANNER_CLI_SCAN_H
#define SCANNER_CLI_SCAN_H

/* `stscan scan`. argv[0] is "scan"; gives the exit status. */
int scan_main(int argc, char **argv);

#endif
