#include "scanner/cli/series.h"

#include "output/base/temporary_file.h"
#include "output/record/record_read.h"
#include "output/report/html_page.h"
#include "output/report/report_json.h"
#include "output/report/report_series.h"
#include "output/results/results_reader.h"
#include "output/stats/former_mx.h"
#include "output/stats/input.h"
#include "output/stats/series.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/file_set.h"
#include "scanner/cli/filter_option.h"
#include "scanner/cli/help.h"
#include "scanner/cli/report_file.h"
#include "scanner/cli/result_operands.h"
#include "scanner/cli/setup.h"
#include "scanner/cli/terminal.h"
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What is larger is given back to the system when it is freed. Left to itself, malloc takes the
 * tables of each scan from its heap after the first, where what is kept of a scan holds them. */
enum { SERIES_OWN_PAGES = 1024 * 1024 };

/* A RESULT that was given. */
struct operand {
  const char *text;
  struct result_paths paths;
  int64_t first; /* the time of the first record, by which they are read */
};

struct series_command {
  const struct options *options;
  const char *command;
  int64_t at;
  struct operand *operands;
  unsigned count;
  struct filter where;
  char where_text[FILTER_OPTION_TEXT_SIZE];
  struct series series;
  struct former_mx former;              /* of the point that is read */
  FILE *spool;                          /* the statistics of all points, as JSON */
  struct report_series_object *objects; /* by number */
  bool incomplete;
};

static void series_tell(void *context, const char *path, const char *text) {
  const struct series_command *command = context;
  if (path)
    help_complain(command->command, "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path,
                  text);
  else
    help_complain(command->command, "%s", text);
}

static int series_combination(const struct series_command *command) {
  const struct options *options = command->options;
  if (options->by || options->list || options->columns || options->metrics)
    help_complain(command->command,
                  "--series goes with none of --by, --list, --columns and --metrics");
  else if (options->csv && options->json)
    help_complain(command->command, "give --csv or --json, not both");
  else if (options->html && (options->json || options->csv) && strcmp(options->html, "-") == 0)
    help_complain(command->command, "--html - and --%s would both be standard output",
                  options->json ? "json" : "csv");
  else if (options->operand_count > SERIES_POINTS_MAX)
    help_complain(command->command, "--series: at most %d points in time", SERIES_POINTS_MAX);
  else if (options->operand_count == 0)
    help_complain(command->command, "give at least one RESULT; - is standard input");
  else
    return EXIT_DONE;
  return EXIT_USAGE;
}

/* The time of a file's first record, or INT64_MAX; a pipe is not touched. */
static int64_t first_time(const char *path) {
  struct results_reader *reader = NULL;
  struct line_block *block = NULL;
  struct record_read *record = NULL;
  struct stat st;
  char *line;
  size_t len;
  int64_t at = INT64_MAX;
  if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return at;
  if (results_reader_open(&reader, path) == ERR_NONE && line_block_new(&block) == ERR_NONE &&
      record_read_new(&record) == ERR_NONE && results_reader_next(reader, block) == ERR_NONE &&
      line_block_line(block, &line, &len) && record_read_line(record, line, len) == ERR_NONE)
    at = record_read_result(record)->at;
  record_read_free(record);
  line_block_free(block);
  results_reader_close(reader);
  return at;
}

static int operand_compare(const void *left, const void *right) {
  const struct operand *a = left, *b = right;
  return (a->first > b->first) - (a->first < b->first);
}

static bool series_take_operand(struct series_command *command, char *const *text) {
  struct operand *operand = &command->operands[command->count++];
  *operand = (struct operand){.text = *text, .first = INT64_MAX};
  if (!result_operands_take(&operand->paths, command->command, text, 1)) return false;
  for (size_t i = 0; i < operand->paths.count; i++) {
    int64_t first = first_time(operand->paths.at[i]);
    if (first < operand->first) operand->first = first;
  }
  return true;
}

/* A file, by what it is. */
struct input {
  dev_t device;
  ino_t inode;
  const struct operand *of;
  const char *path;
};

static int input_compare(const void *left, const void *right) {
  const struct input *a = left, *b = right;
  if (a->device != b->device) return a->device < b->device ? -1 : 1;
  return (a->inode > b->inode) - (a->inode < b->inode);
}

static bool inputs_differ(const struct series_command *command, struct input *inputs,
                          size_t count) {
  if (count) qsort(inputs, count, sizeof *inputs, input_compare);
  for (size_t i = 1; i < count; i++) {
    if (input_compare(&inputs[i - 1], &inputs[i]) != 0) continue;
    help_complain(command->command,
                  "--series: %s and %s are the same file: each RESULT is a point in time",
                  inputs[i - 1].path, inputs[i].path);
    return false;
  }
  return true;
}

/* No file is in two points. */
static bool series_operands_differ(const struct series_command *command) {
  size_t count = 0, total = 0;
  for (unsigned i = 0; i < command->count; i++) total += command->operands[i].paths.count;
  struct input *inputs = calloc(total + 1, sizeof *inputs);
  if (!inputs) return false;
  for (unsigned i = 0; i < command->count; i++)
    for (size_t j = 0; j < command->operands[i].paths.count; j++) {
      const char *path = command->operands[i].paths.at[j];
      struct stat st;
      if (strcmp(path, "-") == 0 ? fstat(0, &st) : stat(path, &st)) continue;
      if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))
        inputs[count++] = (struct input){st.st_dev, st.st_ino, &command->operands[i], path};
    }
  bool differ = inputs_differ(command, inputs, count);
  free(inputs);
  return differ;
}

static struct report_file series_html_file(const struct series_command *command) {
  return (struct report_file){command->command, "--html", command->options->html, HTML_PAGE_MARK,
                              command->options->force};
}

/* What is written must be nothing that is read. */
static int series_outputs(const struct series_command *command) {
  const char *html = command->options->html;
  struct file_set set = {0};
  for (unsigned i = 0; i < command->count; i++)
    for (size_t j = 0; j < command->operands[i].paths.count; j++)
      file_set_reads(&set, "RESULT", command->operands[i].paths.at[j]);
  if (!html || strcmp(html, "-") != 0) file_set_writes(&set, "output", "-");
  file_set_writes(&set, "--html", html);
  enum err err = file_set_check(&set, command->command);
  file_set_free(&set);
  if (err != ERR_NONE) return setup_exit_status(err);
  struct report_file file = series_html_file(command);
  return report_file_check(&file);
}

static int series_configure(struct series_command *command) {
  const struct options *options = command->options;
  int status = series_combination(command);
  if (status != EXIT_DONE) return status;
  if (!filter_option_where(command->command, &options->where, &command->where) ||
      !filter_option_text(command->command, &options->where, command->where_text))
    return EXIT_USAGE;
  command->operands = calloc((size_t)options->operand_count, sizeof *command->operands);
  if (!command->operands) return EXIT_WRONG;
  for (int i = 0; i < options->operand_count; i++)
    if (!series_take_operand(command, &options->operands[i])) return EXIT_USAGE;
  if (!series_operands_differ(command)) return EXIT_USAGE;
  qsort(command->operands, command->count, sizeof *command->operands, operand_compare);
  return series_outputs(command);
}

static bool series_makes_json(const struct series_command *command) {
  return command->options->json;
}

/* Rows as JSON and CSV follow no domains. */
static bool series_follows(const struct series_command *command) {
  const struct options *options = command->options;
  return options->html || !(options->json || options->csv);
}

/* What is followed, and what former MX are told from. */
static bool series_keep_all(const struct result *result, struct result *kept) {
  return former_mx_keep(result, kept) || series_keep(result, kept);
}

static enum err series_kept(void *context, const struct result *result, bool counts) {
  struct series_command *command = context;
  enum err err = series_follows(command) && follow_wants(result)
                     ? series_take(&command->series, result, counts)
                     : ERR_NONE;
  return err == ERR_NONE ? former_mx_take(&command->former, result, counts) : err;
}

static struct aggregate_config series_reading(struct series_command *command,
                                              const struct operand *operand) {
  const struct options *options = command->options;
  struct aggregate_config config = {
      .paths = operand->paths.at,
      .path_count = (unsigned)operand->paths.count,
      .limits = {options->self_max, options->third_party_min},
      .threads = setup_threads(options),
      .where = &command->where,
      .kept = series_kept,
      .context = command,
  };
  if (operand->paths.count > 1)
    config.keep = series_keep_all;
  else if (series_follows(command))
    config.keep = series_keep;
  return config;
}

/* The point's statistics, behind those of the others. */
static enum err series_spool(struct series_command *command, const struct aggregate *aggregate,
                             const struct statistics *statistics,
                             const struct completeness *completeness) {
  struct report_series_object *object = &command->objects[command->series.reading];
  struct report_json_source source = {.where = command->where_text,
                                      .statistics = statistics,
                                      .aggregate = aggregate,
                                      .completeness = completeness,
                                      .at = command->at};
  if (!series_makes_json(command)) return ERR_NONE;
  object->at = ftello(command->spool);
  enum err err = report_json_print(command->spool, &source);
  object->len = (size_t)(ftello(command->spool) - object->at);
  return err == ERR_NONE && ferror(command->spool) ? ERR_IO : err;
}

static void series_complete(struct series_command *command, const struct operand *operand,
                            const struct completeness *completeness) {
  if (!command->options->complete || completeness_is_whole(completeness)) return;
  series_tell(command, operand->text, "not complete, or it does not say so");
  command->incomplete = true;
}

/* The name that no other point has: else the path. */
static void series_name_of(const struct series_command *command, const struct operand *operand,
                           char name[SERIES_NAME_MAX + 1]) {
  char other[SERIES_NAME_MAX + 1];
  series_name(operand->text, false, name);
  for (unsigned i = 0; i < command->count; i++) {
    if (&command->operands[i] == operand) continue;
    series_name(command->operands[i].text, false, other);
    if (strcmp(name, other) == 0) series_name(operand->text, true, name);
  }
}

static enum err series_put(struct series_command *command, const struct operand *operand,
                           const struct aggregate *aggregate) {
  struct statistics statistics = {0};
  struct completeness completeness = {0};
  struct managed_limits limits = {command->options->self_max, command->options->third_party_min};
  char name[SERIES_NAME_MAX + 1];
  enum err err = tally_statistics(aggregate->tally, limits, &statistics);
  former_mx_statistics(&command->former, operand->paths.count > 1 ? aggregate->duplicates : 0,
                       &statistics);
  if (statistics.has_former_mx) former_mx_notes(&command->former, series_tell, command);
  if (err == ERR_NONE) err = completeness_make(&completeness, aggregate);
  if (err == ERR_NONE) err = series_spool(command, aggregate, &statistics, &completeness);
  if (err == ERR_NONE) {
    completeness_notes(&completeness, series_tell, command);
    series_complete(command, operand, &completeness);
    series_name_of(command, operand, name);
    err = series_add(&command->series, name, aggregate, &statistics);
  }
  if (err == ERR_END)
    series_tell(command, operand->text, "no record with a time is in it: it is no point in time");
  else if (err != ERR_NONE)
    series_tell(command, operand->text, err == ERR_IO ? strerror(errno) : err_text(err));
  completeness_free(&completeness);
  statistics_free(&statistics);
  return err;
}

static enum err series_read(struct series_command *command, const struct operand *operand) {
  struct aggregate aggregate;
  struct aggregate_config config = series_reading(command, operand);
  enum err err = aggregate_run(&aggregate, &config);
  int cause = errno;
  bool told = false;
  for (unsigned i = 0; err != ERR_NONE && i < aggregate.file_count; i++)
    if (aggregate.files[i].err != ERR_NONE) {
      input_failure(&aggregate.files[i], series_tell, command);
      told = true;
    }
  if (err != ERR_NONE && !told)
    series_tell(command, operand->text, err == ERR_IO ? strerror(cause) : err_text(err));
  if (err == ERR_NONE) {
    input_notes(&aggregate, series_tell, command);
    err = series_put(command, operand, &aggregate);
  }
  aggregate_free(&aggregate);
  former_mx_free(&command->former);
  return err;
}

/* The spool's objects stand by number. */
static enum err series_print_json(const struct series_command *command) {
  const struct series *series = &command->series;
  struct report_series_object *objects = calloc(series->count, sizeof *objects);
  if (!objects) return ERR_MEMORY;
  for (unsigned i = 0; i < series->count; i++)
    objects[i] = command->objects[series->points[i].number];
  enum err err = report_series_json(stdout, series, command->spool, objects);
  free(objects);
  return err;
}

static void series_save_html(FILE *out, const void *context) {
  report_series_html(out, context);
}

static int series_report(const struct series_command *command) {
  const struct options *options = command->options;
  struct report_series report = {.series = &command->series,
                                 .where = command->where_text,
                                 .title = options->title,
                                 .names = options->names,
                                 .at = command->at};
  struct report_file file = series_html_file(command);
  enum err err = ERR_NONE;
  int status = report_file_write(&file, series_save_html, &report);
  if (options->json)
    err = series_print_json(command);
  else if (options->csv)
    report_series_csv(stdout, &report);
  else if (!options->html)
    report_series_text(stdout, &report, terminal_colour(stdout));
  if (err == ERR_NONE) return status;
  series_tell((void *)(size_t)command, NULL, err == ERR_IO ? strerror(errno) : err_text(err));
  return EXIT_WRONG;
}

static int series_run(struct series_command *command) {
  unsigned one;
  enum err err = series_make(&command->series, command->count);
  command->objects = calloc(command->count, sizeof *command->objects);
  if (err == ERR_NONE && !command->objects) err = ERR_MEMORY;
  int fd = series_makes_json(command) ? temporary_file_open() : -1;
  if (fd >= 0) command->spool = fdopen(fd, "w+");
  if (err == ERR_NONE && series_makes_json(command) && !command->spool) err = ERR_IO;
  if (err != ERR_NONE) series_tell(command, NULL, err == ERR_IO ? strerror(errno) : err_text(err));
  for (unsigned i = 0; err == ERR_NONE && i < command->count; i++)
    err = series_read(command, &command->operands[i]);
  if (err != ERR_NONE) return EXIT_WRONG;
  err = series_order(&command->series, &one);
  if (err == ERR_REFUSED)
    help_complain(command->command, "--series: %s and %s are the same scan, with the same records",
                  command->series.points[one].name, command->series.points[one + 1].name);
  else if (err != ERR_NONE)
    series_tell(command, NULL, err_text(err));
  if (err != ERR_NONE) return EXIT_WRONG;
  int status = series_report(command);
  return status == EXIT_DONE && command->incomplete ? EXIT_WRONG : status;
}

int series_main(const struct options *options, const char *command, int64_t at) {
  struct series_command *series = calloc(1, sizeof *series);
  if (!series) return EXIT_WRONG;
  *series = (struct series_command){.options = options, .command = command, .at = at};
  mallopt(M_MMAP_THRESHOLD, SERIES_OWN_PAGES);
  int status = series_configure(series);
  if (status == EXIT_DONE) status = series_run(series);
  for (unsigned i = 0; i < series->count; i++) result_paths_free(&series->operands[i].paths);
  series_free(&series->series);
  if (series->spool) fclose(series->spool);
  free(series->operands);
  free(series->objects);
  free(series);
  return status;
}
