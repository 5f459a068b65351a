#include "output/report/report.h"

#include "output/stats/dimension.h"
#include <stdlib.h>

/* A report in the making. The error is sticky: after it nothing is added, and it is looked at once,
 * at the end. */
struct rows {
  struct report *report;
  const char *chapter;   /* of the next section */
  enum report_tone tone; /* of the next rows */
  enum err err;
};

struct rows_counted {
  uint64_t count, base;
  const char *base_text;
};

#define ROWS_OF(count, base, base_text) ((struct rows_counted){count, base, base_text})

enum { ROWS_FIRST = 256 };

/* The next section begins a chapter. */
static void rows_chapter(struct rows *rows, const char *title) {
  rows->chapter = title;
}

/* A section whose rows have that tone, until rows->tone is changed. */
static void rows_section(struct rows *rows, const char *title, const char *about,
                         enum report_tone tone) {
  struct report *report = rows->report;
  if (report->section_count == REPORT_SECTIONS_MAX) rows->err = ERR_LIMIT;
  if (rows->err != ERR_NONE) return;
  report->sections[report->section_count++] = (struct report_section){
      .chapter = rows->chapter, .title = title, .about = about, .first = report->row_count};
  rows->chapter = NULL;
  rows->tone = tone;
}

/* What the last section shows beside its rows. */
static void rows_chart(struct rows *rows, enum report_chart chart) {
  if (rows->err == ERR_NONE) rows->report->sections[rows->report->section_count - 1].chart = chart;
}

static enum err rows_room(struct report *report) {
  if (report->row_count < report->row_room) return ERR_NONE;
  size_t room = report->row_room ? 2 * report->row_room : ROWS_FIRST;
  struct report_row *grown = reallocarray(report->rows, room, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  report->rows = grown;
  report->row_room = room;
  return ERR_NONE;
}

/* A row of the last section, without its texts; NULL after an error. */
static struct report_row *rows_add(struct rows *rows, struct rows_counted counted) {
  struct report *report = rows->report;
  if (rows->err == ERR_NONE) rows->err = rows_room(report);
  if (rows->err != ERR_NONE) return NULL;
  struct report_row *made = &report->rows[report->row_count++];
  *made = (struct report_row){.count = counted.count,
                              .base = counted.base,
                              .base_text = counted.base_text,
                              .tone = rows->tone};
  report->sections[report->section_count - 1].count++;
  return made;
}

/* A row whose member is PARENT.VALUE and whose domains are chosen by dimension=VALUE;
 * DIMENSION_COUNT: no option chooses them. NULL after an error. */
static struct report_row *rows_value(struct rows *rows, const char *label, const char *parent,
                                     enum dimension dimension, const char *value,
                                     struct rows_counted counted) {
  struct report_row *made = rows_add(rows, counted);
  if (!made) return NULL;
  snprintf(made->label, sizeof made->label, "%s", label);
  snprintf(made->member, sizeof made->member, "%s.%s", parent, value);
  if (dimension == DIMENSION_CODE) {
    made->note = finding_info(finding_by_name(span_of(value)))->title;
    snprintf(made->list, sizeof made->list, "--list %s", value);
  } else if (dimension != DIMENSION_COUNT) {
    snprintf(made->list, sizeof made->list, "--list all --where %s=%s", dimension_text(dimension),
             value);
  }
  return made;
}

/* row may be NULL. */
static void rows_note(struct report_row *row, const char *text) {
  if (row) row->note = text;
}

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
               "what may pass, as a timeout, is said only when it was found a second time",
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
  rows_chapter(rows, "Who runs it");
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

/* The conditions that choose the domains of each figure. */
static const char *const mail_lists[MAIL_FIGURE_COUNT] = {
    [MAIL_ALL_SECURE] = "mail_verdict=secure,mail_verdict!=refused,mail_verdict!=unknown",
    [MAIL_ANY_REFUSED] = "mail_verdict=refused",
    [MAIL_ALL_REFUSED] = "mail_verdict=refused,mail_verdict!=secure,mail_verdict!=unknown",
    [MAIL_ANY_UNKNOWN] = "mail_verdict=unknown",
    [MAIL_ALL_UNKNOWN] = "mail_verdict=unknown,mail_verdict!=secure,mail_verdict!=refused",
};

/* A row for each figure but the base; also: a condition besides. lists false: no options list them.
 */
static void add_figures(struct rows *rows, const struct mail_figures *figures, const char *parent,
                        const char *base, bool lists, const char *also) {
  static const char *const labels[MAIL_FIGURE_COUNT] = {
      [MAIL_ALL_SECURE] = "all MX secure",   [MAIL_ANY_REFUSED] = "some MX refused",
      [MAIL_ALL_REFUSED] = "all MX refused", [MAIL_ANY_UNKNOWN] = "some MX unknown",
      [MAIL_ALL_UNKNOWN] = "all MX unknown",
  };
  static const char *const notes[MAIL_FIGURE_COUNT] = {
      [MAIL_ALL_SECURE] = "STARTTLS, and a certificate that fits",
      [MAIL_ANY_REFUSED] = "a sender that enforces does not deliver there",
      [MAIL_ALL_REFUSED] = "under a policy in mode enforce, mail is lost",
      [MAIL_ANY_UNKNOWN] = "it could not be found out",
  };
  for (int i = MAIL_PROBED + 1; i < MAIL_FIGURE_COUNT; i++) {
    bool refused = i == MAIL_ANY_REFUSED || i == MAIL_ALL_REFUSED;
    rows->tone = refused ? REPORT_BAD : i == MAIL_ALL_SECURE ? REPORT_GOOD : REPORT_PLAIN;
    struct report_row *made =
        rows_value(rows, labels[i], parent, DIMENSION_COUNT, mail_figure_text(i),
                   ROWS_OF(figures->at[i], figures->at[MAIL_PROBED], base));
    rows_note(made, notes[i]);
    if (made && lists)
      snprintf(made->list, sizeof made->list, "--list all --where '%s%s'", mail_lists[i], also);
  }
}

/* The codes of the mail servers whose severity is an error, or is not. */
static void add_mail_codes(struct rows *rows, const struct mail_counts *counts,
                           enum finding_stage stage, bool errors) {
  for (int i = 0; i < DOMAIN_FACTS_MAIL_CODES; i++) {
    const struct finding_info *info =
        finding_info((enum finding_code)(DOMAIN_FACTS_MAIL_FIRST + i));
    bool error = info->severity == FINDING_ERROR;
    if (info->stage != stage || error != errors || counts->codes[i] == 0) continue;
    rows_note(rows_value(rows, info->name, "mail.findings", DIMENSION_COUNT, info->name,
                         ROWS_OF(counts->codes[i], counts->all.at[MAIL_PROBED], "probed")),
              info->title);
  }
}

static void add_mail_managers(struct rows *rows, const struct mail_statistics *mail) {
  rows_section(rows, "Who manages the mail",
               "by the number of probed domains whose first MX is in one registrable domain",
               REPORT_PLAIN);
  for (int i = 0; i < MANAGER_COUNT; i++) {
    const char *name = manager_text((enum manager)i);
    const struct mail_figures *figures = &mail->managers[i];
    char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
    snprintf(parent, sizeof parent, "mail.managed.%s", name);
    snprintf(label, sizeof label, "%s", name);
    rows->tone = REPORT_PLAIN;
    rows_value(rows, label, parent, DIMENSION_COUNT, "probed",
               ROWS_OF(figures->at[MAIL_PROBED], mail->counts.all.at[MAIL_PROBED], "probed"));
    snprintf(label, sizeof label, "%s, some MX refused", name);
    rows->tone = REPORT_BAD;
    rows_value(rows, label, parent, DIMENSION_COUNT, "any_refused",
               ROWS_OF(figures->at[MAIL_ANY_REFUSED], figures->at[MAIL_PROBED], name));
  }
  rows_section(rows, "Each mail provider counted once",
               "a provider: the registrable domain of the first MX; it counts for what any of its "
               "domains is",
               REPORT_PLAIN);
  add_figures(rows, &mail->once, "mail.once", "providers", false, "");
}

static void add_mail_tls(struct rows *rows, const struct mail_counts *counts) {
  char label[REPORT_LABEL_SIZE], days[DIMENSION_NUMBER_SIZE];
  rows_section(rows, "TLS and certificates of the mail servers", "domains with such an MX",
               REPORT_PLAIN);
  for (int i = 0; i < DOMAIN_FACTS_MAIL_VERSIONS; i++)
    rows_value(rows, domain_facts_mail_version(i), "mail.tls", DIMENSION_COUNT,
               domain_facts_mail_version(i),
               ROWS_OF(counts->versions[i], counts->all.at[MAIL_PROBED], "probed"));
  rows->tone = REPORT_BAD;
  rows_value(rows, "MX certificate expired", "mail.certificate", DIMENSION_COUNT, "expired",
             ROWS_OF(counts->expired, counts->certificates, "with an MX certificate"));
  for (int bin = 0; bin < COUNTS_EXPIRY_BINS; bin++) {
    snprintf(days, sizeof days, "%u", counts_expiry_days[bin]);
    snprintf(label, sizeof label, "MX certificate, %u days left", counts_expiry_days[bin]);
    rows_value(rows, label, "mail.certificate.expiring", DIMENSION_COUNT, days,
               ROWS_OF(counts->expiring[bin], counts->certificates, "with an MX certificate"));
  }
}

static void add_mail_dane(struct rows *rows, const struct mail_counts *counts) {
  static const char *const labels[DANE_COUNT] = {
      [DANE_NONE] = "no TLSA records",
      [DANE_MATCH] = "TLSA, the certificate fits",
      [DANE_MISMATCH] = "TLSA, the certificate does not fit",
      [DANE_UNUSABLE] = "TLSA, none can be used",
      [DANE_INSECURE] = "not validated by DNSSEC",
      [DANE_FAILED] = "the TLSA lookup fails",
  };
  if (counts->dane_asked == 0) return;
  rows_section(rows, "DANE", "domains with such an MX", REPORT_PLAIN);
  for (int dane = 0; dane < DANE_COUNT; dane++)
    rows_value(rows, labels[dane], "mail.dane", DIMENSION_COUNT,
               result_dane_text((enum result_dane)dane),
               ROWS_OF(counts->dane[dane], counts->dane_asked, "asked for TLSA"));
  rows->tone = REPORT_BAD;
  rows_value(rows, "fits TLSA, refused by MTA-STS", "mail.dane", DIMENSION_COUNT, "dane_only",
             ROWS_OF(counts->dane_only, counts->dane_asked, "asked for TLSA"));
  rows_value(rows, "secure for MTA-STS, not for TLSA", "mail.dane", DIMENSION_COUNT, "sts_only",
             ROWS_OF(counts->sts_only, counts->dane_asked, "asked for TLSA"));
}

static void add_mail(struct rows *rows, const struct statistics *statistics) {
  const struct mail_statistics *mail = &statistics->mail;
  if (!statistics_probed(statistics)) return;
  rows_chapter(rows, "Mail servers");
  rows_section(rows, "STARTTLS and certificates of the mail servers",
               "domains whose mail servers were probed, whatever their policy", REPORT_PLAIN);
  add_figures(rows, &mail->counts.all, "mail", "probed", true, "");
  rows_section(rows, "The same under a policy in mode enforce", "", REPORT_PLAIN);
  add_figures(rows, &mail->counts.enforce, "mail.enforce", "probed and enforce", true,
              ",mode=enforce");
  rows_section(rows, "Why mail servers are refused", "domains with such an MX", REPORT_BAD);
  add_mail_codes(rows, &mail->counts, STAGE_MX_TLS, true);
  rows_section(rows, "What else is said of mail servers",
               "domains with such an MX; most of it leaves it unknown", REPORT_PLAIN);
  add_mail_codes(rows, &mail->counts, STAGE_MX_TLS, false);
  add_mail_managers(rows, mail);
  add_mail_tls(rows, &mail->counts);
  add_mail_dane(rows, &mail->counts);
}

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

static void add_asked(struct rows *rows, const struct statistics *statistics) {
  if (!statistics_asked(statistics)) return;
  rows_chapter(rows, "Beside MTA-STS");
  if (statistics_asked_mx(statistics)) {
    add_with_mx(rows, &statistics->counts);
    add_study(rows, statistics);
  }
  add_values(rows, "MTA-STS and DMARC", "by the policy p, or why there is none: scan --ask dmarc",
             DIMENSION_DMARC, statistics->dmarc, statistics->dmarc_count);
  add_values(rows, "MTA-STS and SPF",
             "by the qualifier of all, redirect, or why there is neither: scan --ask spf",
             DIMENSION_SPF, statistics->spf, statistics->spf_count);
}

enum err report_make(struct report *report, const struct statistics *statistics,
                     const char *where) {
  static void (*const parts[])(struct rows *, const struct statistics *) = {
      add_status,     add_effect,         add_stages,         add_causes,  add_mismatch,
      add_notes,      add_looks,          add_modes,          add_max_age, add_http_status,
      add_ede,        add_certificates,   add_tlsrpt,         add_managed, add_operators,
      add_outsourced, add_managed_stages, add_managed_causes, add_mail,    add_asked,
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
