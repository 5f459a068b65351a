#include "scanner/cli/explain.h"

#include "output/findings/explain.h"
#include "scanner/base/edit_distance.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/help.h"
#include "scanner/cli/nearest.h"
#include "scanner/cli/options.h"
#include "scanner/cli/terminal.h"
#include "scanner/sts/domain.h"
#include <strings.h>

enum {
  EXPLAIN_NEAREST_MAX = 5,
  EXPLAIN_DISTANCE_MAX = 8, /* what is further away was not meant */
};

/* A part of a code counts as the code itself: "expired" is policy-tls-expired. */
static unsigned explain_distance(enum finding_code code, struct span text) {
  struct span name = span_of(finding_info(code)->name);
  if (text.len > 2 && memmem(name.ptr, name.len, text.ptr, text.len)) return 0;
  return edit_distance(name, text);
}

/* The codes that text is least far from, in the order of the table; how many. */
static size_t explain_nearest(struct span text, enum finding_code nearest[EXPLAIN_NEAREST_MAX]) {
  unsigned least = EXPLAIN_DISTANCE_MAX;
  size_t count = 0;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    unsigned distance = explain_distance(code, text);
    if (distance < least) {
      least = distance;
      count = 0;
    }
    if (distance == least && count < EXPLAIN_NEAREST_MAX) nearest[count++] = code;
  }
  return count;
}

/* nearest_word of the classes */
static const char *explain_class_word(const void *data, size_t i) {
  (void)data;
  for (enum finding_class class = 0; class < FINDING_CLASS_COUNT; class ++)
    if (finding_class_text(class) && i-- == 0) return finding_class_text(class);
  return NULL;
}

static int explain_unknown(const char *command, const char *text) {
  enum finding_code nearest[EXPLAIN_NEAREST_MAX];
  char names[EXPLAIN_NEAREST_MAX * 40] = "";
  size_t used = 0;
  size_t count = explain_nearest(span_of(text), nearest);
  const char *class = nearest_find(text, explain_class_word, NULL);
  if (class) {
    help_complain(command, "\"%s\" is not a code; did you mean %s?", text, class);
    return EXIT_USAGE;
  }
  for (size_t i = 0; i < count; i++)
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                             finding_info(nearest[i])->name);
  if (count)
    help_complain(command, "\"%s\" is not a code; the nearest: %s", text, names);
  else
    help_complain(command, "\"%s\" is not a code (stscan explain lists them)", text);
  return EXIT_USAGE;
}

static int explain_bad_domain(const char *command, const char *text, const char *why) {
  help_complain(command, "--domain: \"%s\" is not a domain name: %s", text, why);
  return EXIT_USAGE;
}

/* Fills style->domain in, whose bytes live in arena; else says what is wrong. */
static int explain_domain(const struct options *options, const char *command, struct arena *arena,
                          struct explain_style *style) {
  struct domain domain;
  const char *why = NULL;
  if (!options->domain) return EXIT_DONE;
  switch (domain_parse(span_of(options->domain), arena, &domain, &why)) {
  case ERR_NONE: style->domain = domain.ascii; return EXIT_DONE;
  case ERR_SYNTAX: return explain_bad_domain(command, options->domain, why);
  default: help_complain(command, "out of memory"); return EXIT_WRONG;
  }
}

/* False: it is not a class of web checkers. */
static bool explain_is_class(const char *text, enum finding_class *class) {
  for (*class = 0; *class < FINDING_CLASS_COUNT; (*class)++) {
    const char *name = finding_class_text(*class);
    if (name && strcasecmp(name, text) == 0) return true;
  }
  return false;
}

/* A code, or a class of web checkers: their users know no other word for what is wrong. */
static int explain_word(const struct explain_style *style, const char *command, const char *text) {
  enum finding_class class;
  enum finding_code code = finding_by_name(span_of(text));
  if (code != FOUND_COUNT)
    explain_code(stdout, style, code);
  else if (explain_is_class(text, &class))
    explain_class(stdout, style, class);
  else
    return explain_unknown(command, text);
  return EXIT_DONE;
}

static int explain_with(const struct options *options, const char *command) {
  struct arena arena = {0};
  struct explain_style style = {.width = terminal_width(stdout), .colour = terminal_colour(stdout)};
  int status = explain_domain(options, command, &arena, &style);
  if (status != EXIT_DONE) goto done;
  if (options->operand_count == 0) {
    if (!terminal_is(stdout)) style.width = 0; /* a line a code, for grep */
    explain_list(stdout, &style);
  } else {
    status = explain_word(&style, command, options->operands[0]);
  }
done:
  arena_free(&arena);
  return status;
}

int explain_main(int argc, char **argv) {
  struct options options;
  switch (options_parse(&options, ON_EXPLAIN, argc, argv)) {
  case OPTIONS_HELP: return EXIT_DONE;
  case OPTIONS_BAD: return EXIT_USAGE;
  case OPTIONS_RUN: break;
  }
  if (options.operand_count > 1) {
    help_complain(argv[0], "one code at a time, not \"%s\" as well", options.operands[1]);
    return EXIT_USAGE;
  }
  return explain_with(&options, argv[0]);
}
