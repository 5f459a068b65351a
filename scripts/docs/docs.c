#include "scripts/docs/docs.h"

#include "output/findings/finding.h"
#include "output/stats/columns.h"
#include <errno.h>
#include <string.h>

bool docs_takes(const struct command *command, enum option_name name) {
  return option_info(name)->commands & command->options;
}

enum docs_argument docs_argument(const struct option_info *option) {
  if (!option->argument) return DOCS_FLAG;
  if (strcmp(option->argument, "CONDITION") == 0) return DOCS_CONDITIONS;
  if (strncmp(option->argument, "MEMBER", 6) == 0) return DOCS_MEMBERS;
  if (strcmp(option->argument, "CODE") == 0) return DOCS_WORDS;
  if (strcmp(option->argument, "NAME|N") == 0) return DOCS_FREE;
  if (strchr(option->argument, '|')) return DOCS_WORDS;
  return strcmp(option->argument, "FILE") == 0 ? DOCS_FILE : DOCS_FREE;
}

/* "auto|lines|csv" */
static void docs_choices(FILE *out, const char *argument) {
  struct span rest = span_of(argument);
  while (rest.len) {
    struct span word = span_cut(&rest, '|');
    fprintf(out, "%.*s ", SPAN_ARG(word));
  }
}

/* Those of --columns are those of --by, and a few more. */
static void docs_members(FILE *out, bool columns) {
  for (enum dimension dimension = 0; dimension < DIMENSION_COUNT; dimension++)
    if (dimension != DIMENSION_LABEL) fprintf(out, "%s ", dimension_text(dimension));
  if (!columns) return;
#define X(name, text) fputs(text " ", out);
  COLUMNS_FURTHER_MAP(X)
#undef X
}

static void docs_conditions(FILE *out) {
  const char *value;
  for (enum dimension dimension = 0; dimension < DIMENSION_COUNT; dimension++) {
    if (dimension == DIMENSION_LABEL) continue;
    if (!dimension_choice(dimension, 0)) fprintf(out, "%s= ", dimension_text(dimension));
    for (int i = 0; (value = dimension_choice(dimension, i)); i++)
      fprintf(out, "%s=%s ", dimension_text(dimension), value);
  }
}

void docs_words(FILE *out, const struct option_info *option) {
  switch (docs_argument(option)) {
  case DOCS_MEMBERS: docs_members(out, strcmp(option->name, "columns") == 0); break;
  case DOCS_CONDITIONS: docs_conditions(out); break;
  case DOCS_WORDS:
    if (strchr(option->argument, '|')) {
      docs_choices(out, option->argument);
    } else {
      docs_codes(out);
      fputs("all ", out);
    }
    break;
  default: break;
  }
}

enum docs_operand docs_operand(const struct command *command) {
  static const char *const files[] = {"LIST", "RESULT", "OLD"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (strstr(command->usage, files[i])) return DOCS_FILES;
  return strstr(command->usage, "CODE") ? DOCS_CODES : DOCS_NOTHING;
}

void docs_codes(FILE *out) {
  for (enum finding_code code = 0; code < FOUND_COUNT; code++)
    fprintf(out, "%s ", finding_info(code)->name);
}

void docs_quoted(FILE *out, const char *text, const char *escape) {
  for (; *text; text++) {
    if (*text == '\'') fputs("'\\'", out);
    if (strchr(escape, *text)) fputc('\\', out);
    fputc(*text, out);
  }
}

static int docs_usage(void) {
  fputs(
      "Usage: stscan_docs man TEMPLATE | stats SCHEMA | findings | schema | columns | bash | zsh | "
      "fish\n",
      stderr);
  return EXIT_USAGE;
}

static int docs_filled(const char *path, enum err (*fill)(FILE *out, FILE *template)) {
  FILE *template = fopen(path, "r");
  if (!template) {
    fprintf(stderr, "stscan_docs: %s: %s\n", path, strerror(errno));
    return EXIT_WRONG;
  }
  enum err err = fill(stdout, template);
  if (err != ERR_NONE) fprintf(stderr, "stscan_docs: %s: %s\n", path, err_text(err));
  fclose(template);
  return err == ERR_NONE ? EXIT_DONE : EXIT_WRONG;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*write)(FILE *out);
  } documents[] = {{"findings", docs_findings}, {"schema", docs_schema}, {"columns", docs_columns},
                   {"bash", docs_bash},         {"zsh", docs_zsh},       {"fish", docs_fish}};
  int status = EXIT_USAGE;
  if (argc == 3 && strcmp(argv[1], "man") == 0) status = docs_filled(argv[2], docs_man);
  if (argc == 3 && strcmp(argv[1], "stats") == 0) status = docs_filled(argv[2], docs_stats);
  for (size_t i = 0; argc == 2 && i < sizeof documents / sizeof *documents; i++) {
    if (strcmp(argv[1], documents[i].name) != 0) continue;
    documents[i].write(stdout);
    status = EXIT_DONE;
  }
  if (status == EXIT_USAGE) return docs_usage();
  return fflush(stdout) == 0 && !ferror(stdout) ? status : EXIT_WRONG;
}
