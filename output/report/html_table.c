#include "output/report/html_table.h"

#include "output/report/chart.h"
#include "output/report/html.h"
#include "output/report/html_page.h"
#include <inttypes.h>

static size_t at_most(size_t count) {
  return count < HTML_TABLE_LINES ? count : HTML_TABLE_LINES;
}

static void table_open(FILE *out, const char *id, const char *caption, const char *const *titles,
                       size_t count) {
  html_page_scroll(out, caption);
  html_page_table(out, "lines", id, caption);
  fputs("<thead><tr>", out);
  for (size_t i = 0; i < count; i++) {
    fputs("<th scope=\"col\"><button type=\"button\">", out);
    html_text(out, span_of(titles[i]));
    fputs("</button></th>", out);
  }
  fputs("</tr></thead><tbody>\n", out);
}

static void table_close(FILE *out, size_t shown, size_t count) {
  fputs("</tbody></table>", out);
  html_page_scroll_end(out);
  if (shown > HTML_TABLE_SHOWN)
    fprintf(out, "<p><button type=\"button\" class=\"all\">Show all %zu</button></p>\n", shown);
  if (shown == count) return;
  fputs("<p>These are the first ", out);
  html_number(out, shown);
  fputs(" of ", out);
  html_number(out, count);
  fputs("; <code>stscan stats --json</code> has them all.</p>\n", out);
}

static void put_broken(FILE *out, uint64_t broken, uint64_t whole) {
  fprintf(out, "<td data-value=\"%.6f\">", whole ? (double)broken / (double)whole : 0.0);
  html_share(out, broken, whole);
  chart_bar(out, "bad", broken, whole);
  fputs("</td>", out);
}

/* The errors that most of an operator's broken domains have. */
static void put_causes(FILE *out, const struct managed_line *line) {
  int told = 0;
  fputs("<td class=\"causes\">", out);
  for (size_t i = 0; i < line->cause_count && told < HTML_TABLE_CAUSES; i++) {
    const struct finding_info *info = finding_info(line->causes[i].code);
    if (info->severity != FINDING_ERROR) continue;
    fprintf(out, "%s%s ", told++ ? ", " : "", info->name);
    html_number(out, line->causes[i].domains);
  }
  fputs("</td>", out);
}

void html_table_operators(FILE *out, const char *id, const char *caption, const char *name,
                          const struct managed_lines *lines) {
  const char *const titles[] = {name, "domains", "valid", "broken", "broken of domains", "causes"};
  size_t shown = at_most(lines->count);
  table_open(out, id, caption, titles, sizeof titles / sizeof *titles);
  for (size_t i = 0; i < shown; i++) {
    const struct managed_line *line = &lines->at[i];
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, line->text);
    fputs("</th>", out);
    html_cell(out, line->domains);
    html_cell(out, line->valid);
    html_cell(out, line->broken);
    put_broken(out, line->broken, line->domains);
    put_causes(out, line);
    fputs("</tr>\n", out);
  }
  table_close(out, shown, lines->count);
}

void html_table_mail_providers(FILE *out, const struct mail_statistics *mail) {
  static const char *const titles[] = {"mail provider",   "domains",         "all MX secure",
                                       "some MX refused", "some MX unknown", "refused of domains"};
  size_t shown = at_most(mail->provider_count);
  table_open(out, "mail_providers", "Mail servers by provider", titles,
             sizeof titles / sizeof *titles);
  for (size_t i = 0; i < shown; i++) {
    const uint64_t *at = mail->providers[i].figures.at;
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, mail->providers[i].text);
    fputs("</th>", out);
    html_cell(out, at[MAIL_PROBED]);
    html_cell(out, at[MAIL_ALL_SECURE]);
    html_cell(out, at[MAIL_ANY_REFUSED]);
    html_cell(out, at[MAIL_ANY_UNKNOWN]);
    put_broken(out, at[MAIL_ANY_REFUSED], at[MAIL_PROBED]);
    fputs("</tr>\n", out);
  }
  table_close(out, shown, mail->provider_count);
}

void html_table_issuers(FILE *out, const struct mail_statistics *mail) {
  static const char *const titles[] = {"issuer", "domains"};
  size_t shown = at_most(mail->issuer_count);
  table_open(out, "issuers", "Certificates of mail servers by issuer", titles,
             sizeof titles / sizeof *titles);
  for (size_t i = 0; i < shown; i++) {
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, mail->issuers[i].text);
    fputs("</th>", out);
    html_cell(out, mail->issuers[i].domains);
    fputs("</tr>\n", out);
  }
  table_close(out, shown, mail->issuer_count);
}

/* Ranks sort as numbers. */
static void put_line_name(FILE *out, const struct statistics_line *line) {
  if (span_here(line->text)) {
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, line->text);
    return;
  }
  fprintf(out, "<tr><th scope=\"row\" data-value=\"%" PRIu64 "\">", line->from);
  html_number(out, line->from);
  fputs(" to ", out);
  html_number(out, line->to);
}

void html_table_lines(FILE *out, const char *id, const char *caption,
                      const struct statistics_line *lines, size_t count, bool with_mx) {
  const char *const titles[] = {id,
                                with_mx ? "with MX" : "domains",
                                "deployed",
                                with_mx ? "of with MX" : "of domains",
                                "valid",
                                "broken",
                                "broken of deployed"};
  size_t shown = at_most(count);
  table_open(out, id, caption, titles, sizeof titles / sizeof *titles);
  for (size_t i = 0; i < shown; i++) {
    struct statistics_line shown_line = with_mx ? statistics_line_with_mx(&lines[i]) : lines[i];
    const struct statistics_line *line = &shown_line;
    put_line_name(out, line);
    fputs("</th>", out);
    html_cell(out, line->domains);
    html_cell(out, line->deployed);
    html_share_cell(out, line->deployed, line->domains);
    html_cell(out, line->valid);
    html_cell(out, line->broken);
    put_broken(out, line->broken, line->deployed);
    fputs("</tr>\n", out);
  }
  table_close(out, shown, count);
}

void html_table_groups(FILE *out, const struct group_by *by, const struct group_by_line *lines,
                       size_t count, uint64_t whole) {
  const char *const heads[] = {"domains", "of all", "deployed",
                               "valid",   "broken", "broken of deployed"};
  char names[GROUP_BY_DIMENSIONS][64];
  const char *titles[GROUP_BY_DIMENSIONS + 6];
  size_t shown = at_most(count), used = 0;
  for (; used < by->dimension_count; used++) {
    snprintf(names[used], sizeof names[used], "%.*s", SPAN_ARG(by->names[used]));
    titles[used] = names[used];
  }
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) titles[used++] = heads[i];
  table_open(out, "groups", "Domains by member, most first", titles, used);
  for (size_t i = 0; i < shown; i++) {
    const struct group_by_line *line = &lines[i];
    for (unsigned j = 0; j < by->dimension_count; j++) {
      fputs(j ? "<td class=\"causes\">" : "<tr><th scope=\"row\">", out);
      html_text(out, line->values[j]);
      fputs(j ? "</td>" : "</th>", out);
    }
    html_cell(out, line->domains);
    html_share_cell(out, line->domains, whole);
    html_cell(out, line->deployed);
    html_cell(out, line->valid);
    html_cell(out, line->broken);
    put_broken(out, line->broken, line->deployed);
    fputs("</tr>\n", out);
  }
  table_close(out, shown, count);
}
