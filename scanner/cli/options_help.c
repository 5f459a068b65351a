#include "output/findings/explain.h"
#include "scanner/cli/options.h"

enum {
  OPTIONS_HELP_WIDTH = 80,
  OPTIONS_HELP_COLUMN = 29, /* where the texts begin */
  OPTIONS_HELP_TEXT_MAX = 512,
};

/* In the order of --help. A group's options are those from its first one on, in the table, to the
 * next group's. */
static const struct options_group {
  enum option_name first;
  const char *title;
} options_groups[] = {
    {OPTION_FORMAT, "Lists"},
    {OPTION_WHERE, "Which domains"},
    {OPTION_RECORD, "What to judge"},
    {OPTION_BY, "What to count and show"},
    {OPTION_JSON, "Form of the answer"},
    {OPTION_OUTPUT, "Output"},
    {OPTION_SECOND_LOOK, "What to ask"},
    {OPTION_RESOLVERS, "DNS"},
    {OPTION_CONNECT_TIMEOUT, "HTTPS"},
    {OPTION_DNS_RATE, "Politeness"},
    {OPTION_PROBE_MX, "Mail servers"},
    {OPTION_THREADS, "Speed"},
    {OPTION_SHARD, "Parts of a scan"},
    {OPTION_DOMAIN, "Others"},
};

enum { OPTIONS_GROUPS = sizeof options_groups / sizeof *options_groups };

static const struct explain_style options_help_style = {.width = OPTIONS_HELP_WIDTH};

static void options_help_usage(FILE *out, enum options_command command) {
#define COMMAND(name, options, usage, title, text)                                                 \
  if (command == (options)) {                                                                      \
    int begun = fprintf(out, "Usage: stscan %s ", #name);                                          \
    explain_wrap(out, &options_help_style, (size_t)begun, (size_t)begun, span_of(usage));          \
    fputc('\n', out);                                                                              \
    explain_text(out, &options_help_style, 0, text);                                               \
  }
#include "scanner/cli/command.def"
#undef COMMAND
}

static void options_help_option(FILE *out, const struct option_info *info) {
  char text[OPTIONS_HELP_TEXT_MAX];
  const char *standard = info->standard ? info->standard : "";
  int left = fprintf(out, "  %c%c%c --%s%s%s", info->letter ? '-' : ' ',
                     info->letter ? info->letter : ' ', info->letter ? ',' : ' ', info->name,
                     info->argument ? " " : "", info->argument ? info->argument : "");
  if (left + 2 > OPTIONS_HELP_COLUMN) left = fprintf(out, "\n") - 1;
  fprintf(out, "%*s", OPTIONS_HELP_COLUMN - left, "");
  snprintf(text, sizeof text, "%s%s%s%s", info->help, *standard ? " [" : "", standard,
           *standard ? "]" : "");
  explain_wrap(out, &options_help_style, OPTIONS_HELP_COLUMN, OPTIONS_HELP_COLUMN, span_of(text));
}

static enum option_name options_group_end(enum option_name first) {
  enum option_name end = OPTION_COUNT;
  for (size_t i = 0; i < OPTIONS_GROUPS; i++)
    if (options_groups[i].first > first && options_groups[i].first < end)
      end = options_groups[i].first;
  return end;
}

static void options_help_group(FILE *out, enum options_command command, size_t group) {
  bool begun = false;
  enum option_name end = options_group_end(options_groups[group].first);
  for (enum option_name name = options_groups[group].first; name < end; name++) {
    const struct option_info *info = option_info(name);
    if (!(info->commands & (unsigned)command)) continue;
    if (!begun) fprintf(out, "\n%s:\n", options_groups[group].title);
    begun = true;
    options_help_option(out, info);
  }
}

void options_help(FILE *out, enum options_command command) {
  options_help_usage(out, command);
  for (size_t group = 0; group < OPTIONS_GROUPS; group++) options_help_group(out, command, group);
}
