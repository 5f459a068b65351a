#include "output/report.h"

#include "output/facet.h"
#include "output/number.h"
#include <stdio.h>
#include <stdlib.h>

/* The rows that are added are of this count, base and kind. */
struct rows {
  struct report *report;
  enum err err; /* sticky */
};

static void section(struct rows *rows, const char *title, const char *about) {
  struct report *report = rows->report;
  if (report->section_count == REPORT_SECTIONS_MAX) {
    rows->err = ERR_LIMIT;
    return;
  }
  report->sections[report->section_count++] =
      (struct report_section){.title = title, .about = about, .first = report->row_count};
}

/* A row of the last section, without its texts; NULL: no memory. */
static struct report_row *row(struct rows *rows, uint64_t count, uint64_t base,
                              const char *base_text) {
  struct report *report = rows->report;
  if (rows->err != ERR_NONE) return NULL;
  if (report->row_count == report->row_room) {
    size_t room = report->row_room ? 2 * report->row_room : 256;
    struct report_row *grown = reallocarray(report->rows, room, sizeof *grown);
    if (!grown) {
      rows->err = ERR_MEMORY;
      return NULL;
    }
    report->rows = grown;
    report->row_room = room;
  }
  struct report_row *made = &report->rows[report->row_count++];
  *made = (struct report_row){.count = count, .base = base, .base_text = base_text};
  report->sections[report->section_count - 1].count++;
  return made;
}

/* A row whose member is PARENT.VALUE and whose domains are chosen by facet=VALUE. */
static void value_row(struct rows *rows, const char *label, const char *parent, enum facet facet,
                      const char *value, struct report_row counts) {
  struct report_row *made = row(rows, counts.count, counts.base, counts.base_text);
  if (!made) return;
  snprintf(made->label, sizeof made->label, "%s", label);
  snprintf(made->member, sizeof made->member, "%s.%s", parent, value);
  if (facet == FACET_CODE)
    snprintf(made->list, sizeof made->list, "--list %s", value);
  else if (facet != FACET_COUNT)
    snprintf(made->list, sizeof made->list, "--list all --where %s=%s", facet_text(facet), value);
}

#define COUNTS(count, base, base_text) ((struct report_row){{0}, {0}, {0}, count, base, base_text})

static uint64_t sum(const uint64_t *counts, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) total += counts[i];
  return total;
}

static void add_status(struct rows *rows, const struct figures *figures) {
  const struct counts *counts = &figures->counts;
  section(rows, "Domains", "deployed: valid and broken together");
  for (int i = 0; i < STATUS_COUNT; i++) {
    const char *name = result_status_text((enum result_status)i);
    value_row(rows, name, "status", FACET_STATUS, name,
              COUNTS(counts->status[i], counts->domains, "domains"));
  }
}

static void add_effect(struct rows *rows, const struct figures *figures) {
  const struct counts *counts = &figures->counts;
  section(rows, "What senders do",
          "a sender that follows RFC 8461 and has nothing cached; at-risk: some MX would be "
          "refused, undeliverable: all");
  for (int i = 0; i < EFFECT_COUNT; i++) {
    const char *name = result_effect_text((enum result_effect)i);
    value_row(rows, name, "effect", FACET_EFFECT, name,
              COUNTS(counts->effect[i], counts->domains, "domains"));
  }
}

static void add_stages(struct rows *rows, const struct figures *figures) {
  const struct counts *counts = &figures->counts;
  uint64_t base = figures_deployed(figures) + counts->status[STATUS_UNKNOWN];
  section(rows, "Where it breaks",
          "domains with at least one error at that stage; a domain may stand in several");
  for (int i = 0; i < STAGE_COUNT; i++) {
    const char *name = finding_stage_text((enum finding_stage)i);
    if (i == STAGE_TLSRPT) continue; /* it has no errors */
    value_row(rows, name, "stage", FACET_STAGE, name,
              COUNTS(counts->stage[i], base, "deployed or unknown"));
  }
}

static void add_code(struct rows *rows, const struct figures *figures, enum finding_code code,
                     uint64_t base, const char *base_text) {
  const char *name = finding_info(code)->name;
  if (figures->counts.codes[code])
    value_row(rows, name, "findings", FACET_CODE, name,
              COUNTS(figures->counts.codes[code], base, base_text));
}

/* The errors of one stage, with the domains that have one there as their base. */
static void add_causes(struct rows *rows, const struct figures *figures) {
  static const char *const titles[] = {
      "Causes: the record",    "Causes: DNS of the policy host",
      "Causes: connecting",    "Causes: TLS",
      "Causes: HTTP",          "Causes: the policy's syntax",
      "Causes: MX and policy",
  };
  for (int stage = 0; stage < STAGE_TLSRPT; stage++) {
    if (figures->counts.stage[stage] == 0) continue;
    section(rows, titles[stage], "");
    for (int code = 0; code < FOUND_COUNT; code++) {
      const struct finding_info *info = finding_info((enum finding_code)code);
      if ((int)info->stage == stage && info->severity == FINDING_ERROR)
        add_code(rows, figures, (enum finding_code)code, figures->counts.stage[stage],
                 "with an error there");
    }
  }
}

static void add_notes(struct rows *rows, const struct figures *figures) {
  section(rows, "Warnings and notes", "");
  for (int code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info((enum finding_code)code);
    if (info->severity == FINDING_ERROR) continue;
    bool all = info->stage == STAGE_RECORD;
    add_code(rows, figures, (enum finding_code)code,
             all ? figures->counts.domains : figures_deployed(figures),
             all ? "domains" : "deployed");
  }
}

static void add_modes(struct rows *rows, const struct figures *figures) {
  uint64_t base = sum(figures->counts.mode, MODE_COUNT);
  section(rows, "Modes", "of the policies that were read and hold one");
  for (int i = 0; i < MODE_COUNT; i++) {
    const char *name = result_mode_text((enum result_mode)i);
    value_row(rows, name, "mode", FACET_MODE, name,
              COUNTS(figures->counts.mode[i], base, "policies with a mode"));
  }
}

static void add_max_age(struct rows *rows, const struct figures *figures) {
  static const char *const labels[COUNTS_MAX_AGE_BINS] = {
      "under a day",      "a day to a week",          "a week to 30 days", "30 days to half a year",
      "half to one year", "over a year (not allowed)"};
  uint64_t base = sum(figures->counts.max_age, COUNTS_MAX_AGE_BINS);
  char text[FACET_NUMBER_SIZE];
  section(rows, "Lifetimes (max_age)", "of the policies that were read and hold one");
  for (int i = 0; i < COUNTS_MAX_AGE_BINS; i++) {
    facet_max_age(i, text);
    value_row(rows, labels[i], "max_age", FACET_MAX_AGE, text,
              COUNTS(figures->counts.max_age[i], base, "policies with a max_age"));
  }
}

static void add_http_status(struct rows *rows, const struct figures *figures) {
  const uint64_t *counts = figures->counts.http_status;
  uint64_t base = sum(counts, COUNTS_HTTP_STATUS_MAX + 1);
  char text[FACET_NUMBER_SIZE];
  section(rows, "HTTP statuses", "of the fetches that had an answer");
  for (int i = 0; i <= COUNTS_HTTP_STATUS_MAX; i++) {
    if (counts[i] == 0) continue;
    snprintf(text, sizeof text, "%d", i);
    value_row(rows, text, "http_status", FACET_HTTP_STATUS, text,
              COUNTS(counts[i], base, "answers"));
  }
}

static void add_certificates(struct rows *rows, const struct figures *figures) {
  const struct counts *counts = &figures->counts;
  char label[REPORT_LABEL_SIZE], days[16];
  section(rows, "Certificates of policy hosts",
          "days count from when the domain was scanned; those within 7 are among those within 14");
  value_row(rows, "expired", "certificate", FACET_EXPIRES, "expired",
            COUNTS(counts->expired, counts->certificates, "certificates seen"));
  for (int i = 0; i < COUNTS_EXPIRY_BINS; i++) {
    snprintf(days, sizeof days, "%u", counts_expiry_days[i]);
    snprintf(label, sizeof label, "expire within %s days", days);
    value_row(rows, label, "certificate.expiring", FACET_EXPIRES, days,
              COUNTS(counts->expiring[i], counts->certificates, "certificates seen"));
  }
}

static void add_mismatch(struct rows *rows, const struct figures *figures) {
  section(rows, "How MX and policy differ", "an MX that is not covered, by the closest pattern");
  for (int i = 0; i < KIND_COUNT; i++) {
    const char *name = result_kind_text((enum result_kind)i);
    value_row(rows, name, "mismatch", FACET_KIND, name,
              COUNTS(figures->counts.kinds[i], figures->counts.stage[STAGE_MX],
                     "with an error of stage mx"));
  }
}

static void add_tlsrpt(struct rows *rows, const struct figures *figures) {
  const struct counts *counts = &figures->counts;
  section(rows, "TLS reporting", "");
  struct report_row *made =
      row(rows, counts->tlsrpt_deployed, figures_deployed(figures), "deployed");
  if (made) {
    snprintf(made->label, sizeof made->label, "deployed");
    snprintf(made->member, sizeof made->member, "tlsrpt.deployed");
    snprintf(made->list, sizeof made->list, "--list all --where 'tlsrpt=sound|broken'");
  }
  value_row(rows, "broken", "tlsrpt", FACET_TLSRPT, "broken",
            COUNTS(counts->tlsrpt_broken, counts->tlsrpt_deployed, "with TLSRPT"));
}

static void add_managed(struct rows *rows, const struct figures *figures) {
  section(rows, "Who manages the policy host",
          "by the number of deployed domains that one operator serves; it needs them all, so that "
          "no option lists these");
  for (int i = 0; i < MANAGER_COUNT; i++) {
    const char *name = manager_text((enum manager)i);
    const struct managed_line *line = &figures->managed.managers[i];
    char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
    snprintf(parent, sizeof parent, "managed.%s", name);
    value_row(rows, name, parent, FACET_COUNT, "domains",
              COUNTS(line->domains, figures_deployed(figures), "deployed"));
    snprintf(label, sizeof label, "%s, broken", name);
    value_row(rows, label, parent, FACET_COUNT, "broken",
              COUNTS(line->broken, line->domains, name));
  }
}

static void add_managed_stages(struct rows *rows, const struct figures *figures) {
  section(rows, "Where it breaks, by who manages", "");
  for (int i = 0; i < MANAGER_COUNT; i++)
    for (int stage = 0; stage < STAGE_TLSRPT; stage++) {
      const char *name = manager_text((enum manager)i);
      const char *stage_text = finding_stage_text((enum finding_stage)stage);
      const struct managed_line *line = &figures->managed.managers[i];
      char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
      if (line->stage[stage] == 0) continue;
      snprintf(parent, sizeof parent, "managed.%s.stage", name);
      snprintf(label, sizeof label, "%s, %s", name, stage_text);
      value_row(rows, label, parent, FACET_COUNT, stage_text,
                COUNTS(line->stage[stage], line->domains, name));
    }
}

static void add_operators(struct rows *rows, const struct figures *figures) {
  const struct managed_operators *operators = &figures->managed.operators;
  section(rows, "Each operator counted once",
          "an operator: the registrable domain that the policy host is an alias of, or its "
          "address; at a stage: any of its domains has an error there");
  value_row(rows, "broken", "operators", FACET_COUNT, "broken",
            COUNTS(operators->broken, operators->count, "operators"));
  for (int stage = 0; stage < STAGE_TLSRPT; stage++) {
    const char *name = finding_stage_text((enum finding_stage)stage);
    value_row(rows, name, "operators.stage", FACET_COUNT, name,
              COUNTS(operators->stage[stage], operators->count, "operators"));
  }
}

static void add_outsourced(struct rows *rows, const struct figures *figures) {
  const struct {
    const char *name, *label, *mismatch_label;
    const struct managed_outsourced *counts;
  } kinds[] = {
      {"same", "one provider", "one provider, MX mismatch", &figures->managed.same},
      {"different", "two providers", "two providers, MX mismatch", &figures->managed.different},
  };
  section(rows, "Policy and mail both outsourced",
          "one provider: the first labels of the two registrable domains are equal");
  for (int i = 0; i < 2; i++) {
    char parent[REPORT_LABEL_SIZE];
    const struct managed_outsourced *counts = kinds[i].counts;
    snprintf(parent, sizeof parent, "outsourced.%s", kinds[i].name);
    value_row(rows, kinds[i].label, parent, FACET_COUNT, "domains",
              COUNTS(counts->domains, figures_deployed(figures), "deployed"));
    value_row(rows, kinds[i].mismatch_label, parent, FACET_COUNT, "mismatch",
              COUNTS(counts->mismatch, counts->domains, kinds[i].label));
  }
}

enum err report_make(struct report *report, const struct figures *figures) {
  static void (*const parts[])(struct rows *, const struct figures *) = {
      add_status,  add_effect,         add_stages,      add_causes,       add_notes,
      add_modes,   add_max_age,        add_http_status, add_certificates, add_mismatch,
      add_managed, add_managed_stages, add_operators,   add_outsourced,   add_tlsrpt,
  };
  struct rows rows = {.report = report};
  *report = (struct report){.figures = figures};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) parts[i](&rows, figures);
  return rows.err;
}

void report_free(struct report *report) {
  free(report->rows);
  *report = (struct report){0};
}
