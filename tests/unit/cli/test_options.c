/* The command line: every option of the table at its limits, what is said of the rest, and that the
 * defaults in the help are those in the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/cli/command.h"
#include "scanner/cli/options.h"
#include <stdlib.h>
#include <unistd.h>

enum { SAID_SIZE = 4096, WORDS_MAX = OPTIONS_TEXTS_MAX + 8 };

static char said[SAID_SIZE];

/* Parses the words, of which argv[0] is the command; what is said on the two streams is kept. */
static enum options_end parse(struct options *options, enum options_command command, int argc,
                              char **argv) {
  FILE *file = tmpfile();
  int streams[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
  fflush(stdout);
  dup2(fileno(file), STDOUT_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  enum options_end end = options_parse(options, command, argc, argv);
  fflush(stdout);
  dup2(streams[0], STDOUT_FILENO);
  dup2(streams[1], STDERR_FILENO);
  close(streams[0]);
  close(streams[1]);
  rewind(file);
  said[fread(said, 1, sizeof said - 1, file)] = 0;
  fclose(file);
  return end;
}

static enum options_command command_of(const struct option_info *info) {
  return (enum options_command)(info->commands & -info->commands);
}

/* "--NAME=VALUE", with --probe-mx or --html, which some options need. */
static enum options_end give(struct options *options, const struct option_info *info,
                             const char *value) {
  char command[] = "command", word[256], probe[] = "--probe-mx", html[] = "--html=-";
  snprintf(word, sizeof word, "--%s%s%s", info->name, value ? "=" : "", value ? value : "");
  bool probes = command_of(info) & (ON_SCAN | ON_CHECK);
  bool shows = info == option_info(OPTION_TITLE) || info == option_info(OPTION_NAMES);
  char *needed = probes ? probe : shows ? html : NULL;
  char *argv[] = {command, needed ? needed : word, needed ? word : NULL, NULL};
  return parse(options, command_of(info), needed ? 3 : 2, argv);
}

static void give_number(const struct option_info *info, unsigned long long number, bool taken) {
  struct options options;
  char text[32];
  snprintf(text, sizeof text, "%llu", number);
  bool is_taken = give(&options, info, text) != OPTIONS_BAD;
  if (is_taken != taken) fail_msg("--%s=%s: %s", info->name, text, said);
}

/* A value that is wrong is answered with what is allowed: the limits are read from there. */
static void test_numbers_at_their_limits(void **state) {
  (void)state;
  size_t numbers = 0;
  for (enum option_name name = 0; name < OPTION_COUNT; name++) {
    const struct option_info *info = option_info(name);
    struct options options;
    unsigned long long min, max;
    if (!info->argument || give(&options, info, "-x") != OPTIONS_BAD) continue;
    const char *limits = strstr(said, "a whole number from ");
    if (!limits) continue;
    assert_non_null(strstr(said, info->name));
    assert_non_null(strstr(said, "\"-x\" is not allowed"));
    assert_int_equal(sscanf(limits, "a whole number from %llu to %llu", &min, &max), 2);
    give_number(info, min, true);
    give_number(info, min + 1, true);
    give_number(info, max, true);
    give_number(info, max + 1, false);
    if (min) give_number(info, min - 1, false);
    assert_int_equal(give(&options, info, ""), OPTIONS_BAD);
    assert_int_equal(give(&options, info, "99999999999999999999"), OPTIONS_BAD);
    assert_int_equal(give(&options, info, "1x"), OPTIONS_BAD);
    numbers++;
  }
  assert_true(numbers >= 20);
}

static void test_values_stand_where_the_table_says(void **state) {
  (void)state;
  for (enum option_name name = 0; name < OPTION_COUNT; name++) {
    const struct option_info *info = option_info(name);
    struct options options;
    if (name == OPTION_HELP) continue;
    if (info->argument) {
      assert_int_equal(give(&options, info, NULL), OPTIONS_BAD);
      assert_non_null(strstr(said, "needs a value"));
      continue;
    }
    assert_int_equal(give(&options, info, "value"), OPTIONS_BAD);
    assert_non_null(strstr(said, "takes no value"));
  }
}

static void test_choices(void **state) {
  (void)state;
  struct options options;
  const struct option_info *format = option_info(OPTION_FORMAT);
  assert_int_equal(give(&options, format, "zone"), OPTIONS_RUN);
  assert_int_equal(options.format, LIST_ENTRY_ZONE);
  assert_int_equal(give(&options, format, "zon"), OPTIONS_BAD);
  assert_non_null(strstr(said, "one of auto|lines|csv|zone|results"));
  assert_int_equal(give(&options, option_info(OPTION_PROGRESS), "never"), OPTIONS_RUN);
  assert_int_equal(options.progress, PROGRESS_NEVER);
}

static void test_shards(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool taken;
  } rows[] = {{"0/1", true},
              {"3/4", true},
              {"4/4", false},
              {"0/0", false},
              {"/4", false},
              {"1", false},
              {"1/", false},
              {"-1/4", false},
              {"999999/1000000", true},
              {"0/1000001", false},
              {"0000000000000000000/4", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct options options;
    bool taken = give(&options, option_info(OPTION_SHARD), rows[i].text) == OPTIONS_RUN;
    if (taken != rows[i].taken) fail_msg("%s: %s", rows[i].text, said);
  }
}

/* Below, at and over how often a repeated option may stand. */
static void test_repeated(void **state) {
  (void)state;
  char command[] = "lint", mx[] = "--mx", host[] = "mx.example";
  for (int count = OPTIONS_TEXTS_MAX - 1; count <= OPTIONS_TEXTS_MAX + 1; count++) {
    char *argv[WORDS_MAX + 1] = {command, mx};
    struct options options;
    for (int i = 0; i < count; i++) argv[2 + i] = host; /* --mx HOST HOST ... */
    enum options_end end = parse(&options, ON_LINT, 2 + count, argv);
    assert_int_equal(end, count > OPTIONS_TEXTS_MAX ? OPTIONS_BAD : OPTIONS_RUN);
    if (end == OPTIONS_RUN) assert_int_equal(options.mx.count, count);
  }
}

static void test_what_does_not_go_together(void **state) {
  (void)state;
  static const struct {
    const char *words[4];
    const char *said;
  } rows[] = {
      {{"--append", "--force"}, "only one of --append, --resume and --force"},
      {{"--resume", "--force", "-o", "x"}, "only one of"},
      {{"--resume"}, "--resume needs the --output FILE"},
      {{"--entirely"}, "--entirely is not an option of this command"},
      {{"--threds=1"}, "did you mean --threads?"},
      {{"--json"}, "--json is not an option of this command"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char words[4][32], command[] = "scan", *argv[6] = {command};
    struct options options;
    int argc = 1;
    for (size_t j = 0; j < 4 && rows[i].words[j]; j++) {
      snprintf(words[j], sizeof words[j], "%s", rows[i].words[j]);
      argv[argc++] = words[j];
    }
    assert_int_equal(parse(&options, ON_SCAN, argc, argv), OPTIONS_BAD);
    if (!strstr(said, rows[i].said)) fail_msg("\"%s\" is not in: %s", rows[i].said, said);
  }
}

static void test_operands(void **state) {
  (void)state;
  char command[] = "scan", output[] = "-o", file[] = "x.gz", end[] = "--", list[] = "-list";
  char *argv[] = {command, output, file, end, list, NULL};
  struct options options;
  assert_int_equal(parse(&options, ON_SCAN, 5, argv), OPTIONS_RUN);
  assert_string_equal(options.output, "x.gz");
  assert_int_equal(options.operand_count, 1);
  assert_string_equal(options.operands[0], "-list");
}

/* The number that --help gives as the default is what an option gives that is not set. */
static void test_defaults_are_those_of_the_help(void **state) {
  (void)state;
  size_t held = 0;
  for (const struct command *command = command_table; command->name; command++) {
    char word[] = "command", *argv[] = {word, NULL};
    struct options plain;
    assert_int_equal(parse(&plain, (enum options_command)command->options, 1, argv), OPTIONS_RUN);
    for (enum option_name name = 0; name < OPTION_COUNT; name++) {
      const struct option_info *info = option_info(name);
      struct options given;
      char value[32], *end;
      if (!(info->commands & command->options) || !info->standard || !info->argument) continue;
      unsigned long number = strtoul(info->standard, &end, 10);
      if (end == info->standard || (*end && *end != ',') || command_of(info) != command->options)
        continue;
      snprintf(value, sizeof value, "%lu", number);
      assert_int_equal(give(&given, info, value), OPTIONS_RUN);
      given.probe_mx = plain.probe_mx;
      given.html = plain.html;
      given.operands = plain.operands;
      memcpy(given.given, plain.given, sizeof given.given);
      if (memcmp(&given, &plain, sizeof given) != 0) fail_msg("--%s is not %s", info->name, value);
      held++;
    }
  }
  assert_true(held >= 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers_at_their_limits),
      cmocka_unit_test(test_values_stand_where_the_table_says),
      cmocka_unit_test(test_choices),
      cmocka_unit_test(test_shards),
      cmocka_unit_test(test_repeated),
      cmocka_unit_test(test_what_does_not_go_together),
      cmocka_unit_test(test_operands),
      cmocka_unit_test(test_defaults_are_those_of_the_help),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
