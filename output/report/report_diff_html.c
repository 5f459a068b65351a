#include "output/base/json_reader.h"
#include "output/report/html.h"
#include "output/report/html_names.h"
#include "output/report/html_page.h"
#include "output/report/report_diff.h"
#include <inttypes.h>

static const char *const trend_classes[] = {
    [CHANGE_WORSE] = "bad", [CHANGE_OTHER] = "plain", [CHANGE_BETTER] = "good"};

static void put_tile(FILE *out, const char *class, uint64_t count, const char *one,
                     const char *several) {
  html_tile(out, class, count, count == 1 ? one : several, "");
}

static void put_tiles(FILE *out, const struct diff *diff) {
  fputs("<div class=\"tiles\">\n", out);
  put_tile(out, "bad", diff_domains(diff, CHANGE_WORSE), "regression", "regressions");
  put_tile(out, "good", diff_domains(diff, CHANGE_BETTER), "improvement", "improvements");
  put_tile(out, "plain", diff_domains(diff, CHANGE_OTHER), "other change", "other changes");
  put_tile(out, "risk", diff_still_broken(diff), "domain is still broken",
           "domains are still broken");
  if (diff_known(diff))
    put_tile(out, "plain", diff_known(diff), "domain has known errors alone",
             "domains have known errors alone");
  fputs("</div>\n", out);
}

static void put_side(FILE *out, const char *which, const struct aggregate *aggregate) {
  int64_t first = 0, last = 0;
  for (unsigned i = 0; i < aggregate->file_count; i++) {
    const struct aggregate_file *file = &aggregate->files[i];
    if (file->first && (first == 0 || file->first < first)) first = file->first;
    if (file->last > last) last = file->last;
  }
  fprintf(out, "<p>%s: ", which);
  html_number(out, aggregate->records);
  fputs(" records of <code>", out);
  html_text(out, span_of(aggregate->files[0].path));
  fputs("</code>", out);
  if (aggregate->file_count > 1) fprintf(out, " and %u more files", aggregate->file_count - 1);
  if (first) fputs(", scanned from ", out);
  if (first) html_page_time(out, first);
  if (first) fputs(" to ", out);
  if (first) html_page_time(out, last);
  fputs(first ? " UTC.</p>\n" : ".</p>\n", out);
}

static void put_head(FILE *out, const struct report_diff *report) {
  put_side(out, "Old", report->old_aggregate);
  put_side(out, "New", report->new_aggregate);
  if (*report->where) {
    fputs("<p>Only domains with <strong>", out);
    html_text(out, span_of(report->where));
    fputs("</strong>.</p>\n", out);
  }
  if (diff_not_asked(report->diff) == 0) return;
  fputs("<p>", out);
  html_number(out, diff_not_asked(report->diff));
  fputs(" deployed domains of old were not asked for by new: another list, or a shard is "
        "missing.</p>\n",
        out);
}

/* Every kind of change that there is, worst first. */
static void put_counts(FILE *out, const struct diff *diff) {
  html_heading(out, 2, "What changed", "a domain may stand in several");
  html_page_scroll(out, "What changed");
  html_page_table(out, "names", "changes", "Changes, worst first");
  fputs("<thead><tr><th scope=\"col\">change</th><th scope=\"col\">what it means</th>"
        "<th scope=\"col\" class=\"end\">domains</th></tr></thead><tbody>\n",
        out);
  for (enum change change = 0; change < CHANGE_COUNT; change++) {
    const struct change_info *info = change_info(change);
    uint64_t count = diff_count(diff, change);
    if (count == 0) continue;
    fprintf(out,
            "<tr><th scope=\"row\"><i class=\"%s\"></i>%s</th><td class=\"causes\">%s</td>"
            "<td data-member=\"counts.%s\" data-value=\"%" PRIu64 "\">",
            trend_classes[info->trend], info->name, info->title, info->name, count);
    html_number(out, count);
    fputs("</td></tr>\n", out);
  }
  fputs("</tbody></table>", out);
  html_page_scroll_end(out);
}

static void put_table(FILE *out, const char *id, const char *caption, const char *second) {
  html_page_scroll(out, caption);
  html_page_table(out, "names", id, caption);
  fprintf(out,
          "<thead><tr><th scope=\"col\">domain</th><th scope=\"col\">%s</th></tr></thead><tbody>\n",
          second);
}

static void put_table_end(FILE *out, uint64_t shown, uint64_t count) {
  fputs("</tbody></table>", out);
  html_page_scroll_end(out);
  if (shown == count) return;
  fputs("<p>These are the first ", out);
  html_number(out, shown);
  fputs(" of ", out);
  html_number(out, count);
  fputs("; <code>--names</code> sets how many.</p>\n", out);
}

/* "customer: acme", and so on. */
static void put_labels(FILE *out, struct span labels) {
  char text[DIFF_LABELS_SIZE + 1];
  struct span name;
  if (labels.len == 0 || labels.len >= sizeof text) return;
  memcpy(text, labels.ptr, labels.len);
  struct json_reader reader = json_reader_of(text, labels.len);
  json_reader_open(&reader, '{');
  while (json_reader_member(&reader, &name)) {
    fputs(" <small>", out);
    html_text(out, name);
    fputs(": ", out);
    html_text(out, json_reader_string(&reader));
    fputs("</small>", out);
  }
}

static void put_row(FILE *out, const struct diff_change *change, const char *detail) {
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, change->domain);
  put_labels(out, change->labels);
  fputs("</th><td class=\"causes\">", out);
  html_text(out, span_of(detail));
  fputs("</td></tr>\n", out);
}

/* The errors that a domain has now. */
static void tell_errors(const struct state *now, bool told[FOUND_COUNT]) {
  enum finding_code codes[FOUND_COUNT];
  struct state none = state_unseen();
  size_t count = change_errors(now, &none, codes);
  for (size_t i = 0; i < count; i++) told[codes[i]] = true;
}

/* The domains of one kind of change, from *index on. */
static void put_change(FILE *out, const struct report_diff *report, size_t *index,
                       bool told[FOUND_COUNT]) {
  struct diff_change change = diff_change(report->diff, *index);
  const struct change_info *info = change_info(change.change);
  char detail[REPORT_DIFF_DETAIL_SIZE];
  uint64_t count = diff_count(report->diff, change.change), shown = 0;
  html_heading(out, 2, info->title, "");
  char id[64];
  snprintf(id, sizeof id, "domains-%s", info->name);
  put_table(out, id, info->name, "detail");
  for (; shown < count; shown++) {
    if (shown == report->names) break;
    change = diff_change(report->diff, *index + shown);
    report_diff_detail(&change, detail);
    put_row(out, &change, detail);
    if (info->trend == CHANGE_WORSE) tell_errors(change.after, told);
  }
  put_table_end(out, shown, count);
  *index += count;
}

static void put_still(FILE *out, const struct report_diff *report, bool told[FOUND_COUNT]) {
  size_t count = diff_still_broken(report->diff), shown = 0;
  if (count == 0 || report->worse_only) return;
  html_heading(out, 2, "Still broken", "broken in both scans");
  put_table(out, "still", "Domains that are broken in both scans", "since, and why");
  for (; shown < count && shown < report->names; shown++) {
    struct diff_change still = diff_still(report->diff, shown);
    char detail[REPORT_DIFF_DETAIL_SIZE];
    report_diff_still(&still, detail);
    put_row(out, &still, detail);
    tell_errors(still.after, told);
  }
  put_table_end(out, shown, count);
}

void report_diff_html(FILE *out, const struct report_diff *report) {
  bool told[FOUND_COUNT] = {false};
  html_page_begin(out, report->title ? report->title : "MTA-STS: what changed");
  put_head(out, report);
  html_page_main(out);
  put_tiles(out, report->diff);
  put_counts(out, report->diff);
  for (size_t i = 0; report->names && i < report_diff_told(report);)
    put_change(out, report, &i, told);
  if (report->names) put_still(out, report, told);
  html_names_fixes(out, 2, told);
  html_page_end(out, "Codes are explained by <code>stscan explain CODE</code>.", report->at);
}
