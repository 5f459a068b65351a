#include "scanner/cli/options.h"

#include "output/stats/managed.h"
#include "scanner/cli/help.h"
#include "scanner/cli/nearest.h"
#include "scanner/resolver/resolver.h"
#include "scanner/smtp/prober.h"
#include "scanner/sts/policy.h"
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>

static const struct option_info option_table[OPTION_COUNT] = {
#define OPTION(name, long_name, letter, argument, commands, standard, help)                        \
  [OPTION_##name] = {long_name, letter, argument, commands, standard, help},
#include "scanner/cli/options.def"
#undef OPTION
};

enum { GETOPT_OPERAND = 1 };

/* How a value is read, and where it goes. */
enum value_kind { VALUE_FLAG, VALUE_TEXT, VALUE_TEXTS, VALUE_NUMBER, VALUE_CHOICE, VALUE_SHARD };

struct value_rule {
  enum value_kind kind;
  size_t offset;
  unsigned min, max;
};

#define AT(member) offsetof(struct options, member)

static const struct value_rule value_rules[OPTION_COUNT] = {
    [OPTION_OUTPUT] = {VALUE_TEXT, AT(output), 0, 0},
    [OPTION_APPEND] = {VALUE_FLAG, AT(append), 0, 0},
    [OPTION_RESUME] = {VALUE_FLAG, AT(resume), 0, 0},
    [OPTION_FORCE] = {VALUE_FLAG, AT(force), 0, 0},
    [OPTION_FORMAT] = {VALUE_CHOICE, AT(format), 0, 0},
    [OPTION_COLUMN] = {VALUE_TEXT, AT(column), 0, 0},
    [OPTION_LABEL] = {VALUE_TEXTS, AT(label), 0, 0},
    [OPTION_RESOLVERS] = {VALUE_TEXT, AT(resolvers), 0, 0},
    [OPTION_THREADS] = {VALUE_NUMBER, AT(threads), 1, OPTIONS_THREADS_MAX},
    [OPTION_CONCURRENCY] = {VALUE_NUMBER, AT(concurrency), 1, OPTIONS_CONCURRENCY_MAX},
    [OPTION_DNS_RATE] = {VALUE_NUMBER, AT(dns_rate), 0, OPTIONS_RATE_MAX},
    [OPTION_HTTPS_RATE] = {VALUE_NUMBER, AT(https_rate), 0, OPTIONS_RATE_MAX},
    [OPTION_PER_ADDRESS] = {VALUE_NUMBER, AT(per_address), 0, 10000},
    [OPTION_PER_ADDRESS_RATE] = {VALUE_NUMBER, AT(per_address_rate), 0, 100000},
    [OPTION_DNS_TIMEOUT] = {VALUE_NUMBER, AT(dns_timeout_ms), 100, OPTIONS_TIMEOUT_MAX_MS},
    [OPTION_DNS_TRIES] = {VALUE_NUMBER, AT(dns_tries), 1, OPTIONS_TRIES_MAX},
    [OPTION_CONNECT_TIMEOUT] = {VALUE_NUMBER, AT(connect_timeout_ms), 100, OPTIONS_TIMEOUT_MAX_MS},
    [OPTION_HTTPS_TIMEOUT] = {VALUE_NUMBER, AT(https_timeout_ms), 100, OPTIONS_TIMEOUT_MAX_MS},
    [OPTION_MAX_POLICY_SIZE] = {VALUE_NUMBER, AT(max_policy_size), 64, OPTIONS_POLICY_SIZE_MAX},
    [OPTION_HTTPS_PORT] = {VALUE_NUMBER, AT(https_port), 1, 65535},
    [OPTION_CA_FILE] = {VALUE_TEXT, AT(ca_file), 0, 0},
    [OPTION_ALLOW_PRIVATE] = {VALUE_FLAG, AT(allow_private), 0, 0},
    [OPTION_BLOCK] = {VALUE_TEXT, AT(block), 0, 0},
    [OPTION_SECOND_LOOK] = {VALUE_NUMBER, AT(second_look), 0, OPTIONS_SECOND_LOOK_MAX},
    [OPTION_ASK] = {VALUE_TEXT, AT(ask), 0, 0},
    [OPTION_GRACE] = {VALUE_NUMBER, AT(grace), 0, OPTIONS_GRACE_MAX},
    [OPTION_SHARD] = {VALUE_SHARD, AT(shard), 0, 0},
    [OPTION_AT_ONCE] = {VALUE_NUMBER, AT(at_once), 1, OPTIONS_SHARDS_MAX},
    [OPTION_SOURCE] = {VALUE_TEXT, AT(source), 0, 0},
    [OPTION_PROBE_MX] = {VALUE_FLAG, AT(probe_mx), 0, 0},
    [OPTION_EHLO] = {VALUE_TEXT, AT(ehlo), 0, 0},
    [OPTION_SMTP_TIMEOUT] = {VALUE_NUMBER, AT(smtp_timeout_ms), 100, OPTIONS_TIMEOUT_MAX_MS},
    [OPTION_SMTP_RATE] = {VALUE_NUMBER, AT(smtp_rate), 0, OPTIONS_RATE_MAX},
    [OPTION_SMTP_PER_ADDRESS] = {VALUE_NUMBER, AT(smtp_per_address), 0, 10000},
    [OPTION_SMTP_PER_ADDRESS_RATE] = {VALUE_NUMBER, AT(smtp_per_address_rate), 0, 100000},
    [OPTION_SMTP_PORT] = {VALUE_NUMBER, AT(smtp_port), 1, 65535},
    [OPTION_DANE] = {VALUE_FLAG, AT(dane), 0, 0},
    [OPTION_PROBE_CHECK] = {VALUE_TEXT, AT(probe_check), 0, 0},
    [OPTION_USER_AGENT] = {VALUE_TEXT, AT(user_agent), 0, 0},
    [OPTION_PROGRESS] = {VALUE_CHOICE, AT(progress), 0, 0},
    [OPTION_SUMMARY] = {VALUE_TEXT, AT(summary), 0, 0},
    [OPTION_RECORD] = {VALUE_TEXTS, AT(record), 0, 0},
    [OPTION_POLICY] = {VALUE_TEXT, AT(policy), 0, 0},
    [OPTION_MX] = {VALUE_TEXTS, AT(mx), 0, 0},
    [OPTION_TLSRPT] = {VALUE_TEXTS, AT(tlsrpt), 0, 0},
    [OPTION_JSON] = {VALUE_FLAG, AT(json), 0, 0},
    [OPTION_WORSE] = {VALUE_FLAG, AT(worse), 0, 0},
    [OPTION_KNOWN] = {VALUE_TEXT, AT(known), 0, 0},
    [OPTION_NAGIOS] = {VALUE_FLAG, AT(nagios), 0, 0},
    [OPTION_HTML] = {VALUE_TEXT, AT(html), 0, 0},
    [OPTION_SERIES] = {VALUE_FLAG, AT(series), 0, 0},
    [OPTION_TITLE] = {VALUE_TEXT, AT(title), 0, 0},
    [OPTION_NAMES] = {VALUE_NUMBER, AT(names), 0, OPTIONS_NAMES_MAX},
    [OPTION_METRICS] = {VALUE_TEXT, AT(metrics), 0, 0},
    [OPTION_COMPLETE] = {VALUE_FLAG, AT(complete), 0, 0},
    [OPTION_LABEL_METRIC] = {VALUE_TEXT, AT(label_metric), 0, 0},
    [OPTION_BY] = {VALUE_TEXT, AT(by), 0, 0},
    [OPTION_WHERE] = {VALUE_TEXTS, AT(where), 0, 0},
    [OPTION_LIST] = {VALUE_TEXT, AT(list), 0, 0},
    [OPTION_COLUMNS] = {VALUE_TEXT, AT(columns), 0, 0},
    [OPTION_CSV] = {VALUE_FLAG, AT(csv), 0, 0},
    [OPTION_SELF_MAX] = {VALUE_NUMBER, AT(self_max), 0, UINT_MAX},
    [OPTION_THIRD_PARTY_MIN] = {VALUE_NUMBER, AT(third_party_min), 1, UINT_MAX},
    [OPTION_DOMAIN] = {VALUE_TEXT, AT(domain), 0, 0},
    [OPTION_HELP] = {VALUE_FLAG, AT(help), 0, 0},
};

const struct option_info *option_info(enum option_name name) {
  return &option_table[name];
}

static bool value_number(const char *text, unsigned max, unsigned *number) {
  if (text[0] < '0' || text[0] > '9') return false;
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno || *end || value > max) return false;
  *number = (unsigned)value;
  return true;
}

/* The index of text among the words of "auto|lines|csv", or -1: the enums follow that order. */
static int value_choice(const char *choices, struct span text) {
  struct span rest = span_of(choices);
  for (int i = 0; rest.len; i++)
    if (span_equal(span_cut(&rest, '|'), text)) return i;
  return -1;
}

static bool value_shard(const char *text, unsigned *shard, unsigned *shards) {
  const char *slash = strchr(text, '/');
  char first[16];
  if (!slash || (size_t)(slash - text) >= sizeof first) return false;
  memcpy(first, text, (size_t)(slash - text));
  first[slash - text] = 0;
  return value_number(slash + 1, OPTIONS_SHARDS_MAX, shards) && *shards > 0 &&
         value_number(first, *shards - 1, shard);
}

static void value_allowed(const struct option_info *info, const struct value_rule *rule, char *out,
                          size_t size) {
  switch (rule->kind) {
  case VALUE_NUMBER:
    snprintf(out, size, "a whole number from %u to %u", rule->min, rule->max);
    break;
  case VALUE_CHOICE: snprintf(out, size, "one of %s", info->argument); break;
  case VALUE_SHARD:
    snprintf(out, size, "I/N with 0 <= I < N <= %d", OPTIONS_CONCURRENCY_MAX);
    break;
  case VALUE_TEXTS: snprintf(out, size, "at most %d", OPTIONS_TEXTS_MAX); break;
  default: snprintf(out, size, "%s, not empty", info->argument); break;
  }
}

static bool value_texts(struct options_texts *texts, const char *text) {
  if (texts->count == OPTIONS_TEXTS_MAX) return false;
  texts->at[texts->count++] = text;
  return true;
}

static bool value_set(struct options *options, enum option_name name, const char *text) {
  const struct value_rule *rule = &value_rules[name];
  void *at = (char *)options + rule->offset;
  switch (rule->kind) {
  case VALUE_FLAG: *(bool *)at = true; return true;
  case VALUE_TEXT: *(const char **)at = text; return *text != 0;
  case VALUE_TEXTS: return value_texts(at, text);
  case VALUE_NUMBER: return value_number(text, rule->max, at) && *(unsigned *)at >= rule->min;
  case VALUE_CHOICE: {
    int choice = value_choice(option_table[name].argument, span_of(text));
    if (choice < 0) return false;
    *(unsigned *)at = (unsigned)choice;
    return true;
  }
  case VALUE_SHARD: return value_shard(text, &options->shard, &options->shards);
  }
  return false;
}

static bool option_take(struct options *options, const char *command, enum option_name name,
                        const char *text) {
  if (value_set(options, name, text)) return true;
  const struct option_info *info = &option_table[name];
  char allowed[128];
  value_allowed(info, &value_rules[name], allowed, sizeof allowed);
  help_complain(command, "--%s: \"%s\" is not allowed: give %s", info->name, text, allowed);
  return false;
}

/* getopt's tables of one command; the value that getopt gives back is the option's name. */
static void options_tables(enum options_command command, struct option *longs, char *shorts) {
  if (command == ON_LINT) *shorts++ = '-'; /* operands in order, as GETOPT_OPERAND */
  *shorts++ = ':';
  for (int i = 0; i < OPTION_COUNT; i++) {
    const struct option_info *info = &option_table[i];
    if (!(info->commands & (unsigned)command)) continue;
    *longs++ = (struct option){info->name, info->argument ? required_argument : no_argument, NULL,
                               UCHAR_MAX + 1 + i};
    if (!info->letter) continue;
    *shorts++ = info->letter;
    if (info->argument) *shorts++ = ':';
  }
  *longs = (struct option){0};
  *shorts = 0;
}

static enum option_name option_of(int got) {
  if (got > UCHAR_MAX) return (enum option_name)(got - UCHAR_MAX - 1);
  int i = 0;
  while (i < OPTION_COUNT && option_table[i].letter != got) i++;
  return (enum option_name)i;
}

/* Whether a word behind an option's value belongs to it as well: --mx HOST HOST. */
static bool option_goes_on(enum option_name last, const char *command, const char *word) {
  if (last != OPTION_COUNT && value_rules[last].kind == VALUE_TEXTS) return true;
  help_complain(command, "unexpected argument \"%s\" (see stscan %s --help)", word, command);
  return false;
}

/* The names of one command's options, one after the other: nearest_word. */
static const char *option_word(const void *data, size_t i) {
  const enum options_command *command = data;
  for (enum option_name name = 0; name < OPTION_COUNT; name++)
    if ((option_table[name].commands & (unsigned)*command) && i-- == 0)
      return option_table[name].name;
  return NULL;
}

static void options_complain_unknown(const char *word, const char *command,
                                     enum options_command which) {
  char name[NEAREST_WORD_MAX + 2];
  size_t begin = strspn(word, "-");
  snprintf(name, sizeof name, "%.*s", (int)strcspn(word + begin, "="), word + begin);
  const char *nearest = begin == 2 ? nearest_find(name, option_word, &which) : NULL;
  if (nearest)
    help_complain(command, "%s is not an option of this command; did you mean --%s?", word,
                  nearest);
  else
    help_complain(command, "%s is not an option of this command (see stscan %s --help)", word,
                  command);
}

static void options_complain(const char *command, int got, char *const *argv,
                             enum options_command which) {
  const char *word = argv[optind - 1];
  if (got == ':')
    help_complain(command, "%s needs a value", word);
  else if (optopt > UCHAR_MAX)
    help_complain(command, "--%s takes no value", option_table[option_of(optopt)].name);
  else
    options_complain_unknown(word, command, which);
}

static void options_defaults(struct options *options, enum options_command command) {
  *options = (struct options){
      .output = "-",
      .per_address = 8,
      .per_address_rate = 20,
      .dns_timeout_ms = RESOLVER_TIMEOUT_DEFAULT_MS,
      .dns_tries = RESOLVER_TRIES_DEFAULT,
      .connect_timeout_ms = 10000,
      .https_timeout_ms = 60000,
      .max_policy_size = POLICY_SIZE_DEFAULT,
      .https_port = 443,
      .smtp_timeout_ms = 60000,
      .smtp_rate = PROBER_RATE,
      .smtp_per_address = PROBER_ADDRESS_AT_ONCE,
      .smtp_per_address_rate = PROBER_ADDRESS_RATE,
      .smtp_port = 25,
      .second_look = command == ON_SCAN ? OPTIONS_SECOND_LOOK_SCAN : 0,
      .grace = OPTIONS_GRACE_DEFAULT,
      .shards = 1,
      .self_max = MANAGED_LIMITS_STUDY.self_max,
      .names = OPTIONS_NAMES_DEFAULT,
      .third_party_min = MANAGED_LIMITS_STUDY.third_party_min,
      .user_agent = "stscan/" STSCAN_VERSION " (+" STSCAN_URL ")",
  };
}

/* What only says how mail servers are asked. */
static bool options_agree_on_mail(const struct options *options, const char *command) {
  for (int i = OPTION_PROBE_MX + 1; i <= OPTION_DANE; i++)
    if (options->given[i] && !options->probe_mx) {
      help_complain(command, "--%s is of use with --probe-mx alone: give both",
                    option_table[i].name);
      return false;
    }
  return true;
}

/* It becomes a line of the request: what ends a line would begin another. */
static bool options_user_agent_is_line(const struct options *options, const char *command) {
  for (const char *c = options->user_agent; *c; c++) {
    if ((unsigned char)*c >= ' ' && *c != 0x7f) continue;
    help_complain(command,
                  "--user-agent: \"%s\" is not allowed: give TEXT without control characters",
                  options->user_agent);
    return false;
  }
  return true;
}

/* What only says how a report looks. */
static bool options_agree_on_html(const struct options *options, const char *command) {
  for (int i = OPTION_TITLE; i <= OPTION_NAMES; i++)
    if (options->given[i] && !options->html) {
      help_complain(command, "--%s goes with --html", option_table[i].name);
      return false;
    }
  return true;
}

static bool options_agree(const struct options *options, const char *command) {
  if (options->append + options->resume + options->force > 1) {
    help_complain(command, "give only one of --append, --resume and --force");
    return false;
  }
  if ((options->resume || options->append) && strcmp(options->output, "-") == 0) {
    help_complain(command, "--%s needs the --output FILE to %s",
                  options->resume ? "resume" : "append",
                  options->resume ? "go on with" : "append to");
    return false;
  }
  return options_user_agent_is_line(options, command) && options_agree_on_html(options, command) &&
         options_agree_on_mail(options, command);
}

enum options_end options_parse(struct options *options, enum options_command command, int argc,
                               char **argv) {
  struct option longs[OPTION_COUNT + 1];
  char shorts[2 * OPTION_COUNT + 3];
  options_tables(command, longs, shorts);
  options_defaults(options, command);
  optind = 0; /* glibc: start anew, since main() has a table of commands */
  int got;
  enum option_name last = OPTION_COUNT;
  while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
    if (got == '?' || got == ':') {
      options_complain(argv[0], got, argv, command);
      return OPTIONS_BAD;
    }
    if (got != GETOPT_OPERAND) last = option_of(got);
    if (got == GETOPT_OPERAND && !option_goes_on(last, argv[0], optarg)) return OPTIONS_BAD;
    if (!option_take(options, argv[0], last, optarg)) return OPTIONS_BAD;
    options->given[last] = true;
  }
  options->operands = argv + optind;
  options->operand_count = argc - optind;
  if (options->help) {
    options_help(stdout, command);
    return OPTIONS_HELP;
  }
  return options_agree(options, argv[0]) ? OPTIONS_RUN : OPTIONS_BAD;
}

static void value_write_choice(struct json_writer *json, const char *key, const char *choices,
                               unsigned choice) {
  struct span rest = span_of(choices), word = {0};
  for (unsigned i = 0; i <= choice; i++) word = span_cut(&rest, '|');
  json_writer_string(json, key, word);
}

static void value_write_texts(struct json_writer *json, const char *key,
                              const struct options_texts *texts) {
  json_writer_open(json, key, '[');
  for (unsigned i = 0; i < texts->count; i++) json_writer_string(json, NULL, span_of(texts->at[i]));
  json_writer_close(json, ']');
}

static void value_write(struct json_writer *json, const struct options *options,
                        enum option_name name) {
  const struct value_rule *rule = &value_rules[name];
  const char *key = option_table[name].name;
  const void *at = (const char *)options + rule->offset;
  char shard[32];
  switch (rule->kind) {
  case VALUE_FLAG: json_writer_bool(json, key, *(const bool *)at); break;
  case VALUE_TEXT:
    if (*(const char *const *)at) json_writer_string(json, key, span_of(*(const char *const *)at));
    break;
  case VALUE_TEXTS: value_write_texts(json, key, at); break;
  case VALUE_NUMBER: json_writer_uint(json, key, *(const unsigned *)at); break;
  case VALUE_CHOICE:
    value_write_choice(json, key, option_table[name].argument, *(const unsigned *)at);
    break;
  case VALUE_SHARD:
    snprintf(shard, sizeof shard, "%u/%u", options->shard, options->shards);
    json_writer_string(json, key, span_of(shard));
    break;
  }
}

void options_write(struct json_writer *json, const char *key, const struct options *options,
                   enum options_command command) {
  json_writer_open(json, key, '{');
  for (enum option_name name = 0; name < OPTION_COUNT; name++)
    if ((option_table[name].commands & (unsigned)command) && name != OPTION_HELP)
      value_write(json, options, name);
  json_writer_close(json, '}');
}
