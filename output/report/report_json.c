#include "output/report/report_json.h"

#include "output/record/value_name.h"
#include "output/stats/input.h"
#include <stdlib.h>

enum { REPORT_JSON_SIZE = 64 * 1024 /* at first */ };

/* Above what RFC 8461 allows, to where ten digits end (its section 3.2: max_age has at most ten).
 */
#define MAX_AGE_TOP 9999999999

/* {"name":count,...} of an enum's counters; those that are 0 only when all are wanted. */
static void write_counters(struct json_writer *json, const char *key, const uint64_t *counters,
                           int count, value_name *name, bool all) {
  json_writer_open(json, key, '{');
  for (int i = 0; i < count; i++)
    if (all || counters[i]) json_writer_uint(json, name(i), counters[i]);
  json_writer_close(json, '}');
}

static void write_stages(struct json_writer *json, const uint64_t stage[STAGE_COUNT]) {
  write_counters(json, "stage", stage, STAGE_COUNT, value_name_stage, true);
}

static void write_http_status(struct json_writer *json, const uint64_t *counters) {
  json_writer_open(json, "http_status", '{');
  for (int status = 0; status <= COUNTS_HTTP_STATUS_MAX; status++) {
    char key[8];
    if (counters[status] == 0) continue;
    snprintf(key, sizeof key, "%d", status);
    json_writer_uint(json, key, counters[status]);
  }
  json_writer_close(json, '}');
}

static void write_ede(struct json_writer *json, const uint64_t *counters) {
  json_writer_open(json, "ede", '{');
  for (int code = 0; code <= COUNTS_EDE_MAX + 1; code++) {
    char key[8];
    if (counters[code] == 0) continue;
    snprintf(key, sizeof key, "%d", code);
    json_writer_uint(json, code > COUNTS_EDE_MAX ? "other" : key, counters[code]);
  }
  json_writer_close(json, '}');
}

static void write_max_age(struct json_writer *json, const uint64_t *bins) {
  json_writer_open(json, "max_age", '[');
  for (int bin = 0; bin < COUNTS_MAX_AGE_BINS; bin++) {
    bool last = bin + 1 == COUNTS_MAX_AGE_BINS;
    json_writer_open(json, NULL, '{');
    json_writer_uint(json, "from", counts_max_age_from[bin]);
    json_writer_uint(json, "to", last ? MAX_AGE_TOP : counts_max_age_from[bin + 1] - 1);
    json_writer_uint(json, "domains", bins[bin]);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void write_columns(struct json_writer *json, const uint64_t columns[COUNTS_COLUMNS]) {
  json_writer_uint(json, "domains", columns[COUNTS_DOMAINS]);
  json_writer_uint(json, "deployed", columns[COUNTS_VALID] + columns[COUNTS_BROKEN]);
  json_writer_uint(json, "valid", columns[COUNTS_VALID]);
  json_writer_uint(json, "broken", columns[COUNTS_BROKEN]);
}

/* name: what its text is called. */
static void write_line(struct json_writer *json, const char *name,
                       const struct statistics_line *line, bool with_mx) {
  json_writer_open(json, NULL, '{');
  if (span_here(line->text)) {
    json_writer_string(json, name, line->text);
  } else {
    json_writer_uint(json, "from", line->from);
    json_writer_uint(json, "to", line->to);
  }
  json_writer_uint(json, "domains", line->domains);
  json_writer_uint(json, "deployed", line->deployed);
  json_writer_uint(json, "valid", line->valid);
  json_writer_uint(json, "broken", line->broken);
  if (with_mx) {
    json_writer_open(json, "with_mx", '{');
    write_columns(json, line->with_mx);
    json_writer_close(json, '}');
  }
  json_writer_close(json, '}');
}

static void write_lines(struct json_writer *json, const char *key,
                        const struct statistics_line *lines, size_t count, bool with_mx) {
  json_writer_open(json, key, '[');
  for (size_t i = 0; i < count; i++) write_line(json, key, &lines[i], with_mx);
  json_writer_close(json, ']');
}

/* Domains with each code, in the order of the codes' table. */
static void write_causes(struct json_writer *json, const struct managed_line *line) {
  uint64_t codes[FOUND_COUNT] = {0};
  for (size_t i = 0; i < line->cause_count; i++)
    codes[line->causes[i].code] = line->causes[i].domains;
  write_counters(json, "findings", codes, FOUND_COUNT, value_name_code, false);
}

/* key: what an operator's name is called. */
static void write_operator_lines(struct json_writer *json, const char *key, const char *name,
                                 const struct managed_lines *lines) {
  json_writer_open(json, key, '[');
  for (size_t i = 0; i < lines->count; i++) {
    const struct managed_line *line = &lines->at[i];
    json_writer_open(json, NULL, '{');
    json_writer_string(json, name, line->text);
    json_writer_uint(json, "domains", line->domains);
    json_writer_uint(json, "valid", line->valid);
    json_writer_uint(json, "broken", line->broken);
    write_stages(json, line->stage);
    write_causes(json, line);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void write_managed(struct json_writer *json, const struct managed_statistics *managed) {
  json_writer_open(json, "managed", '{');
  for (int manager = 0; manager < MANAGER_COUNT; manager++) {
    const struct managed_line *line = &managed->managers[manager];
    json_writer_open(json, manager_text((enum manager)manager), '{');
    json_writer_uint(json, "domains", line->domains);
    json_writer_uint(json, "valid", line->valid);
    json_writer_uint(json, "broken", line->broken);
    write_stages(json, line->stage);
    write_counters(json, "findings", managed->codes[manager], FOUND_COUNT, value_name_code, false);
    json_writer_close(json, '}');
  }
  json_writer_close(json, '}');
}

/* Of the codes that may pass: where the first look found it, and where the second did no more. */
static void write_looks(struct json_writer *json, const struct counts *counts) {
  json_writer_open(json, "looks", '{');
  json_writer_uint(json, "domains", counts->looked_twice);
  json_writer_uint(json, "changed", counts->looks_changed);
  json_writer_open(json, "codes", '{');
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    if (info->passing == FINDING_LASTS || counts->first_codes[code] == 0) continue;
    json_writer_open(json, info->name, '{');
    json_writer_uint(json, "domains", counts->first_codes[code]);
    json_writer_uint(json, "changed", counts->passed_codes[code]);
    json_writer_close(json, '}');
  }
  json_writer_close(json, '}');
  json_writer_close(json, '}');
}

static void write_tlsrpt(struct json_writer *json, const struct counts *counts) {
  json_writer_open(json, "tlsrpt", '{');
  json_writer_uint(json, "deployed", counts->tlsrpt_deployed);
  json_writer_uint(json, "broken", counts->tlsrpt_broken);
  json_writer_close(json, '}');
}

static void write_certificate(struct json_writer *json, uint64_t seen, uint64_t expired,
                              const uint64_t *expiring) {
  json_writer_open(json, "certificate", '{');
  json_writer_uint(json, "seen", seen);
  json_writer_uint(json, "expired", expired);
  json_writer_open(json, "expiring", '[');
  for (int bin = 0; bin < COUNTS_EXPIRY_BINS; bin++) {
    json_writer_open(json, NULL, '{');
    json_writer_uint(json, "days", counts_expiry_days[bin]);
    json_writer_uint(json, "domains", expiring[bin]);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
  json_writer_close(json, '}');
}

static void write_outsourced(struct json_writer *json, const char *key,
                             const struct managed_outsourced *outsourced) {
  json_writer_open(json, key, '{');
  json_writer_uint(json, "domains", outsourced->domains);
  json_writer_uint(json, "mismatch", outsourced->mismatch);
  json_writer_close(json, '}');
}

static void write_operators(struct json_writer *json, const struct statistics *statistics) {
  const struct managed_statistics *managed = &statistics->managed;
  json_writer_open(json, "operators", '{');
  json_writer_uint(json, "self_max", statistics->limits.self_max);
  json_writer_uint(json, "third_party_min", statistics->limits.third_party_min);
  json_writer_uint(json, "operators", managed->operators.count);
  json_writer_uint(json, "broken", managed->operators.broken);
  write_stages(json, managed->operators.stage);
  write_operator_lines(json, "addresses", "address", &managed->addresses);
  json_writer_close(json, '}');
  json_writer_open(json, "outsourced", '{');
  write_outsourced(json, "same", &managed->same);
  write_outsourced(json, "different", &managed->different);
  json_writer_close(json, '}');
}

static void write_figures(struct json_writer *json, const char *key,
                          const struct mail_figures *figures) {
  write_counters(json, key, figures->at, MAIL_FIGURE_COUNT, mail_figure_text, true);
}

static const char *mail_code_name(int code) {
  return value_name_code(DOMAIN_FACTS_MAIL_FIRST + code);
}

static void write_mail_managers(struct json_writer *json, const struct mail_statistics *mail) {
  json_writer_open(json, "managed", '{');
  for (int manager = 0; manager < MANAGER_COUNT; manager++) {
    json_writer_open(json, manager_text((enum manager)manager), '{');
    for (int i = 0; i < MAIL_FIGURE_COUNT; i++)
      json_writer_uint(json, mail_figure_text(i), mail->managers[manager].at[i]);
    write_counters(json, "findings", mail->codes[manager], DOMAIN_FACTS_MAIL_CODES, mail_code_name,
                   false);
    json_writer_close(json, '}');
  }
  json_writer_close(json, '}');
  write_figures(json, "once", &mail->once);
  json_writer_open(json, "providers", '[');
  for (size_t i = 0; i < mail->provider_count; i++) {
    json_writer_open(json, NULL, '{');
    json_writer_string(json, "provider", mail->providers[i].text);
    write_figures(json, "figures", &mail->providers[i].figures);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void write_issuers(struct json_writer *json, const struct mail_statistics *mail) {
  json_writer_open(json, "issuers", '[');
  for (size_t i = 0; i < mail->issuer_count; i++) {
    json_writer_open(json, NULL, '{');
    json_writer_string(json, "issuer", mail->issuers[i].text);
    json_writer_uint(json, "domains", mail->issuers[i].domains);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void write_dane(struct json_writer *json, const struct mail_counts *counts) {
  if (counts->dane_asked == 0) return;
  json_writer_open(json, "dane", '{');
  json_writer_uint(json, "asked", counts->dane_asked);
  for (int dane = 0; dane < DANE_COUNT; dane++)
    json_writer_uint(json, value_name_dane(dane), counts->dane[dane]);
  json_writer_uint(json, "dane_only", counts->dane_only);
  json_writer_uint(json, "sts_only", counts->sts_only);
  json_writer_close(json, '}');
}

static void write_mail(struct json_writer *json, const struct statistics *statistics) {
  const struct mail_statistics *mail = &statistics->mail;
  const struct mail_counts *counts = &mail->counts;
  if (!statistics_probed(statistics)) return;
  json_writer_open(json, "mail", '{');
  for (int i = 0; i < MAIL_FIGURE_COUNT; i++)
    json_writer_uint(json, mail_figure_text(i), counts->all.at[i]);
  write_figures(json, "enforce", &counts->enforce);
  write_counters(json, "findings", counts->codes, DOMAIN_FACTS_MAIL_CODES, mail_code_name, false);
  write_mail_managers(json, mail);
  write_counters(json, "tls", counts->versions, DOMAIN_FACTS_MAIL_VERSIONS,
                 domain_facts_mail_version, true);
  write_certificate(json, counts->certificates, counts->expired, counts->expiring);
  write_issuers(json, mail);
  write_dane(json, counts);
  json_writer_close(json, '}');
}

static void write_study(struct json_writer *json, const struct study_statistics *study) {
  json_writer_open(json, "managed", '{');
  for (int manager = 0; manager < MANAGER_COUNT; manager++) {
    const struct study_line *line = &study->managers[manager];
    json_writer_open(json, manager_text((enum manager)manager), '{');
    json_writer_uint(json, "domains", line->domains);
    json_writer_uint(json, "valid", line->valid);
    json_writer_uint(json, "broken", line->broken);
    json_writer_close(json, '}');
  }
  json_writer_close(json, '}');
}

/* What stands beside MTA-STS; left out where nothing was asked for. */
static void write_asked(struct json_writer *json, const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  if (!statistics_asked(statistics)) return;
  json_writer_open(json, "ask", '{');
  if (counts->mx_asked) {
    json_writer_open(json, "mx", '{');
    json_writer_uint(json, "asked", counts->mx_known);
    if (statistics_mixed_mx(statistics))
      json_writer_uint(json, "not_asked", counts->mx_not_asked);
    else
      write_columns(json, counts->with_mx);
    json_writer_close(json, '}');
  }
  if (statistics_asked_mx(statistics)) write_study(json, &statistics->study);
  if (statistics->spf_count)
    write_lines(json, "spf", statistics->spf, statistics->spf_count, false);
  if (statistics->dmarc_count)
    write_lines(json, "dmarc", statistics->dmarc, statistics->dmarc_count, false);
  json_writer_close(json, '}');
}

static void write_statistics(struct json_writer *json, const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  json_writer_uint(json, "domains", counts->domains);
  write_counters(json, "status", counts->status, STATUS_COUNT, value_name_status, true);
  json_writer_uint(json, "deployed_strict", counts->deployed_strict);
  write_counters(json, "effect", counts->effect, EFFECT_COUNT, value_name_effect, true);
  write_counters(json, "mode", counts->mode, MODE_COUNT, value_name_mode, true);
  write_stages(json, counts->stage);
  write_counters(json, "findings", counts->codes, FOUND_COUNT, value_name_code, false);
  write_http_status(json, counts->http_status);
  write_ede(json, counts->ede);
  write_max_age(json, counts->max_age);
  bool with_mx = statistics_asked_mx(statistics);
  write_lines(json, "tld", statistics->tlds, statistics->tld_count, with_mx);
  write_lines(json, "rank", statistics->ranks, statistics->rank_count, with_mx);
  write_operator_lines(json, "delegation", "provider", &statistics->managed.providers);
  write_managed(json, &statistics->managed);
  write_counters(json, "mismatch", counts->kinds, KIND_COUNT, value_name_kind, true);
  if (statistics->has_former_mx)
    write_counters(json, "mismatch_former", statistics->former_mx, KIND_COUNT, value_name_kind,
                   true);
  write_tlsrpt(json, counts);
  write_looks(json, counts);
  write_certificate(json, counts->certificates, counts->expired, counts->expiring);
  write_operators(json, statistics);
  write_mail(json, statistics);
  write_asked(json, statistics);
}

void report_json_tally(struct json_writer *json, const char *key, const struct tally *tally) {
  struct statistics statistics;
  enum err err = tally_statistics(tally, MANAGED_LIMITS_STUDY, &statistics);
  json_writer_open(json, key, '{');
  if (err == ERR_NONE) write_statistics(json, &statistics);
  json_writer_close(json, '}');
  statistics_free(&statistics);
}

static void write_group(struct json_writer *json, const struct group_by *by,
                        const struct group_by_line *line) {
  json_writer_open(json, NULL, '{');
  if (by->dimension_count == 1) {
    json_writer_string(json, "value", line->values[0]);
  } else {
    json_writer_open(json, "values", '[');
    for (unsigned i = 0; i < by->dimension_count; i++)
      json_writer_string(json, NULL, line->values[i]);
    json_writer_close(json, ']');
  }
  json_writer_uint(json, "domains", line->domains);
  json_writer_uint(json, "deployed", line->deployed);
  json_writer_uint(json, "valid", line->valid);
  json_writer_uint(json, "broken", line->broken);
  json_writer_close(json, '}');
}

static void write_groups(struct json_writer *json, const struct report_json_source *source) {
  const struct group_by *by = source->by;
  if (!by || by->dimension_count == 0) return;
  json_writer_open(json, "by", '{');
  if (by->dimension_count == 1) {
    json_writer_string(json, "member", by->names[0]);
  } else {
    json_writer_open(json, "members", '[');
    for (unsigned i = 0; i < by->dimension_count; i++) json_writer_string(json, NULL, by->names[i]);
    json_writer_close(json, ']');
  }
  json_writer_open(json, "groups", '[');
  for (size_t i = 0; i < source->line_count; i++) write_group(json, by, &source->lines[i]);
  json_writer_close(json, ']');
  json_writer_close(json, '}');
}

static void write_object(struct json_writer *json, const struct report_json_source *source) {
  json_writer_open(json, NULL, '{');
  if (*source->where) json_writer_string(json, "where", span_of(source->where));
  write_statistics(json, source->statistics);
  input_write(json, source->aggregate);
  input_write_scans(json, source->aggregate);
  completeness_write(json, source->completeness);
  write_groups(json, source);
  json_writer_time(json, "at", source->at);
  json_writer_string(json, "version", SPAN(STSCAN_VERSION));
  json_writer_close(json, '}');
}

enum err report_json_print(FILE *out, const struct report_json_source *source) {
  size_t size = REPORT_JSON_SIZE;
  for (;;) {
    char *memory = malloc(size);
    if (!memory) return ERR_MEMORY;
    struct json_writer json = json_writer_into(memory, size);
    write_object(&json, source);
    bool whole = !json_writer_overflow(&json);
    if (whole) fwrite(memory, 1, json_writer_text(&json).len, out);
    size = json.need;
    free(memory);
    if (whole) return ERR_NONE;
  }
}
