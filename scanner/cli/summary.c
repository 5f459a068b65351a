#include "scanner/cli/summary.h"

#include "output/base/terminal_text.h"
#include "output/base/whole_file.h"
#include "output/report/report_json.h"
#include "scanner/cli/versions.h"
#include <stdlib.h>

/* How a summary begins. */
#define SUMMARY_MARK SPAN("{\"versions\":{\"stscan\":\"")

enum { SUMMARY_SIZE = 64 * 1024 };

static const char *summary_end_text(enum scan_end end) {
  switch (end) {
  case SCAN_COMPLETE: return "complete";
  case SCAN_STOPPED: return "stopped";
  case SCAN_READER_GONE: return "output closed";
  case SCAN_BROKEN: return "broken off";
  case SCAN_LATER:
  case SCAN_FAILED: return "failed";
  }
  return "";
}

/* Digits in groups of three: 1,234,567. */
static const char *summary_number(uint64_t number, char text[32]) {
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
  char *out = text;
  for (int i = 0; i < len; i++) {
    if (i && (len - i) % 3 == 0) *out++ = ',';
    *out++ = digits[i];
  }
  *out = 0;
  return text;
}

static double summary_rate(const struct scan_account *account) {
  return account->seconds > 0 ? (double)account->records / account->seconds : 0;
}

static void summary_print_status(FILE *out, const struct tally *tally) {
  char text[32];
  fputs("  ", out);
  for (int i = 0; i < STATUS_COUNT; i++) {
    uint64_t domains = tally_status(tally, (enum result_status)i);
    if (domains)
      fprintf(out, "%s %s  ", result_status_text((enum result_status)i),
              summary_number(domains, text));
  }
  fputc('\n', out);
}

/* The most frequent errors, at most SUMMARY_FAULTS_SHOWN. */
static void summary_print_faults(FILE *out, const struct tally *tally) {
  bool shown[FOUND_COUNT] = {false};
  char text[32];
  for (int row = 0; row < SUMMARY_FAULTS_SHOWN; row++) {
    int most = -1;
    for (int code = 0; code < FOUND_COUNT; code++) {
      if (shown[code] || finding_info((enum finding_code)code)->severity != FINDING_ERROR) continue;
      if (tally_code(tally, (enum finding_code)code) == 0) continue;
      if (most < 0 ||
          tally_code(tally, (enum finding_code)code) > tally_code(tally, (enum finding_code)most))
        most = code;
    }
    if (most < 0) break;
    shown[most] = true;
    fprintf(out, "%s%s %s",
            row ? ", " : "  most frequent faults: ", finding_info((enum finding_code)most)->name,
            summary_number(tally_code(tally, (enum finding_code)most), text));
  }
  if (memchr(shown, true, sizeof shown)) fputc('\n', out);
}

static void summary_print_count(FILE *out, const char *what, uint64_t count) {
  char text[32];
  if (count) fprintf(out, ", %s %s", summary_number(count, text), what);
}

static void summary_print_server(FILE *out, const struct resolver_server *server) {
  char address[ADDRESS_TEXT_MAX], sent[32], answered[32];
  address_text(&server->address, address);
  fprintf(out, "  resolver %s: %s queries, %s answered", address,
          summary_number(server->sent, sent), summary_number(server->answered, answered));
  summary_print_count(out, "of them refused", server->refused);
  summary_print_count(out, "of them SERVFAIL", server->failed);
  fprintf(out, ", %.2f%% lost, %.1f ms%s\n",
          server->sent ? 100.0 * (double)server->lost / (double)server->sent : 0.0,
          server->rtt_us / 1000.0, server->resting ? ", not used at the end" : "");
}

static void summary_print_looks(FILE *out, const struct tally *tally) {
  char twice[32], changed[32];
  if (tally_looked_twice(tally) == 0) return;
  fprintf(out, "  %s domains looked at twice: the second look found something else for %s\n",
          summary_number(tally_looked_twice(tally), twice),
          summary_number(tally_looks_changed(tally), changed));
}

/* The first ones, when there are many. */
static void summary_print_servers(FILE *out, const struct scan_account *account) {
  size_t shown = account->server_count;
  if (shown > SUMMARY_SERVERS_SHOWN) shown = SUMMARY_SERVERS_SHOWN;
  for (size_t i = 0; i < shown; i++) summary_print_server(out, &account->servers[i]);
  if (shown < account->server_count)
    fprintf(out, "  and %zu more resolvers: --summary has them all\n",
            account->server_count - shown);
}

void summary_print(FILE *out, const struct scan_account *account, enum scan_end end,
                   const char *output) {
  char records[32], bytes[32], fetches[32];
  if (end == SCAN_COMPLETE && account->resumed && account->records == 0) {
    fputs("stscan: nothing left to do: ", out);
    terminal_text_print(out, span_of(output));
    fprintf(out, " holds all %s records\n", summary_number(account->resumed, records));
    return;
  }
  fprintf(out, "stscan: %s: %s records in %.1f s (%.0f/s), %s policies fetched\n",
          summary_end_text(end), summary_number(account->records, records), account->seconds,
          summary_rate(account), summary_number(account->fetches, fetches));
  if (account->tally) {
    summary_print_status(out, account->tally);
    summary_print_faults(out, account->tally);
    summary_print_looks(out, account->tally);
  }
  summary_print_servers(out, account);
  if (account->resumed)
    fprintf(out, "  %s records were there before\n", summary_number(account->resumed, records));
  if (account->dropped)
    fprintf(out, "  %s domains were in flight, or waited for a second look, and have no record\n",
            summary_number(account->dropped, records));
  if (strcmp(output, "-") == 0) return;
  fputs("  results: ", out);
  terminal_text_print(out, span_of(output));
  fprintf(out, " (%s bytes)\n", summary_number(account->bytes, bytes));
}

enum err summary_check(const char *path, bool force) {
  return strcmp(path, "-") == 0 ? ERR_NONE : whole_file_check(path, SUMMARY_MARK, force);
}

static void summary_json_servers(struct json_writer *json, const struct scan_account *account) {
  char address[ADDRESS_TEXT_MAX];
  json_writer_open(json, "resolvers", '[');
  for (size_t i = 0; i < account->server_count; i++) {
    const struct resolver_server *server = &account->servers[i];
    size_t len = address_text(&server->address, address);
    json_writer_open(json, NULL, '{');
    json_writer_string(json, "address", (struct span){address, len});
    json_writer_uint(json, "sent", server->sent);
    json_writer_uint(json, "answered", server->answered);
    json_writer_uint(json, "refused", server->refused);
    json_writer_uint(json, "failed", server->failed);
    json_writer_uint(json, "lost", server->lost);
    json_writer_fixed(json, "rtt_ms", server->rtt_us / 1000.0, 3);
    json_writer_bool(json, "resting", server->resting);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

/* *all NULL: it is not known. */
static enum err summary_statistics(const struct scan_account *account, struct tally **all) {
  *all = NULL;
  if (!account->tally) return ERR_NONE;
  enum err err = tally_new(all);
  if (err == ERR_NONE) err = tally_merge(*all, account->tally);
  return err;
}

static void summary_json(struct json_writer *json, const struct scan_account *account,
                         const struct tally *statistics, enum scan_end end, int argc,
                         char *const *argv) {
  json_writer_open(json, NULL, '{');
  versions_write(json, "versions");
  json_writer_open(json, "arguments", '[');
  for (int i = 0; i < argc; i++) json_writer_string(json, NULL, span_of(argv[i]));
  json_writer_close(json, ']');
  json_writer_string(json, "end", span_of(summary_end_text(end)));
  json_writer_time(json, "started_at", account->begin);
  json_writer_time(json, "ended_at", account->end);
  json_writer_fixed(json, "seconds", account->seconds, 3);
  json_writer_uint(json, "lines", account->lines);
  json_writer_uint(json, "records", account->records);
  json_writer_uint(json, "resumed", account->resumed);
  json_writer_uint(json, "dropped", account->dropped);
  json_writer_uint(json, "bytes", account->bytes);
  json_writer_uint(json, "fetches", account->fetches);
  json_writer_fixed(json, "records_per_second", summary_rate(account), 1);
  json_writer_uint(json, "threads", account->threads);
  json_writer_uint(json, "concurrency", account->concurrency);
  summary_json_servers(json, account);
  if (statistics) report_json_tally(json, "statistics", statistics);
  json_writer_close(json, '}');
  json_writer_raw(json, SPAN("\n"));
}

static enum err summary_save(const char *path, bool force, struct span text) {
  struct whole_file *file;
  if (strcmp(path, "-") == 0)
    return fwrite(text.ptr, 1, text.len, stdout) == text.len ? ERR_NONE : ERR_IO;
  enum err err = whole_file_open(&file, path, SUMMARY_MARK, force);
  if (err != ERR_NONE) return err;
  fwrite(text.ptr, 1, text.len, whole_file_stream(file));
  return whole_file_close(file, true);
}

enum err summary_write(const char *path, bool force, const struct scan_account *account,
                       enum scan_end end, int argc, char *const *argv) {
  struct tally *statistics;
  enum err err = summary_statistics(account, &statistics);
  bool whole = false;
  for (size_t size = SUMMARY_SIZE; err == ERR_NONE && !whole;) {
    char *memory = malloc(size);
    if (!memory) {
      err = ERR_MEMORY;
      break;
    }
    struct json_writer json = json_writer_into(memory, size);
    summary_json(&json, account, statistics, end, argc, argv);
    whole = !json_writer_overflow(&json);
    if (whole) err = summary_save(path, force, json_writer_text(&json));
    size = json.need;
    free(memory);
  }
  tally_free(statistics);
  return err;
}
