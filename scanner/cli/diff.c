#include "scanner/cli/diff.h"

#include "output/report/report_diff.h"
#include "output/stats/input.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/file_set.h"
#include "scanner/cli/help.h"
#include "scanner/cli/options.h"
#include "scanner/cli/terminal.h"
#include <errno.h>

static void diff_tell(void *context, const char *path, const char *text) {
  const char *command = context;
  if (path)
    help_complain(command, "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, text);
  else
    help_complain(command, "%s", text);
}

static bool diff_failed_file(const struct aggregate *aggregate, char *command) {
  if (aggregate->file_count == 0 || aggregate->files[0].err == ERR_NONE) return false;
  input_failure(&aggregate->files[0], diff_tell, command);
  return true;
}

static int diff_print(const struct options *options, const struct report_diff *report) {
  if (options->json)
    report_diff_json(stdout, report);
  else
    report_diff_text(stdout, report);
  return report_diff_told(report) ? EXIT_WRONG : EXIT_DONE;
}

static int diff_with(const struct options *options, char *command) {
  struct aggregate old_aggregate = {0}, new_aggregate = {0};
  struct diff *diff = NULL;
  int status = EXIT_FAILED;
  enum err err = diff_new(&diff);
  if (err == ERR_NONE)
    err =
        diff_run(diff, options->operands[0], options->operands[1], &old_aggregate, &new_aggregate);
  if (err == ERR_NONE) {
    struct report_diff report = {diff, &old_aggregate, &new_aggregate, options->worse,
                                 terminal_colour(stdout)};
    input_notes(&old_aggregate, diff_tell, command);
    input_notes(&new_aggregate, diff_tell, command);
    status = diff_print(options, &report);
  } else if (!diff_failed_file(&old_aggregate, command) &&
             !diff_failed_file(&new_aggregate, command)) {
    help_complain(command, "%s", err == ERR_IO ? strerror(errno) : err_text(err));
  }
  diff_free(diff);
  aggregate_free(&old_aggregate);
  aggregate_free(&new_aggregate);
  return status;
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
  struct file_set set = {0};
  for (int i = 0; i < options.operand_count; i++)
    file_set_reads(&set, "RESULT", options.operands[i]);
  file_set_writes(&set, "output", "-");
  enum err err = file_set_check(&set, argv[0]);
  file_set_free(&set);
  return err == ERR_NONE ? diff_with(&options, argv[0])
                         : EXIT_USAGE; /* 2, as for all that failed */
}
