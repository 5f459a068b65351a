#include "scanner/cli/scan.h"

#include "output/results/scan_id.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/file_set.h"
#include "scanner/cli/filter_option.h"
#include "scanner/cli/help.h"
#include "scanner/cli/options.h"
#include "scanner/cli/resume_command.h"
#include "scanner/cli/setup.h"
#include "scanner/cli/summary.h"
#include "scanner/cli/versions.h"
#include "scanner/run/notice.h"
#include "scanner/run/signals.h"
#include <errno.h>
#include <stdlib.h>

static enum results_file_mode scan_output_mode(const struct options *options) {
  if (options->force) return RESULTS_FILE_TRUNCATE;
  return options->append || options->resume ? RESULTS_FILE_APPEND : RESULTS_FILE_CREATE;
}

static void scan_configure(const struct options *options, struct scan_config *config) {
  *config = (struct scan_config){
      .lists = options->operands,
      .list_count = options->operand_count,
      .wish = {.format = options->format, .column = options->column},
      .output = options->output,
      .mode = scan_output_mode(options),
      .resume = options->resume,
      .count_results = options->summary != NULL,
      .block_path = options->block,
      .gzip = span_ends(span_of(options->output), SPAN(".gz")),
      .threads = setup_threads(options),
      .concurrency = options->concurrency ? options->concurrency : SCAN_CONCURRENCY_DEFAULT,
      .dns_rate = options->dns_rate,
      .https_rate = options->https_rate,
      .per_address = options->per_address,
      .per_address_rate = options->per_address_rate,
      .dns_timeout_ms = options->dns_timeout_ms,
      .dns_tries = options->dns_tries,
      .dns_tries_on_loss = setup_tries_on_loss(options),
      .second_look_ms = options->second_look * 1000,
      .grace_ms = options->grace * 1000,
      .fetcher = setup_fetcher(options),
      .shard = options->shard,
      .shards = options->shards,
      .at_once = options->at_once ? options->at_once : options->shards,
      .progress = options->progress,
  };
  if (config->concurrency < config->threads) config->threads = config->concurrency;
}

/* The conditions that the domains of earlier results are chosen by, and as text; and what the head
 * of the results says of us. */
struct scan_choice {
  struct filter where;
  char text[FILTER_OPTION_TEXT_SIZE];
  char libraries[VERSIONS_TEXT_SIZE];
};

/* The number of a column; they begin at 1. */
static bool scan_is_column(const char *command, const char *option, const char *text) {
  uint64_t number;
  if (!text || !span_number(span_of(text), &number) || number > 0) return true;
  help_complain(command, "%s: \"%s\" is not allowed: give a name, or a number from 1", option,
                text);
  return false;
}

static bool scan_labels(const struct options *options, const char *command,
                        struct list_form_wish *wish) {
  if (options->label.count > LIST_FORM_LABELS_MAX) {
    help_complain(command, "--label: at most %d labels", LIST_FORM_LABELS_MAX);
    return false;
  }
  for (unsigned i = 0; i < options->label.count; i++) {
    const char *label = options->label.at[i];
    if (!scan_is_column(command, "--label", label)) return false;
    for (unsigned j = 0; j < i; j++)
      if (strcmp(wish->labels[j], label) == 0) {
        help_complain(command, "--label %s is given twice", label);
        return false;
      }
    if (!*label || strlen(label) > LIST_FORM_LABEL_NAME_MAX) {
      help_complain(command, "--label: \"%s\" is not allowed: give 1 to %d characters", label,
                    LIST_FORM_LABEL_NAME_MAX);
      return false;
    }
    wish->labels[wish->label_count++] = label;
  }
  return true;
}

/* What is wished of the lists; false: it cannot be, which was said. */
static bool scan_choose(const struct options *options, const char *command,
                        struct scan_choice *choice, struct scan_config *config) {
  versions_libraries(choice->libraries);
  config->libraries = choice->libraries;
  if (!scan_is_column(command, "--column", options->column) ||
      !scan_labels(options, command, &config->wish))
    return false;
  if (!filter_option_where(command, &options->where, &choice->where)) return false;
  if (!filter_option_text(command, &options->where, choice->text)) return false;
  if (filter_asks(&choice->where, DIMENSION_MANAGED)) {
    help_complain(command, "--where: managed needs all operators counted first: ask stats --list");
    return false;
  }
  if (options->where.count == 0) return true;
  config->where = &choice->where;
  config->where_text = choice->text;
  return true;
}

/* What could write nothing at all would fail again: an engine must not repeat it for ever. */
static int scan_exit_status(enum scan_end end, const struct scan_account *account) {
  if (account->write_failed && account->records == 0) return EXIT_WRONG;
  switch (end) {
  case SCAN_COMPLETE:
  case SCAN_READER_GONE: return EXIT_DONE;
  case SCAN_STOPPED:
  case SCAN_LATER:
  case SCAN_BROKEN: return EXIT_STOPPED;
  case SCAN_FAILED: break;
  }
  return EXIT_WRONG;
}

static void scan_complain_summary(const char *command, const char *path, enum err err) {
  help_complain(command, "--summary %s: %s", path,
                err == ERR_REFUSED
                    ? "the file exists and is not a summary: not overwritten (--force "
                      "does)"
                : err == ERR_IO ? strerror(errno)
                                : err_text(err));
}

static bool scan_reads_standard_twice(const struct options *options, const char *command) {
  int count = 0;
  for (int i = 0; i < options->operand_count; i++) count += strcmp(options->operands[i], "-") == 0;
  if (count > 1) help_complain(command, "list -: standard input can be read only once");
  return count > 1;
}

/* All that the command names: no output may be written over any of it. */
static enum err scan_check_files(const struct options *options, const char *command) {
  if (scan_reads_standard_twice(options, command)) return ERR_SYNTAX;
  struct file_set set = {0};
  const char *output = options->output;
  bool beside = strcmp(output, "-") != 0 && !span_ends(span_of(output), SPAN(".gz"));
  for (int i = 0; i < options->operand_count; i++)
    file_set_reads(&set, "list", options->operands[i]);
  if (options->operand_count == 0) file_set_reads(&set, "list", "-");
  file_set_reads(&set, "--block", options->block);
  file_set_reads(&set, "--ca-file", options->ca_file);
  file_set_reads(&set, "resolvers", setup_resolver_file(options));
  file_set_writes(&set, "output", output);
  if (beside) file_set_writes_beside(&set, "output", output, SCAN_ID_FILE_SUFFIX);
  file_set_writes(&set, "--summary", options->summary);
  enum err err = file_set_check(&set, command);
  file_set_free(&set);
  return err;
}

static int scan_with(const struct options *options, int argc, char **argv) {
  struct scan_config config;
  struct scan_account account = {0};
  struct block_list *block = NULL;
  int status = EXIT_WRONG;
  struct scan_choice choice = {0};
  signals_begin(EXIT_STOPPED);
  enum err err = scan_check_files(options, argv[0]);
  if (err != ERR_NONE) return setup_exit_status(err);
  scan_configure(options, &config);
  if (!scan_choose(options, argv[0], &choice, &config)) return EXIT_USAGE;
  if (setup_ask(options, argv[0], &config.ask) != ERR_NONE) return EXIT_USAGE;
  err = setup_nameservers(options, argv[0], &config.servers);
  if (err == ERR_NONE) err = setup_source(options, argv[0], &config.servers, &config.source);
  if (err == ERR_NONE) err = setup_block(options, argv[0], &block);
  if (err == ERR_NONE) err = setup_mail(options, argv[0], &config.mail);
  if (err != ERR_NONE) {
    status = setup_exit_status(err);
    goto done;
  }
  config.fetcher.block = block;
  if (options->summary) err = summary_check(options->summary, options->force);
  if (err != ERR_NONE) {
    scan_complain_summary(argv[0], options->summary, err);
    goto done;
  }
  enum scan_end end = scan_run(&config, &account);
  status = scan_exit_status(end, &account);
  if (account.begin == 0) goto done; /* it did not begin */
  bool heard = notice_is_heard(NOTICE_PATIENCE_MS);
  if (heard && options->progress != PROGRESS_NEVER && end != SCAN_READER_GONE)
    summary_print(stderr, &account, end, options->output);
  if (heard && account.resumable && (end == SCAN_STOPPED || end == SCAN_BROKEN)) {
    fputs("stscan: scan the rest with: ", stderr);
    resume_command_print(stderr, argc, argv);
    resume_command_print_streams(stderr, options->operand_count, options->operands);
  }
  if (options->summary) err = summary_write(options, &config, &account, end, argc, argv);
  if (err != ERR_NONE) {
    scan_complain_summary(argv[0], options->summary, err);
    status = EXIT_WRONG;
  }
done:
  tally_free(account.tally);
  free(account.servers);
  nameservers_free(&config.servers);
  block_list_free(block);
  return status;
}

int scan_main(int argc, char **argv) {
  struct options options;
  switch (options_parse(&options, ON_SCAN, argc, argv)) {
  case OPTIONS_HELP: return EXIT_DONE;
  case OPTIONS_BAD: return EXIT_USAGE;
  case OPTIONS_RUN: break;
  }
  return scan_with(&options, argc, argv);
}
