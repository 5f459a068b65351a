#include "scripts/docs/docs.h"

static void bash_names(FILE *out, const struct command *command) {
  for (enum option_name name = 0; name < OPTION_COUNT; name++)
    if (docs_takes(command, name)) fprintf(out, "--%s ", option_info(name)->name);
}

/* The branch for what comes after an option with an argument. */
static void bash_argument(FILE *out, const struct command *command,
                          const struct option_info *option) {
  fprintf(out, "  '%s --%s'", command->name, option->name);
  if (option->letter) fprintf(out, " | '%s -%c'", command->name, option->letter);
  fputs(") ", out);
  switch (docs_argument(option)) {
  case DOCS_CHOICE:
    fputs("_stscan_words '", out);
    docs_choices(out, option);
    fputs("'; ", out);
    break;
  case DOCS_FILE: fputs("_stscan_files; ", out); break;
  default: break;
  }
  fputs("return ;;\n", out);
}

static void bash_arguments(FILE *out) {
  fputs("  case \"${COMP_WORDS[1]} $before\" in\n", out);
  for (const struct command *command = command_table; command->name; command++)
    for (enum option_name name = 0; name < OPTION_COUNT; name++)
      if (docs_takes(command, name) && option_info(name)->argument)
        bash_argument(out, command, option_info(name));
  fputs("  esac\n", out);
}

static void bash_operand(FILE *out, const struct command *command) {
  switch (docs_operand(command)) {
  case DOCS_FILES: fprintf(out, "  '%s '*) _stscan_files ;;\n", command->name); break;
  case DOCS_CODES:
    fprintf(out, "  '%s '*) _stscan_words '", command->name);
    docs_codes(out);
    fputs("' ;;\n", out);
    break;
  case DOCS_NOTHING: break;
  }
}

static void bash_words(FILE *out) {
  fputs("  case \"${COMP_WORDS[1]} $word\" in\n", out);
  for (const struct command *command = command_table; command->name; command++) {
    fprintf(out, "  '%s -'*) _stscan_words '", command->name);
    bash_names(out, command);
    fputs("' ;;\n", out);
    bash_operand(out, command);
  }
  fputs("  esac\n", out);
}

void docs_bash(FILE *out) {
  fputs("# Completion of stscan for bash 4 and later. Made from the program's tables.\n"
        "_stscan_words() {\n"
        "  mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$word\")\n"
        "}\n"
        "_stscan_files() {\n"
        "  compopt -o filenames 2>/dev/null\n"
        "  mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
        "}\n"
        "_stscan() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
        "  COMPREPLY=()\n"
        "  if ((COMP_CWORD == 1)); then\n"
        "    _stscan_words '",
        out);
  for (const struct command *command = command_table; command->name; command++)
    fprintf(out, "%s ", command->name);
  fputs("--help --version'\n"
        "    return\n"
        "  fi\n"
        "  # readline parts --name=value into three words\n"
        "  if [[ $word == '=' ]]; then word=''; fi\n"
        "  if [[ $before == '=' ]]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi\n",
        out);
  bash_arguments(out);
  bash_words(out);
  fputs("}\n"
        "complete -F _stscan stscan\n",
        out);
}
