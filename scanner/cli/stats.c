#include "scanner/cli/stats.h"

#include "output/base/csv_writer.h"
#include "output/report/html_page.h"
#include "output/report/report_html.h"
#include "output/report/report_json.h"
#include "output/report/report_metrics.h"
#include "output/report/report_text.h"
#include "output/stats/completeness.h"
#include "output/stats/former_mx.h"
#include "output/stats/input.h"
#include "output/stats/worst.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/file_set.h"
#include "scanner/cli/filter_option.h"
#include "scanner/cli/help.h"
#include "scanner/cli/nearest.h"
#include "scanner/cli/report_file.h"
#include "scanner/cli/result_operands.h"
#include "scanner/cli/series.h"
#include "scanner/cli/setup.h"
#include "scanner/cli/terminal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct stats {
  const struct options *options;
  const char *command;
  struct result_paths paths;
  struct filter where;
  char where_text[FILTER_OPTION_TEXT_SIZE];
  struct aggregate_config config;
  struct aggregate aggregate;
  struct completeness completeness;
  struct worst worst; /* domains that --html names */
  struct former_mx former;
  int64_t at; /* when this is made: Unix time in ms */
};

/* Input or output. */
static bool is_standard(const char *path) {
  return strcmp(path, "-") == 0;
}

/* Options that do not go together. */
static int stats_combination(const struct stats *stats) {
  const struct options *options = stats->options;
  if (options->list && (options->html || options->by || options->metrics))
    help_complain(stats->command, "--list goes with neither --html nor --by nor --metrics");
  else if (options->csv && options->json)
    help_complain(stats->command, "give --csv or --json, not both");
  else if (options->csv && !options->by && !options->list)
    help_complain(stats->command, "--csv goes with --by, --list or --series");
  else if (options->label_metric && !options->metrics)
    help_complain(stats->command, "--label-metric goes with --metrics");
  else if (options->label_metric && options->by)
    help_complain(stats->command, "--label-metric does not go with --by");
  else if (options->columns && !options->list)
    help_complain(stats->command, "--columns goes with --list");
  else if (options->html && (options->json || options->csv) && is_standard(options->html))
    help_complain(stats->command, "--html - and --%s would both be standard output",
                  options->json ? "json" : "csv");
  else if (options->self_max >= options->third_party_min)
    help_complain(stats->command,
                  "--self-max: \"%u\" is not allowed: give less than "
                  "--third-party-min, which is %u",
                  options->self_max, options->third_party_min);
  else
    return EXIT_DONE;
  return EXIT_USAGE;
}

/* nearest_word of --list */
static const char *stats_code_word(const void *data, size_t i) {
  (void)data;
  if (i == FOUND_COUNT) return "all";
  return i < FOUND_COUNT ? finding_info((enum finding_code)i)->name : NULL;
}

static int stats_list(struct stats *stats) {
  const struct options *options = stats->options;
  stats->config.list_code = FOUND_COUNT;
  if (!options->list) return EXIT_DONE;
  stats->config.list = AGGREGATE_LIST_NAMES;
  if (options->json) stats->config.list = AGGREGATE_LIST_RECORDS;
  if (options->columns || options->csv) stats->config.list = AGGREGATE_LIST_COLUMNS;
  stats->config.form = options->csv ? COLUMNS_CSV : options->json ? COLUMNS_JSON : COLUMNS_TEXT;
  stats->config.out = stdout;
  if (strcmp(options->list, "all") == 0) return EXIT_DONE;
  stats->config.list_code = finding_by_name(span_of(options->list));
  if (stats->config.list_code != FOUND_COUNT) return EXIT_DONE;
  if (nearest_complain(stats->command, "--list", span_of(options->list), stats_code_word, NULL))
    return EXIT_USAGE;
  help_complain(stats->command,
                "--list: \"%s\" is not allowed: give a code (stscan explain lists them), or all",
                options->list);
  return EXIT_USAGE;
}

/* The files, those in folders among them; what is read twice can be no pipe. */
static int stats_operands(struct stats *stats) {
  const struct options *options = stats->options;
  if (!result_operands_take(&stats->paths, stats->command, options->operands,
                            options->operand_count))
    return EXIT_USAGE;
  stats->config.paths = stats->paths.at;
  stats->config.path_count = (unsigned)stats->paths.count;
  if (!aggregate_reads_twice(&stats->config)) return EXIT_DONE;
  return result_operands_are_files(&stats->paths, stats->command, "managed") ? EXIT_DONE
                                                                             : EXIT_USAGE;
}

static struct report_file html_file(const struct stats *stats) {
  return (struct report_file){stats->command, "--html", stats->options->html, HTML_PAGE_MARK,
                              stats->options->force};
}

static struct report_file metrics_file(const struct stats *stats) {
  return (struct report_file){stats->command, "--metrics", stats->options->metrics,
                              REPORT_METRICS_MARK, stats->options->force};
}

/* What is written must be nothing that is read, nor what somebody else wrote. */
static int stats_outputs(const struct stats *stats) {
  const struct options *options = stats->options;
  struct file_set set = {0};
  for (size_t i = 0; i < stats->paths.count; i++)
    file_set_reads(&set, "RESULT", stats->paths.at[i]);
  bool taken = (options->html && is_standard(options->html)) ||
               (options->metrics && is_standard(options->metrics));
  if (!taken) file_set_writes(&set, "output", "-");
  file_set_writes(&set, "--html", options->html);
  file_set_writes(&set, "--metrics", options->metrics);
  enum err err = file_set_check(&set, stats->command);
  file_set_free(&set);
  if (err != ERR_NONE) return setup_exit_status(err);
  struct report_file html = html_file(stats), metrics = metrics_file(stats);
  int status = report_file_check(&html);
  return status == EXIT_DONE ? report_file_check(&metrics) : status;
}

static enum err stats_kept(void *context, const struct result *result, bool counts) {
  struct stats *stats = context;
  enum err err = stats->options->html ? worst_take(&stats->worst, result, counts) : ERR_NONE;
  return err == ERR_NONE ? former_mx_take(&stats->former, result, counts) : err;
}

/* The domains that a page names; and of several files what the earlier scans tell. */
static void stats_keep(struct stats *stats) {
  const struct options *options = stats->options;
  bool named = options->html && options->names, several = stats->paths.count > 1;
  if (options->list || !(named || several)) return;
  stats->worst.most = options->names;
  stats->config.keep = several ? former_mx_keep : worst_keep;
  stats->config.kept = stats_kept;
  stats->config.context = stats;
}

static int stats_configure(struct stats *stats) {
  const struct options *options = stats->options;
  stats->config = (struct aggregate_config){
      .limits = {options->self_max, options->third_party_min},
      .threads = setup_threads(options),
      .where = &stats->where,
  };
  if (options->label_metric) stats->config.split = span_of(options->label_metric);
  if (!filter_option_where(stats->command, &options->where, &stats->where)) return EXIT_USAGE;
  if (!filter_option_text(stats->command, &options->where, stats->where_text)) return EXIT_USAGE;
  if (!filter_option_by(stats->command, options->by, &stats->config) ||
      !filter_option_columns(stats->command, options->columns, &stats->config.columns))
    return EXIT_USAGE;
  int status = stats_combination(stats);
  if (status == EXIT_DONE) status = stats_list(stats);
  if (status == EXIT_DONE) status = stats_operands(stats);
  stats_keep(stats);
  return status;
}

static void stats_tell(void *context, const char *path, const char *text) {
  const struct stats *stats = context;
  if (path)
    help_complain(stats->command, "%s: %s", is_standard(path) ? "standard input" : path, text);
  else
    help_complain(stats->command, "%s", text);
}

static int stats_failed(struct stats *stats, enum err err) {
  bool told = false;
  int cause = errno;
  for (unsigned i = 0; i < stats->aggregate.file_count; i++)
    if (stats->aggregate.files[i].err != ERR_NONE) {
      input_failure(&stats->aggregate.files[i], stats_tell, stats);
      told = true;
    }
  if (!told) help_complain(stats->command, "%s", err == ERR_IO ? strerror(cause) : err_text(err));
  return EXIT_WRONG;
}

/* The groups of --by. */
struct groups {
  const struct group_by *by;
  struct group_by_line *lines;
  size_t count;
};

/* A,B,domains,share,deployed,valid,broken */
static enum err print_csv(const struct stats *stats, const struct statistics *statistics,
                          const struct groups *groups) {
  uint64_t whole = statistics->counts.domains;
  (void)stats;
  for (unsigned i = 0; i < groups->by->dimension_count; i++) {
    csv_writer_field(stdout, groups->by->names[i]);
    putchar(',');
  }
  puts("domains,share,deployed,valid,broken");
  for (size_t i = 0; i < groups->count; i++) {
    const struct group_by_line *line = &groups->lines[i];
    for (unsigned j = 0; j < groups->by->dimension_count; j++) {
      csv_writer_field(stdout, line->values[j]);
      putchar(',');
    }
    printf("%" PRIu64 ",%.9g,%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", line->domains,
           whole ? (double)line->domains / (double)whole : 0, line->deployed, line->valid,
           line->broken);
  }
  return ERR_NONE;
}

static enum err print_json(const struct stats *stats, const struct statistics *statistics,
                           const struct groups *groups) {
  struct report_json_source source = {stats->where_text,    statistics, &stats->aggregate,
                                      &stats->completeness, groups->by, groups->lines,
                                      groups->count,        stats->at};
  enum err err = report_json_print(stdout, &source);
  if (err == ERR_NONE) putchar('\n');
  return err;
}

static enum err print_text(const struct stats *stats, const struct statistics *statistics,
                           const struct groups *groups) {
  struct report_text_style style = {.colour = terminal_colour(stdout)};
  struct report report;
  enum err err = report_make(&report, statistics, stats->where_text);
  if (err == ERR_NONE && groups->by->dimension_count)
    report_text_groups(stdout, &style, &report, groups->by, groups->lines, groups->count);
  else if (err == ERR_NONE)
    report_text(stdout, &style, &report);
  report_free(&report);
  return err;
}

/* What a report in a file is made of. */
struct saved {
  const struct stats *stats;
  const struct statistics *statistics;
  const struct report *report;
  const struct groups *groups;
  struct split_line *lines; /* of --label-metric */
  size_t line_count;
};

static void save_html(FILE *out, const void *context) {
  const struct saved *saved = context;
  struct report_html html = {
      .report = saved->report,
      .aggregate = &saved->stats->aggregate,
      .worst = &saved->stats->worst,
      .lines = saved->groups->lines,
      .line_count = saved->groups->count,
      .title = saved->stats->options->title,
      .at = saved->stats->at,
  };
  report_html(out, &html);
}

static void save_metrics(FILE *out, const void *context) {
  const struct saved *saved = context;
  report_metrics(out, &(struct report_metrics){saved->statistics, &saved->stats->aggregate,
                                               saved->lines, saved->line_count});
}

/* What stands in files; an exit status. */
static int stats_save(const struct stats *stats, const struct statistics *statistics,
                      const struct groups *groups) {
  struct report report;
  struct saved saved = {stats, statistics, &report, groups, NULL, 0};
  struct report_file html = html_file(stats), metrics = metrics_file(stats);
  enum err err = report_make(&report, statistics, stats->where_text);
  int status = err == ERR_NONE ? report_file_write(&html, save_html, &saved) : EXIT_WRONG;
  if (err == ERR_NONE) err = split_lines(&stats->aggregate.split, &saved.lines, &saved.line_count);
  if (err != ERR_NONE) {
    help_complain(stats->command, "%s", err_text(err));
    status = EXIT_WRONG;
  }
  if (status == EXIT_DONE) status = report_file_write(&metrics, save_metrics, &saved);
  free(saved.lines);
  report_free(&report);
  return status;
}

static enum err stats_print(const struct stats *stats, const struct statistics *statistics,
                            const struct groups *groups) {
  if (stats->options->csv) return print_csv(stats, statistics, groups);
  return (stats->options->json ? print_json : print_text)(stats, statistics, groups);
}

static int stats_report(struct stats *stats) {
  const struct options *options = stats->options;
  struct statistics statistics = {0};
  struct groups groups = {.by = &stats->aggregate.groups};
  int status = EXIT_DONE;
  enum err err = tally_statistics(stats->aggregate.tally, stats->config.limits, &statistics);
  former_mx_statistics(&stats->former, stats->paths.count > 1 ? stats->aggregate.duplicates : 0,
                       &statistics);
  if (statistics.has_former_mx) former_mx_notes(&stats->former, stats_tell, stats);
  if (err == ERR_NONE) err = group_by_lines(groups.by, &groups.lines, &groups.count);
  if (err == ERR_NONE && groups.count == 0 && options->by && (options->csv || options->json))
    help_complain(stats->command, "none of the domains has a value for %s", options->by);
  bool asked = options->json || options->csv || (options->by && !options->html);
  if (err == ERR_NONE) status = stats_save(stats, &statistics, &groups);
  if (err == ERR_NONE && status == EXIT_DONE && (asked || !(options->html || options->metrics)))
    err = stats_print(stats, &statistics, &groups);
  free(groups.lines);
  statistics_free(&statistics);
  if (err != ERR_NONE) help_complain(stats->command, "%s", err_text(err));
  return err != ERR_NONE || status != EXIT_DONE ? EXIT_WRONG : EXIT_DONE;
}

/* Says what is missing; with --complete that is an exit status. */
static int stats_complete(struct stats *stats) {
  enum err err = completeness_make(&stats->completeness, &stats->aggregate);
  if (err != ERR_NONE) {
    help_complain(stats->command, "%s", err_text(err));
    return EXIT_WRONG;
  }
  completeness_notes(&stats->completeness, stats_tell, stats);
  if (!stats->options->complete || completeness_is_whole(&stats->completeness)) return EXIT_DONE;
  for (unsigned i = 0; i < stats->aggregate.file_count; i++)
    if (stats->aggregate.files[i].marks.count == 0)
      stats_tell(stats, stats->aggregate.files[i].path,
                 "it does not say which scan it is of, nor whether that ended");
  return EXIT_WRONG;
}

static int stats_run(struct stats *stats) {
  int status = stats_configure(stats);
  if (status == EXIT_DONE) status = stats_outputs(stats);
  if (status != EXIT_DONE) return status;
  if (stats->config.list == AGGREGATE_LIST_COLUMNS && stats->options->csv)
    columns_head(stdout, &stats->config.columns);
  enum err err = aggregate_run(&stats->aggregate, &stats->config);
  if (err == ERR_IO && errno == EPIPE && stats->options->list) return EXIT_DONE;
  if (err != ERR_NONE) return stats_failed(stats, err);
  worst_end(&stats->worst);
  if (stats->options->list && stats->aggregate.listed == 0 &&
      filter_asks(&stats->where, DIMENSION_LABEL))
    help_complain(stats->command, "no domain has the label that --where asks for: %s",
                  stats->where_text);
  input_notes(&stats->aggregate, stats_tell, stats);
  int complete = stats_complete(stats);
  status = stats->options->list ? EXIT_DONE : stats_report(stats);
  return status == EXIT_DONE ? complete : status;
}

int stats_main(int argc, char **argv) {
  struct options options;
  switch (options_parse(&options, ON_STATS, argc, argv)) {
  case OPTIONS_HELP: return EXIT_DONE;
  case OPTIONS_BAD: return EXIT_USAGE;
  case OPTIONS_RUN: break;
  }
  int64_t at = setup_now();
  if (options.series) return series_main(&options, argv[0], at);
  struct stats stats = {.options = &options, .command = argv[0], .at = at};
  int status = stats_run(&stats);
  aggregate_free(&stats.aggregate);
  completeness_free(&stats.completeness);
  worst_free(&stats.worst);
  former_mx_free(&stats.former);
  result_paths_free(&stats.paths);
  return status;
}
