#include "scanner/cli/stats.h"

#include "output/input.h"
#include "output/report_html.h"
#include "output/report_json.h"
#include "output/report_text.h"
#include "scanner/cli/command.h"
#include "scanner/cli/help.h"
#include "scanner/cli/options.h"
#include "scanner/cli/terminal.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATS_JSON_SIZE = 64 * 1024 };

struct stats {
  const struct options *options;
  const char *command;
  struct where where;
  struct census_config config;
  struct census census;
};

static int stats_usage(const struct stats *stats, const char *option, struct span value,
                       const char *allowed) {
  help_complain(stats->command, "--%s: \"%.*s\" is not allowed: give %s", option, SPAN_ARG(value),
                allowed);
  return EXIT_USAGE;
}

static int stats_where(struct stats *stats) {
  const struct options_texts *texts = &stats->options->where;
  struct span bad;
  for (unsigned i = 0; i < texts->count; i++)
    if (where_add(&stats->where, span_of(texts->at[i]), &bad) != ERR_NONE)
      return stats_usage(stats, "where", bad,
                         "MEMBER=VALUE or MEMBER!=VALUE, with a member that --by takes and values "
                         "that it has, as status=broken|unknown; several with commas between");
  return EXIT_DONE;
}

static int stats_by(struct stats *stats) {
  const char *by = stats->options->by;
  stats->config.by = by ? facet_by_text(span_of(by)) : FACET_COUNT;
  if (by && stats->config.by == FACET_COUNT)
    return stats_usage(stats, "by", span_of(by),
                       "one of status, effect, mode, stage, code, kind, tld, provider, "
                       "http_status, max_age, expires, tlsrpt, outsourced, rank");
  return EXIT_DONE;
}

static int stats_list(struct stats *stats) {
  const struct options *options = stats->options;
  stats->config.list_code = FOUND_COUNT;
  if (!options->list) return EXIT_DONE;
  stats->config.list = options->json ? CENSUS_LIST_RECORDS : CENSUS_LIST_NAMES;
  stats->config.out = stdout;
  if (options->html || options->by) {
    help_complain(stats->command, "--list goes with neither --html nor --by");
    return EXIT_USAGE;
  }
  if (strcmp(options->list, "all") == 0) return EXIT_DONE;
  stats->config.list_code = finding_by_name(span_of(options->list));
  if (stats->config.list_code == FOUND_COUNT)
    return stats_usage(stats, "list", span_of(options->list),
                       "a code (stscan explain lists them), or all");
  return EXIT_DONE;
}

static int stats_operands(const struct stats *stats) {
  unsigned count = (unsigned)stats->options->operand_count, stdins = 0;
  for (unsigned i = 0; i < count; i++) stdins += strcmp(stats->options->operands[i], "-") == 0;
  if (count == 0)
    help_complain(stats->command, "give at least one RESULT; - is standard input");
  else if (count > CENSUS_FILES_MAX)
    help_complain(stats->command, "at most %d files", CENSUS_FILES_MAX);
  else if (stdins > 1)
    help_complain(stats->command, "standard input can be read only once");
  else
    return EXIT_DONE;
  return EXIT_USAGE;
}

static unsigned stats_threads(const struct options *options) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (options->threads) return options->threads;
  if (processors < 1) return 1;
  return processors > OPTIONS_THREADS_MAX ? OPTIONS_THREADS_MAX : (unsigned)processors;
}

static int stats_configure(struct stats *stats) {
  const struct options *options = stats->options;
  stats->config = (struct census_config){
      .paths = options->operands,
      .path_count = (unsigned)options->operand_count,
      .threads = stats_threads(options),
      .where = &stats->where,
  };
  int status = stats_operands(stats);
  if (status == EXIT_DONE) status = stats_where(stats);
  if (status == EXIT_DONE) status = stats_by(stats);
  if (status == EXIT_DONE) status = stats_list(stats);
  return status;
}

static void stats_tell(void *context, const char *path, const char *text) {
  const struct stats *stats = context;
  if (path)
    help_complain(stats->command, "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, text);
  else
    help_complain(stats->command, "%s", text);
}

static int stats_failed(struct stats *stats, enum err err) {
  bool told = false;
  int cause = errno;
  for (unsigned i = 0; i < stats->census.file_count; i++)
    if (stats->census.files[i].err != ERR_NONE) {
      input_failure(&stats->census.files[i], stats_tell, stats);
      told = true;
    }
  if (!told) help_complain(stats->command, "%s", err == ERR_IO ? strerror(cause) : err_text(err));
  return EXIT_WRONG;
}

static void write_groups(struct json *json, const struct stats *stats,
                         const struct figures_line *lines, size_t count) {
  if (stats->config.by == FACET_COUNT) return;
  json_open(json, "by", '{');
  json_string(json, "member", span_of(facet_text(stats->config.by)));
  json_open(json, "groups", '[');
  for (size_t i = 0; i < count; i++) {
    json_open(json, NULL, '{');
    json_string(json, "value", lines[i].text);
    json_uint(json, "domains", lines[i].domains);
    json_uint(json, "deployed", lines[i].deployed);
    json_uint(json, "valid", lines[i].valid);
    json_uint(json, "broken", lines[i].broken);
    json_close(json, '}');
  }
  json_close(json, ']');
  json_close(json, '}');
}

static enum err print_json(const struct stats *stats, const struct figures *figures,
                           const struct figures_line *groups, size_t group_count) {
  size_t size = STATS_JSON_SIZE;
  for (;;) {
    char *memory = malloc(size);
    if (!memory) return ERR_MEMORY;
    struct json json = json_into(memory, size);
    json_open(&json, NULL, '{');
    report_json(&json, figures);
    input_write(&json, &stats->census);
    write_groups(&json, stats, groups, group_count);
    json_close(&json, '}');
    json_raw(&json, SPAN("\n"));
    bool whole = !json_overflow(&json);
    if (whole) fwrite(memory, 1, json_text(&json).len, stdout);
    size = json.need;
    free(memory);
    if (whole) return ERR_NONE;
  }
}

static enum err print_text(const struct stats *stats, const struct figures *figures,
                           const struct figures_line *groups, size_t group_count) {
  struct report_text_style style = {.colour = terminal_colour(stdout)};
  if (stats->config.by != FACET_COUNT) {
    report_text_lines(stdout, &style, facet_text(stats->config.by), groups, group_count,
                      group_count);
    return ERR_NONE;
  }
  struct report report;
  enum err err = report_make(&report, figures);
  if (err == ERR_NONE) report_text(stdout, &style, &report);
  report_free(&report);
  return err;
}

static int stats_flush(const struct stats *stats) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return EXIT_DONE;
  if (errno == EPIPE) return EXIT_DONE; /* the reader has seen enough */
  help_complain(stats->command, "standard output could not be written: %s", strerror(errno));
  return EXIT_WRONG;
}

/* A file that is already there is written anew: the report belongs to the figures. */
static enum err save_html(const struct stats *stats, const struct figures *figures) {
  struct report report;
  bool is_stdout = strcmp(stats->options->html, "-") == 0;
  enum err err = report_make(&report, figures);
  FILE *file = is_stdout ? stdout : fopen(stats->options->html, "we");
  if (!file) err = ERR_IO;
  if (err == ERR_NONE) report_html(file, &report, &stats->census);
  if (err == ERR_NONE && (fflush(file) != 0 || ferror(file))) err = ERR_IO;
  if (file && !is_stdout && fclose(file) != 0 && err == ERR_NONE) err = ERR_IO;
  report_free(&report);
  return err;
}

static int stats_html(const struct stats *stats, const struct figures *figures) {
  enum err err = save_html(stats, figures);
  if (err == ERR_NONE) return EXIT_DONE;
  help_complain(stats->command, "--html %s: %s", stats->options->html,
                err == ERR_IO ? strerror(errno) : err_text(err));
  return EXIT_WRONG;
}

static int stats_report(struct stats *stats) {
  const struct options *options = stats->options;
  struct managed_limits limits = {options->self_max, options->third_party_min};
  struct figures figures = {0};
  struct figures_line *groups = NULL;
  size_t group_count = 0;
  int status = EXIT_DONE;
  enum err err = tally_figures(stats->census.tally, limits, &figures);
  if (err == ERR_NONE) err = groups_lines(&stats->census.groups, &groups, &group_count);
  if (err == ERR_NONE && options->html) status = stats_html(stats, &figures);
  if (err == ERR_NONE && status == EXIT_DONE && (options->json || !options->html))
    err = (options->json ? print_json : print_text)(stats, &figures, groups, group_count);
  free(groups);
  figures_free(&figures);
  if (err != ERR_NONE) help_complain(stats->command, "%s", err_text(err));
  if (err != ERR_NONE || status != EXIT_DONE) return EXIT_WRONG;
  return stats_flush(stats);
}

static int stats_run(struct stats *stats) {
  int status = stats_configure(stats);
  if (status != EXIT_DONE) return status;
  enum err err = census_run(&stats->census, &stats->config);
  if (err == ERR_IO && errno == EPIPE && stats->options->list) return EXIT_DONE;
  if (err != ERR_NONE) return stats_failed(stats, err);
  input_notes(&stats->census, stats_tell, stats);
  return stats->options->list ? stats_flush(stats) : stats_report(stats);
}

int stats_main(int argc, char **argv) {
  struct options options;
  switch (options_parse(&options, ON_STATS, argc, argv)) {
  case OPTIONS_HELP: return EXIT_DONE;
  case OPTIONS_BAD: return EXIT_USAGE;
  case OPTIONS_RUN: break;
  }
  struct stats stats = {.options = &options, .command = argv[0]};
  int status = stats_run(&stats);
  census_free(&stats.census);
  return status;
}
