#include "output/report/html_method.h"

#include "output/report/html.h"
#include "output/report/html_page.h"
#include "output/stats/input.h"
#include <inttypes.h>
#include <math.h>

/* Of the normal distribution, for 95%. */
#define QUANTILE 1.959964

/* The score interval (Wilson 1927) of a share at 95% confidence: where the true share lies when the
 * domains are a random sample. whole: over 0. */
static void interval(uint64_t part, uint64_t whole, double *low, double *high) {
  double n = (double)whole, p = (double)part / n, z = QUANTILE * QUANTILE / n;
  double middle = (p + z / 2) / (1 + z), half = sqrt(z * (p * (1 - p) + z / 4)) / (1 + z);
  *low = part ? middle - half : 0;
  *high = part == whole ? 1 : middle + half;
}

static void put_line(FILE *out, const struct scan_mark *mark, const char *title, const char *key) {
  struct span value = input_head(mark, span_of(key));
  if (value.len == 0) return;
  fprintf(out, "<dt>%s</dt><dd>", title);
  html_text(out, value);
  fputs("</dd>", out);
}

/* All options, as they stand in the head. */
static void put_options(FILE *out, const struct scan_mark *mark) {
  struct span rest = span_of(mark->identity);
  fputs("<dt>Options that the records depend on</dt><dd>", out);
  while (rest.len) {
    struct span line = span_cut(&rest, '\n');
    if (!span_starts(line, SPAN("--"))) continue;
    fputs("<code>", out);
    html_text(out, line);
    fputs("</code> ", out);
  }
  fputs("</dd>", out);
}

static void put_scan(FILE *out, const struct scan_mark *mark) {
  put_line(out, mark, "Scanned by stscan", "version");
  put_line(out, mark, "Libraries", "libraries");
  put_line(out, mark, "Who asked (User-Agent)", "--user-agent");
  put_options(out, mark);
}

static void put_scan_row(FILE *out, const char *path, const struct scan_mark *mark) {
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, span_of(path));
  fputs("</th><td>", out);
  html_text(out, span_first(input_head(mark, SPAN("began")), sizeof "2026-11-23T10:00" - 1));
  fprintf(out, "</td><td>%u of %u</td><td>%s</td><td class=\"causes\">", mark->shard, mark->shards,
          mark->ended ? "yes" : "no");
  html_text(out, span_of(mark->list));
  fputs("</td></tr>\n", out);
}

static void put_scans(FILE *out, const struct aggregate *aggregate) {
  const struct scan_mark *first = NULL;
  size_t told = 0, count = 0;
  for (unsigned i = 0; i < aggregate->file_count; i++) {
    if (!first && aggregate->files[i].marks.count) first = &aggregate->files[i].marks.at[0];
    count += aggregate->files[i].marks.count;
  }
  if (!first) {
    fputs("<p>The results do not say how they were made: they have no head.</p>\n", out);
    return;
  }
  fputs("<dl>", out);
  put_scan(out, first);
  fputs("</dl>\n", out);
  html_page_scroll(out, "Scans");
  html_page_table(out, "names", "scans", "Scans by the heads of their results");
  fputs("<thead><tr><th scope=\"col\">results</th><th scope=\"col\">began</th><th scope=\"col\">"
        "shard</th><th scope=\"col\">ended</th><th scope=\"col\">list</th></tr></thead><tbody>\n",
        out);
  for (unsigned i = 0; i < aggregate->file_count; i++)
    for (size_t j = 0; j < aggregate->files[i].marks.count && told < HTML_METHOD_SCANS; j++, told++)
      put_scan_row(out, aggregate->files[i].path, &aggregate->files[i].marks.at[j]);
  fputs("</tbody></table>", out);
  html_page_scroll_end(out);
  if (told < count) {
    fputs("<p>These are the first of ", out);
    html_number(out, count);
    fputs("; <code>stscan stats --json</code> has them all.</p>\n", out);
  }
}

static void put_interval(FILE *out, const struct report_row *row) {
  double low, high;
  interval(row->count, row->base, &low, &high);
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, span_of(row->member));
  fputs("</th>", out);
  html_cell(out, row->count);
  html_cell(out, row->base);
  fputs("<td>", out);
  html_text(out, span_of(row->base_text));
  fputs("</td>", out);
  html_share_cell(out, row->count, row->base);
  fprintf(out, "<td data-value=\"%.6f\">%.3f%%</td><td data-value=\"%.6f\">%.3f%%</td></tr>\n", low,
          100 * low, high, 100 * high);
}

static void put_intervals(FILE *out, const struct report *report) {
  static const char *const titles[] = {"figure", "count", "base", "base is", "share", "from", "to"};
  html_heading(out, 3, "Bases and intervals",
               "95% score intervals (Wilson) of each share: they hold where the list is a random "
               "sample, and say nothing where it is all there is");
  html_page_scroll(out, "Bases and intervals");
  html_page_table(out, "lines", "intervals", "Every figure with its base and interval");
  fputs("<thead><tr>", out);
  for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
    fprintf(out, "<th scope=\"col\"><button type=\"button\">%s</button></th>", titles[i]);
  fputs("</tr></thead><tbody>\n", out);
  for (size_t i = 0; i < report->row_count; i++)
    if (report->rows[i].base && report->rows[i].count) put_interval(out, &report->rows[i]);
  fputs("</tbody></table>", out);
  html_page_scroll_end(out);
  fputs("<p><button type=\"button\" class=\"all\">Show all</button></p>\n", out);
}

void html_method(FILE *out, const struct report *report, const struct aggregate *aggregate) {
  html_heading(
      out, 2, "How this was measured",
      "a domain counts once, by its newest record; blocked domains are in no denominator "
      "of errors; who manages follows the IMC 2025 study (doi 10.1145/3730567.3732916), on "
      "what a record holds");
  fputs("<section class=\"wide\">\n", out);
  put_scans(out, aggregate);
  fputs("</section>\n<section class=\"wide\">\n", out);
  put_intervals(out, report);
  fputs("</section>\n", out);
}
