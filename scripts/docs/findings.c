#include "output/findings/reason.h"
#include "scripts/docs/docs.h"
#include <string.h>

/* A byte of a paragraph, where Markdown or HTML would take it for something else. */
static void markdown_text(FILE *out, struct span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (strchr("\\`*_<>[]|", text.ptr[i])) fputc('\\', out);
    fputc(text.ptr[i], out);
  }
}

/* Paragraphs, and verbatim lines as a code block. */
static void markdown_lines(FILE *out, const char *text) {
  struct span rest = span_of(text);
  bool code = false;
  while (rest.len) {
    struct span line = span_cut(&rest, '\n');
    bool next = span_starts(line, SPAN("  "));
    if (code && !next) fputs("```\n\n", out);
    if (next && !code) fputs("```text\n", out);
    code = next;
    if (code) {
      fprintf(out, "%.*s\n", SPAN_ARG(span_skip(line, 2)));
    } else {
      markdown_text(out, line);
      fputs("\n\n", out);
    }
  }
  if (code) fputs("```\n\n", out);
}

static void markdown_section(FILE *out, const char *heading, const char *text) {
  fprintf(out, "**%s**\n\n", heading);
  markdown_lines(out, text);
}

static void markdown_reasons(FILE *out, enum finding_code code) {
  enum reason reason = reason_first(code), end = reason + reason_count(code);
  bool lenient = false;
  if (reason == end) return;
  fputs("**Reasons**\n\n", out);
  for (; reason < end; reason++) {
    const struct reason_info *info = reason_info(reason);
    lenient |= reason_is_lenient(reason);
    fprintf(out, "- `%s`%s: ", info->word, reason_is_lenient(reason) ? " \\*" : "");
    markdown_text(out, span_of(info->text));
    if (info->senders) fprintf(out, " (%u of %d senders go on)", info->senders, REASON_SENDERS);
    fputc('\n', out);
  }
  fputc('\n', out);
  if (lenient) markdown_lines(out, REASON_LENIENT_TEXT);
}

static void markdown_finding(FILE *out, enum finding_code code) {
  const struct finding_info *info = finding_info(code);
  const char *type = finding_result_type_text(info->result_type);
  const char *class = finding_class_text(info->class);
  const char *passing = finding_passing_text(info->passing);
  fprintf(out, "### %s\n\n", info->name);
  fprintf(out, "%s (%s)\n\n", info->title, finding_severity_text(info->severity));
  markdown_lines(out, info->meaning);
  markdown_section(out, "What a sender does", info->sender);
  markdown_section(out, "How to diagnose it", info->diagnose);
  markdown_section(out, "How to fix it", info->fix);
  markdown_reasons(out, code);
  fprintf(out, "%s.", info->reference);
  if (type) fprintf(out, " TLS reports: `%s`.", type);
  if (class) fprintf(out, " Web checkers: `%s`.", class);
  if (passing) fprintf(out, " It may be temporary: %s.", passing);
  fputs("\n\n", out);
}

static void markdown_contents(FILE *out) {
  fputs("| code | severity | title |\n|---|---|---|\n", out);
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    fprintf(out, "| [%s](#%s) | %s | %s |\n", info->name, info->name,
            finding_severity_text(info->severity), info->title);
  }
}

void docs_findings(FILE *out) {
  fputs("<!-- Made by `stscan_docs findings` from output/findings/finding.def: edit that. -->\n"
        "# What stscan finds\n\n"
        "Every code that a record can hold, in the order of a domain's journey. An **error** means "
        "that a sender cannot get or use the policy, or would refuse an MX. DOMAIN stands for the "
        "domain; `stscan explain --domain NAME CODE` fills it in.\n\n",
        out);
  markdown_contents(out);
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    if (code == 0 || finding_info(code - 1)->stage != info->stage)
      fprintf(out, "\n## Stage %s\n\n", finding_stage_text(info->stage));
    markdown_finding(out, code);
  }
}
