#include "scripts/docs/docs.h"

static void fish_begin(FILE *out, const struct command *command) {
  fprintf(out, "complete -c stscan -n '__fish_seen_subcommand_from %s'", command->name);
}

static void fish_words(FILE *out, const char *before, const struct option_info *option,
                       const char *after) {
  fputs(before, out);
  docs_words(out, option);
  fputs(after, out);
}

static void fish_option(FILE *out, const struct command *command,
                        const struct option_info *option) {
  fish_begin(out, command);
  fprintf(out, " -l %s", option->name);
  if (option->letter) fprintf(out, " -s %c", option->letter);
  switch (docs_argument(option)) {
  case DOCS_FLAG: break;
  case DOCS_WORDS:
  case DOCS_CONDITIONS: fish_words(out, " -x -a '", option, "'"); break;
  case DOCS_MEMBERS: fish_words(out, " -x -a '(__fish_append , ", option, ")'"); break;
  case DOCS_FILE: fputs(" -r -F", out); break;
  case DOCS_FREE: fputs(" -x", out); break;
  }
  fputs(" -d '", out);
  docs_quoted(out, option->help, "\\");
  fputs("'\n", out);
}

static void fish_command(FILE *out, const struct command *command) {
  fprintf(out, "complete -c stscan -n __fish_use_subcommand -a %s -d '", command->name);
  docs_quoted(out, command->title, "\\");
  fputs("'\n", out);
  for (enum option_name name = 0; name < OPTION_COUNT; name++)
    if (docs_takes(command, name)) fish_option(out, command, option_info(name));
  switch (docs_operand(command)) {
  case DOCS_FILES:
    fish_begin(out, command);
    fputs(" -F\n", out);
    break;
  case DOCS_CODES:
    fish_begin(out, command);
    fputs(" -a '", out);
    docs_codes(out);
    fputs("'\n", out);
    break;
  case DOCS_NOTHING: break;
  }
}

void docs_fish(FILE *out) {
  fputs("# Completion of stscan for fish. Made from the program's tables.\n"
        "complete -c stscan -f\n"
        "complete -c stscan -n __fish_use_subcommand -l help -d 'show help'\n"
        "complete -c stscan -n __fish_use_subcommand -l version -d 'show versions'\n",
        out);
  for (const struct command *command = command_table; command->name; command++)
    fish_command(out, command);
}
