#include "scripts/docs/docs.h"

/* What _arguments takes for its own inside a description. */
#define ZSH_SPECIAL "[]:\\"

static void zsh_words(FILE *out, const char *before, const struct option_info *option,
                      const char *after) {
  fputs(before, out);
  docs_words(out, option);
  fputs(after, out);
}

static void zsh_action(FILE *out, const struct option_info *option) {
  switch (docs_argument(option)) {
  case DOCS_FLAG: return;
  case DOCS_WORDS:
  case DOCS_CONDITIONS: zsh_words(out, ":value:(", option, ")"); return;
  case DOCS_MEMBERS: zsh_words(out, ":member:_values -s , member ", option, ""); return;
  case DOCS_FILE: fputs(":file:_files", out); return;
  case DOCS_FREE: break;
  }
  fputc(':', out);
  docs_quoted(out, option->argument, ZSH_SPECIAL);
  fputs(": ", out);
}

/* spelt: "--output=" or "-o+": the argument may follow at once. */
static void zsh_spec(FILE *out, const struct option_info *option, const char *spelt) {
  fputs(" \\\n      '", out);
  if (option->letter) fprintf(out, "(-%c --%s)", option->letter, option->name);
  fprintf(out, "%s[", spelt);
  docs_quoted(out, option->help, ZSH_SPECIAL);
  fputc(']', out);
  zsh_action(out, option);
  fputc('\'', out);
}

static void zsh_option(FILE *out, const struct option_info *option) {
  char spelt[64];
  snprintf(spelt, sizeof spelt, "--%s%s", option->name, option->argument ? "=" : "");
  zsh_spec(out, option, spelt);
  if (!option->letter) return;
  snprintf(spelt, sizeof spelt, "-%c%s", option->letter, option->argument ? "+" : "");
  zsh_spec(out, option, spelt);
}

static void zsh_command(FILE *out, const struct command *command) {
  fprintf(out, "  %s)\n    _arguments -s", command->name);
  for (enum option_name name = 0; name < OPTION_COUNT; name++)
    if (docs_takes(command, name)) zsh_option(out, option_info(name));
  switch (docs_operand(command)) {
  case DOCS_FILES: fputs(" \\\n      '*:file:_files'", out); break;
  case DOCS_CODES:
    fputs(" \\\n      ':code:(", out);
    docs_codes(out);
    fputs(")'", out);
    break;
  case DOCS_NOTHING: break;
  }
  fputs(" ;;\n", out);
}

void docs_zsh(FILE *out) {
  fputs("#compdef stscan\n"
        "# Completion of stscan for zsh. Made from the program's tables.\n"
        "_stscan() {\n"
        "  local -a commands=(\n",
        out);
  for (const struct command *command = command_table; command->name; command++) {
    fprintf(out, "    '%s:", command->name);
    docs_quoted(out, command->title, "\\");
    fputs("'\n", out);
  }
  fputs("  )\n"
        "  if ((CURRENT == 2)); then\n"
        "    _describe command commands\n"
        "    _arguments '--help[show help]' '--version[show versions]'\n"
        "    return\n"
        "  fi\n"
        "  shift words\n"
        "  ((CURRENT--))\n"
        "  case $words[1] in\n",
        out);
  for (const struct command *command = command_table; command->name; command++)
    zsh_command(out, command);
  fputs("  esac\n"
        "}\n"
        "_stscan \"$@\"\n",
        out);
}
