/* The versions of the program and of the libraries that it runs with. */
#ifndef SCANNER_CLI_VERSIONS_H
#define SCANNER_CLI_VERSIONS_H

#include "output/base/json_writer.h"
#include <stdio.h>

enum { VERSIONS_TEXT_SIZE = 256 };

void versions_print(FILE *out);

/* Of the source that it was built from; empty: it was not a repository. */
const char *versions_commit(void);

/* Those of the libraries in one line: "libuv 1.44.2, c-ares 1.18.1, ...". */
void versions_libraries(char text[VERSIONS_TEXT_SIZE]);

/* {"stscan":"...","libuv":"...",...} under key. */
void versions_write(struct json_writer *json, const char *key);

#endif
