#include "output/report/html_sections.h"

#include "output/report/chart.h"
#include "output/report/html.h"
#include "output/report/html_page.h"
#include <inttypes.h>

static const char *const html_sections_tones[] = {
    [REPORT_PLAIN] = "plain", [REPORT_GOOD] = "good", [REPORT_BAD] = "bad"};

static void html_sections_commands(const struct html_sheet *sheet, const struct report_row *rows,
                                   size_t count) {
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
    html_sheet_source(sheet);
    fputs("</code></dd>\n", out);
  }
  fputs("</dl></details>\n", out);
}

static void html_sections_base(FILE *out, const struct report_row *row) {
  fputs("of ", out);
  html_number(out, row->base);
  fputc(' ', out);
  html_text(out, span_of(row->base_text));
}

static void html_sections_row(FILE *out, const struct report_row *row, bool with_base) {
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, span_of(row->label));
  if (row->note) {
    fputs(" <small>", out);
    html_text(out, span_of(row->note));
    fputs("</small>", out);
  }
  chart_bar(out, html_sections_tones[row->tone], row->count, row->base);
  fputs("</th><td data-member=\"", out);
  html_text(out, span_of(row->member));
  fprintf(out, "\" data-value=\"%" PRIu64 "\" data-base=\"%" PRIu64 "\">", row->count, row->base);
  html_number(out, row->count);
  fputs("</td><td>", out);
  html_share(out, row->count, row->base);
  if (with_base) {
    fputs("<small>", out);
    html_sections_base(out, row);
    fputs("</small>", out);
  }
  fputs("</td></tr>\n", out);
}

static void html_sections_rows(const struct html_sheet *sheet,
                               const struct report_section *section) {
  const struct report_row *rows = sheet->report->rows + section->first;
  const struct report_row *base = report_section_base(sheet->report, section);
  html_page_table(sheet->out, "bars", "", section->title);
  fputs("<thead><tr><th scope=\"col\">", sheet->out);
  if (base) html_sections_base(sheet->out, base);
  fputs("</th><th scope=\"col\">count</th><th scope=\"col\">share</th></tr></thead><tbody>\n",
        sheet->out);
  for (size_t i = 0; i < section->count; i++)
    if (rows[i].base) html_sections_row(sheet->out, &rows[i], !base);
  fputs("</tbody></table>\n", sheet->out);
  html_sections_commands(sheet, rows, section->count);
}

/* What senders do with deployed domains; mode none and what is unknown is what is left. */
static void html_sections_effect(const struct html_sheet *sheet) {
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

/* Of a matrix; path is that of the figure in JSON. */
static void html_sections_cell(FILE *out, enum manager manager, const char *const path[3],
                               uint64_t count, uint64_t base) {
  if (count == 0) {
    fputs("<td>0</td>", out);
    return;
  }
  fprintf(out, "<td data-member=\"%s.%s.%s.%s\" data-value=\"%" PRIu64 "\">", path[0],
          manager_text(manager), path[1], path[2], count);
  html_number(out, count);
  fputs(" <small>", out);
  html_share(out, count, base);
  fputs("</small></td>", out);
}

static void html_sections_managers_head(FILE *out, const char *caption,
                                        const uint64_t bases[MANAGER_COUNT]) {
  html_page_table(out, "matrix", "", caption);
  fputs("<thead><tr><td></td>", out);
  for (int i = 0; i < MANAGER_COUNT; i++) {
    fprintf(out, "<th scope=\"col\">%s <small>of ", manager_text((enum manager)i));
    html_number(out, bases[i]);
    fputs("</small></th>", out);
  }
  fputs("</tr></thead><tbody>\n", out);
}

static void html_sections_manager_domains(const struct html_sheet *sheet,
                                          uint64_t bases[MANAGER_COUNT]) {
  for (int i = 0; i < MANAGER_COUNT; i++) bases[i] = sheet->statistics->managed.managers[i].domains;
}

/* Stages down, managers across. */
static void html_sections_managers(const struct html_sheet *sheet) {
  const struct managed_line *lines = sheet->statistics->managed.managers;
  FILE *out = sheet->out;
  uint64_t bases[MANAGER_COUNT];
  html_sections_manager_domains(sheet, bases);
  html_sections_managers_head(
      out, "Domains with an error at each stage by who manages the policy host", bases);
  for (int stage = 0; stage < STAGE_COUNT; stage++) {
    if (!statistics_has_stage(sheet->statistics, (enum finding_stage)stage)) continue;
    const char *name = finding_stage_text((enum finding_stage)stage);
    fprintf(out, "<tr><th scope=\"row\">%s</th>", name);
    for (int i = 0; i < MANAGER_COUNT; i++)
      html_sections_cell(out, (enum manager)i, (const char *const[]){"managed", "stage", name},
                         lines[i].stage[stage], bases[i]);
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table>\n", out);
}

/* Codes down, managers across. */
static void html_sections_manager_causes(const struct html_sheet *sheet) {
  const struct managed_statistics *managed = &sheet->statistics->managed;
  FILE *out = sheet->out;
  uint64_t bases[MANAGER_COUNT];
  html_sections_manager_domains(sheet, bases);
  html_sections_managers_head(out, "Errors of policy hosts by who manages them", bases);
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    if (!report_has_cause(managed, code)) continue;
    const char *name = finding_info(code)->name;
    fprintf(out, "<tr><th scope=\"row\">%s</th>", name);
    for (int i = 0; i < MANAGER_COUNT; i++)
      html_sections_cell(out, (enum manager)i, (const char *const[]){"managed", "findings", name},
                         managed->codes[i][code], bases[i]);
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table>\n", out);
}

static void html_sections_mail_cause(FILE *out, const struct mail_statistics *mail, int code) {
  const struct finding_info *info =
      finding_info((enum finding_code)(DOMAIN_FACTS_MAIL_FIRST + code));
  uint64_t any = 0;
  for (int i = 0; i < MANAGER_COUNT; i++) any |= mail->codes[i][code];
  if (!any || info->severity != FINDING_ERROR) return;
  fprintf(out, "<tr><th scope=\"row\">%s</th>", info->name);
  for (int i = 0; i < MANAGER_COUNT; i++)
    html_sections_cell(out, (enum manager)i,
                       (const char *const[]){"mail.managed", "findings", info->name},
                       mail->codes[i][code], mail->managers[i].at[MAIL_PROBED]);
  fputs("</tr>\n", out);
}

/* Likewise for those of the mail. */
static void html_sections_mail_causes(const struct html_sheet *sheet) {
  const struct mail_statistics *mail = &sheet->statistics->mail;
  uint64_t bases[MANAGER_COUNT];
  for (int i = 0; i < MANAGER_COUNT; i++) bases[i] = mail->managers[i].at[MAIL_PROBED];
  html_sections_managers_head(sheet->out, "Refused mail servers by who manages the mail", bases);
  for (int code = 0; code < DOMAIN_FACTS_MAIL_CODES; code++)
    html_sections_mail_cause(sheet->out, mail, code);
  fputs("</tbody></table>\n", sheet->out);
}

static void html_sections_section(const struct html_sheet *sheet,
                                  const struct report_section *section) {
  if (report_section_empty(sheet->report, section)) return;
  fputs("<section>\n", sheet->out);
  html_heading(sheet->out, 3, section->title, section->about);
  if (section->chart == REPORT_CHART_EFFECT) html_sections_effect(sheet);
  if (section->chart == REPORT_CHART_MANAGERS)
    html_sections_managers(sheet);
  else if (section->chart == REPORT_CHART_CAUSES)
    html_sections_manager_causes(sheet);
  else if (section->chart == REPORT_CHART_MAIL_CAUSES)
    html_sections_mail_causes(sheet);
  else
    html_sections_rows(sheet, section);
  fputs("</section>\n", sheet->out);
}

void html_sections(struct html_sheet *sheet,
                   void (*after)(const struct html_sheet *sheet, const char *chapter)) {
  const char *chapter = NULL;
  for (size_t i = 0; i <= sheet->report->section_count; i++) {
    bool ends = i == sheet->report->section_count;
    const struct report_section *section = &sheet->report->sections[i];
    if (chapter && (ends || section->chapter)) {
      fputs("</div>\n", sheet->out);
      after(sheet, chapter);
    }
    if (ends) return;
    if (section->chapter) {
      chapter = section->chapter;
      html_heading(sheet->out, 2, chapter, "");
      fputs("<div class=\"grid\">\n", sheet->out);
    }
    html_sections_section(sheet, section);
  }
}
