#include "output/report/report_html.h"

#include "output/base/number.h"
#include "output/report/chart.h"
#include "output/report/html.h"
#include "output/report/html_method.h"
#include "output/report/html_names.h"
#include "output/report/html_page.h"
#include "output/report/html_sections.h"
#include "output/report/html_table.h"
#include "output/stats/input.h"
#include <stdlib.h>

enum { SHEET_TITLE_SIZE = 128 };

static void put_tile(FILE *out, const char *class, const char *label, uint64_t count, uint64_t base,
                     const char *base_text) {
  char share[NUMBER_SHARE_SIZE], whole[NUMBER_SIZE], note[96];
  snprintf(note, sizeof note, "%s of %s %s", number_share(count, base, share),
           number_text(base, whole), base_text);
  html_tile(out, class, count, label, note);
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

static void put_operators(const struct html_sheet *sheet, const char *id, const char *title,
                          const char *about, const char *name, const struct managed_lines *lines) {
  if (lines->count == 0) return;
  fputs("<section class=\"wide\">\n", sheet->out);
  html_heading(sheet->out, 3, title, about);
  html_table_operators(sheet->out, id, title, name, lines);
  fprintf(sheet->out, "<p>The domains of one: <code>stscan stats --list all --where operator=NAME");
  html_sheet_source(sheet);
  fputs("</code></p>\n</section>\n", sheet->out);
}

static void put_providers(const struct html_sheet *sheet) {
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

static void put_mail(const struct html_sheet *sheet) {
  const struct mail_statistics *mail = &sheet->statistics->mail;
  if (mail->provider_count) {
    fputs("<section class=\"wide\">\n", sheet->out);
    html_heading(sheet->out, 3, "Mail servers by provider",
                 "the registrable domain of the first MX; probed domains");
    html_table_mail_providers(sheet->out, mail);
    fputs("<p>One provider's domains: <code>stscan stats --list all --where mail_provider=NAME",
          sheet->out);
    html_sheet_source(sheet);
    fputs("</code></p>\n</section>\n", sheet->out);
  }
  if (mail->issuer_count == 0) return;
  fputs("<section class=\"wide\">\n", sheet->out);
  html_heading(sheet->out, 3, "Certificates of mail servers by issuer",
               "of the first that leads to a trusted root; probed domains");
  html_table_issuers(sheet->out, mail);
  fputs("</section>\n", sheet->out);
}

static void put_after(const struct html_sheet *sheet, const char *chapter) {
  if (strcmp(chapter, REPORT_CHAPTER_OPERATORS) == 0) put_providers(sheet);
  if (strcmp(chapter, REPORT_CHAPTER_MAIL) == 0) put_mail(sheet);
}

static void put_places(const struct html_sheet *sheet) {
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
  html_sheet_source(sheet);
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
static void put_lists(const struct html_sheet *sheet) {
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

static void put_origin(const struct html_sheet *sheet) {
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
static void put_groups(const struct html_sheet *sheet) {
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
static char *source_text(const struct html_sheet *sheet, bool with_conditions) {
  char *text = NULL;
  size_t size = 0;
  struct html_sheet into = *sheet;
  struct report plain = *sheet->report;
  if (!with_conditions) plain.where = "";
  into.report = &plain;
  into.out = open_memstream(&text, &size);
  if (!into.out) return NULL;
  html_sheet_source(&into);
  fclose(into.out);
  return text;
}

/* For whoever has to act. */
static void put_actions(const struct html_sheet *sheet) {
  char *source = source_text(sheet, true), *files = source_text(sheet, false);
  html_names_tasks(sheet->out, sheet->statistics, source ? source : "");
  html_names_table(sheet->out, sheet->html->worst, files ? files : "");
  free(source);
  free(files);
}

static void put_title(const struct html_sheet *sheet, char title[SHEET_TITLE_SIZE]) {
  char number[NUMBER_SIZE];
  snprintf(title, SHEET_TITLE_SIZE, "MTA-STS of %s domains",
           number_text(sheet->statistics->counts.domains, number));
}

void report_html(FILE *out, const struct report_html *html) {
  struct html_sheet sheet = {.out = out,
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
  html_sections(&sheet, put_after);
  put_places(&sheet);
  html_method(out, html->report, html->aggregate);
  html_page_end(out,
                "Percentages use the base shown in each table. The domains of a figure are listed "
                "by <code>stscan stats --list CODE</code> or <code>--list all --where "
                "MEMBER=VALUE</code>; codes are explained by <code>stscan explain CODE</code>.",
                html->at);
}
