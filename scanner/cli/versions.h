/* The versions of the program and of the libraries that it runs with. */
#ifndef SCANNER_CLI_VERSIONS_H
#define SCANNER_CLI_VERSIONS_H

#include "output/base/json_writer.h"
#include <stdio.h>

void versions_print(FILE *out);

/* Of the source that it was built from; empty: it was not a repository. */
const char *versions_commit(void);

/* {"stscan":"...","libuv":"...",...} under key. */
void versions_write(struct json_writer *json, const char *key);

#endif
