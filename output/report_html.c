#include "output/report_html.h"

#include "output/json.h"
#include "output/number.h"
#include <inttypes.h>

enum { BAR_UNITS = 1000, CHART_WIDTH = 900, CHART_HEIGHT = 160, CHART_FOOT = 18 };

/* Fit for text and for attribute values; what is no printable ASCII becomes a question mark. */
static void put_text(FILE *out, struct span text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    switch (c) {
    case '&': fputs("&amp;", out); break;
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '"': fputs("&quot;", out); break;
    case '\'': fputs("&#39;", out); break;
    default: fputc(c >= ' ' && c <= '~' ? c : '?', out); break;
    }
  }
}

static void put_number(FILE *out, uint64_t number) {
  char text[NUMBER_SIZE];
  fputs(number_text(number, text), out);
}

static void put_share(FILE *out, uint64_t part, uint64_t whole) {
  char text[NUMBER_SHARE_SIZE];
  put_text(out, span_of(number_share(part, whole, text)));
}

static uint64_t units(uint64_t part, uint64_t whole) {
  if (whole == 0) return 0;
  uint64_t length = (uint64_t)((double)part / (double)whole * BAR_UNITS);
  return part && length < 3 ? 3 : length;
}

static void put_bar(FILE *out, uint64_t part, uint64_t whole) {
  fprintf(out,
          "<svg class=\"bar\" viewBox=\"0 0 %d 8\" preserveAspectRatio=\"none\" "
          "aria-hidden=\"true\"><rect class=\"track\" width=\"%d\" height=\"8\"/>"
          "<rect class=\"fill\" width=\"%" PRIu64 "\" height=\"8\"/></svg>",
          BAR_UNITS, BAR_UNITS, units(part, whole));
}

/* The names of the files as a shell takes them; too many: RESULT ... */
static void put_files(FILE *out, const struct census *census) {
  size_t total = 0;
  for (unsigned i = 0; i < census->file_count; i++) total += strlen(census->files[i].path) + 1;
  if (total > REPORT_HTML_FILES_MAX) {
    fputs(" RESULT ...", out);
    return;
  }
  for (unsigned i = 0; i < census->file_count; i++) {
    const char *path = census->files[i].path;
    bool plain = strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789._/+-") == strlen(path);
    fputs(plain ? " " : " '", out);
    for (struct span rest = span_of(path); rest.len; rest = span_skip(rest, 1))
      put_text(out, rest.ptr[0] == '\'' ? SPAN("'\\''") : span_first(rest, 1));
    fputs(plain ? "" : "'", out);
  }
}

static void put_row(FILE *out, const struct report_row *row) {
  fputs("<tr><th scope=\"row\">", out);
  put_text(out, span_of(row->label));
  put_bar(out, row->count, row->base);
  fprintf(out, "</th><td data-member=\"");
  put_text(out, span_of(row->member));
  fprintf(out, "\" data-value=\"%" PRIu64 "\" data-base=\"%" PRIu64 "\">", row->count, row->base);
  put_number(out, row->count);
  fputs("</td><td>", out);
  put_share(out, row->count, row->base);
  fputs("<small>of ", out);
  put_number(out, row->base);
  fputc(' ', out);
  put_text(out, span_of(row->base_text));
  fputs("</small></td></tr>\n", out);
}

static void put_commands(FILE *out, const struct report_row *rows, size_t count,
                         const struct census *census) {
  bool any = false;
  for (size_t i = 0; i < count; i++) any |= rows[i].list[0] && rows[i].count;
  if (!any) return;
  fputs("<details><summary>Commands that list these domains</summary>\n", out);
  for (size_t i = 0; i < count; i++) {
    if (!rows[i].list[0] || rows[i].count == 0) continue;
    put_text(out, span_of(rows[i].label));
    fputs("<code>stscan stats ", out);
    put_text(out, span_of(rows[i].list));
    put_files(out, census);
    fputs("</code>\n", out);
  }
  fputs("</details>\n", out);
}

static void put_heading(FILE *out, const char *title, const char *about) {
  fputs("<h2>", out);
  put_text(out, span_of(title));
  fputs("</h2>\n", out);
  if (!*about) return;
  fputs("<p>", out);
  put_text(out, span_of(about));
  fputs("</p>\n", out);
}

static void put_section(FILE *out, const struct report *report,
                        const struct report_section *section, const struct census *census) {
  const struct report_row *rows = report->rows + section->first;
  bool any = false;
  for (size_t i = 0; i < section->count; i++) any |= rows[i].base != 0;
  if (!any) return;
  fputs("<section>\n", out);
  put_heading(out, section->title, section->about);
  fputs("<table class=\"bars\"><thead><tr><th scope=\"col\">what</th><th scope=\"col\">count</th>"
        "<th scope=\"col\">share</th></tr></thead><tbody>\n",
        out);
  for (size_t i = 0; i < section->count; i++)
    if (rows[i].base) put_row(out, &rows[i]);
  fputs("</tbody></table>\n", out);
  put_commands(out, rows, section->count, census);
  fputs("</section>\n", out);
}

static void put_tile(FILE *out, const char *label, uint64_t count, uint64_t base,
                     const char *base_text) {
  fputs("<div><b>", out);
  put_number(out, count);
  fprintf(out, "</b>%s<br><span>", label);
  put_share(out, count, base);
  fputs(" of ", out);
  put_number(out, base);
  fprintf(out, " %s</span></div>\n", base_text);
}

static void put_tiles(FILE *out, const struct figures *figures) {
  const struct counts *counts = &figures->counts;
  uint64_t deployed = figures_deployed(figures);
  fputs("<div class=\"tiles\">\n", out);
  put_tile(out, "have deployed MTA-STS", deployed, counts->domains, "domains");
  put_tile(out, "valid", counts->status[STATUS_VALID], deployed, "deployed");
  put_tile(out, "broken", counts->status[STATUS_BROKEN], deployed, "deployed");
  put_tile(out, "enforced and sound", counts->effect[EFFECT_ENFORCED], deployed, "deployed");
  put_tile(out, "lose mail from senders that enforce",
           counts->effect[EFFECT_AT_RISK] + counts->effect[EFFECT_UNDELIVERABLE], deployed,
           "deployed");
  fputs("</div>\n", out);
}

static void put_cell(FILE *out, uint64_t value) {
  fprintf(out, "<td data-value=\"%" PRIu64 "\">", value);
  put_number(out, value);
  fputs("</td>", out);
}

static void put_share_cell(FILE *out, uint64_t part, uint64_t whole) {
  fprintf(out, "<td data-value=\"%.6f\">", whole ? (double)part / (double)whole : 0.0);
  put_share(out, part, whole);
  fputs("</td>", out);
}

static void put_columns(FILE *out, const char *id, const char *const *titles, size_t count) {
  fprintf(out, "<div class=\"scroll\"><table id=\"%s\"><thead><tr>", id);
  for (size_t i = 0; i < count; i++)
    fprintf(out, "<th scope=\"col\"><button type=\"button\">%s</button></th>", titles[i]);
  fputs("</tr></thead><tbody>\n", out);
}

static void put_table_end(FILE *out, size_t shown, size_t count) {
  fputs("</tbody></table></div>\n", out);
  if (shown < count) {
    fputs("<p>The first ", out);
    put_number(out, shown);
    fputs(" of ", out);
    put_number(out, count);
    fputs("; <code>stscan stats --json</code> has them all.</p>\n", out);
  }
  fputs("</section>\n", out);
}

static size_t at_most(size_t count) {
  return count < REPORT_HTML_LINES ? count : REPORT_HTML_LINES;
}

/* The stage where most of an operator's domains have an error. */
static const char *worst_stage(const struct managed_line *line) {
  int worst = 0;
  for (int stage = 1; stage < STAGE_COUNT; stage++)
    if (line->stage[stage] > line->stage[worst]) worst = stage;
  return line->stage[worst] ? finding_stage_text((enum finding_stage)worst) : "";
}

static void put_providers(FILE *out, const struct managed_figures *managed,
                          const struct census *census) {
  static const char *const titles[] = {"provider", "domains",           "valid",
                                       "broken",   "broken of domains", "most errors at"};
  size_t shown = at_most(managed->provider_count);
  if (shown == 0) return;
  fputs("<section class=\"wide\">\n", out);
  put_heading(out, "Policy hosts by provider",
              "the registrable domain that the policy host is an alias of; deployed domains");
  put_columns(out, "providers", titles, sizeof titles / sizeof *titles);
  for (size_t i = 0; i < shown; i++) {
    const struct managed_line *line = &managed->providers[i];
    fputs("<tr><th scope=\"row\">", out);
    put_text(out, line->text);
    fputs("</th>", out);
    put_cell(out, line->domains);
    put_cell(out, line->valid);
    put_cell(out, line->broken);
    put_share_cell(out, line->broken, line->domains);
    fprintf(out, "<td data-value=\"0\">%s</td></tr>\n", worst_stage(line));
  }
  put_table_end(out, shown, managed->provider_count);
  fputs("<p>One provider's domains: <code>stscan stats --list all --where provider=NAME", out);
  put_files(out, census);
  fputs("</code></p>\n", out);
}

static void put_line_name(FILE *out, const struct figures_line *line) {
  if (span_here(line->text)) {
    put_text(out, line->text);
    return;
  }
  put_number(out, line->from);
  fputs(" to ", out);
  put_number(out, line->to);
}

static void put_lines(FILE *out, const char *id, const char *title, const char *about,
                      const struct figures_line *lines, size_t count) {
  const char *const titles[] = {id,      "domains", "deployed",          "of domains",
                                "valid", "broken",  "broken of deployed"};
  size_t shown = at_most(count);
  if (shown == 0) return;
  fputs("<section class=\"wide\">\n", out);
  put_heading(out, title, about);
  put_columns(out, id, titles, sizeof titles / sizeof *titles);
  for (size_t i = 0; i < shown; i++) {
    const struct figures_line *line = &lines[i];
    fputs("<tr><th scope=\"row\">", out);
    put_line_name(out, line);
    fputs("</th>", out);
    put_cell(out, line->domains);
    put_cell(out, line->deployed);
    put_share_cell(out, line->deployed, line->domains);
    put_cell(out, line->valid);
    put_cell(out, line->broken);
    put_share_cell(out, line->broken, line->deployed);
    fputs("</tr>\n", out);
  }
  put_table_end(out, shown, count);
}

static double share_of(const struct figures_line *line, uint64_t part) {
  return line->domains ? (double)part / (double)line->domains : 0;
}

static void put_column(FILE *out, const char *class, double x, double width, double from,
                       double height) {
  fprintf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", class,
          x, CHART_HEIGHT - from - height, width, height);
}

/* Columns: the share of each bin that has deployed, valid below and broken above. */
static void put_rank_chart(FILE *out, const struct figures_line *lines, size_t count) {
  char number[NUMBER_SHARE_SIZE];
  double most = 0;
  size_t shown = at_most(count), best = 0;
  for (size_t i = 0; i < shown; i++)
    if (share_of(&lines[i], lines[i].deployed) > most) {
      most = share_of(&lines[i], lines[i].deployed);
      best = i;
    }
  if (shown < 2 || most <= 0) return;
  fputs("<section class=\"wide\">\n", out);
  put_heading(out, "Deployment by rank",
              "share of each bin's domains that have deployed: valid below, broken above; the "
              "numbers stand in the table by rank");
  fprintf(out, "<svg class=\"columns\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
          CHART_WIDTH, CHART_HEIGHT + CHART_FOOT);
  fprintf(out, "Columns of the deployed share by rank, at most %s\">",
          number_share(lines[best].deployed, lines[best].domains, number));
  double step = (double)CHART_WIDTH / (double)shown, scale = (CHART_HEIGHT - 20) / most;
  for (size_t i = 0; i < shown; i++) {
    double valid = scale * share_of(&lines[i], lines[i].valid);
    double broken = scale * share_of(&lines[i], lines[i].broken);
    put_column(out, "valid", step * (double)i, step * 0.85, 0, valid);
    put_column(out, "broken", step * (double)i, step * 0.85, valid, broken);
  }
  fprintf(out, "<text x=\"0\" y=\"12\">%s</text>", number);
  fprintf(out, "<text x=\"0\" y=\"%d\">", CHART_HEIGHT + 14);
  put_number(out, lines[0].from);
  fprintf(out, "</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">", CHART_WIDTH,
          CHART_HEIGHT + 14);
  put_number(out, lines[shown - 1].to);
  fputs("</text></svg>\n</section>\n", out);
}

static void put_time(FILE *out, int64_t at) {
  char text[JSON_TIME_SIZE];
  json_time_text(at, text);
  fprintf(out, "%.10s %.5s", text, text + 11);
}

static void put_source(FILE *out, const struct census *census) {
  int64_t first = 0, last = 0;
  for (unsigned i = 0; i < census->file_count; i++) {
    const struct census_file *file = &census->files[i];
    if (file->first && (first == 0 || file->first < first)) first = file->first;
    if (file->last > last) last = file->last;
  }
  fputs("<p>", out);
  put_number(out, census->records);
  fprintf(out, " records of %u %s", census->file_count, census->file_count == 1 ? "file" : "files");
  if (first) {
    fputs(", scanned from ", out);
    put_time(out, first);
    fputs(" to ", out);
    put_time(out, last);
    fputs(" UTC", out);
  }
  if (census->duplicates) {
    fputs("; ", out);
    put_number(out, census->duplicates);
    fputs(" of them left out, since another file has a newer one of the same domain", out);
  }
  fputs(".</p>\n", out);
}

static void put_head(FILE *out, const struct report *report, const struct census *census) {
  fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>MTA-STS: ",
        out);
  put_number(out, report->figures->counts.domains);
  fprintf(out, " domains</title>\n<style>\n%s</style></head>\n<body><header><h1>MTA-STS of ",
          report_page_style);
  put_number(out, report->figures->counts.domains);
  fputs(" domains</h1>\n", out);
  put_source(out, census);
  fputs("</header>\n<main>\n", out);
}

void report_html(FILE *out, const struct report *report, const struct census *census) {
  const struct figures *figures = report->figures;
  put_head(out, report, census);
  put_tiles(out, figures);
  put_rank_chart(out, figures->ranks, figures->rank_count);
  fputs("<div class=\"grid\">\n", out);
  for (size_t i = 0; i < report->section_count; i++)
    put_section(out, report, &report->sections[i], census);
  fputs("</div>\n", out);
  put_providers(out, &figures->managed, census);
  put_lines(out, "tld", "By top-level domain", "", figures->tlds, figures->tld_count);
  put_lines(out, "rank", "By rank", "bins of 10,000; domains without a rank are in none",
            figures->ranks, figures->rank_count);
  fprintf(out,
          "</main>\n<footer><p>stscan %s; codes are explained by <code>stscan explain "
          "CODE</code></p></footer>\n<script>\n%s</script></body></html>\n",
          STSCAN_VERSION, report_page_script);
}
