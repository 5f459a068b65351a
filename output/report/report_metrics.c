#include "output/report/report_metrics.h"

#include "output/record/value_name.h"
#include <inttypes.h>

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

/* When the newest record was made; nothing without one. */
static void write_time(FILE *out, const struct aggregate *aggregate) {
  int64_t last = 0;
  for (unsigned i = 0; i < aggregate->file_count; i++)
    if (aggregate->files[i].last > last) last = aggregate->files[i].last;
  if (last == 0) return;
  write_family(out, "scan_timestamp_seconds", "When the newest record was made, in Unix time.");
  fprintf(out, "stscan_scan_timestamp_seconds %" PRId64 ".%03d\n", last / 1000, (int)(last % 1000));
}

void report_metrics(FILE *out, const struct statistics *statistics,
                    const struct aggregate *aggregate) {
  const struct counts *counts = &statistics->counts;
  write_counters(out, "domains", "status", "Domains by status.", counts->status, STATUS_COUNT,
                 value_name_status);
  write_counters(out, "effect", "effect", "Domains by what a sender that follows RFC 8461 does.",
                 counts->effect, EFFECT_COUNT, value_name_effect);
  write_counters(out, "mode", "mode", "Policies by mode.", counts->mode, MODE_COUNT,
                 value_name_mode);
  write_counters(out, "stage", "stage", "Domains with an error at each stage.", counts->stage,
                 STAGE_COUNT, value_name_stage);
  write_counters(out, "findings", "code", "Domains with each finding.", counts->codes, FOUND_COUNT,
                 value_name_code);
  write_managed(out, &statistics->managed);
  if (statistics_probed(statistics))
    write_counters(out, "mail", "mail", "Domains by what was found of their mail servers.",
                   statistics->mail.counts.all.at, MAIL_FIGURE_COUNT, mail_figure_text);
  write_time(out, aggregate);
  fputs("# EOF\n", out);
}
