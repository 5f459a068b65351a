#include "scripts/docs/docs.h"

static void bash_names(FILE *out, const struct command *command) {
  for (enum option_name name = 0; name < OPTION_COUNT; name++)
    if (docs_takes(command, name)) fprintf(out, "--%s ", option_info(name)->name);
}

static void bash_call(FILE *out, const char *function, const struct option_info *option) {
  fprintf(out, "%s '", function);
  docs_words(out, option);
  fputs("'; ", out);
}

/* The branch for what comes after an option with an argument. */
static void bash_argument(FILE *out, const struct command *command,
                          const struct option_info *option) {
  fprintf(out, "  '%s --%s'", command->name, option->name);
  if (option->letter) fprintf(out, " | '%s -%c'", command->name, option->letter);
  fputs(") ", out);
  switch (docs_argument(option)) {
  case DOCS_WORDS: bash_call(out, "_stscan_words", option); break;
  case DOCS_MEMBERS: bash_call(out, "_stscan_list", option); break;
  case DOCS_CONDITIONS: bash_call(out, "_stscan_conditions", option); break;
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

/* What the branches call. */
static const char bash_functions[] =
    "_stscan_words() {\n"
    "  mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$word\")\n"
    "}\n"
    "_stscan_files() {\n"
    "  compopt -o filenames 2>/dev/null\n"
    "  mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
    "}\n"
    "# Words with commas between: what follows the last comma is completed.\n"
    "_stscan_list() {\n"
    "  local done=''\n"
    "  if [[ $word == *,* ]]; then done=${word%,*},; word=${word##*,}; fi\n"
    "  _stscan_words \"$1\"\n"
    "  COMPREPLY=(\"${COMPREPLY[@]/#/$done}\")\n"
    "}\n"
    "# Members first, then the values of the member that was given.\n"
    "_stscan_conditions() {\n"
    "  local condition words=''\n"
    "  if [[ $word == *,* ]]; then member=''; fi\n"
    "  if [[ $member ]]; then\n"
    "    for condition in $1; do\n"
    "      if [[ $condition == \"$member\"=* ]]; then words+=\"${condition#*=} \"; fi\n"
    "    done\n"
    "    _stscan_words \"$words\"\n"
    "    return\n"
    "  fi\n"
    "  for condition in $1; do\n"
    "    condition=${condition%%=*}=\n"
    "    if [[ \" $words\" != *\" $condition \"* ]]; then words+=\"$condition \"; fi\n"
    "  done\n"
    "  compopt -o nospace 2>/dev/null\n"
    "  _stscan_list \"$words\"\n"
    "}\n";

void docs_bash(FILE *out) {
  fputs("# Completion of stscan for bash 4 and later. Made from the program's tables.\n", out);
  fputs(bash_functions, out);
  fputs("_stscan() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} at=$((COMP_CWORD - 1)) before member=''\n"
        "  COMPREPLY=()\n"
        "  if ((COMP_CWORD == 1)); then\n"
        "    _stscan_words '",
        out);
  for (const struct command *command = command_table; command->name; command++)
    fprintf(out, "%s ", command->name);
  fputs("--help --version'\n"
        "    return\n"
        "  fi\n"
        "  # readline parts --name=value, and member=value, into three words\n"
        "  if [[ $word == '=' ]]; then word=''; at=$COMP_CWORD; fi\n"
        "  before=${COMP_WORDS[at]}\n"
        "  if [[ $before == '=' ]]; then\n"
        "    before=${COMP_WORDS[at - 1]}\n"
        "    if [[ $before != -* ]]; then\n"
        "      member=$before before=${COMP_WORDS[at - 2]}\n"
        "      if [[ $before == '=' ]]; then before=${COMP_WORDS[at - 3]}; fi\n"
        "    fi\n"
        "  fi\n",
        out);
  bash_arguments(out);
  bash_words(out);
  fputs("}\n"
        "complete -F _stscan stscan\n",
        out);
}
