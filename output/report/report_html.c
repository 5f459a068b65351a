#include "output/report/report_html.h"

#include "output/base/number.h"
#include "output/report/chart.h"
#include "output/report/html.h"
#include "output/report/html_method.h"
#include "output/report/html_names.h"
#include "output/report/html_page.h"
#include "output/report/html_table.h"
#include "output/stats/input.h"
#include <inttypes.h>
#include <stdlib.h>

static const char *const tones[] = {
    [REPORT_PLAIN] = "plain", [REPORT_GOOD] = "good", [REPORT_BAD] = "bad"};

enum { SHEET_TITLE_SIZE = 128 };

/* What all parts of the page need. */
struct sheet {
  FILE *out;
  const struct report_html *html;
  const struct report *report;
  const struct statistics *statistics;
  const struct aggregate *aggregate;
  unsigned chapters; /* that were begun */
};

/* The conditions and files of a command; too many files: RESULT ... */
static void put_source(const struct sheet *sheet) {
  const struct aggregate *aggregate = sheet->aggregate;
  size_t total = 0;
  if (*sheet->report->where) {
    fputs(" --where ", sheet->out);
    html_shell_word(sheet->out, sheet->report->where);
  }
  for (unsigned i = 0; i < aggregate->file_count; i++)
    total += strlen(aggregate->files[i].path) + 1;
  if (total > REPORT_HTML_FILES_MAX) {
    fputs(" RESULT ...", sheet->out);
    return;
  }
  for (unsigned i = 0; i < aggregate->file_count; i++) {
    fputc(' ', sheet->out);
    html_shell_word(sheet->out, aggregate->files[i].path);
  }
}

static void put_commands(const struct sheet *sheet, const struct report_row *rows, size_t count) {
  FILE *out = sheet->out;
  bool any = false;
  for (size_t i = 0; i < count; i++) any |= rows[i].list[0] && rows[i].count;
  if (!any) return;
  fputs("<details><summary>Commands that list these domains</summary><dl>\n", out);
  for (size_t i = 0; i < count; i++) {
    if (!rows[i].list[0] || rows[i].count == 0) continue;
    fputs("<dt>", out);
    html_text(out, span_of(rows[i].label));
    fputs("</dt><dd><code>stscan stats ", out);
    html_text(out, span_of(rows[i].list));
    put_source(sheet);
    fputs("</code></dd>\n", out);
  }
  fputs("</dl></details>\n", out);
}

static void put_base(FILE *out, const struct report_row *row) {
  fputs("of ", out);
  html_number(out, row->base);
  fputc(' ', out);
  html_text(out, span_of(row->base_text));
}

static void put_row(FILE *out, const struct report_row *row, bool with_base) {
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, span_of(row->label));
  if (row->note) {
    fputs(" <small>", out);
    html_text(out, span_of(row->note));
    fputs("</small>", out);
  }
  chart_bar(out, tones[row->tone], row->count, row->base);
  fputs("</th><td data-member=\"", out);
  html_text(out, span_of(row->member));
  fprintf(out, "\" data-value=\"%" PRIu64 "\" data-base=\"%" PRIu64 "\">", row->count, row->base);
  html_number(out, row->count);
  fputs("</td><td>", out);
  html_share(out, row->count, row->base);
  if (with_base) {
    fputs("<small>", out);
    put_base(out, row);
    fputs("</small>", out);
  }
  fputs("</td></tr>\n", out);
}

static void put_rows(const struct sheet *sheet, const struct report_section *section) {
  const struct report_row *rows = sheet->report->rows + section->first;
  const struct report_row *base = report_section_base(sheet->report, section);
  html_page_table(sheet->out, "bars", "", section->title);
  fputs("<thead><tr><th scope=\"col\">", sheet->out);
  if (base) put_base(sheet->out, base);
  fputs("</th><th scope=\"col\">count</th><th scope=\"col\">share</th></tr></thead><tbody>\n",
        sheet->out);
  for (size_t i = 0; i < section->count; i++)
    if (rows[i].base) put_row(sheet->out, &rows[i], !base);
  fputs("</tbody></table>\n", sheet->out);
  put_commands(sheet, rows, section->count);
}

/* What senders do with deployed domains; mode none and what is unknown is what is left. */
static void put_effect(const struct sheet *sheet) {
  const uint64_t *effect = sheet->statistics->counts.effect;
  uint64_t deployed = statistics_deployed(sheet->statistics), told = 0;
  struct chart_part parts[] = {
      {"enforced", "good", effect[EFFECT_ENFORCED]},
      {"testing", "testing", effect[EFFECT_TESTING]},
      {"opportunistic", "weak", effect[EFFECT_OPPORTUNISTIC]},
      {"at-risk", "risk", effect[EFFECT_AT_RISK]},
      {"undeliverable", "bad", effect[EFFECT_UNDELIVERABLE]},
      {"none or unknown", "plain", 0},
  };
  size_t count = sizeof parts / sizeof *parts;
  for (size_t i = 0; i + 1 < count; i++) told += parts[i].count;
  if (told < deployed) parts[count - 1].count = deployed - told;
  chart_parts(sheet->out, "The deployed domains by what senders do", parts, count);
}

static void put_manager_cell(FILE *out, enum manager manager, const struct managed_line *line,
                             int stage) {
  const char *stage_text = finding_stage_text((enum finding_stage)stage);
  if (line->stage[stage] == 0) {
    fputs("<td>0</td>", out);
    return;
  }
  fprintf(out, "<td data-member=\"managed.%s.stage.%s\" data-value=\"%" PRIu64 "\">",
          manager_text(manager), stage_text, line->stage[stage]);
  html_number(out, line->stage[stage]);
  fputs(" <small>", out);
  html_share(out, line->stage[stage], line->domains);
  fputs("</small></td>", out);
}

static void put_managers_head(FILE *out, const char *caption, const struct managed_line *lines) {
  html_page_table(out, "matrix", "", caption);
  fputs("<thead><tr><td></td>", out);
  for (int i = 0; i < MANAGER_COUNT; i++) {
    fprintf(out, "<th scope=\"col\">%s <small>of ", manager_text((enum manager)i));
    html_number(out, lines[i].domains);
    fputs("</small></th>", out);
  }
  fputs("</tr></thead><tbody>\n", out);
}

/* Stages down, managers across. */
static void put_managers(const struct sheet *sheet) {
  const struct managed_line *lines = sheet->statistics->managed.managers;
  FILE *out = sheet->out;
  put_managers_head(out, "Domains with an error at each stage by who manages the policy host",
                    lines);
  for (int stage = 0; stage < STAGE_COUNT; stage++) {
    if (!statistics_has_stage(sheet->statistics, (enum finding_stage)stage)) continue;
    fprintf(out, "<tr><th scope=\"row\">%s</th>", finding_stage_text((enum finding_stage)stage));
    for (int i = 0; i < MANAGER_COUNT; i++)
      put_manager_cell(out, (enum manager)i, &lines[i], stage);
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table>\n", out);
}

static void put_cause_cell(FILE *out, enum manager manager,
                           const struct managed_statistics *managed, enum finding_code code) {
  uint64_t count = managed->codes[manager][code];
  if (count == 0) {
    fputs("<td>0</td>", out);
    return;
  }
  fprintf(out, "<td data-member=\"managed.%s.findings.%s\" data-value=\"%" PRIu64 "\">",
          manager_text(manager), finding_info(code)->name, count);
  html_number(out, count);
  fputs(" <small>", out);
  html_share(out, count, managed->managers[manager].domains);
  fputs("</small></td>", out);
}

/* Codes down, managers across. */
static void put_manager_causes(const struct sheet *sheet) {
  const struct managed_statistics *managed = &sheet->statistics->managed;
  FILE *out = sheet->out;
  put_managers_head(out, "Errors of policy hosts by who manages them", managed->managers);
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    if (!report_has_cause(managed, code)) continue;
    fprintf(out, "<tr><th scope=\"row\">%s</th>", finding_info(code)->name);
    for (int i = 0; i < MANAGER_COUNT; i++) put_cause_cell(out, (enum manager)i, managed, code);
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table>\n", out);
}

static void put_section(const struct sheet *sheet, const struct report_section *section) {
  if (report_section_empty(sheet->report, section)) return;
  fputs("<section>\n", sheet->out);
  html_heading(sheet->out, 3, section->title, section->about);
  if (section->chart == REPORT_CHART_EFFECT) put_effect(sheet);
  if (section->chart == REPORT_CHART_MANAGERS)
    put_managers(sheet);
  else if (section->chart == REPORT_CHART_CAUSES)
    put_manager_causes(sheet);
  else
    put_rows(sheet, section);
  fputs("</section>\n", sheet->out);
}

static void begin_chapter(struct sheet *sheet, const char *title) {
  if (sheet->chapters++) fputs("</div>\n", sheet->out);
  html_heading(sheet->out, 2, title, "");
  fputs("<div class=\"grid\">\n", sheet->out);
}

static void end_chapters(struct sheet *sheet) {
  if (sheet->chapters) fputs("</div>\n", sheet->out);
  sheet->chapters = 0;
}

static void put_sections(struct sheet *sheet) {
  for (size_t i = 0; i < sheet->report->section_count; i++) {
    const struct report_section *section = &sheet->report->sections[i];
    if (section->chapter) begin_chapter(sheet, section->chapter);
    put_section(sheet, section);
  }
  end_chapters(sheet);
}

static void put_tile(FILE *out, const char *class, const char *label, uint64_t count, uint64_t base,
                     const char *base_text) {
  fprintf(out, "<div class=\"tile %s\"><b>", class);
  html_number(out, count);
  fprintf(out, "</b>%s <small>", label);
  html_share(out, count, base);
  fputs(" of ", out);
  html_number(out, base);
  fprintf(out, " %s</small></div>\n", base_text);
}

static void put_tiles(FILE *out, const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  uint64_t deployed = statistics_deployed(statistics);
  fputs("<div class=\"tiles\">\n", out);
  put_tile(out, "plain", "have deployed MTA-STS", deployed, counts->domains, "domains");
  if (statistics_asked_mx(statistics))
    put_tile(out, "plain", "have MX and deployed MTA-STS",
             counts->with_mx[COUNTS_VALID] + counts->with_mx[COUNTS_BROKEN],
             counts->with_mx[COUNTS_DOMAINS], "with MX");
  put_tile(out, "good", "valid", counts->status[STATUS_VALID], deployed, "deployed");
  put_tile(out, "bad", "broken", counts->status[STATUS_BROKEN], deployed, "deployed");
  put_tile(out, "good", "enforced, and every MX covered", counts->effect[EFFECT_ENFORCED], deployed,
           "deployed");
  put_tile(out, "bad", "lose mail from senders that enforce",
           counts->effect[EFFECT_AT_RISK] + counts->effect[EFFECT_UNDELIVERABLE], deployed,
           "deployed");
  put_tile(out, "risk", "certificates expire within 14 days", counts->expiring[1],
           counts->certificates, "seen");
  fputs("</div>\n", out);
}

static void put_operators(const struct sheet *sheet, const char *id, const char *title,
                          const char *about, const char *name, const struct managed_lines *lines) {
  if (lines->count == 0) return;
  fputs("<section class=\"wide\">\n", sheet->out);
  html_heading(sheet->out, 3, title, about);
  html_table_operators(sheet->out, id, title, name, lines);
  fprintf(sheet->out, "<p>The domains of one: <code>stscan stats --list all --where operator=NAME");
  put_source(sheet);
  fputs("</code></p>\n</section>\n", sheet->out);
}

static void put_providers(const struct sheet *sheet) {
  const struct managed_statistics *managed = &sheet->statistics->managed;
  put_operators(sheet, "providers", "Policy hosts by provider",
                "the registrable domain that the policy host is an alias of; deployed domains, and "
                "their most frequent errors",
                "provider", &managed->providers);
  put_operators(sheet, "addresses", "Policy hosts by address",
                "policy hosts that are no alias, by their least address; those that serve several "
                "domains",
                "address", &managed->addresses);
}

static void put_mail(const struct sheet *sheet) {
  const struct mail_statistics *mail = &sheet->statistics->mail;
  if (mail->provider_count) {
    fputs("<section class=\"wide\">\n", sheet->out);
    html_heading(sheet->out, 3, "Mail servers by provider",
                 "the registrable domain of the first MX; probed domains");
    html_table_mail_providers(sheet->out, mail);
    fputs("<p>One provider's domains: <code>stscan stats --list all --where mail_provider=NAME",
          sheet->out);
    put_source(sheet);
    fputs("</code></p>\n</section>\n", sheet->out);
  }
  if (mail->issuer_count == 0) return;
  fputs("<section class=\"wide\">\n", sheet->out);
  html_heading(sheet->out, 3, "Certificates of mail servers by issuer",
               "of the first that leads to a trusted root; probed domains");
  html_table_issuers(sheet->out, mail);
  fputs("</section>\n", sheet->out);
}

static void put_places(const struct sheet *sheet) {
  const struct statistics *statistics = sheet->statistics;
  FILE *out = sheet->out;
  if (statistics->tld_count == 0) return;
  html_heading(out, 2, "By rank and TLD", "");
  if (statistics->rank_count) {
    fputs("<section class=\"wide\">\n", out);
    html_heading(out, 3, "By rank",
                 "the share of each bin of 10,000 that has deployed; domains without a rank are in "
                 "none");
    chart_ranks(out, statistics->ranks, statistics->rank_count);
    html_table_lines(out, "rank", "Deployed domains by rank", statistics->ranks,
                     statistics->rank_count, statistics_asked_mx(statistics));
    fputs("</section>\n", out);
  }
  fputs("<section class=\"wide\">\n", out);
  html_heading(out, 3, "By top-level domain", "");
  html_table_lines(out, "tld", "Domains by top-level domain, most first", statistics->tlds,
                   statistics->tld_count, statistics_asked_mx(statistics));
  fputs("<p>The domains of one: <code>stscan stats --list all --where tld=NAME", out);
  put_source(sheet);
  fputs("</code></p>\n</section>\n", out);
}

static void put_times(FILE *out, const struct aggregate *aggregate) {
  int64_t first = 0, last = 0;
  for (unsigned i = 0; i < aggregate->file_count; i++) {
    const struct aggregate_file *file = &aggregate->files[i];
    if (file->first && (first == 0 || file->first < first)) first = file->first;
    if (file->last > last) last = file->last;
  }
  if (first == 0) return;
  fputs(", scanned from ", out);
  html_page_time(out, first);
  fputs(" to ", out);
  html_page_time(out, last);
  fputs(" UTC", out);
}

/* The list and who scanned it, by the first head that there is. */
static void put_lists(const struct sheet *sheet) {
  const struct scan_mark *mark = NULL;
  for (unsigned i = 0; !mark && i < sheet->aggregate->file_count; i++)
    if (sheet->aggregate->files[i].marks.count) mark = &sheet->aggregate->files[i].marks.at[0];
  if (!mark) return;
  struct span agent = input_head(mark, SPAN("--user-agent"));
  fputs("<p>List: ", sheet->out);
  html_text(sheet->out, span_of(mark->list));
  if (agent.len) fputs(". Scanned as ", sheet->out);
  html_text(sheet->out, agent);
  fputs(".</p>\n", sheet->out);
}

static void put_origin(const struct sheet *sheet) {
  const struct aggregate *aggregate = sheet->aggregate;
  FILE *out = sheet->out;
  fputs("<p>", out);
  html_number(out, aggregate->records);
  fprintf(out, " records of %u %s", aggregate->file_count,
          aggregate->file_count == 1 ? "file" : "files");
  put_times(out, aggregate);
  if (aggregate->duplicates) {
    fputs("; ", out);
    html_number(out, aggregate->duplicates);
    fputs(" of them left out, since another file has a newer one of the same domain", out);
  }
  fputs(".</p>\n", out);
  put_lists(sheet);
  if (!*sheet->report->where) return;
  fputs("<p>Only domains with <strong>", out);
  html_text(out, span_of(sheet->report->where));
  fputs("</strong>.</p>\n", out);
}

/* Domains by the values of one member or two. */
static void put_groups(const struct sheet *sheet) {
  const struct group_by *by = &sheet->aggregate->groups;
  char title[SHEET_TITLE_SIZE];
  if (by->dimension_count == 0) return;
  snprintf(title, sizeof title, "By %.*s%s%.*s", SPAN_ARG(by->names[0]),
           by->dimension_count > 1 ? " and " : "", SPAN_ARG(by->names[1]));
  fputs("<section class=\"wide\">\n", sheet->out);
  html_heading(sheet->out, 2, title, "most domains first");
  html_table_groups(sheet->out, by, sheet->html->lines, sheet->html->line_count,
                    sheet->statistics->counts.domains);
  fputs("</section>\n", sheet->out);
}

/* What stands behind a command, as HTML in memory that is to be freed; NULL: no memory. */
static char *source_text(const struct sheet *sheet, bool with_conditions) {
  char *text = NULL;
  size_t size = 0;
  struct sheet into = *sheet;
  struct report plain = *sheet->report;
  if (!with_conditions) plain.where = "";
  into.report = &plain;
  into.out = open_memstream(&text, &size);
  if (!into.out) return NULL;
  put_source(&into);
  fclose(into.out);
  return text;
}

/* For whoever has to act. */
static void put_actions(const struct sheet *sheet) {
  char *source = source_text(sheet, true), *files = source_text(sheet, false);
  html_names_tasks(sheet->out, sheet->statistics, source ? source : "");
  html_names_table(sheet->out, sheet->html->worst, files ? files : "");
  free(source);
  free(files);
}

static void put_title(const struct sheet *sheet, char title[SHEET_TITLE_SIZE]) {
  char number[NUMBER_SIZE];
  snprintf(title, SHEET_TITLE_SIZE, "MTA-STS of %s domains",
           number_text(sheet->statistics->counts.domains, number));
}

void report_html(FILE *out, const struct report_html *html) {
  struct sheet sheet = {.out = out,
                        .html = html,
                        .report = html->report,
                        .statistics = html->report->statistics,
                        .aggregate = html->aggregate};
  char title[SHEET_TITLE_SIZE];
  put_title(&sheet, title);
  html_page_begin(out, html->title ? html->title : title);
  if (html->title) fprintf(out, "<p><strong>%s</strong></p>\n", title);
  put_origin(&sheet);
  html_page_main(out);
  put_tiles(out, sheet.statistics);
  put_actions(&sheet);
  put_groups(&sheet);
  put_sections(&sheet);
  put_providers(&sheet);
  put_mail(&sheet);
  put_places(&sheet);
  html_method(out, html->report, html->aggregate);
  html_page_end(out,
                "Percentages use the base shown in each table. The domains of a figure are listed "
                "by <code>stscan stats --list CODE</code> or <code>--list all --where "
                "MEMBER=VALUE</code>; codes are explained by <code>stscan explain CODE</code>.",
                html->at);
}
