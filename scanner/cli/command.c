#include "scanner/cli/command.h"

#include "scanner/cli/options.h"
#include "scanner/cli/scan.h"
#include <string.h>

const struct command command_table[] = {
    {"scan", ON_SCAN, "[options] [LIST ...]", "scan every domain of the lists",
     "One record a domain, as JSON lines. LIST: a name a line, or rank,name; gzip or plain; none "
     "or\n"
     "- is standard input. Exit status: 0 done, 1 could not be done, 2 bad usage, 3 stopped.\n",
     scan_main},
    {0},
};

const struct command *command_find(const char *name) {
  const struct command *command = command_table;
  while (command->name && strcmp(command->name, name) != 0) command++;
  return command->name ? command : NULL;
}
