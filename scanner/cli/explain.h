/* stscan explain [CODE]: what a code means, how to diagnose and fix it. */
#ifndef SCANNER_CLI_EXPLAIN_H
#define SCANNER_CLI_EXPLAIN_H

int explain_main(int argc, char **argv);

#endif
