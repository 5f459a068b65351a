#include "scanner/cli/diff.h"

#include "output/report/html_page.h"
#include "output/report/report_diff.h"
#include "output/stats/completeness.h"
#include "output/stats/input.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/file_set.h"
#include "scanner/cli/filter_option.h"
#include "scanner/cli/help.h"
#include "scanner/cli/options.h"
#include "scanner/cli/report_file.h"
#include "scanner/cli/result_operands.h"
#include "scanner/cli/setup.h"
#include "scanner/cli/terminal.h"
#include <errno.h>
#include <stdlib.h>

static void diff_tell(void *context, const char *path, const char *text) {
  const char *command = context;
  if (path)
    help_complain(command, "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, text);
  else
    help_complain(command, "%s", text);
}

/* What is missing of a side, which it names. */
struct diff_side_name {
  char *command;
  const char *name; /* "OLD" or "NEW" */
};

static void diff_tell_side(void *context, const char *path, const char *text) {
  const struct diff_side_name *side = context;
  (void)path;
  help_complain(side->command, "%s: %s", side->name, text);
}

static void diff_note_missing(const struct aggregate *aggregate, const char *name, char *command) {
  struct diff_side_name side = {command, name};
  struct completeness completeness;
  if (completeness_make(&completeness, aggregate) == ERR_NONE)
    completeness_notes(&completeness, diff_tell_side, &side);
  completeness_free(&completeness);
}

struct diff_sides {
  struct result_paths paths[2]; /* of OLD, of NEW */
  struct aggregate aggregates[2];
  struct filter where;
  char where_text[FILTER_OPTION_TEXT_SIZE];
};

static bool diff_failed_file(const struct aggregate *aggregate, char *command) {
  bool failed = false;
  for (unsigned i = 0; i < aggregate->file_count; i++) {
    if (aggregate->files[i].err == ERR_NONE) continue;
    input_failure(&aggregate->files[i], diff_tell, command);
    failed = true;
  }
  return failed;
}

static void known_complain(char *command, const char *path, unsigned line, enum err err,
                           const char *why) {
  if (err == ERR_SYNTAX)
    help_complain(command, "--known %s: line %u: %s", path, line, why);
  else if (err == ERR_LIMIT)
    help_complain(command, "--known %s: line %u is one too many: at most %d are allowed", path,
                  line, KNOWN_MAX);
  else
    help_complain(command, "--known %s: %s", path, err == ERR_IO ? strerror(errno) : err_text(err));
}

/* *known NULL: none was given. */
static enum err diff_load_known(const char *path, char *command, struct known **known) {
  char *line = NULL, why[KNOWN_WHY_SIZE] = "";
  size_t room = 0;
  unsigned number = 0;
  if (!path) return ERR_NONE;
  enum err err = known_new(known);
  FILE *file = fopen(path, "re");
  if (!file) err = ERR_IO;
  while (err == ERR_NONE && getline(&line, &room, file) >= 0) {
    line[strcspn(line, "\r\n")] = 0;
    number++;
    err = known_add(*known, span_of(line), why);
  }
  if (err == ERR_NONE && ferror(file)) err = ERR_IO;
  if (err != ERR_NONE) known_complain(command, path, number, err, why);
  free(line);
  if (file) fclose(file);
  return err;
}

/* By the clock of NEW. */
static void diff_note_passed(const struct aggregate *aggregate, const struct known *known,
                             const struct options *options, char *command) {
  int64_t last = 0;
  for (unsigned i = 0; i < aggregate->file_count; i++)
    if (aggregate->files[i].last > last) last = aggregate->files[i].last;
  size_t passed = known ? known_passed(known, last) : 0;
  if (passed)
    help_complain(command, "--known %s: %zu findings are known no more: their date has passed",
                  options->known, passed);
}

static struct report_file diff_html_file(const struct options *options, const char *command) {
  return (struct report_file){command, "--html", options->html, HTML_PAGE_MARK, options->force};
}

static void diff_save_html(FILE *out, const void *context) {
  report_diff_html(out, context);
}

static int diff_print(const struct options *options, const struct report_diff *report,
                      const char *command) {
  struct report_file html = diff_html_file(options, command);
  enum err err = ERR_NONE;
  if (report_file_write(&html, diff_save_html, report) != EXIT_DONE) return EXIT_FAILED;
  if (options->json)
    err = report_diff_json(stdout, report);
  else if (!options->html)
    report_diff_text(stdout, report);
  if (err != ERR_NONE) return EXIT_FAILED;
  return report_diff_told(report) ? EXIT_WRONG : EXIT_DONE;
}

/* What could not be done is no difference: 2, as diff(1) has it. */
static int diff_with(const struct options *options, struct diff_sides *sides, char *command) {
  struct diff_side side[2];
  struct diff *diff = NULL;
  struct known *known = NULL;
  int status = EXIT_FAILED;
  for (int i = 0; i < 2; i++)
    side[i] = (struct diff_side){sides->paths[i].at, (unsigned)sides->paths[i].count,
                                 &sides->aggregates[i]};
  enum err err = diff_load_known(options->known, command, &known);
  if (err != ERR_NONE) goto done;
  err = diff_new(&diff);
  if (err == ERR_NONE) err = diff_run(diff, &sides->where, known, &side[0], &side[1]);
  if (err == ERR_NONE) {
    struct report_diff report = {.diff = diff,
                                 .old_aggregate = &sides->aggregates[0],
                                 .new_aggregate = &sides->aggregates[1],
                                 .worse_only = options->worse,
                                 .colour = terminal_colour(stdout),
                                 .where = sides->where_text,
                                 .title = options->title,
                                 .names = options->names,
                                 .at = setup_now()};
    for (int i = 0; i < 2; i++) input_notes(&sides->aggregates[i], diff_tell, command);
    diff_note_missing(&sides->aggregates[0], "OLD", command);
    diff_note_missing(&sides->aggregates[1], "NEW", command);
    diff_note_passed(&sides->aggregates[1], known, options, command);
    status = diff_print(options, &report, command);
  } else if (!diff_failed_file(&sides->aggregates[0], command) &&
             !diff_failed_file(&sides->aggregates[1], command)) {
    help_complain(command, "%s", err == ERR_IO ? strerror(errno) : err_text(err));
  }
done:
  known_free(known);
  diff_free(diff);
  return status;
}

/* The files of both, none of which may be what is written to. */
static bool diff_take(const struct options *options, struct diff_sides *sides, char *command) {
  if (options->json && options->html && strcmp(options->html, "-") == 0) {
    help_complain(command, "--html - and --json would both be standard output");
    return false;
  }
  if (!filter_option_where(command, &options->where, &sides->where) ||
      !filter_option_text(command, &options->where, sides->where_text))
    return false;
  if (filter_asks(&sides->where, DIMENSION_MANAGED)) {
    help_complain(command,
                  "--where: managed is for stats alone: who manages is a matter of one scan");
    return false;
  }
  for (int i = 0; i < 2; i++)
    if (!result_operands_take(&sides->paths[i], command, &options->operands[i], 1)) return false;
  if (!result_operands_are_files(&sides->paths[0], command, "OLD")) return false;
  struct file_set set = {0};
  for (int i = 0; i < 2; i++)
    for (size_t j = 0; j < sides->paths[i].count; j++)
      file_set_reads(&set, "RESULT", sides->paths[i].at[j]);
  file_set_reads(&set, "--known", options->known);
  if (!options->html || strcmp(options->html, "-") != 0) file_set_writes(&set, "output", "-");
  file_set_writes(&set, "--html", options->html);
  enum err err = file_set_check(&set, command);
  file_set_free(&set);
  struct report_file html = diff_html_file(options, command);
  return err == ERR_NONE && report_file_check(&html) == EXIT_DONE;
}

int diff_main(int argc, char **argv) {
  struct options options;
  switch (options_parse(&options, ON_DIFF, argc, argv)) {
  case OPTIONS_HELP: return EXIT_DONE;
  case OPTIONS_BAD: return EXIT_USAGE;
  case OPTIONS_RUN: break;
  }
  if (options.operand_count != 2) {
    help_complain(argv[0], "give two result files, OLD and NEW");
    return EXIT_USAGE;
  }
  if (strcmp(options.operands[0], "-") == 0) {
    help_complain(argv[0], "OLD is read twice, so that it cannot be standard input");
    return EXIT_USAGE;
  }
  struct diff_sides *sides = calloc(1, sizeof *sides);
  if (!sides) return EXIT_FAILED;
  int status =
      diff_take(&options, sides, argv[0]) ? diff_with(&options, sides, argv[0]) : EXIT_USAGE;
  for (int i = 0; i < 2; i++) {
    aggregate_free(&sides->aggregates[i]);
    result_paths_free(&sides->paths[i]);
  }
  free(sides);
  return status;
}
