/* The RESULTs of a command: files, pipes, standard input, and folders of them. */
#ifndef SCANNER_CLI_RESULT_OPERANDS_H
#define SCANNER_CLI_RESULT_OPERANDS_H

#include "output/results/result_paths.h"
#include <stdbool.h>

/* The files that the operands name. False: there is none, or something is wrong, which was said. */
bool result_operands_take(struct result_paths *paths, const char *command, char *const *operands,
                          int count);

/* Whether all can be read twice, which `what` needs; if not, this is said. */
bool result_operands_are_files(const struct result_paths *paths, const char *command,
                               const char *what);

#endif
