#include "output/findings/reason.h"
#include "scripts/docs/docs.h"
#include "scripts/docs/members.h"
#include <stdlib.h>
#include <string.h>

/* One byte of a text, where roff would take it for something else (groff_char(7)). */
static void man_byte(FILE *out, char c) {
  switch (c) {
  case '\\': fputs("\\e", out); break;
  case '-': fputs("\\-", out); break;
  case '\'': fputs("\\(aq", out); break;
  case '`': fputs("\\(ga", out); break;
  case '^': fputs("\\(ha", out); break;
  case '~': fputs("\\(ti", out); break;
  case '"': fputs("\\(dq", out); break;
  default: fputc(c, out); break;
  }
}

static void man_text(FILE *out, struct span text) {
  if (text.len && text.ptr[0] == '.') fputs("\\&", out);
  for (size_t i = 0; i < text.len; i++) man_byte(out, text.ptr[i]);
}

static void man_bold(FILE *out, const char *text) {
  fputs("\\fB", out);
  man_text(out, span_of(text));
  fputs("\\fR", out);
}

static void man_italic(FILE *out, const char *text) {
  fputs("\\fI", out);
  man_text(out, span_of(text));
  fputs("\\fR", out);
}

/* Paragraphs as they are, verbatim lines unfilled. */
static void man_lines(FILE *out, const char *text) {
  struct span rest = span_of(text);
  bool verbatim = false;
  while (rest.len) {
    struct span line = span_cut(&rest, '\n');
    bool next = span_starts(line, SPAN("  "));
    if (next != verbatim) fputs(next ? ".nf\n" : ".fi\n", out);
    verbatim = next;
    if (verbatim) fputs("\\&", out);
    man_text(out, line);
    fputc('\n', out);
  }
  if (verbatim) fputs(".fi\n", out);
}

static void man_synopsis(FILE *out, const struct command *command) {
  fputs(".TP\n", out);
  man_bold(out, "stscan ");
  man_bold(out, command->name);
  fputc(' ', out);
  man_text(out, span_of(command->usage));
  fputc('\n', out);
}

static void man_commands(FILE *out) {
  for (const struct command *command = command_table; command->name; command++) {
    man_synopsis(out, command);
    man_lines(out, command->text);
  }
}

static void man_option(FILE *out, const struct option_info *option) {
  char letter[3] = {'-', option->letter, 0};
  char name[64];
  snprintf(name, sizeof name, "--%s", option->name);
  fputs(".TP\n", out);
  if (option->letter) {
    man_bold(out, letter);
    fputs(", ", out);
  }
  man_bold(out, name);
  if (option->argument) {
    fputc(' ', out);
    man_italic(out, option->argument);
  }
  fputc('\n', out);
  man_text(out, span_of(option->help));
  if (option->standard) {
    fputs(" (default: ", out);
    man_text(out, span_of(option->standard));
    fputc(')', out);
  }
  fputs(".\n", out);
}

static void man_options(FILE *out) {
  for (const struct command *command = command_table; command->name; command++) {
    fputs(".SS Options of ", out);
    man_text(out, span_of(command->name));
    fputc('\n', out);
    for (enum option_name name = 0; name < OPTION_COUNT; name++)
      if (docs_takes(command, name)) man_option(out, option_info(name));
  }
}

static void man_reasons(FILE *out, enum finding_code code) {
  const char *between = ".br\nReasons: ";
  for (unsigned i = 0; i < reason_count(code); i++) {
    const enum reason reason = reason_first(code) + i;
    fputs(between, out);
    man_text(out, span_of(reason_info(reason)->word));
    if (reason_is_lenient(reason)) fputc('*', out);
    between = ", ";
  }
  if (reason_count(code)) fputs(".\n", out);
}

static void man_findings(FILE *out) {
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    if (code == 0 || finding_info(code - 1)->stage != info->stage) {
      fputs(".SS Stage ", out);
      man_text(out, span_of(finding_stage_text(info->stage)));
      fputc('\n', out);
    }
    fputs(".TP\n", out);
    man_bold(out, info->name);
    fprintf(out, " (%s)\n", finding_severity_text(info->severity));
    man_lines(out, info->meaning);
    man_reasons(out, code);
    fputs(".br\nSee ", out);
    man_text(out, span_of(info->reference));
    fputs(".\n", out);
  }
}

static void man_members(FILE *out, const struct member *table) {
  for (const struct member *member = table; member->name; member++) {
    fputs(".TP\n", out);
    man_bold(out, member->name);
    fputc('\n', out);
    man_text(out, span_of(member->text));
    fputc('\n', out);
    if (!member->members) continue;
    fputs(".RS\n", out);
    man_members(out, member->members);
    fputs(".RE\n", out);
  }
}

static void man_record(FILE *out) {
  man_members(out, member_line_table);
}

static enum err man_line(FILE *out, struct span line) {
  static const struct {
    const char *name;
    void (*write)(FILE *out);
  } parts[] = {{"@COMMANDS@", man_commands},
               {"@OPTIONS@", man_options},
               {"@RECORD@", man_record},
               {"@FINDINGS@", man_findings}};
  const struct span version = SPAN("@VERSION@");
  if (span_starts(line, SPAN("@"))) {
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
      if (!span_equal(line, span_of(parts[i].name))) continue;
      parts[i].write(out);
      return ERR_NONE;
    }
    return ERR_SYNTAX;
  }
  const char *at = memmem(line.ptr, line.len, version.ptr, version.len);
  size_t before = at ? (size_t)(at - line.ptr) : line.len;
  fwrite(line.ptr, 1, before, out);
  if (at) fputs(STSCAN_VERSION, out);
  struct span after = span_skip(line, at ? before + version.len : line.len);
  fwrite(after.ptr, 1, after.len, out);
  fputc('\n', out);
  return ERR_NONE;
}

enum err docs_man(FILE *out, FILE *template) {
  char *text = NULL;
  size_t size = 0;
  ssize_t length;
  enum err err = ERR_NONE;
  while (err == ERR_NONE && (length = getline(&text, &size, template)) > 0) {
    struct span line = {text, (size_t)length};
    if (span_ends(line, SPAN("\n"))) line.len--;
    err = man_line(out, line);
  }
  if (err == ERR_NONE && ferror(template)) err = ERR_IO;
  free(text);
  return err;
}
