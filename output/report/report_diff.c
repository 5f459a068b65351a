#include "output/report/report_diff.h"

#include "output/base/number.h"
#include "output/base/terminal_text.h"
#include "output/stats/input.h"
#include <stdlib.h>

enum {
  /* Names of at most TEXT_COUNTS_TEXT_MAX, every code thrice, and a detail, escaped; and labels. */
  CHANGE_JSON_SIZE = 48 * 1024 + DIFF_LABELS_SIZE,
  COUNT_WIDTH = 11,
};

static uint64_t changes_worse(const struct diff *diff) {
  uint64_t count = 0;
  for (int i = 0; i < CHANGE_COUNT; i++)
    if (change_info((enum change)i)->trend == CHANGE_WORSE)
      count += diff_count(diff, (enum change)i);
  return count;
}

/* The worst come first, so that those for the worse are the first. */
uint64_t report_diff_told(const struct report_diff *report) {
  return report->worse_only ? changes_worse(report->diff) : diff_changes(report->diff);
}

static void print_counts(FILE *out, const struct report_diff *report) {
  static const char *const colours[] = {"\x1b[31m", "", "\x1b[32m"};
  char number[NUMBER_SIZE];
  for (int i = 0; i < CHANGE_COUNT; i++) {
    const struct change_info *info = change_info((enum change)i);
    uint64_t count = diff_count(report->diff, (enum change)i);
    if (count == 0) continue;
    fprintf(out, "  %*s  %s%-21s%s %s\n", COUNT_WIDTH, number_text(count, number),
            report->colour ? colours[info->trend] : "", info->name, report->colour ? "\x1b[0m" : "",
            info->title);
  }
}

static void print_census(FILE *out, const char *which, const struct aggregate *aggregate) {
  char number[NUMBER_SIZE];
  fprintf(out, "  %s: %s records of ", which, number_text(aggregate->records, number));
  terminal_text_print(out, span_of(aggregate->files[0].path));
  if (aggregate->file_count > 1)
    fprintf(out, " and %s more files", number_text(aggregate->file_count - 1, number));
  fputc('\n', out);
}

static void print_trend(FILE *out, const struct report_diff *report, enum change_trend trend,
                        const char *what, const char *end) {
  char number[NUMBER_SIZE];
  uint64_t count = diff_domains(report->diff, trend);
  fprintf(out, "%s %s%s%s", number_text(count, number), what, count == 1 ? "" : "s", end);
}

static void print_head(FILE *out, const struct report_diff *report) {
  char number[NUMBER_SIZE];
  print_trend(out, report, CHANGE_WORSE, "regression", ", ");
  print_trend(out, report, CHANGE_BETTER, "improvement", ", ");
  print_trend(out, report, CHANGE_OTHER, "other change", "\n");
  print_census(out, "old", report->old_aggregate);
  print_census(out, "new", report->new_aggregate);
  if (diff_still_broken(report->diff))
    fprintf(out, "  %s domain%s still broken\n",
            number_text(diff_still_broken(report->diff), number),
            diff_still_broken(report->diff) == 1 ? " is" : "s are");
  if (diff_known(report->diff))
    fprintf(out, "  %s domain%s known errors alone\n",
            number_text(diff_known(report->diff), number),
            diff_known(report->diff) == 1 ? " has" : "s have");
  if (diff_not_asked(report->diff))
    fprintf(out,
            "  %s deployed domains of old were not asked for by new: another list, or a shard is "
            "missing\n",
            number_text(diff_not_asked(report->diff), number));
}

static void print_errors(FILE *out, const char *before, const struct state *of,
                         const struct state *other) {
  enum finding_code codes[FOUND_COUNT];
  size_t count = change_errors(of, other, codes);
  for (size_t i = 0; i < count; i++)
    fprintf(out, "%s%s", i ? ", " : before, finding_info(codes[i])->name);
}

static const char *mode_of(const struct state *state) {
  return state->mode == MODE_COUNT ? "none" : result_mode_text((enum result_mode)state->mode);
}

static void print_date(FILE *out, const char *before, int64_t at) {
  char text[JSON_WRITER_TIME_SIZE];
  json_writer_time_text(at, text);
  fprintf(out, "%s%.10s", before, text);
}

static void print_because(FILE *out, struct span detail) {
  if (detail.len == 0) return;
  fputs(": ", out);
  fwrite(detail.ptr, 1, detail.len, out);
}

/* What makes the change plain, in a few words, before its causes; of some, nothing. */
static void print_detail(FILE *out, const struct diff_change *change) {
  const struct state *before = change->before, *after = change->after;
  switch (change->change) {
  case CHANGE_REMOVED_CACHED:
    print_date(out, "cached until ", before->at + (int64_t)(before->max_age % UINT32_MAX) * 1000);
    break;
  case CHANGE_NEWLY_BROKEN:
  case CHANGE_MORE_ERRORS:
  case CHANGE_UNDELIVERABLE:
  case CHANGE_AT_RISK:
    print_errors(out, "", after, before);
    print_because(out, change->after_detail);
    break;
  case CHANGE_FEWER_ERRORS:
  case CHANGE_MENDED:
    print_errors(out, "no more ", before, after);
    print_because(out, change->before_detail);
    break;
  case CHANGE_WEAKER:
  case CHANGE_STRICTER: fprintf(out, "%s, was %s", mode_of(after), mode_of(before)); break;
  case CHANGE_NEW:
  case CHANGE_KNOWN:
    fprintf(out, "%s, %s", result_status_text((enum result_status)after->status), mode_of(after));
    break;
  case CHANGE_EXPIRES_SOON:
  case CHANGE_CERTIFICATE: print_date(out, "until ", after->not_after); break;
  default: break;
  }
}

/* The same as text; true: there is some. */
bool report_diff_detail(const struct diff_change *change, char text[REPORT_DIFF_DETAIL_SIZE]) {
  FILE *out = fmemopen(text, REPORT_DIFF_DETAIL_SIZE, "w");
  text[0] = 0;
  if (!out) return false;
  print_detail(out, change);
  fclose(out);
  text[REPORT_DIFF_DETAIL_SIZE - 1] = 0;
  return text[0] != 0;
}

static void print_domain(FILE *out, const struct diff_change *change) {
  fputs("  ", out);
  terminal_text_print(out, change->domain);
  if (change->labels.len == 0) return;
  fputs("  ", out);
  terminal_text_print(out, change->labels);
}

static void write_domain(struct json_writer *json, const struct diff_change *change) {
  json_writer_string(json, "domain", change->domain);
  if (change->labels.len == 0) return;
  json_writer_open(json, "labels", '{');
  json_writer_raw(json, (struct span){change->labels.ptr + 1, change->labels.len - 2});
  json_writer_close(json, '}');
}

/* Since when it is known to be: the record of OLD. */
static void print_since(FILE *out, const struct diff_change *still) {
  struct state none = state_unseen();
  print_date(out, "since ", still->before->at);
  print_errors(out, " or earlier: ", still->after, &none);
}

void report_diff_still(const struct diff_change *still, char text[REPORT_DIFF_DETAIL_SIZE]) {
  FILE *out = fmemopen(text, REPORT_DIFF_DETAIL_SIZE, "w");
  text[0] = 0;
  if (!out) return;
  print_since(out, still);
  print_because(out, still->after_detail);
  fclose(out);
  text[REPORT_DIFF_DETAIL_SIZE - 1] = 0;
}

static void print_still(FILE *out, const struct report_diff *report) {
  if (report->worse_only || diff_still_broken(report->diff) == 0) return;
  fputs("\nstill broken:\n", out);
  for (size_t i = 0; i < diff_still_broken(report->diff); i++) {
    struct diff_change still = diff_still(report->diff, i);
    print_domain(out, &still);
    fputs("  ", out);
    print_since(out, &still);
    fputc('\n', out);
  }
}

static void print_known(FILE *out, const struct report_diff *report) {
  struct state none = state_unseen();
  if (report->worse_only || diff_known(report->diff) == 0) return;
  fputs("\nknown:\n", out);
  for (size_t i = 0; i < diff_known(report->diff); i++) {
    struct diff_change known = diff_known_at(report->diff, i);
    print_domain(out, &known);
    print_errors(out, "  ", known.after, &none);
    fputc('\n', out);
  }
}

void report_diff_text(FILE *out, const struct report_diff *report) {
  print_head(out, report);
  print_counts(out, report);
  int last = -1;
  for (size_t i = 0; i < report_diff_told(report); i++) {
    struct diff_change change = diff_change(report->diff, i);
    if ((int)change.change != last)
      fprintf(out, "\n%s: %s\n", change_info(change.change)->name,
              change_info(change.change)->title);
    last = (int)change.change;
    print_domain(out, &change);
    char detail[REPORT_DIFF_DETAIL_SIZE];
    if (report_diff_detail(&change, detail)) {
      fputs("  ", out);
      terminal_text_print(out, span_of(detail));
    }
    fputc('\n', out);
  }
  print_still(out, report);
  print_known(out, report);
}

static void write_state(struct json_writer *json, const char *key, const struct state *state) {
  enum finding_code codes[FOUND_COUNT];
  struct state none = state_unseen();
  if (state->status == STATE_UNSEEN) return;
  json_writer_open(json, key, '{');
  json_writer_string(json, "status",
                     span_of(result_status_text((enum result_status)state->status)));
  if (state->effect != EFFECT_COUNT)
    json_writer_string(json, "effect",
                       span_of(result_effect_text((enum result_effect)state->effect)));
  if (state->mode != MODE_COUNT)
    json_writer_string(json, "mode", span_of(result_mode_text((enum result_mode)state->mode)));
  if (state->max_age) json_writer_uint(json, "max_age", state->max_age);
  json_writer_open(json, "errors", '[');
  size_t count = change_errors(state, &none, codes);
  for (size_t i = 0; i < count; i++)
    json_writer_string(json, NULL, span_of(finding_info(codes[i])->name));
  json_writer_close(json, ']');
  if (state->certificate) json_writer_time(json, "not_after", state->not_after);
  json_writer_time(json, "at", state->at);
  json_writer_close(json, '}');
}

static void write_change(FILE *out, const struct diff_change *change) {
  static const char *const trends[] = {"worse", "other", "better"};
  const struct change_info *info = change_info(change->change);
  uint32_t rank = change->after->rank ? change->after->rank : change->before->rank;
  char text[CHANGE_JSON_SIZE];
  struct json_writer json = json_writer_into(text, sizeof text);
  json_writer_open(&json, NULL, '{');
  json_writer_string(&json, "change", span_of(info->name));
  json_writer_string(&json, "trend", span_of(trends[info->trend]));
  write_domain(&json, change);
  if (rank) json_writer_uint(&json, "rank", rank);
  char detail[REPORT_DIFF_DETAIL_SIZE];
  if (report_diff_detail(change, detail)) json_writer_string(&json, "detail", span_of(detail));
  write_state(&json, "old", change->before);
  write_state(&json, "new", change->after);
  json_writer_close(&json, '}');
  fwrite(text, 1, json_writer_text(&json).len, out);
}

static void write_file(struct json_writer *json, const char *key,
                       const struct aggregate *aggregate) {
  json_writer_open(json, key, '{');
  input_write(json, aggregate);
  json_writer_close(json, '}');
}

static void write_head(struct json_writer *json, const struct report_diff *report) {
  const struct diff *diff = report->diff;
  write_file(json, "old", report->old_aggregate);
  write_file(json, "new", report->new_aggregate);
  json_writer_uint(json, "domains",
                   diff_domains(diff, CHANGE_WORSE) + diff_domains(diff, CHANGE_BETTER) +
                       diff_domains(diff, CHANGE_OTHER));
  json_writer_uint(json, "worse", diff_domains(diff, CHANGE_WORSE));
  json_writer_uint(json, "better", diff_domains(diff, CHANGE_BETTER));
  json_writer_uint(json, "other", diff_domains(diff, CHANGE_OTHER));
  json_writer_uint(json, "not_asked", diff_not_asked(diff));
  json_writer_open(json, "counts", '{');
  for (int i = 0; i < CHANGE_COUNT; i++)
    json_writer_uint(json, change_info((enum change)i)->name, diff_count(diff, (enum change)i));
  json_writer_close(json, '}');
}

static void write_known(FILE *out, const struct diff_change *known) {
  static char text[CHANGE_JSON_SIZE];
  struct json_writer json = json_writer_into(text, sizeof text);
  json_writer_open(&json, NULL, '{');
  write_domain(&json, known);
  write_state(&json, "new", known->after);
  json_writer_close(&json, '}');
  fwrite(text, 1, json_writer_text(&json).len, out);
}

static void write_still(FILE *out, const struct diff_change *still) {
  static char text[CHANGE_JSON_SIZE];
  struct json_writer json = json_writer_into(text, sizeof text);
  json_writer_open(&json, NULL, '{');
  write_domain(&json, still);
  json_writer_time(&json, "since", still->before->at);
  if (still->after_detail.len) json_writer_string(&json, "detail", still->after_detail);
  write_state(&json, "old", still->before);
  write_state(&json, "new", still->after);
  json_writer_close(&json, '}');
  fwrite(text, 1, json_writer_text(&json).len, out);
}

/* As many files as there are shards. */
static enum err print_head_json(FILE *out, const struct report_diff *report) {
  size_t size = 64 * 1024;
  for (;;) {
    char *text = malloc(size);
    if (!text) return ERR_MEMORY;
    struct json_writer json = json_writer_into(text, size);
    json_writer_open(&json, NULL, '{');
    write_head(&json, report);
    json_writer_open(&json, "changes", '[');
    bool whole = !json_writer_overflow(&json);
    if (whole) fwrite(text, 1, json_writer_text(&json).len, out);
    size = json.need;
    free(text);
    if (whole) return ERR_NONE;
  }
}

/* The changes can be many: they are written one by one. */
enum err report_diff_json(FILE *out, const struct report_diff *report) {
  enum err err = print_head_json(out, report);
  if (err != ERR_NONE) return err;
  for (size_t i = 0; i < report_diff_told(report); i++) {
    struct diff_change change = diff_change(report->diff, i);
    if (i) fputc(',', out);
    write_change(out, &change);
  }
  fputs("],\"still_broken\":[", out);
  for (size_t i = 0; i < diff_still_broken(report->diff) && !report->worse_only; i++) {
    struct diff_change still = diff_still(report->diff, i);
    if (i) fputc(',', out);
    write_still(out, &still);
  }
  fputs("],\"known\":[", out);
  for (size_t i = 0; i < diff_known(report->diff) && !report->worse_only; i++) {
    struct diff_change known = diff_known_at(report->diff, i);
    if (i) fputc(',', out);
    write_known(out, &known);
  }
  fputs("]}\n", out);
  return ERR_NONE;
}
