/* The command line, parsed by the table options.def.
 *
 * Strings point into argv or are constants; nothing is to be freed. What is wrong is said in one
 * line on standard error that names the option, the value and what is allowed.
 */
#ifndef SCANNER_CLI_OPTIONS_H
#define SCANNER_CLI_OPTIONS_H

#include "output/base/json_writer.h"
#include "output/record/result.h"
#include "scanner/run/progress.h"
#include "scanner/sts/list_entry.h"
#include <stdio.h>

enum options_command {
  ON_SCAN = 1,
  ON_CHECK = 2,
  ON_LINT = 4,
  ON_STATS = 8,
  ON_DIFF = 16,
  ON_EXPLAIN = 32,
  ON_SHOW = 64,
  ON_ALL = 127,
};

enum option_name {
#define OPTION(name, ...) OPTION_##name,
#include "scanner/cli/options.def"
#undef OPTION
  OPTION_COUNT
};

struct option_info {
  const char *name;     /* "dns-rate" */
  char letter;          /* 'o', or 0 */
  const char *argument; /* NULL: a flag */
  unsigned commands;
  const char *standard; /* the default in words, or NULL */
  const char *help;
};

/* name below OPTION_COUNT. */
const struct option_info *option_info(enum option_name name);

enum {
  OPTIONS_THREADS_MAX = 256,
  OPTIONS_CONCURRENCY_MAX = 1000000,
  OPTIONS_SHARDS_MAX = 1000000,
  OPTIONS_RATE_MAX = 10000000,
  OPTIONS_TIMEOUT_MAX_MS = 600000,
  OPTIONS_TRIES_MAX = 16,
  OPTIONS_SECOND_LOOK_SCAN = 60, /* seconds; of other commands 0 */
  OPTIONS_SECOND_LOOK_MAX = 3600,
  OPTIONS_GRACE_DEFAULT = 8,
  OPTIONS_GRACE_MAX = 3600,
  OPTIONS_TEXTS_MAX = 256,
  OPTIONS_NAMES_DEFAULT = 100,
  OPTIONS_NAMES_MAX = 100000,
  OPTIONS_POLICY_SIZE_MAX = RESULT_POLICY_SIZE_MAX, /* what a record of it can be read back for */
};

/* What was given several times, or with several words behind it. */
struct options_texts {
  const char *at[OPTIONS_TEXTS_MAX];
  unsigned count;
};

struct options {
  const char *output;
  bool append, resume, force;
  enum list_entry_format format;
  const char *column; /* NULL: to be found */
  struct options_texts label;
  const char *resolvers; /* NULL: the system's */
  unsigned threads;      /* 0: as many as processors */
  unsigned concurrency;  /* 0: chosen by the program */
  unsigned dns_rate, https_rate;
  unsigned per_address, per_address_rate;
  unsigned dns_timeout_ms, dns_tries;
  unsigned second_look, grace; /* seconds */
  unsigned connect_timeout_ms, https_timeout_ms;
  unsigned max_policy_size;
  unsigned https_port;
  bool probe_mx, dane;
  const char *ehlo, *probe_check; /* NULL: not given */
  unsigned smtp_timeout_ms, smtp_rate, smtp_per_address, smtp_per_address_rate, smtp_port;
  const char *ca_file; /* NULL: the system's */
  bool allow_private;
  const char *block; /* NULL: none */
  const char *ask;   /* NULL: nothing further */
  unsigned shard, shards;
  unsigned at_once; /* shards; 0: all */
  const char *known;
  const char *user_agent;
  const char *source;
  enum progress_mode progress;
  const char *summary;                     /* NULL: none */
  const char *domain;                      /* NULL: none */
  struct options_texts record, mx, tlsrpt; /* of lint */
  const char *policy;                      /* NULL: none */
  bool json, worse;
  bool nagios, csv, complete, series;
  const char *title, *label_metric; /* NULL: none */
  unsigned names;
  const char *html, *metrics, *by, *list, *columns; /* NULL: none */
  struct options_texts where;
  unsigned self_max, third_party_min;
  bool help;
  bool given[OPTION_COUNT];
  char **operands;
  int operand_count;
};

enum options_end {
  OPTIONS_RUN,
  OPTIONS_HELP, /* help was printed: exit 0 */
  OPTIONS_BAD,  /* said on standard error: exit 2 */
};

/* argv[0] is the command's name. */
enum options_end options_parse(struct options *options, enum options_command command, int argc,
                               char **argv);

/* The effective values of all options of a command, as members of a JSON object under key: what was
 * not given and has no value of its own is left out. */
void options_write(struct json_writer *json, const char *key, const struct options *options,
                   enum options_command command);

/* A command, and its options, as --help shows them. */
void options_help(FILE *out, enum options_command command);

#endif
