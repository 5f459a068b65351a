#include "scanner/cli/print_result.h"

#include "output/base/terminal_text.h"
#include "output/record/record_write.h"
#include "scanner/cli/terminal.h"
#include "scanner/sts/domain.h"
#include <stdlib.h>

enum { PRINT_RESULT_INDENT = 6 };

static const char *const severity_colours[] = {
    [FINDING_ERROR] = "\x1b[1;31m",
    [FINDING_WARNING] = "\x1b[1;33m",
    [FINDING_INFO] = "\x1b[36m",
};

struct explain_style print_result_style(struct span domain) {
  return (struct explain_style){
      .width = terminal_width(stdout),
      .colour = terminal_colour(stdout),
      .domain = domain,
  };
}

static void print_result_word(FILE *out, const struct explain_style *style,
                              enum finding_severity severity, const char *word) {
  if (style->colour)
    fprintf(out, "%s%s\x1b[0m", severity_colours[severity], word);
  else
    fputs(word, out);
}

/* By what was found in their sources (output/findings/reason.def). */
static void print_result_lenient(FILE *out, const struct explain_style *style,
                                 const struct finding *finding) {
  char text[128];
  unsigned senders = reason_senders(finding->code, finding->reasons);
  snprintf(text, sizeof text, "Most senders go on all the same: %u of the %d that were looked at.",
           senders, REASON_SENDERS);
  explain_text(out, style, PRINT_RESULT_INDENT, text);
}

void print_result_finding(FILE *out, const struct explain_style *style,
                          const struct finding *finding) {
  const struct finding_info *info = finding_info(finding->code);
  fputs("    ", out);
  print_result_word(out, style, info->severity, finding_severity_text(info->severity));
  fprintf(out, "  %s", info->name);
  if (finding->detail.len) fputs(": ", out);
  terminal_text_print(out, finding->detail);
  if (finding->contested) {
    fputs(" [contested: ", out);
    terminal_text_print(out, finding->erratum);
    fputc(']', out);
  }
  fputc('\n', out);
  if (finding->lenient) print_result_lenient(out, style, finding);
}

static void print_result_part(FILE *out, const struct explain_style *style, const char *heading,
                              const char *text) {
  fprintf(out, "    %s\n", heading);
  explain_text(out, style, PRINT_RESULT_INDENT, text);
}

void print_result_fixes(FILE *out, const struct explain_style *style,
                        const struct finding *findings) {
  for (const struct finding *finding = findings; finding; finding = finding->next) {
    const struct finding_info *info = finding_info(finding->code);
    if (info->severity == FINDING_INFO) continue;
    fputs("\n  ", out);
    print_result_word(out, style, info->severity, info->name);
    fprintf(out, ": %s\n", info->title);
    struct explain_style about = *style;
    if (domain_is_hostname(finding->host)) about.host = finding->host;
    print_result_part(out, &about, "Meaning", info->meaning);
    print_result_part(out, &about, "What a sender does", info->sender);
    print_result_part(out, &about, "How to fix it", info->fix);
  }
}

void print_result_status(FILE *out, const struct explain_style *style,
                         const struct result *result) {
  unsigned counts[FINDING_SEVERITY_COUNT] = {0};
  for (const struct finding *finding = result->findings; finding; finding = finding->next)
    counts[finding_info(finding->code)->severity]++;
  bool good = result->status == STATUS_VALID || result->status == STATUS_ABSENT;
  print_result_word(out, style, good ? FINDING_INFO : FINDING_ERROR,
                    result_status_text(result->status));
  const char *between = ": ";
  for (int severity = FINDING_ERROR; severity <= FINDING_WARNING; severity++) {
    if (counts[severity] == 0) continue;
    fprintf(out, "%s%u %s%s", between, counts[severity],
            finding_severity_text((enum finding_severity)severity),
            counts[severity] == 1 ? "" : "s");
    between = ", ";
  }
}

enum err print_result_record(FILE *out, const struct result *result) {
  size_t size = 0;
  char *memory = NULL;
  struct json_writer json = json_writer_into(NULL, 0);
  for (record_write(&json, result); json_writer_overflow(&json); record_write(&json, result)) {
    size = json.need;
    free(memory);
    memory = malloc(size);
    if (!memory) return ERR_MEMORY;
    json = json_writer_into(memory, size);
  }
  fwrite(memory, 1, json.need, out);
  free(memory);
  return ERR_NONE;
}
