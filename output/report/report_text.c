#include "output/report/report_text.h"

#include "output/base/number.h"
#include "output/base/terminal_text.h"
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
  int label = fprintf(out, "  %-*s ", LABEL_WIDTH, row->label);
  int left = LABEL_WIDTH + COUNT_WIDTH + 3 - label; /* a long label takes room from the count */
  fprintf(out, "%*s  %6s of %s %s\n", left > 0 ? left : 0, number_text(row->count, count),
          number_share(row->count, row->base, share), number_text(row->base, base), row->base_text);
}

static void print_name(FILE *out, struct span name) {
  int width = 0;
  for (size_t i = 0; i < name.len; i++, width++)
    fputc(name.ptr[i] > ' ' && name.ptr[i] <= '~' ? name.ptr[i] : '?', out);
  for (; width < NAME_WIDTH; width++) fputc(' ', out);
}

/* Of a table, behind the name; the rest may be left out. */
enum { COLUMNS = 6 };

typedef const char *columns[COLUMNS];

static void print_columns(FILE *out, const columns cells) {
  static const int widths[COLUMNS] = {13, 14, 12, 12, 12, 15};
  for (int i = 0; i < COLUMNS && cells[i]; i++) fprintf(out, " %*s", widths[i], cells[i]);
  fputc('\n', out);
}

static void print_heading(FILE *out, const struct report_text_style *style, const char *title,
                          const columns cells) {
  fprintf(out, "\n%s  %-*s", bold(style), NAME_WIDTH, title);
  print_columns(out, cells);
  fputs(plain(style), out);
}

static void print_line_name(FILE *out, const struct statistics_line *line) {
  char ranks[2 * NUMBER_SIZE];
  snprintf(ranks, sizeof ranks, "%" PRIu64 "-%" PRIu64, line->from, line->to);
  fputs("  ", out);
  print_name(out, span_here(line->text) ? line->text : span_of(ranks));
}

static void print_line(FILE *out, const struct statistics_line *line) {
  char domains[NUMBER_SIZE], deployed[NUMBER_SIZE], valid[NUMBER_SIZE], broken[NUMBER_SIZE];
  char share[NUMBER_SHARE_SIZE], broken_share[NUMBER_SHARE_SIZE];
  const columns cells = {number_text(line->domains, domains),
                         number_text(line->deployed, deployed),
                         number_share(line->deployed, line->domains, share),
                         number_text(line->valid, valid),
                         number_text(line->broken, broken),
                         number_share(line->broken, line->deployed, broken_share)};
  print_line_name(out, line);
  print_columns(out, cells);
}

static void print_more(FILE *out, size_t shown, size_t count) {
  char number[NUMBER_SIZE];
  if (shown < count)
    fprintf(out, "  and %s more: --json shows them all\n", number_text(count - shown, number));
}

static size_t at_most(size_t count) {
  return count < REPORT_TEXT_LINES ? count : REPORT_TEXT_LINES;
}

/* with_mx: of the domains with MX alone. */
static void print_lines(FILE *out, const struct report_text_style *style, const char *title,
                        const struct statistics_line *lines, size_t count, bool with_mx) {
  const columns heads = {with_mx ? "with MX" : "domains",
                         "deployed",
                         with_mx ? "of with MX" : "of domains",
                         "valid",
                         "broken",
                         "of deployed"};
  if (count == 0) return;
  print_heading(out, style, title, heads);
  for (size_t i = 0; i < at_most(count); i++) {
    struct statistics_line line = with_mx ? statistics_line_with_mx(&lines[i]) : lines[i];
    print_line(out, &line);
  }
  print_more(out, at_most(count), count);
}

/* The errors that most of an operator's broken domains have. */
static void print_causes(FILE *out, const struct managed_line *line) {
  char number[NUMBER_SIZE];
  int told = 0;
  for (size_t i = 0; i < line->cause_count && told < REPORT_TEXT_CAUSES; i++) {
    const struct finding_info *info = finding_info(line->causes[i].code);
    if (info->severity != FINDING_ERROR) continue;
    fprintf(out, "%s%s %s", told++ ? ", " : "      ", info->name,
            number_text(line->causes[i].domains, number));
  }
  if (told) fputc('\n', out);
}

static void print_operators(FILE *out, const struct report_text_style *style, const char *title,
                            const struct managed_lines *lines, uint64_t deployed) {
  static const columns heads = {"deployed", "of deployed", "valid", "broken", "of them"};
  if (lines->count == 0) return;
  print_heading(out, style, title, heads);
  for (size_t i = 0; i < at_most(lines->count); i++) {
    const struct managed_line *line = &lines->at[i];
    char numbers[3][NUMBER_SIZE], shares[2][NUMBER_SHARE_SIZE];
    columns cells = {number_text(line->domains, numbers[0]),
                     number_share(line->domains, deployed, shares[0]),
                     number_text(line->valid, numbers[1]), number_text(line->broken, numbers[2]),
                     number_share(line->broken, line->domains, shares[1])};
    fputs("  ", out);
    print_name(out, line->text);
    print_columns(out, cells);
    print_causes(out, line);
  }
  print_more(out, at_most(lines->count), lines->count);
}

static void print_mail_providers(FILE *out, const struct report_text_style *style,
                                 const struct mail_statistics *mail) {
  static const columns heads = {"probed", "all MX secure", "some refused", "of probed",
                                "some unknown"};
  if (mail->provider_count == 0) return;
  print_heading(out, style, "mail servers by provider", heads);
  for (size_t i = 0; i < at_most(mail->provider_count); i++) {
    const uint64_t *at = mail->providers[i].figures.at;
    char numbers[4][NUMBER_SIZE], share[NUMBER_SHARE_SIZE];
    columns cells = {number_text(at[MAIL_PROBED], numbers[0]),
                     number_text(at[MAIL_ALL_SECURE], numbers[1]),
                     number_text(at[MAIL_ANY_REFUSED], numbers[2]),
                     number_share(at[MAIL_ANY_REFUSED], at[MAIL_PROBED], share),
                     number_text(at[MAIL_ANY_UNKNOWN], numbers[3])};
    fputs("  ", out);
    print_name(out, mail->providers[i].text);
    print_columns(out, cells);
  }
  print_more(out, at_most(mail->provider_count), mail->provider_count);
}

static void print_issuers(FILE *out, const struct report_text_style *style,
                          const struct mail_statistics *mail) {
  static const columns heads = {"domains", "of probed"};
  if (mail->issuer_count == 0) return;
  print_heading(out, style, "issuer of MX certificates", heads);
  for (size_t i = 0; i < at_most(mail->issuer_count); i++) {
    char number[NUMBER_SIZE], share[NUMBER_SHARE_SIZE];
    columns cells = {
        number_text(mail->issuers[i].domains, number),
        number_share(mail->issuers[i].domains, mail->counts.all.at[MAIL_PROBED], share)};
    fputs("  ", out);
    print_name(out, mail->issuers[i].text);
    print_columns(out, cells);
  }
  print_more(out, at_most(mail->issuer_count), mail->issuer_count);
}

/* The base that adoption is counted by, where it is known. */
static void print_head_with_mx(FILE *out, const struct statistics *statistics) {
  const uint64_t *with_mx = statistics->counts.with_mx;
  char domains[NUMBER_SIZE], deployed[NUMBER_SIZE], share[NUMBER_SHARE_SIZE];
  uint64_t count = with_mx[COUNTS_VALID] + with_mx[COUNTS_BROKEN];
  if (statistics_mixed_mx(statistics))
    fprintf(out, "domains with MX are left out: %s were scanned without --ask mx\n",
            number_text(statistics->counts.mx_not_asked, domains));
  if (!statistics_asked_mx(statistics)) return;
  fprintf(out, "%s domains with MX, %s of them have deployed MTA-STS: %s\n",
          number_text(with_mx[COUNTS_DOMAINS], domains), number_text(count, deployed),
          number_share(count, with_mx[COUNTS_DOMAINS], share));
}

static void print_head(FILE *out, const struct report_text_style *style,
                       const struct report *report) {
  char domains[NUMBER_SIZE], deployed[NUMBER_SIZE], share[NUMBER_SHARE_SIZE];
  uint64_t count = statistics_deployed(report->statistics);
  fprintf(out, "%s%s domains", bold(style),
          number_text(report->statistics->counts.domains, domains));
  if (*report->where) {
    fputs(" with ", out);
    terminal_text_print(out, span_of(report->where));
  }
  fprintf(out, ", %s of them have deployed MTA-STS: %s of %s%s\n", number_text(count, deployed),
          number_share(count, report->statistics->counts.domains, share), domains, plain(style));
  print_head_with_mx(out, report->statistics);
}

static void print_group(FILE *out, const struct group_by *groups, const struct group_by_line *line,
                        uint64_t whole) {
  char domains[NUMBER_SIZE], deployed[NUMBER_SIZE], valid[NUMBER_SIZE], broken[NUMBER_SIZE];
  char share[NUMBER_SHARE_SIZE], broken_share[NUMBER_SHARE_SIZE];
  const columns cells = {number_text(line->domains, domains),
                         number_share(line->domains, whole, share),
                         number_text(line->deployed, deployed),
                         number_text(line->valid, valid),
                         number_text(line->broken, broken),
                         number_share(line->broken, line->deployed, broken_share)};
  fputs("  ", out);
  for (unsigned i = 0; i < groups->dimension_count; i++) {
    if (i) fputc(' ', out);
    print_name(out, line->values[i]);
  }
  print_columns(out, cells);
}

void report_text_groups(FILE *out, const struct report_text_style *style,
                        const struct report *report, const struct group_by *groups,
                        const struct group_by_line *lines, size_t count) {
  char number[NUMBER_SIZE], of_all[NUMBER_SIZE + 4];
  const struct span *names = groups->names;
  uint64_t whole = report->statistics->counts.domains;
  snprintf(of_all, sizeof of_all, "of %s", number_text(whole, number));
  const columns heads = {"domains", of_all, "deployed", "valid", "broken", "of deployed"};
  print_head(out, style, report);
  if (count == 0) {
    fputs("\nnone of them has a value for ", out);
    terminal_text_print(out, names[0]);
    if (groups->dimension_count > 1) fputs(" and ", out);
    if (groups->dimension_count > 1) terminal_text_print(out, names[1]);
    fputc('\n', out);
    return;
  }
  fprintf(out, "\n%s  ", bold(style));
  print_name(out, names[0]);
  if (groups->dimension_count > 1) fputc(' ', out);
  if (groups->dimension_count > 1) print_name(out, names[1]);
  print_columns(out, heads);
  fputs(plain(style), out);
  for (size_t i = 0; i < count; i++) print_group(out, groups, &lines[i], whole);
}

void report_text(FILE *out, const struct report_text_style *style, const struct report *report) {
  const struct statistics *statistics = report->statistics;
  print_head(out, style, report);
  for (size_t i = 0; i < report->section_count; i++) {
    const struct report_section *section = &report->sections[i];
    if (report_section_empty(report, section)) continue;
    print_title(out, style, section->title, section->about);
    for (size_t j = 0; j < section->count; j++) print_row(out, &report->rows[section->first + j]);
  }
  print_operators(out, style, "policy hosts by provider", &statistics->managed.providers,
                  statistics_deployed(statistics));
  print_operators(out, style, "policy hosts by address", &statistics->managed.addresses,
                  statistics_deployed(statistics));
  print_mail_providers(out, style, &statistics->mail);
  print_issuers(out, style, &statistics->mail);
  bool with_mx = statistics_asked_mx(statistics);
  print_lines(out, style, "top-level domain", statistics->tlds, statistics->tld_count, with_mx);
  print_lines(out, style, "rank", statistics->ranks, statistics->rank_count, with_mx);
}
