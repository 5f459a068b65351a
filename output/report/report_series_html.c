#include "output/base/number.h"
#include "output/report/chart.h"
#include "output/report/html.h"
#include "output/report/html_page.h"
#include "output/report/report_series.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static void put_lines(FILE *out, const struct series *series,
                      const struct report_series_section *section) {
  size_t count = report_series_columns(section);
  struct chart_line lines[REPORT_SERIES_COLUMNS_MAX];
  double *values = calloc(series->count * count, sizeof *values);
  int64_t *times = calloc(series->count, sizeof *times);
  for (size_t i = 0; values && times && i < count; i++) {
    double *of_line = values + i * series->count;
    lines[i] = (struct chart_line){section->columns[i].title, of_line};
    for (unsigned j = 0; j < series->count; j++) {
      const struct series_point *point = &series->points[j];
      uint64_t base = report_series_base(point, &section->columns[i]);
      double value = (double)report_series_count(point, &section->columns[i]);
      of_line[j] = !section->share ? value : base ? value / (double)base : 0;
      if (!report_series_asked(point, section)) of_line[j] = NAN;
      times[j] = point->from;
    }
  }
  if (values && times)
    chart_lines(out, &(struct chart_lines){section->title, section->share, times, series->count,
                                           lines, count});
  free(values);
  free(times);
}

static void put_cells(FILE *out, const struct report_series_section *section,
                      const struct series_point *point, unsigned number) {
  for (size_t i = 0; i < report_series_columns(section); i++) {
    const struct report_series_column *column = &section->columns[i];
    uint64_t count = report_series_count(point, column);
    if (!report_series_asked(point, section)) {
      fputs(column->base ? "<td>-</td><td>-</td>" : "<td>-</td>", out);
      continue;
    }
    fprintf(out, "<td data-member=\"series.%u.%s\" data-value=\"%" PRIu64 "\">", number,
            column->member, count);
    html_number(out, count);
    fputs("</td>", out);
    if (column->base) html_share_cell(out, count, report_series_base(point, column));
  }
}

static void put_table(FILE *out, const struct series *series,
                      const struct report_series_section *section) {
  bool first = section == &report_series_sections[0];
  char day[REPORT_SERIES_DAY_SIZE];
  char caption[64];
  snprintf(caption, sizeof caption, "%s, by scan", section->title);
  html_page_scroll(out, caption);
  html_page_table(out, "points", "", caption);
  fputs("<thead><tr><th scope=\"col\">scan</th><th scope=\"col\">from</th>", out);
  if (first) fputs("<th scope=\"col\">domains</th>", out);
  for (size_t i = 0; i < report_series_columns(section); i++)
    fprintf(out, "<th scope=\"col\">%s</th>%s", section->columns[i].title,
            section->columns[i].base ? "<th scope=\"col\">share</th>" : "");
  fputs("</tr></thead><tbody>\n", out);
  for (unsigned i = 0; i < series->count; i++) {
    const struct series_point *point = &series->points[i];
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, span_of(point->name));
    report_series_day(point->from, day);
    fprintf(out, "</th><td>%s</td>", day);
    if (first) html_cell(out, point->counts.domains);
    put_cells(out, section, point, i);
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table>", out);
  html_page_scroll_end(out);
}

/* A line that ends in the middle is no fall. */
static void put_gaps(FILE *out, const struct series *series,
                     const struct report_series_section *section) {
  unsigned gaps = 0;
  for (unsigned i = 0; i < series->count; i++)
    gaps += !report_series_asked(&series->points[i], section);
  if (gaps)
    fprintf(out, "<p>%u of the %u scans did not ask for this: no point, and - in the table.</p>\n",
            gaps, series->count);
}

static void put_section(FILE *out, const struct series *series,
                        const struct report_series_section *section) {
  if (!report_series_any(series, section)) return;
  fputs("<section class=\"wide\">\n", out);
  html_heading(out, 2, section->title, section->about);
  put_lines(out, series, section);
  put_gaps(out, series, section);
  put_table(out, series, section);
  fputs("</section>\n", out);
}

/* The domains that are broken in the last scan, by name. */
static void put_broken(FILE *out, const struct report_series *report) {
  const struct series *series = report->series;
  char day[REPORT_SERIES_DAY_SIZE];
  size_t shown = series->broken_count < report->names ? series->broken_count : report->names;
  if (shown == 0) return;
  fputs("<section class=\"wide\">\n", out);
  html_heading(out, 2, "Broken the longest", "domains that are broken in the last scan");
  html_page_scroll(out, "Broken the longest");
  html_page_table(out, "names", "broken", "Domains that are broken in the last scan");
  fputs("<thead><tr><th scope=\"col\">domain</th><th scope=\"col\" class=\"end\">broken since</th>"
        "</tr></thead><tbody>\n",
        out);
  for (size_t i = 0; i < shown; i++) {
    const struct follow_broken *broken = &series->broken[i];
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, broken->domain);
    report_series_day(series->points[broken->since].from, day);
    fprintf(out, "</th><td>%s%s</td></tr>\n", day, broken->since ? "" : " or before");
  }
  fputs("</tbody></table>", out);
  html_page_scroll_end(out);
  if (shown < series->broken_count) {
    fputs("<p>These are the first ", out);
    html_number(out, shown);
    fputs(" of ", out);
    html_number(out, series->broken_count);
    fputs(".</p>\n", out);
  }
  fputs("</section>\n", out);
}

static void put_origin(FILE *out, const struct report_series *report) {
  const struct series *series = report->series;
  char day[REPORT_SERIES_DAY_SIZE];
  fprintf(out, "<p>%u %s, from ", series->count, series->count == 1 ? "scan" : "scans");
  report_series_day(series->points[0].from, day);
  fprintf(out, "%s to ", day);
  report_series_day(series->points[series->count - 1].to, day);
  fprintf(out, "%s.</p>\n", day);
  if (*report->where) {
    fputs("<p>Only domains with <strong>", out);
    html_text(out, span_of(report->where));
    fputs("</strong>.</p>\n", out);
  }
  if (follow_left_out(series->follow) == 0) return;
  fputs("<p>", out);
  html_number(out, follow_left_out(series->follow));
  fputs(" records of more domains than can be followed are left out of the domains followed.</p>\n",
        out);
}

/* A figure of the last scan, with its share of a base, and what that was in the first. */
static void put_share_tile(FILE *out, const struct series *series, const char *class,
                           const char *label, const struct report_series_column *column,
                           const char *base_text) {
  const struct series_point *first = &series->points[0], *last = &series->points[series->count - 1];
  uint64_t count = report_series_count(last, column), base = report_series_base(last, column);
  char now[NUMBER_SHARE_SIZE], whole[NUMBER_SIZE], then[NUMBER_SHARE_SIZE];
  char day[REPORT_SERIES_DAY_SIZE], note[128];
  number_share(report_series_count(first, column), report_series_base(first, column), then);
  report_series_day(first->from, day);
  int len = snprintf(note, sizeof note, "%s of %s %s", number_share(count, base, now),
                     number_text(base, whole), base_text);
  if (series->count > 1) snprintf(note + len, sizeof note - (size_t)len, "; %s on %s", then, day);
  html_tile(out, class, count, label, note);
}

/* What a reader without time sees: where the last scan stands, and what moved since the one before.
 */
static void put_tiles(FILE *out, const struct series *series) {
  const struct report_series_column *broken = &report_series_sections[1].columns[1];
  const struct series_point *last = &series->points[series->count - 1];
  fputs("<div class=\"tiles\">\n", out);
  put_share_tile(out, series, "plain", "have deployed MTA-STS", report_series_sections[0].columns,
                 "domains");
  put_share_tile(out, series, "good", "valid", report_series_sections[1].columns, "deployed");
  put_share_tile(out, series, "bad", "broken", broken, "deployed");
  html_tile(out, "bad",
            last->counts.effect[EFFECT_AT_RISK] + last->counts.effect[EFFECT_UNDELIVERABLE],
            "lose mail from senders that enforce", "");
  if (series->count > 1) {
    html_tile(out, "risk", last->changes.broken, "newly broken", "since the scan before");
    html_tile(out, "good", last->changes.fixed, "fixed", "since the scan before");
  }
  fputs("</div>\n", out);
}

void report_series_html(FILE *out, const struct report_series *report) {
  const struct series *series = report->series;
  html_page_begin(out, report->title ? report->title : "MTA-STS over time");
  put_origin(out, report);
  html_page_main(out);
  put_tiles(out, series);
  for (int i = 0; i < REPORT_SERIES_SECTIONS; i++)
    put_section(out, series, &report_series_sections[i]);
  put_broken(out, report);
  html_page_end(out, "Percentages use the base shown in each table.", report->at);
}
