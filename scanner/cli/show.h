/* stscan show DOMAIN RESULT ...: the newest stored record of a domain, told as check tells a live
 * one. Needs no network. Holds one record, however many files are read. */
#ifndef SCANNER_CLI_SHOW_H
#define SCANNER_CLI_SHOW_H

int show_main(int argc, char **argv);

#endif
