#include "output/report/rows.h"

static void add_with_mx(struct rows *rows, const struct counts *counts) {
  const uint64_t *with_mx = counts->with_mx;
  uint64_t deployed = with_mx[COUNTS_VALID] + with_mx[COUNTS_BROKEN];
  rows_section(rows, "Domains with MX",
               "another than a null MX; of the domains whose MX are known: scan --ask mx",
               REPORT_PLAIN);
  rows_value(rows, "with MX", "ask.mx", DIMENSION_COUNT, "domains",
             ROWS_OF(with_mx[COUNTS_DOMAINS], counts->mx_known, "asked"));
  rows_value(rows, "deployed", "ask.mx", DIMENSION_COUNT, "deployed",
             ROWS_OF(deployed, with_mx[COUNTS_DOMAINS], "with MX"));
  rows_value(rows, "valid", "ask.mx", DIMENSION_COUNT, "valid",
             ROWS_OF(with_mx[COUNTS_VALID], deployed, "deployed with MX"));
  rows_value(rows, "broken", "ask.mx", DIMENSION_COUNT, "broken",
             ROWS_OF(with_mx[COUNTS_BROKEN], deployed, "deployed with MX"));
}

/* Of some domains alone MX were asked for: they are no base. */
static void add_mixed_mx(struct rows *rows, const struct counts *counts) {
  uint64_t all = counts->mx_known + counts->mx_not_asked;
  rows_section(rows, "Domains with MX",
               "left out: not all were scanned with --ask mx, and the MX of deployed domains are "
               "always asked for",
               REPORT_PLAIN);
  rows_value(rows, "MX known", "ask.mx", DIMENSION_COUNT, "asked",
             ROWS_OF(counts->mx_known, all, "domains"));
  rows_value(rows, "MX not asked for", "ask.mx", DIMENSION_COUNT, "not_asked",
             ROWS_OF(counts->mx_not_asked, all, "domains"));
}

static void add_study(struct rows *rows, const struct statistics *statistics) {
  rows_section(rows, "Who manages mail and DNS",
               "as the IMC 2025 study has it: third party: an MX or NS whose registrable domain "
               "serves 50 domains (--third-party-min); self: one in the domain's own",
               REPORT_PLAIN);
  for (int i = 0; i < MANAGER_COUNT; i++) {
    const char *name = manager_text((enum manager)i);
    const struct study_line *line = &statistics->study.managers[i];
    char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
    snprintf(parent, sizeof parent, "ask.managed.%s", name);
    snprintf(label, sizeof label, "%s, broken", name);
    rows->tone = REPORT_PLAIN;
    rows_value(rows, name, parent, DIMENSION_COUNT, "domains",
               ROWS_OF(line->domains, statistics_deployed(statistics), "deployed"));
    rows->tone = REPORT_BAD;
    rows_value(rows, label, parent, DIMENSION_COUNT, "broken",
               ROWS_OF(line->broken, line->domains, name));
  }
}

/* How often each value is, and how many domains with it have deployed MTA-STS. */
static void add_values(struct rows *rows, const char *title, const char *about,
                       enum dimension dimension, const struct statistics_line *lines,
                       size_t count) {
  const char *name = dimension_text(dimension);
  char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE], where[REPORT_LABEL_SIZE];
  uint64_t asked = 0;
  if (count == 0) return;
  for (size_t i = 0; i < count; i++) asked += lines[i].domains;
  rows_section(rows, title, about, REPORT_PLAIN);
  for (size_t i = 0; i < count; i++) {
    snprintf(parent, sizeof parent, "ask.%s.%s", name, lines[i].text.ptr);
    rows_value(rows, lines[i].text.ptr, parent, DIMENSION_COUNT, "domains",
               ROWS_OF(lines[i].domains, asked, "asked"));
    snprintf(label, sizeof label, "%s, MTA-STS deployed", lines[i].text.ptr);
    struct report_row *made = rows_value(rows, label, parent, DIMENSION_COUNT, "deployed",
                                         ROWS_OF(lines[i].deployed, lines[i].domains, "with it"));
    snprintf(where, sizeof where, "'%s=%s,status=valid|broken'", name, lines[i].text.ptr);
    if (made) snprintf(made->list, sizeof made->list, "--list all --where %s", where);
  }
}

void rows_asked(struct rows *rows, const struct statistics *statistics) {
  if (!statistics_asked(statistics)) return;
  rows_chapter(rows, "Beside MTA-STS");
  if (statistics_asked_mx(statistics)) {
    add_with_mx(rows, &statistics->counts);
    add_study(rows, statistics);
  } else if (statistics_mixed_mx(statistics)) {
    add_mixed_mx(rows, &statistics->counts);
  }
  add_values(rows, "MTA-STS and DMARC", "by the policy p, or why there is none: scan --ask dmarc",
             DIMENSION_DMARC, statistics->dmarc, statistics->dmarc_count);
  add_values(rows, "MTA-STS and SPF",
             "by the qualifier of all, redirect, or why there is neither: scan --ask spf",
             DIMENSION_SPF, statistics->spf, statistics->spf_count);
}
