#include "output/report_text.h"

#include "output/number.h"
#include <inttypes.h>

enum { LABEL_WIDTH = 30, COUNT_WIDTH = 15, NAME_WIDTH = 26 };

static const char *bold(const struct report_text_style *style) {
  return style->colour ? "\x1b[1m" : "";
}

static const char *plain(const struct report_text_style *style) {
  return style->colour ? "\x1b[0m" : "";
}

static void print_title(FILE *out, const struct report_text_style *style, const char *title,
                        const char *about) {
  fprintf(out, "\n%s%s%s%s%s\n", bold(style), title, plain(style), *about ? " - " : "", about);
}

/* A row of nothing says nothing. */
static void print_row(FILE *out, const struct report_row *row) {
  char count[NUMBER_SIZE], base[NUMBER_SIZE], share[NUMBER_SHARE_SIZE];
  if (row->base == 0) return;
  fprintf(out, "  %-*s %*s  %6s of %s %s\n", LABEL_WIDTH, row->label, COUNT_WIDTH,
          number_text(row->count, count), number_share(row->count, row->base, share),
          number_text(row->base, base), row->base_text);
}

static void print_name(FILE *out, struct span name) {
  int width = 0;
  for (size_t i = 0; i < name.len; i++, width++)
    fputc(name.ptr[i] > ' ' && name.ptr[i] <= '~' ? name.ptr[i] : '?', out);
  for (; width < NAME_WIDTH; width++) fputc(' ', out);
}

static void print_line(FILE *out, const struct figures_line *line) {
  char numbers[4][NUMBER_SIZE], shares[2][NUMBER_SHARE_SIZE], ranks[2 * NUMBER_SIZE];
  struct span name = line->text;
  if (!span_here(name)) {
    snprintf(ranks, sizeof ranks, "%" PRIu64 "-%" PRIu64, line->from, line->to);
    name = span_of(ranks);
  }
  fputs("  ", out);
  print_name(out, name);
  fprintf(out, " %13s %11s %7s %11s %11s %7s\n", number_text(line->domains, numbers[0]),
          number_text(line->deployed, numbers[1]),
          number_share(line->deployed, line->domains, shares[0]),
          number_text(line->valid, numbers[2]), number_text(line->broken, numbers[3]),
          number_share(line->broken, line->deployed, shares[1]));
}

void report_text_lines(FILE *out, const struct report_text_style *style, const char *title,
                       const struct figures_line *lines, size_t count, size_t shown) {
  char number[NUMBER_SIZE];
  if (count == 0) return;
  if (shown > count) shown = count;
  fprintf(out, "\n%s  %-*s %13s %11s %7s %11s %11s %7s%s\n", bold(style), NAME_WIDTH, title,
          "domains", "deployed", "of all", "valid", "broken", "of depl", plain(style));
  for (size_t i = 0; i < shown; i++) print_line(out, &lines[i]);
  if (shown < count)
    fprintf(out, "  and %s more: --json shows them all\n", number_text(count - shown, number));
}

static void print_providers(FILE *out, const struct report_text_style *style,
                            const struct managed_figures *managed) {
  size_t shown =
      managed->provider_count < REPORT_TEXT_LINES ? managed->provider_count : REPORT_TEXT_LINES;
  struct figures_line lines[REPORT_TEXT_LINES];
  for (size_t i = 0; i < shown; i++) {
    const struct managed_line *line = &managed->providers[i];
    lines[i] = (struct figures_line){.text = line->text,
                                     .domains = line->domains,
                                     .deployed = line->domains,
                                     .valid = line->valid,
                                     .broken = line->broken};
  }
  report_text_lines(out, style, "policy hosts by provider", lines, shown, shown);
  if (shown < managed->provider_count)
    fprintf(out, "  and %zu more: --json shows them all\n", managed->provider_count - shown);
}

static void print_head(FILE *out, const struct report_text_style *style,
                       const struct figures *figures) {
  char domains[NUMBER_SIZE], deployed[NUMBER_SIZE], share[NUMBER_SHARE_SIZE];
  uint64_t count = figures_deployed(figures);
  fprintf(out, "%s%s domains, %s of them have deployed MTA-STS: %s of %s%s\n", bold(style),
          number_text(figures->counts.domains, domains), number_text(count, deployed),
          number_share(count, figures->counts.domains, share), domains, plain(style));
}

static bool section_has_rows(const struct report *report, const struct report_section *section) {
  for (size_t i = 0; i < section->count; i++)
    if (report->rows[section->first + i].base) return true;
  return false;
}

void report_text(FILE *out, const struct report_text_style *style, const struct report *report) {
  const struct figures *figures = report->figures;
  print_head(out, style, figures);
  for (size_t i = 0; i < report->section_count; i++) {
    const struct report_section *section = &report->sections[i];
    if (!section_has_rows(report, section)) continue;
    print_title(out, style, section->title, section->about);
    for (size_t j = 0; j < section->count; j++) print_row(out, &report->rows[section->first + j]);
  }
  print_providers(out, style, &figures->managed);
  report_text_lines(out, style, "top-level domain", figures->tlds, figures->tld_count,
                    REPORT_TEXT_LINES);
  report_text_lines(out, style, "rank", figures->ranks, figures->rank_count, REPORT_TEXT_LINES);
}
