#include "scanner/cli/summary.h"

#include "output/base/number.h"
#include "output/base/terminal_text.h"
#include "output/base/whole_file.h"
#include "output/report/report_json.h"
#include "scanner/cli/setup.h"
#include "scanner/cli/summary_runs.h"
#include "scanner/cli/versions.h"
#include "scanner/https/trust_store.h"
#include "scanner/run/file_digest.h"
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

static double summary_rate(const struct scan_account *account) {
  return account->seconds > 0 ? (double)account->records / account->seconds : 0;
}

static void summary_print_status(FILE *out, const struct tally *tally) {
  char text[NUMBER_SIZE];
  bool any = false;
  for (int i = 0; i < STATUS_COUNT; i++) {
    uint64_t domains = tally_status(tally, (enum result_status)i);
    if (domains)
      fprintf(out, "  %s %s", result_status_text((enum result_status)i),
              number_text(domains, text));
    any |= domains > 0;
  }
  if (any) fputc('\n', out);
}

/* The most frequent errors, at most SUMMARY_FAULTS_SHOWN. */
static void summary_print_faults(FILE *out, const struct tally *tally) {
  bool shown[FOUND_COUNT] = {false};
  char text[NUMBER_SIZE];
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
            number_text(tally_code(tally, (enum finding_code)most), text));
  }
  if (memchr(shown, true, sizeof shown)) fputc('\n', out);
}

static void summary_print_count(FILE *out, const char *what, uint64_t count) {
  char text[NUMBER_SIZE];
  if (count) fprintf(out, ", %s %s", number_text(count, text), what);
}

static void summary_print_server(FILE *out, const struct resolver_server *server) {
  char address[ADDRESS_TEXT_MAX], sent[NUMBER_SIZE], answered[NUMBER_SIZE];
  address_text(&server->address, address);
  fprintf(out, "  resolver %s: %s queries, %s answered", address, number_text(server->sent, sent),
          number_text(server->answered, answered));
  summary_print_count(out, "of them refused", server->refused);
  summary_print_count(out, "of them SERVFAIL", server->failed);
  fprintf(out, ", %.2f%% lost, %.1f ms%s\n",
          server->sent ? 100.0 * (double)server->lost / (double)server->sent : 0.0,
          server->rtt_us / 1000.0, server->resting ? ", not used at the end" : "");
}

static void summary_print_looks(FILE *out, const struct tally *tally) {
  char twice[NUMBER_SIZE], changed[NUMBER_SIZE];
  if (tally_looked_twice(tally) == 0) return;
  fprintf(out, "  %s domains looked at twice: the second look found something else for %s\n",
          number_text(tally_looked_twice(tally), twice),
          number_text(tally_looks_changed(tally), changed));
}

static void summary_print_hosts(FILE *out, const struct scan_account *account) {
  const struct visits_account *visits = &account->visits;
  char probed[NUMBER_SIZE], secure[NUMBER_SIZE], refused[NUMBER_SIZE], unknown[NUMBER_SIZE];
  if (!account->probed) return;
  fprintf(out, "  mail servers: %s probed, %s secure, %s refused, %s unknown\n",
          number_text(visits->probed, probed),
          number_text(visits->verdicts[VERDICT_SECURE], secure),
          number_text(visits->verdicts[VERDICT_REFUSED], refused),
          number_text(visits->verdicts[VERDICT_UNKNOWN], unknown));
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
  char records[NUMBER_SIZE], bytes[NUMBER_SIZE], fetches[NUMBER_SIZE];
  if (end == SCAN_COMPLETE && account->resumed && account->records == 0) {
    fputs("stscan: nothing left to do: ", out);
    terminal_text_print(out, span_of(output));
    fprintf(out, " holds all %s records\n", number_text(account->resumed, records));
    return;
  }
  fprintf(out, "stscan: %s: %s records in %.1f s (%.0f/s), %s policies fetched\n",
          summary_end_text(end), number_text(account->records, records), account->seconds,
          summary_rate(account), number_text(account->fetches, fetches));
  if (account->tally) {
    summary_print_status(out, account->tally);
    summary_print_faults(out, account->tally);
    summary_print_looks(out, account->tally);
  }
  summary_print_hosts(out, account);
  summary_print_servers(out, account);
  if (account->resumed)
    fprintf(out, "  %s records were there before\n", number_text(account->resumed, records));
  if (account->dropped)
    fprintf(out, "  %s domains were in flight, or waited for a second look, and have no record\n",
            number_text(account->dropped, records));
  if (strcmp(output, "-") == 0) return;
  fputs("  results: ", out);
  terminal_text_print(out, span_of(output));
  fprintf(out, " (%s bytes)\n", number_text(account->bytes, bytes));
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

static void summary_json_hosts(struct json_writer *json, const struct scan_account *account) {
  const struct visits_account *visits = &account->visits;
  if (!account->probed) return;
  json_writer_open(json, "hosts", '{');
  json_writer_uint(json, "probed", visits->probed);
  json_writer_uint(json, "connections", visits->connections);
  json_writer_uint(json, "secure", visits->verdicts[VERDICT_SECURE]);
  json_writer_uint(json, "refused", visits->verdicts[VERDICT_REFUSED]);
  json_writer_open(json, "unknown", '{');
  for (enum finding_code code = 0; code < FOUND_COUNT; code++)
    if (visits->unknown[code])
      json_writer_uint(json, finding_info(code)->name, visits->unknown[code]);
  json_writer_close(json, '}');
  json_writer_uint(json, "again", visits->again);
  json_writer_uint(json, "evicted", account->evicted);
  json_writer_close(json, '}');
}

/* *all NULL: it is not known. */
static enum err summary_statistics(const struct scan_account *account, struct tally **all) {
  *all = NULL;
  if (!account->tally) return ERR_NONE;
  enum err err = tally_new(all);
  if (err == ERR_NONE) err = tally_merge(*all, account->tally);
  return err;
}

/* Of a stream there is nothing but its name to tell. */
static void summary_json_file(struct json_writer *json, const char *key, const char *path) {
  char hex[FILE_DIGEST_HEX + 1];
  uint64_t size;
  if (!path) return;
  json_writer_open(json, key, '{');
  json_writer_string(json, "path", span_of(path));
  if (file_digest_whole(path, &size, hex) == ERR_NONE) {
    json_writer_uint(json, "size", size);
    json_writer_string(json, "sha256", span_of(hex));
  }
  json_writer_close(json, '}');
}

static void summary_json_files(struct json_writer *json, const struct options *options) {
  json_writer_open(json, "files", '{');
  json_writer_open(json, "lists", '[');
  for (int i = 0; i < options->operand_count; i++)
    summary_json_file(json, NULL, options->operands[i]);
  if (options->operand_count == 0) summary_json_file(json, NULL, "-");
  json_writer_close(json, ']');
  summary_json_file(json, "block", options->block);
  summary_json_file(json, "trust", options->ca_file ? options->ca_file : trust_store_system_file());
  summary_json_file(json, "public_suffix_list", psl_dist_filename());
  summary_json_file(json, "resolvers", setup_resolver_file(options));
  json_writer_close(json, '}');
}

static void summary_json_source(struct json_writer *json, const struct scan_config *config,
                                bool ipv6) {
  const union address *own[] = {&config->source.v4, &config->source.v6};
  char text[ADDRESS_TEXT_MAX];
  json_writer_bool(json, "ipv6", ipv6);
  json_writer_open(json, "source", '[');
  for (int i = 0; i < 2; i++) {
    if (own[i]->any.sa_family == AF_UNSPEC) continue;
    size_t len = address_ip_text(own[i], text);
    json_writer_string(json, NULL, (struct span){text, len});
  }
  json_writer_close(json, ']');
}

static uint64_t summary_queries(const struct scan_account *account) {
  uint64_t queries = 0;
  for (size_t i = 0; i < account->server_count; i++) queries += account->servers[i].sent;
  return queries;
}

static void summary_json_times(struct json_writer *json, const struct scan_account *account,
                               enum scan_end end) {
  json_writer_string(json, "end", span_of(summary_end_text(end)));
  json_writer_time(json, "started_at", account->begin);
  json_writer_time(json, "ended_at", account->end);
  json_writer_fixed(json, "seconds", account->seconds, 3);
}

static void summary_json_counts(struct json_writer *json, const struct scan_account *account) {
  json_writer_uint(json, "lines", account->lines);
  json_writer_uint(json, "records", account->records);
  json_writer_uint(json, "resumed", account->resumed);
  json_writer_uint(json, "dropped", account->dropped);
  json_writer_uint(json, "bytes", account->bytes);
  json_writer_uint(json, "queries", summary_queries(account));
  json_writer_uint(json, "fetches", account->fetches);
  json_writer_uint(json, "connections", account->limits.connections);
  json_writer_uint(json, "rests", account->limits.rests);
  json_writer_fixed(json, "records_per_second", summary_rate(account), 1);
}

/* What it is all made from. */
struct summary {
  const struct options *options;
  const struct scan_config *config;
  const struct scan_account *account;
  const struct tally *statistics; /* or NULL */
  const struct summary_runs *runs;
  enum scan_end end;
  int argc;
  char *const *argv;
};

static void summary_json(struct json_writer *json, const struct summary *summary) {
  const struct scan_account *account = summary->account;
  struct options options = *summary->options;
  options.threads = account->threads;
  options.concurrency = account->concurrency;
  options.at_once = summary->config->at_once;
  json_writer_open(json, NULL, '{');
  versions_write(json, "versions");
  if (*versions_commit()) json_writer_string(json, "commit", span_of(versions_commit()));
  json_writer_open(json, "arguments", '[');
  for (int i = 0; i < summary->argc; i++) json_writer_string(json, NULL, span_of(summary->argv[i]));
  json_writer_close(json, ']');
  options_write(json, "options", &options, ON_SCAN);
  summary_json_files(json, &options);
  summary_json_source(json, summary->config, account->ipv6);
  summary_json_times(json, account, summary->end);
  summary_json_counts(json, account);
  json_writer_uint(json, "threads", account->threads);
  json_writer_uint(json, "concurrency", account->concurrency);
  summary_json_servers(json, account);
  summary_json_hosts(json, account);
  summary_runs_write(json, summary->runs);
  if (summary->statistics) report_json_tally(json, "statistics", summary->statistics);
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

/* As large as it must be: the statistics have as many rows as there are TLDs. */
static enum err summary_print_json(const struct summary *summary, const char *path, bool force) {
  enum err err = ERR_NONE;
  bool whole = false;
  for (size_t size = SUMMARY_SIZE; err == ERR_NONE && !whole;) {
    char *memory = malloc(size);
    if (!memory) return ERR_MEMORY;
    struct json_writer json = json_writer_into(memory, size);
    summary_json(&json, summary);
    whole = !json_writer_overflow(&json);
    if (whole) err = summary_save(path, force, json_writer_text(&json));
    size = json.need;
    free(memory);
  }
  return err;
}

/* A scan that had nothing left to do was no run of it. */
static enum err summary_runs(struct summary_runs *runs, const struct options *options,
                             const struct scan_account *account, enum scan_end end) {
  struct summary_run run = {
      .started_at = account->begin,
      .ended_at = account->end,
      .records = account->records,
      .queries = summary_queries(account),
      .connections = account->limits.connections,
  };
  snprintf(run.end, sizeof run.end, "%s", summary_end_text(end));
  bool earlier = options->resume && account->resumed && strcmp(options->summary, "-") != 0;
  enum err err = earlier ? summary_runs_read(runs, options->summary) : ERR_NONE;
  if (err == ERR_NONE && (account->records || !account->resumed))
    err = summary_runs_add(runs, &run);
  return err;
}

enum err summary_write(const struct options *options, const struct scan_config *config,
                       const struct scan_account *account, enum scan_end end, int argc,
                       char *const *argv) {
  struct tally *statistics;
  struct summary_runs runs = {0};
  enum err err = summary_statistics(account, &statistics);
  if (err == ERR_NONE) err = summary_runs(&runs, options, account, end);
  struct summary summary = {options, config, account, statistics, &runs, end, argc, argv};
  if (err == ERR_NONE) err = summary_print_json(&summary, options->summary, options->force);
  summary_runs_free(&runs);
  tally_free(statistics);
  return err;
}
