#include "scanner/cli/command.h"

#include "scanner/cli/explain.h"
#include "scanner/cli/options.h"
#include "scanner/cli/scan.h"
#include <string.h>

const struct command command_table[] = {
    {"scan", ON_SCAN, "[options] [LIST ...]", "scan every domain of the lists",
     "One record a domain, as JSON lines. LIST: a name a line, or rank,name; gzip or plain; none "
     "or\n"
     "- is standard input. Exit status: 0 done, 1 could not be done, 2 bad usage, 3 stopped.\n",
     scan_main},
    {"explain", ON_EXPLAIN, "[--domain NAME] [CODE]", "tell what a code means and how to mend it",
     "What the code means, what a sender does, how to diagnose and mend it, and where the RFC says "
     "so.\n"
     "Without CODE: the list of all codes. Exit status: 0 done, 1 could not be done, 2 bad "
     "usage.\n",
     explain_main},
    {0},
};

const struct command *command_find(const char *name) {
  const struct command *command = command_table;
  while (command->name && strcmp(command->name, name) != 0) command++;
  return command->name ? command : NULL;
}
