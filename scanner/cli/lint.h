/* The command `stscan lint`: judges a record, a policy and MX hosts without the network. */
#ifndef SCANNER_CLI_LINT_H
#define SCANNER_CLI_LINT_H

/* `stscan lint`. argv[0] is "lint"; gives the exit status. */
int lint_main(int argc, char **argv);

#endif
