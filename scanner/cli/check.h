/* The command `stscan check`: diagnoses a few domains and tells what is wrong. */
#ifndef SCANNER_CLI_CHECK_H
#define SCANNER_CLI_CHECK_H

/* `stscan check`. argv[0] is "check"; gives the exit status. */
int check_main(int argc, char **argv);

#endif
