#include "output/report/report.h"

#include <stdlib.h>

static uint64_t sum(const uint64_t *counts, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) total += counts[i];
  return total;
}

static void add_status(struct rows *rows, const struct statistics *statistics) {
  static const char *const notes[STATUS_COUNT] = {
      [STATUS_ABSENT] = "no record",
      [STATUS_UNKNOWN] = "DNS lookup failed",
      [STATUS_BLOCKED] = "on the block list",
      [STATUS_INVALID] = "no domain name",
  };
  const struct counts *counts = &statistics->counts;
  rows_chapter(rows, "Adoption");
  rows_section(rows, "Domains", "deployed: valid and broken together", REPORT_PLAIN);
  for (int i = 0; i < STATUS_COUNT; i++) {
    const char *name = result_status_text((enum result_status)i);
    rows->tone = i == STATUS_VALID ? REPORT_GOOD : i == STATUS_BROKEN ? REPORT_BAD : REPORT_PLAIN;
    rows_note(rows_value(rows, name, "status", DIMENSION_STATUS, name,
                         ROWS_OF(counts->status[i], counts->domains, "domains")),
              notes[i]);
  }
  rows->tone = REPORT_PLAIN;
  struct report_row *strict =
      rows_value(rows, "broken for strict readers", "", DIMENSION_LENIENT, "true",
                 ROWS_OF(counts->deployed_strict, counts->status[STATUS_BROKEN], "broken"));
  if (strict) snprintf(strict->member, sizeof strict->member, "deployed_strict");
  rows_note(strict, "most senders go on all the same");
}

/* All but `none` and `unknown` need a record, or an attempt at one. */
static void add_effect(struct rows *rows, const struct statistics *statistics) {
  static const char *const notes[EFFECT_COUNT] = {
      [EFFECT_NONE] = "no record, or mode none",
      [EFFECT_OPPORTUNISTIC] = "a record, but no policy that can be used",
      [EFFECT_TESTING] = "they deliver, and report",
      [EFFECT_ENFORCED] = "they deliver to covered MX only, and all are",
      [EFFECT_AT_RISK] = "they refuse some MX",
      [EFFECT_UNDELIVERABLE] = "they refuse every MX: mail is lost",
  };
  const struct counts *counts = &statistics->counts;
  rows_section(rows, "What senders do", "senders that follow RFC 8461 and have nothing cached",
               REPORT_PLAIN);
  rows_chart(rows, REPORT_CHART_EFFECT);
  for (int i = 0; i < EFFECT_COUNT; i++) {
    const char *name = result_effect_text((enum result_effect)i);
    bool any = i == EFFECT_NONE || i == EFFECT_UNKNOWN;
    bool lost = i == EFFECT_AT_RISK || i == EFFECT_UNDELIVERABLE;
    rows->tone = i == EFFECT_ENFORCED ? REPORT_GOOD : lost ? REPORT_BAD : REPORT_PLAIN;
    rows_note(rows_value(rows, name, "effect", DIMENSION_EFFECT, name,
                         ROWS_OF(counts->effect[i],
                                 any ? counts->domains : statistics_deployed(statistics),
                                 any ? "domains" : "deployed")),
              notes[i]);
  }
}

static void add_stages(struct rows *rows, const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  uint64_t base = statistics_deployed(statistics) + counts->status[STATUS_UNKNOWN];
  rows_chapter(rows, "What is wrong");
  rows_section(rows, "Where it breaks",
               "domains with at least one error at that stage; a domain may stand in several",
               REPORT_BAD);
  for (int i = 0; i < STAGE_COUNT; i++) {
    const char *name = finding_stage_text((enum finding_stage)i);
    if (!statistics_has_stage(statistics, (enum finding_stage)i)) continue;
    rows_note(rows_value(rows, name, "stage", DIMENSION_STAGE, name,
                         ROWS_OF(counts->stage[i], base, "deployed or unknown")),
              finding_stage_about((enum finding_stage)i));
  }
}

static void add_code(struct rows *rows, const struct statistics *statistics, enum finding_code code,
                     uint64_t base, const char *base_text) {
  const char *name = finding_info(code)->name;
  if (statistics->counts.codes[code])
    rows_value(rows, name, "findings", DIMENSION_CODE, name,
               ROWS_OF(statistics->counts.codes[code], base, base_text));
}

/* The errors of one stage, with the domains that have one there as their base. */
static void add_causes(struct rows *rows, const struct statistics *statistics) {
  for (int stage = 0; stage < STAGE_COUNT; stage++) {
    if (statistics->counts.stage[stage] == 0) continue;
    rows_section(rows, finding_stage_causes((enum finding_stage)stage), "", REPORT_BAD);
    for (int code = 0; code < FOUND_COUNT; code++) {
      const struct finding_info *info = finding_info((enum finding_code)code);
      if ((int)info->stage == stage && info->severity == FINDING_ERROR)
        add_code(rows, statistics, (enum finding_code)code, statistics->counts.stage[stage],
                 "with an error there");
    }
  }
}

static void add_notes(struct rows *rows, const struct statistics *statistics) {
  rows_section(rows, "Warnings and notes", "", REPORT_PLAIN);
  for (int code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info((enum finding_code)code);
    if (info->severity == FINDING_ERROR) continue;
    bool all = info->stage == STAGE_RECORD;
    add_code(rows, statistics, (enum finding_code)code,
             all ? statistics->counts.domains : statistics_deployed(statistics),
             all ? "domains" : "deployed");
  }
}

static void add_looks(struct rows *rows, const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  rows_section(rows, "Looked at twice",
               "a temporary failure, such as a timeout, counts only when it was found a second time",
               REPORT_PLAIN);
  struct report_row *changed =
      rows_add(rows, ROWS_OF(counts->looks_changed, counts->looked_twice, "looked at twice"));
  if (changed) {
    snprintf(changed->label, sizeof changed->label, "changed");
    snprintf(changed->member, sizeof changed->member, "looks.changed");
    changed->note = "the second look found something else";
  }
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    if (info->passing == FINDING_LASTS || counts->first_codes[code] == 0) continue;
    struct report_row *made = rows_value(
        rows, info->name, "looks.codes", DIMENSION_COUNT, info->name,
        ROWS_OF(counts->passed_codes[code], counts->first_codes[code], "found at first"));
    if (!made) return;
    snprintf(made->member, sizeof made->member, "looks.codes.%s.changed", info->name);
    made->note = "had passed at the second look";
  }
}

static void add_modes(struct rows *rows, const struct statistics *statistics) {
  uint64_t base = sum(statistics->counts.mode, MODE_COUNT);
  rows_chapter(rows, "Policies and certificates");
  rows_section(rows, "Modes", "of the policies that were read and hold one", REPORT_PLAIN);
  for (int i = 0; i < MODE_COUNT; i++) {
    const char *name = result_mode_text((enum result_mode)i);
    rows_value(rows, name, "mode", DIMENSION_MODE, name,
               ROWS_OF(statistics->counts.mode[i], base, "policies with a mode"));
  }
}

static void add_max_age(struct rows *rows, const struct statistics *statistics) {
  static const char *const labels[COUNTS_MAX_AGE_BINS] = {
      "under a day",      "a day to a week",          "a week to 30 days", "30 days to half a year",
      "half to one year", "over a year (not allowed)"};
  uint64_t base = sum(statistics->counts.max_age, COUNTS_MAX_AGE_BINS);
  char text[DIMENSION_NUMBER_SIZE];
  rows_section(rows, "Lifetimes (max_age)", "of the policies that were read and hold one",
               REPORT_PLAIN);
  for (int i = 0; i < COUNTS_MAX_AGE_BINS; i++) {
    dimension_max_age(i, text);
    rows_value(rows, labels[i], "max_age", DIMENSION_MAX_AGE, text,
               ROWS_OF(statistics->counts.max_age[i], base, "policies with a max_age"));
  }
}

static void add_http_status(struct rows *rows, const struct statistics *statistics) {
  const uint64_t *counts = statistics->counts.http_status;
  uint64_t base = sum(counts, COUNTS_HTTP_STATUS_MAX + 1);
  char text[DIMENSION_NUMBER_SIZE];
  rows_section(rows, "HTTP statuses", "of the fetches that had an answer", REPORT_PLAIN);
  for (int i = 0; i <= COUNTS_HTTP_STATUS_MAX; i++) {
    if (counts[i] == 0) continue;
    snprintf(text, sizeof text, "%d", i);
    rows_value(rows, text, "http_status", DIMENSION_HTTP_STATUS, text,
               ROWS_OF(counts[i], base, "answers"));
  }
}

static void add_ede(struct rows *rows, const struct statistics *statistics) {
  const uint64_t *counts = statistics->counts.ede;
  uint64_t base = sum(counts, COUNTS_EDE_MAX + 2);
  char label[REPORT_LABEL_SIZE], code[DIMENSION_NUMBER_SIZE];
  if (base == 0) return;
  rows_section(rows, "What resolvers say",
               "extended DNS errors (RFC 8914), of the domains with one", REPORT_PLAIN);
  for (int i = 0; i < COUNTS_EDE_MAX + 2; i++) {
    const char *name = result_ede_text((unsigned)i);
    if (counts[i] == 0) continue;
    snprintf(code, sizeof code, i > COUNTS_EDE_MAX ? "other" : "%d", i);
    snprintf(label, sizeof label, "%s%s%s", code, name ? " " : "", name ? name : "");
    rows_value(rows, label, "ede", DIMENSION_COUNT, code,
               ROWS_OF(counts[i], base, "domains with one"));
  }
}

static void add_certificates(struct rows *rows, const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  char label[REPORT_LABEL_SIZE], days[16];
  rows_section(
      rows, "Certificates of policy hosts",
      "days count from when the domain was scanned; those within 7 are among those within 14",
      REPORT_BAD);
  rows_value(rows, "expired", "certificate", DIMENSION_EXPIRES, "expired",
             ROWS_OF(counts->expired, counts->certificates, "certificates seen"));
  rows->tone = REPORT_PLAIN;
  for (int i = 0; i < COUNTS_EXPIRY_BINS; i++) {
    snprintf(days, sizeof days, "%u", counts_expiry_days[i]);
    snprintf(label, sizeof label, "expire within %s days", days);
    rows_value(rows, label, "certificate.expiring", DIMENSION_EXPIRES, days,
               ROWS_OF(counts->expiring[i], counts->certificates, "certificates seen"));
  }
}

static void add_mismatch(struct rows *rows, const struct statistics *statistics) {
  static const char *const notes[KIND_COUNT] = {
      [KIND_TYPO] = "a few letters differ",
      [KIND_SUBDOMAIN] = "the same registrable domain",
      [KIND_TLD] = "only the top-level domain differs",
      [KIND_DOMAIN] = "another domain altogether",
  };
  rows_section(rows, "How MX and policy differ",
               "an MX that is not covered, by the closest pattern", REPORT_BAD);
  for (int i = 0; i < KIND_COUNT; i++) {
    const char *name = result_kind_text((enum result_kind)i);
    rows_note(rows_value(rows, name, "mismatch", DIMENSION_KIND, name,
                         ROWS_OF(statistics->counts.kinds[i], statistics->counts.stage[STAGE_MX],
                                 "with an error of stage mx")),
              notes[i]);
  }
  for (int i = 0; statistics->has_former_mx && i < KIND_COUNT; i++) {
    const char *name = result_kind_text((enum result_kind)i);
    char label[REPORT_LABEL_SIZE];
    snprintf(label, sizeof label, "%s, an MX earlier", name);
    rows_note(
        rows_value(rows, label, "mismatch_former", DIMENSION_COUNT, name,
                   ROWS_OF(statistics->former_mx[i], statistics->counts.kinds[i], "of that kind")),
        "the policy names an MX of an earlier scan");
  }
}

static void add_tlsrpt(struct rows *rows, const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  rows_section(rows, "TLS reporting", "", REPORT_PLAIN);
  struct report_row *made =
      rows_add(rows, ROWS_OF(counts->tlsrpt_deployed, statistics_deployed(statistics), "deployed"));
  if (made) {
    snprintf(made->label, sizeof made->label, "deployed");
    snprintf(made->member, sizeof made->member, "tlsrpt.deployed");
    snprintf(made->list, sizeof made->list, "--list all --where 'tlsrpt=sound|broken'");
  }
  rows->tone = REPORT_BAD;
  rows_value(rows, "broken", "tlsrpt", DIMENSION_TLSRPT, "broken",
             ROWS_OF(counts->tlsrpt_broken, counts->tlsrpt_deployed, "with TLSRPT"));
}

static void add_managed(struct rows *rows, const struct statistics *statistics) {
  rows_chapter(rows, REPORT_CHAPTER_OPERATORS);
  rows_section(
      rows, "Who manages the policy host",
      "by the number of deployed domains that one operator serves; it needs them all, so that "
      "no option lists these",
      REPORT_PLAIN);
  for (int i = 0; i < MANAGER_COUNT; i++) {
    const char *name = manager_text((enum manager)i);
    const struct managed_line *line = &statistics->managed.managers[i];
    char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
    snprintf(parent, sizeof parent, "managed.%s", name);
    rows->tone = REPORT_PLAIN;
    rows_value(rows, name, parent, DIMENSION_COUNT, "domains",
               ROWS_OF(line->domains, statistics_deployed(statistics), "deployed"));
    snprintf(label, sizeof label, "%s, broken", name);
    rows->tone = REPORT_BAD;
    rows_value(rows, label, parent, DIMENSION_COUNT, "broken",
               ROWS_OF(line->broken, line->domains, name));
  }
}

static void add_managed_stages(struct rows *rows, const struct statistics *statistics) {
  rows_section(rows, "Where it breaks, by who manages", "", REPORT_BAD);
  rows_chart(rows, REPORT_CHART_MANAGERS);
  for (int i = 0; i < MANAGER_COUNT; i++)
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
      const char *name = manager_text((enum manager)i);
      const char *stage_text = finding_stage_text((enum finding_stage)stage);
      const struct managed_line *line = &statistics->managed.managers[i];
      char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
      if (line->stage[stage] == 0) continue;
      snprintf(parent, sizeof parent, "managed.%s.stage", name);
      snprintf(label, sizeof label, "%s, %s", name, stage_text);
      rows_value(rows, label, parent, DIMENSION_COUNT, stage_text,
                 ROWS_OF(line->stage[stage], line->domains, name));
    }
}

bool report_has_cause(const struct managed_statistics *managed, enum finding_code code) {
  uint64_t any = 0;
  for (int i = 0; i < MANAGER_COUNT; i++) any |= managed->codes[i][code];
  return any && finding_info(code)->severity == FINDING_ERROR;
}

static void add_managed_causes(struct rows *rows, const struct statistics *statistics) {
  const struct managed_statistics *managed = &statistics->managed;
  rows_section(rows, "Causes, by who manages", "", REPORT_BAD);
  rows_chart(rows, REPORT_CHART_CAUSES);
  for (int i = 0; i < MANAGER_COUNT; i++)
    for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
      const char *name = manager_text((enum manager)i), *code_text = finding_info(code)->name;
      char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
      if (!report_has_cause(managed, code) || managed->codes[i][code] == 0) continue;
      snprintf(parent, sizeof parent, "managed.%s.findings", name);
      snprintf(label, sizeof label, "%s, %s", name, code_text);
      rows_value(rows, label, parent, DIMENSION_COUNT, code_text,
                 ROWS_OF(managed->codes[i][code], managed->managers[i].domains, name));
    }
}

static void add_operators(struct rows *rows, const struct statistics *statistics) {
  const struct managed_operators *operators = &statistics->managed.operators;
  rows_section(rows, "Each operator counted once",
               "an operator: the registrable domain that the policy host is an alias of, or its "
               "address; at a stage: any of its domains has an error there",
               REPORT_BAD);
  rows_value(rows, "broken", "operators", DIMENSION_COUNT, "broken",
             ROWS_OF(operators->broken, operators->count, "operators"));
  for (int stage = 0; stage < STAGE_COUNT; stage++) {
    if (!statistics_has_stage(statistics, (enum finding_stage)stage)) continue;
    const char *name = finding_stage_text((enum finding_stage)stage);
    rows_value(rows, name, "operators.stage", DIMENSION_COUNT, name,
               ROWS_OF(operators->stage[stage], operators->count, "operators"));
  }
}

static void add_outsourced(struct rows *rows, const struct statistics *statistics) {
  const struct {
    const char *name, *label, *mismatch, *mismatch_list;
    const struct managed_outsourced *counts;
  } kinds[] = {
      {"same", "one provider", "one provider, MX mismatch",
       "--list all --where outsourced=same,stage=mx", &statistics->managed.same},
      {"different", "two providers", "two providers, MX mismatch",
       "--list all --where outsourced=different,stage=mx", &statistics->managed.different},
  };
  rows_section(rows, "Policy and mail both outsourced",
               "one provider: the first labels of the two registrable domains are equal",
               REPORT_PLAIN);
  for (int i = 0; i < 2; i++) {
    const struct managed_outsourced *counts = kinds[i].counts;
    char parent[REPORT_LABEL_SIZE];
    rows->tone = REPORT_PLAIN;
    struct report_row *made =
        rows_value(rows, kinds[i].label, "outsourced", DIMENSION_OUTSOURCED, kinds[i].name,
                   ROWS_OF(counts->domains, statistics_deployed(statistics), "deployed"));
    if (made) snprintf(made->member, sizeof made->member, "outsourced.%s.domains", kinds[i].name);
    rows->tone = REPORT_BAD;
    snprintf(parent, sizeof parent, "outsourced.%s", kinds[i].name);
    made = rows_value(rows, kinds[i].mismatch, parent, DIMENSION_COUNT, "mismatch",
                      ROWS_OF(counts->mismatch, counts->domains, kinds[i].label));
    if (made) snprintf(made->list, sizeof made->list, "%s", kinds[i].mismatch_list);
  }
}

enum err report_make(struct report *report, const struct statistics *statistics,
                     const char *where) {
  static void (*const parts[])(struct rows *, const struct statistics *) = {
      add_status,     add_effect,         add_stages,         add_causes,  add_mismatch,
      add_notes,      add_looks,          add_modes,          add_max_age, add_http_status,
      add_ede,        add_certificates,   add_tlsrpt,         add_managed, add_operators,
      add_outsourced, add_managed_stages, add_managed_causes, rows_mail,   rows_asked,
  };
  struct rows rows = {.report = report};
  *report = (struct report){.statistics = statistics, .where = where};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) parts[i](&rows, statistics);
  return rows.err;
}

void report_free(struct report *report) {
  free(report->rows);
  *report = (struct report){0};
}

bool report_section_empty(const struct report *report, const struct report_section *section) {
  for (size_t i = 0; i < section->count; i++)
    if (report->rows[section->first + i].base) return false;
  return true;
}

const struct report_row *report_section_base(const struct report *report,
                                             const struct report_section *section) {
  const struct report_row *first = report->rows + section->first;
  for (size_t i = 1; i < section->count; i++)
    if (first[i].base != first->base || strcmp(first[i].base_text, first->base_text) != 0)
      return NULL;
  return section->count ? first : NULL;
}
