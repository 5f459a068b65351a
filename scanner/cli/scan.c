#include "scanner/cli/scan.h"

#include "scanner/cli/account.h"
#include "scanner/cli/again.h"
#include "scanner/cli/command.h"
#include "scanner/cli/help.h"
#include "scanner/cli/options.h"
#include "scanner/cli/setup.h"
#include "scanner/run/signals.h"
#include <errno.h>
#include <unistd.h>

static enum sink_mode scan_sink_mode(const struct options *options) {
  if (options->force) return SINK_TRUNCATE;
  return options->append || options->resume ? SINK_APPEND : SINK_CREATE;
}

static unsigned scan_threads(const struct options *options) {
  if (options->threads) return options->threads;
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (processors < 1) return 1;
  return processors > OPTIONS_THREADS_MAX ? OPTIONS_THREADS_MAX : (unsigned)processors;
}

static void scan_configure(const struct options *options, struct scan_config *config) {
  *config = (struct scan_config){
      .lists = options->operands,
      .list_count = options->operand_count,
      .format = options->format,
      .output = options->output,
      .mode = scan_sink_mode(options),
      .resume = options->resume,
      .count_resumed = options->summary != NULL,
      .block_path = options->block,
      .gzip = span_ends(span_of(options->output), SPAN(".gz")),
      .threads = scan_threads(options),
      .concurrency = options->concurrency ? options->concurrency : SCAN_CONCURRENCY_DEFAULT,
      .dns_rate = options->dns_rate,
      .https_rate = options->https_rate,
      .per_address = options->per_address,
      .per_address_rate = options->per_address_rate,
      .dns_timeout_ms = options->dns_timeout_ms,
      .dns_tries = options->dns_tries,
      .grace_ms = options->grace * 1000,
      .fetcher = setup_fetcher(options),
      .shard = options->shard,
      .shards = options->shards,
      .progress = options->progress,
  };
  if (config->concurrency < config->threads) config->threads = config->concurrency;
}

static int scan_exit_status(enum scan_end end) {
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

static int scan_with(const struct options *options, int argc, char **argv) {
  struct scan_config config;
  struct scan_account account = {0};
  struct block *block = NULL;
  int status = EXIT_WRONG;
  signals_begin(EXIT_STOPPED);
  scan_configure(options, &config);
  enum err err = setup_nameservers(options, argv[0], &config.servers);
  if (err == ERR_NONE) err = setup_block(options, argv[0], &block);
  if (err != ERR_NONE) {
    status = setup_exit_status(err);
    goto done;
  }
  config.fetcher.block = block;
  if (options->summary && account_check(options->summary) != ERR_NONE) {
    help_complain(argv[0], "--summary %s: %s", options->summary, strerror(errno));
    goto done;
  }
  enum scan_end end = scan_run(&config, &account);
  status = scan_exit_status(end);
  if (account.begin == 0) goto done; /* it did not begin */
  if (options->progress != PROGRESS_NEVER && end != SCAN_READER_GONE)
    account_print(stderr, &account, end, options->output);
  if (account.resumable && (end == SCAN_STOPPED || end == SCAN_BROKEN)) {
    fputs("stscan: the rest is done by: ", stderr);
    again_print(stderr, argc, argv);
  }
  if (options->summary && account_write(options->summary, &account, end, argc, argv) != ERR_NONE) {
    help_complain(argv[0], "--summary %s: %s", options->summary, strerror(errno));
    status = EXIT_WRONG;
  }
done:
  tally_free(account.tally);
  tally_free(account.earlier);
  block_free(block);
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
