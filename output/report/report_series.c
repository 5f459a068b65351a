#include "output/report/report_series.h"

#include "output/base/csv_writer.h"
#include "output/base/json_writer.h"
#include "output/base/number.h"
#include "output/base/terminal_text.h"
#include "output/findings/explain.h"
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

enum { TEXT_WIDTH = 80, NAME_WIDTH = 11, COUNT_WIDTH = 10, SHARE_WIDTH = 7, COPY_SIZE = 64 * 1024 };

#define AT(member)    offsetof(struct series_point, member)
#define STATUS(which) AT(counts.status[which])
#define EFFECT(which) AT(counts.effect[which])
#define MODE(which)   AT(counts.mode[which])
#define STAGE(which)  AT(counts.stage[which])
#define ASKED(member) AT(asked.member)
#define DMARC(which)  AT(counts.dmarc[ASKED_DMARC_##which][COUNTS_DOMAINS])
#define SPF(which)    AT(counts.spf[ASKED_SPF_##which][COUNTS_DOMAINS])
#define WITH_DMARC(w) ASKED(dmarc_deployed[ASKED_DMARC_##w])
#define WITH_SPF(w)   ASKED(spf_deployed[ASKED_SPF_##w])
#define DOMAINS       AT(counts.domains)
#define DEPLOYED      AT(deployed)

const struct report_series_section report_series_sections[REPORT_SERIES_SECTIONS] = {
    {"Adoption",
     "domains scanned, and those with MTA-STS",
     true,
     0,
     {{"deployed", "deployed", "deployed", DEPLOYED, DOMAINS}}},
    {"Sound and broken",
     "of the domains with MTA-STS",
     true,
     0,
     {{"valid", "valid", "status.valid", STATUS(STATUS_VALID), DEPLOYED},
      {"broken", "broken", "status.broken", STATUS(STATUS_BROKEN), DEPLOYED}}},
    {"What senders do",
     "deployed domains by what a sender that follows RFC 8461 does",
     false,
     0,
     {{"enforced", "enforced", "effect.enforced", EFFECT(EFFECT_ENFORCED), 0},
      {"testing", "testing", "effect.testing", EFFECT(EFFECT_TESTING), 0},
      {"opportunistic", "opport.", "effect.opportunistic", EFFECT(EFFECT_OPPORTUNISTIC), 0},
      {"at-risk", "at-risk", "effect.at-risk", EFFECT(EFFECT_AT_RISK), 0},
      {"undeliverable", "undeliv.", "effect.undeliverable", EFFECT(EFFECT_UNDELIVERABLE), 0}}},
    {"Where it breaks",
     "domains with at least one error at that stage; a domain may stand in several",
     false,
     0,
     {{"record", "record", "stage.record", STAGE(STAGE_RECORD), 0},
      {"policy-dns", "dns", "stage.policy-dns", STAGE(STAGE_POLICY_DNS), 0},
      {"policy-tcp", "tcp", "stage.policy-tcp", STAGE(STAGE_POLICY_TCP), 0},
      {"policy-tls", "tls", "stage.policy-tls", STAGE(STAGE_POLICY_TLS), 0},
      {"policy-http", "http", "stage.policy-http", STAGE(STAGE_POLICY_HTTP), 0},
      {"policy-syntax", "syntax", "stage.policy-syntax", STAGE(STAGE_POLICY_SYNTAX), 0},
      {"mx", "mx", "stage.mx", STAGE(STAGE_MX), 0}}},
    {"Mail servers",
     "domains with at least one error there, of scans that probed them",
     false,
     ASKED(probed),
     {{"mx-tls", "mx-tls", "stage.mx-tls", STAGE(STAGE_MX_TLS), 0},
      {"dane", "dane", "stage.dane", STAGE(STAGE_DANE), 0}}},
    {"Modes",
     "of the policies that were read and hold one",
     false,
     0,
     {{"enforce", "enforce", "mode.enforce", MODE(MODE_ENFORCE), 0},
      {"testing", "testing", "mode.testing", MODE(MODE_TESTING), 0},
      {"none", "none", "mode.none", MODE(MODE_NONE), 0}}},
    {"TLS reporting",
     "deployed domains with a TLSRPT record, and those of them whose record is broken",
     true,
     0,
     {{"deployed", "deployed", "tlsrpt.deployed", AT(counts.tlsrpt_deployed), DEPLOYED},
      {"broken", "broken", "tlsrpt.broken", AT(counts.tlsrpt_broken), AT(counts.tlsrpt_deployed)}}},
    {"Domains with MX",
     "of scans with --ask mx: domains with an MX, and those of them with MTA-STS",
     true,
     ASKED(mx),
     {{"with MX", "with MX", "ask.mx.domains", ASKED(with_mx), ASKED(mx)},
      {"deployed", "deployed", "ask.mx.deployed", ASKED(with_mx_deployed), ASKED(with_mx)}}},
    {"DMARC",
     "of scans with --ask dmarc: domains by their policy p, or why there is none",
     false,
     ASKED(dmarc),
     {{"reject", "reject", "ask.dmarc.reject.domains", DMARC(REJECT), 0},
      {"quarantine", "quarant", "ask.dmarc.quarantine.domains", DMARC(QUARANTINE), 0},
      {"none", "none", "ask.dmarc.none.domains", DMARC(NONE), 0},
      {"no-policy", "no p", "ask.dmarc.no-policy.domains", DMARC(NO_POLICY), 0},
      {"version", "version", "ask.dmarc.version.domains", DMARC(VERSION), 0},
      {"multiple", "multi", "ask.dmarc.multiple.domains", DMARC(MULTIPLE), 0},
      {"absent", "absent", "ask.dmarc.absent.domains", DMARC(ABSENT), 0}}},
    {"MTA-STS by DMARC",
     "the domains of these that have deployed MTA-STS",
     false,
     ASKED(dmarc),
     {{"reject", "reject", "ask.dmarc.reject.deployed", WITH_DMARC(REJECT), 0},
      {"quarantine", "quarant", "ask.dmarc.quarantine.deployed", WITH_DMARC(QUARANTINE), 0},
      {"none", "none", "ask.dmarc.none.deployed", WITH_DMARC(NONE), 0},
      {"no-policy", "no p", "ask.dmarc.no-policy.deployed", WITH_DMARC(NO_POLICY), 0},
      {"version", "version", "ask.dmarc.version.deployed", WITH_DMARC(VERSION), 0},
      {"multiple", "multi", "ask.dmarc.multiple.deployed", WITH_DMARC(MULTIPLE), 0},
      {"absent", "absent", "ask.dmarc.absent.deployed", WITH_DMARC(ABSENT), 0}}},
    {"SPF",
     "of scans with --ask spf: domains by the qualifier of all; faulty: neither all nor redirect, "
     "or not to be read",
     false,
     ASKED(spf),
     {{"-all", "-all", "ask.spf.-.domains", SPF(FAIL), 0},
      {"~all", "~all", "ask.spf.~.domains", SPF(SOFTFAIL), 0},
      {"?all", "?all", "ask.spf.?.domains", SPF(NEUTRAL), 0},
      {"+all", "+all", "ask.spf.+.domains", SPF(PASS), 0},
      {"redirect", "redir.", "ask.spf.redirect.domains", SPF(REDIRECT), 0},
      {"faulty", "faulty", "ask.spf.faulty.domains", ASKED(spf_faulty), 0},
      {"absent", "absent", "ask.spf.absent.domains", SPF(ABSENT), 0}}},
    {"MTA-STS by SPF",
     "the domains of these that have deployed MTA-STS",
     false,
     ASKED(spf),
     {{"-all", "-all", "ask.spf.-.deployed", WITH_SPF(FAIL), 0},
      {"~all", "~all", "ask.spf.~.deployed", WITH_SPF(SOFTFAIL), 0},
      {"?all", "?all", "ask.spf.?.deployed", WITH_SPF(NEUTRAL), 0},
      {"+all", "+all", "ask.spf.+.deployed", WITH_SPF(PASS), 0},
      {"redirect", "redir.", "ask.spf.redirect.deployed", WITH_SPF(REDIRECT), 0},
      {"faulty", "faulty", "ask.spf.faulty.deployed", ASKED(spf_faulty_deployed), 0},
      {"absent", "absent", "ask.spf.absent.deployed", WITH_SPF(ABSENT), 0}}},
    {"Domains followed",
     "against the scan before; gone: no MTA-STS any more, or not in the scan; broken since: in the "
     "last scan, and in all from that one on",
     false,
     0,
     {{"newly deployed", "new", "followed.deployed", AT(changes.deployed), 0},
      {"gone", "gone", "followed.gone", AT(changes.gone), 0},
      {"newly broken", "broken", "followed.broken", AT(changes.broken), 0},
      {"fixed", "fixed", "followed.fixed", AT(changes.fixed), 0},
      {"broken since", "since", "followed.since", AT(changes.since), 0}}},
};

size_t report_series_columns(const struct report_series_section *section) {
  size_t count = 0;
  while (count < REPORT_SERIES_COLUMNS_MAX && section->columns[count].title) count++;
  return count;
}

static uint64_t counter(const struct series_point *point, size_t at) {
  uint64_t count;
  memcpy(&count, (const char *)point + at, sizeof count);
  return count;
}

uint64_t report_series_count(const struct series_point *point,
                             const struct report_series_column *column) {
  return counter(point, column->count);
}

uint64_t report_series_base(const struct series_point *point,
                            const struct report_series_column *column) {
  return column->base ? counter(point, column->base) : 0;
}

bool report_series_asked(const struct series_point *point,
                         const struct report_series_section *section) {
  return section->asked == 0 || counter(point, section->asked);
}

bool report_series_any(const struct series *series, const struct report_series_section *section) {
  unsigned i = 0;
  while (i < series->count && !report_series_asked(&series->points[i], section)) i++;
  return i < series->count;
}

void report_series_day(int64_t at, char day[REPORT_SERIES_DAY_SIZE]) {
  char text[JSON_WRITER_TIME_SIZE];
  json_writer_time_text(at, text);
  memcpy(day, text, REPORT_SERIES_DAY_SIZE - 1);
  day[REPORT_SERIES_DAY_SIZE - 1] = 0;
}

/* The end of a name that is too long says more than its begin. */
static void print_name(FILE *out, const char *name) {
  char text[NAME_WIDTH + 1];
  size_t len = strlen(name);
  const char *begin = len > NAME_WIDTH ? name + len - NAME_WIDTH : name;
  snprintf(text, sizeof text, "%.*s", NAME_WIDTH, begin);
  for (char *c = text; *c; c++)
    if (*c < ' ' || *c > '~') *c = '?';
  fprintf(out, "  %-*s ", NAME_WIDTH, text);
}

static void print_head(FILE *out, const struct report_series_section *section, bool colour) {
  const struct explain_style style = {.width = TEXT_WIDTH};
  fprintf(out, "\n%s%s%s: ", colour ? "\x1b[1m" : "", section->title, colour ? "\x1b[0m" : "");
  explain_wrap(out, &style, strlen(section->title) + 2, 2, span_of(section->about));
  fprintf(out, "  %-*s %-10s", NAME_WIDTH, "scan", "from");
  if (section == &report_series_sections[0]) fprintf(out, " %*s", COUNT_WIDTH, "domains");
  for (size_t i = 0; i < report_series_columns(section); i++) {
    fprintf(out, " %*s", section->share ? COUNT_WIDTH : COUNT_WIDTH - 3, section->columns[i].brief);
    if (section->columns[i].base) fprintf(out, " %*s", SHARE_WIDTH, "share");
  }
  fputc('\n', out);
}

static void print_point(FILE *out, const struct report_series_section *section,
                        const struct series_point *point) {
  char day[REPORT_SERIES_DAY_SIZE], number[NUMBER_SIZE], share[NUMBER_SHARE_SIZE];
  bool asked = report_series_asked(point, section);
  report_series_day(point->from, day);
  print_name(out, point->name);
  fputs(day, out);
  if (section == &report_series_sections[0])
    fprintf(out, " %*s", COUNT_WIDTH, number_text(point->counts.domains, number));
  for (size_t i = 0; i < report_series_columns(section); i++) {
    const struct report_series_column *column = &section->columns[i];
    uint64_t count = report_series_count(point, column), base = report_series_base(point, column);
    fprintf(out, " %*s", section->share ? COUNT_WIDTH : COUNT_WIDTH - 3,
            asked ? number_text(count, number) : "-");
    if (column->base) fprintf(out, " %*s", SHARE_WIDTH, number_share(count, base, share));
  }
  fputc('\n', out);
}

static void print_broken(FILE *out, const struct report_series *report) {
  const struct series *series = report->series;
  char number[NUMBER_SIZE], day[REPORT_SERIES_DAY_SIZE];
  if (series->broken_count == 0 || report->names == 0) return;
  fputs("\nbroken the longest\n", out);
  for (size_t i = 0; i < series->broken_count && i < report->names; i++) {
    const struct follow_broken *broken = &series->broken[i];
    report_series_day(series->points[broken->since].from, day);
    fprintf(out, "  since %s%s  ", day, broken->since ? "" : " or before");
    terminal_text_print(out, broken->domain);
    fputc('\n', out);
  }
  if (series->broken_count > report->names)
    fprintf(out, "  and %s more\n", number_text(series->broken_count - report->names, number));
}

void report_series_text(FILE *out, const struct report_series *report, bool colour) {
  const struct series *series = report->series;
  char first[REPORT_SERIES_DAY_SIZE], last[REPORT_SERIES_DAY_SIZE], number[NUMBER_SIZE];
  report_series_day(series->points[0].from, first);
  report_series_day(series->points[series->count - 1].to, last);
  fprintf(out, "%u %s from %s to %s", series->count, series->count == 1 ? "scan" : "scans", first,
          last);
  if (*report->where) fputs(", domains with ", out);
  terminal_text_print(out, span_of(report->where));
  fputc('\n', out);
  for (int i = 0; i < REPORT_SERIES_SECTIONS; i++) {
    const struct report_series_section *section = &report_series_sections[i];
    if (!report_series_any(series, section)) continue;
    print_head(out, section, colour);
    for (unsigned j = 0; j < series->count; j++) print_point(out, section, &series->points[j]);
  }
  if (follow_left_out(series->follow))
    fprintf(out, "  %s records of more domains than can be followed are left out of these\n",
            number_text(follow_left_out(series->follow), number));
  print_broken(out, report);
}

/* The columns of what stands beside MTA-STS, where some scan asked for it; point NULL: their
 * names. A scan that did not ask has empty fields. */
static void csv_asked(FILE *out, const struct series *series, const struct series_point *point) {
  for (int i = 0; i < REPORT_SERIES_SECTIONS; i++) {
    const struct report_series_section *section = &report_series_sections[i];
    bool beside = strncmp(section->columns[0].member, "ask.", 4) == 0;
    if (!beside || !report_series_any(series, section)) continue;
    for (size_t j = 0; j < report_series_columns(section); j++) {
      const struct report_series_column *column = &section->columns[j];
      if (!point)
        fprintf(out, ",%s", column->member);
      else if (report_series_asked(point, section))
        fprintf(out, ",%" PRIu64, report_series_count(point, column));
      else
        fputc(',', out);
    }
  }
  fputc('\n', out);
}

void report_series_csv(FILE *out, const struct report_series *report) {
  fputs("name,from,domains,deployed,valid,broken,enforce,testing,none,unknown", out);
  csv_asked(out, report->series, NULL);
  for (unsigned i = 0; i < report->series->count; i++) {
    const struct series_point *point = &report->series->points[i];
    const struct counts *counts = &point->counts;
    char from[JSON_WRITER_TIME_SIZE];
    json_writer_time_text(point->from, from);
    csv_writer_field(out, span_of(point->name));
    fprintf(out, ",%s", from);
    const uint64_t figures[] = {counts->domains,
                                point->deployed,
                                counts->status[STATUS_VALID],
                                counts->status[STATUS_BROKEN],
                                counts->mode[MODE_ENFORCE],
                                counts->mode[MODE_TESTING],
                                counts->mode[MODE_NONE],
                                counts->status[STATUS_UNKNOWN]};
    for (size_t j = 0; j < sizeof figures / sizeof *figures; j++)
      fprintf(out, ",%" PRIu64, figures[j]);
    csv_asked(out, report->series, point);
  }
}

static enum err copy(FILE *out, FILE *from, const struct report_series_object *object) {
  char *block = malloc(COPY_SIZE);
  size_t left = object->len;
  enum err err = !block ? ERR_MEMORY : fseeko(from, object->at, SEEK_SET) == 0 ? ERR_NONE : ERR_IO;
  while (err == ERR_NONE && left) {
    size_t got = fread(block, 1, left < COPY_SIZE ? left : COPY_SIZE, from);
    if (got == 0) err = ERR_IO;
    fwrite(block, 1, got, out);
    left -= got;
  }
  free(block);
  return err;
}

/* Up to where the point's statistics stand. */
static void print_point_head(FILE *out, const struct series_point *point) {
  char text[8 * SERIES_NAME_MAX];
  struct json_writer json = json_writer_into(text, sizeof text);
  json_writer_open(&json, NULL, '{');
  json_writer_string(&json, "name", span_of(point->name));
  json_writer_time(&json, "from", point->from);
  json_writer_time(&json, "to", point->to);
  fwrite(text, 1, json_writer_text(&json).len, out);
  fputs(",\"statistics\":", out);
}

enum err report_series_json(FILE *out, const struct series *series, FILE *from,
                            const struct report_series_object *objects) {
  enum err err = ERR_NONE;
  fputs("{\"series\":[", out);
  for (unsigned i = 0; err == ERR_NONE && i < series->count; i++) {
    if (i) fputc(',', out);
    print_point_head(out, &series->points[i]);
    err = copy(out, from, &objects[i]);
    fputc('}', out);
  }
  fputs("]}\n", out);
  return err;
}
