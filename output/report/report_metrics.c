#include "output/report/report_metrics.h"

#include "output/base/utf8.h"
#include "output/record/value_name.h"
#include <inttypes.h>
#include <stddef.h>

enum { LABEL_NAME_SIZE = 128 };

static void write_family(FILE *out, const char *name, const char *help) {
  fprintf(out, "# HELP stscan_%s %s\n# TYPE stscan_%s gauge\n", name, help, name);
}

/* No value of ours holds a quote, a backslash or a line feed. */
static void write_counters(FILE *out, const char *name, const char *label, const char *help,
                           const uint64_t *counters, int count, value_name *value) {
  write_family(out, name, help);
  for (int i = 0; i < count; i++)
    fprintf(out, "stscan_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value(i), counters[i]);
}

/* A label's name (Prometheus: letters, digits and underscores): what else there is becomes an
 * underscore, and what is a label of ours gets one in front. */
static void label_name(struct span label, char name[LABEL_NAME_SIZE]) {
  static const char *const ours[] = {"status", "effect", "code"};
  size_t len = 0;
  if (label.len && label.ptr[0] >= '0' && label.ptr[0] <= '9') name[len++] = '_';
  for (size_t i = 0; i < label.len && len + 1 < LABEL_NAME_SIZE; i++)
    name[len++] = span_is_alphanum(label.ptr[i]) ? label.ptr[i] : '_';
  name[len] = 0;
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strcmp(name, ours[i]) == 0) snprintf(name, LABEL_NAME_SIZE, "label_%s", ours[i]);
  if (strncmp(name, "__", 2) == 0) name[0] = 'x'; /* those are Prometheus's own */
}

/* The value of a label, escaped; what is no UTF-8, and other control characters, as ?. */
static void write_value(FILE *out, struct span value) {
  while (value.len) {
    unsigned character;
    size_t len = utf8_next(value, &character);
    unsigned char c = (unsigned char)value.ptr[0];
    if (c == '\n')
      fputs("\\n", out);
    else if (len == 0 || c < ' ' || c == 0x7f)
      fputc('?', out);
    else if (c == '"' || c == '\\')
      fprintf(out, "\\%c", c);
    else
      fwrite(value.ptr, 1, len, out);
    value = span_skip(value, len ? len : 1);
  }
}

/* A family by a label of the lists too: each value has all its counters. */
static void write_split(FILE *out, const struct report_metrics *metrics, const char *name,
                        const char *label, const char *help, size_t counters, int count,
                        value_name *value) {
  char own[LABEL_NAME_SIZE];
  label_name(metrics->aggregate->split.label, own);
  write_family(out, name, help);
  for (size_t i = 0; i < metrics->line_count; i++) {
    const struct split_line *line = &metrics->lines[i];
    for (int j = 0; j < count; j++) {
      uint64_t counter;
      memcpy(&counter, (const char *)line + counters + (size_t)j * sizeof counter, sizeof counter);
      fprintf(out, "stscan_%s{%s=\"%s\"", name, label, value(j));
      if (line->value.len) fprintf(out, ",%s=\"", own);
      write_value(out, line->value);
      fprintf(out, "%s} %" PRIu64 "\n", line->value.len ? "\"" : "", counter);
    }
  }
}

static const char *manager_name(int manager) {
  return manager_text((enum manager)manager);
}

static void write_managed(FILE *out, const struct managed_statistics *managed) {
  uint64_t domains[MANAGER_COUNT], broken[MANAGER_COUNT];
  for (int i = 0; i < MANAGER_COUNT; i++) {
    domains[i] = managed->managers[i].domains;
    broken[i] = managed->managers[i].broken;
  }
  write_counters(out, "managed", "managed", "Domains with MTA-STS by who manages the policy host.",
                 domains, MANAGER_COUNT, manager_name);
  write_counters(out, "managed_broken", "managed", "Broken domains by who manages the policy host.",
                 broken, MANAGER_COUNT, manager_name);
}

/* Domains by what stands beside MTA-STS, and whether they have deployed it. */
static void write_beside(FILE *out, const char *name, const char *help,
                         const uint64_t (*counts)[COUNTS_COLUMNS], int count, value_name *value) {
  write_family(out, name, help);
  for (int i = 0; i < count; i++) {
    uint64_t deployed = counts[i][COUNTS_VALID] + counts[i][COUNTS_BROKEN];
    fprintf(out, "stscan_%s{%s=\"%s\",mta_sts=\"deployed\"} %" PRIu64 "\n", name, name, value(i),
            deployed);
    fprintf(out, "stscan_%s{%s=\"%s\",mta_sts=\"none\"} %" PRIu64 "\n", name, name, value(i),
            counts[i][COUNTS_DOMAINS] - deployed);
  }
}

static const char *with_mx_name(int value) {
  static const char *const texts[COUNTS_COLUMNS] = {"other", "valid", "broken"};
  return texts[value];
}

static void write_asked(FILE *out, const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  uint64_t with_mx[COUNTS_COLUMNS];
  memcpy(with_mx, counts->with_mx, sizeof with_mx);
  with_mx[COUNTS_DOMAINS] -= with_mx[COUNTS_VALID] + with_mx[COUNTS_BROKEN];
  if (statistics_asked_mx(statistics))
    write_counters(out, "domains_with_mx", "status", "Domains with MX by status (scan --ask mx).",
                   with_mx, COUNTS_COLUMNS, with_mx_name);
  if (statistics->dmarc_count)
    write_beside(out, "dmarc", "Domains by DMARC policy (scan --ask dmarc).", counts->dmarc,
                 ASKED_DMARC_COUNT, asked_dmarc_text);
  if (statistics->spf_count)
    write_beside(out, "spf", "Domains by the qualifier of SPF's all (scan --ask spf).", counts->spf,
                 ASKED_SPF_COUNT, asked_spf_text);
}

/* When the newest record was made; nothing without one. */
static void write_time(FILE *out, const struct aggregate *aggregate) {
  int64_t last = 0;
  for (unsigned i = 0; i < aggregate->file_count; i++)
    if (aggregate->files[i].last > last) last = aggregate->files[i].last;
  if (last == 0) return;
  write_family(out, "scan_timestamp_seconds", "When the newest record was made, in Unix time.");
  fprintf(out, "stscan_scan_timestamp_seconds %" PRId64 ".%03d\n", last / 1000, (int)(last % 1000));
}

/* The families that a label splits, or the same of all domains. */
static void write_domains(FILE *out, const struct report_metrics *metrics) {
  const struct counts *counts = &metrics->statistics->counts;
  const struct {
    const char *name, *label, *help;
    const uint64_t *counters;
    size_t split; /* where in a line */
    int count;
    value_name *value;
  } families[] = {
      {"domains", "status", "Domains by status.", counts->status,
       offsetof(struct split_line, counts.status), STATUS_COUNT, value_name_status},
      {"effect", "effect", "Domains by what a sender that follows RFC 8461 does.", counts->effect,
       offsetof(struct split_line, counts.effect), EFFECT_COUNT, value_name_effect},
      {"findings", "code", "Domains with each finding.", counts->codes,
       offsetof(struct split_line, codes), FOUND_COUNT, value_name_code},
  };
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (metrics->aggregate->split.label.len)
      write_split(out, metrics, families[i].name, families[i].label, families[i].help,
                  families[i].split, families[i].count, families[i].value);
    else
      write_counters(out, families[i].name, families[i].label, families[i].help,
                     families[i].counters, families[i].count, families[i].value);
}

void report_metrics(FILE *out, const struct report_metrics *metrics) {
  const struct counts *counts = &metrics->statistics->counts;
  write_domains(out, metrics);
  write_counters(out, "mode", "mode", "Policies by mode.", counts->mode, MODE_COUNT,
                 value_name_mode);
  write_counters(out, "stage", "stage", "Domains with an error at each stage.", counts->stage,
                 STAGE_COUNT, value_name_stage);
  write_managed(out, &metrics->statistics->managed);
  if (statistics_probed(metrics->statistics))
    write_counters(out, "mail", "mail", "Domains by what was found of their mail servers.",
                   metrics->statistics->mail.counts.all.at, MAIL_FIGURE_COUNT, mail_figure_text);
  write_asked(out, metrics->statistics);
  write_time(out, metrics->aggregate);
  fputs("# EOF\n", out);
}
