/* The program's tables without the program: this needs none of the libraries. */
#include "scanner/cli/command.h"
#include "scanner/cli/options.h"

const struct command command_table[] = {
#define COMMAND(name, options, usage, title, text) {#name, options, usage, title, text, NULL},
#include "scanner/cli/command.def"
#undef COMMAND
    {0},
};

static const struct option_info option_table[OPTION_COUNT] = {
#define OPTION(name, long_name, letter, argument, commands, standard, help)                        \
  [OPTION_##name] = {long_name, letter, argument, commands, standard, help},
#include "scanner/cli/options.def"
#undef OPTION
};

const struct option_info *option_info(enum option_name name) {
  return &option_table[name];
}
