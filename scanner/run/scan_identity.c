#include "scanner/run/scan_identity.h"

#include "output/base/json_writer.h"
#include "output/results/scan_id.h"
#include "scanner/run/file_digest.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Text of the user's stays on its line. */
static void scan_identity_text(FILE *out, const char *key, const char *text) {
  fprintf(out, "%s ", key);
  for (; *text; text++) fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
  fputc('\n', out);
}

static enum err scan_identity_file(FILE *out, const char *key, const char *path,
                                   const char *without, const char **bad) {
  char print[FILE_DIGEST_TEXT_MAX];
  *bad = path;
  enum err err = path ? file_digest(path, print) : ERR_NONE;
  if (err == ERR_NONE) fprintf(out, "%s %s\n", key, path ? print : without);
  return err;
}

/* More lists than could each have a line: one fingerprint over all of theirs. */
static enum err scan_identity_many_lists(FILE *out, const struct scan_config *config,
                                         const char **bad) {
  char print[FILE_DIGEST_TEXT_MAX];
  enum err err = file_digest_all(config->lists, (size_t)config->list_count, print, bad);
  if (err == ERR_NONE) fprintf(out, "all-lists %s\n", print);
  return err;
}

static enum err scan_identity_lists(FILE *out, const struct scan_config *config, const char **bad) {
  char key[32];
  enum err err = ERR_NONE;
  fprintf(out, "lists %d\n", config->list_count ? config->list_count : 1);
  if (config->list_count == 0) return scan_identity_file(out, "list-1", "-", NULL, bad);
  if (config->list_count > SCAN_IDENTITY_LISTS_MAX)
    return scan_identity_many_lists(out, config, bad);
  for (int i = 0; i < config->list_count && err == ERR_NONE; i++) {
    snprintf(key, sizeof key, "list-%d", i + 1);
    err = scan_identity_file(out, key, config->lists[i], NULL, bad);
  }
  return err;
}

/* What is taken of the lists; always there, so that the first line that differs names the option.
 */
static void scan_identity_wish(FILE *out, const struct scan_config *config) {
  const struct list_form_wish *wish = &config->wish;
  scan_identity_text(out, "--column", wish->column ? wish->column : "auto");
  char labels[LIST_FORM_LABELS_MAX * (LIST_FORM_LABEL_NAME_MAX + 2)] = "none";
  for (size_t i = 0, used = 0; i < wish->label_count && used < sizeof labels; i++)
    used += (size_t)snprintf(labels + used, sizeof labels - used, "%s%s", i ? ", " : "",
                             wish->labels[i]);
  scan_identity_text(out, "--label", labels);
  scan_identity_text(out, "--where", config->where_text ? config->where_text : "all");
}

static void scan_identity_options(FILE *out, const struct scan_config *config) {
  static const char *const formats[] = {[LIST_ENTRY_AUTO] = "auto",
                                        [LIST_ENTRY_LINES] = "lines",
                                        [LIST_ENTRY_CSV] = "csv",
                                        [LIST_ENTRY_ZONE] = "zone",
                                        [LIST_ENTRY_RESULTS] = "results"};
  const struct fetcher_config *fetcher = &config->fetcher;
  fprintf(out, "--shard %u/%u\n", config->shard, config->shards);
  fprintf(out, "--format %s\n", formats[config->wish.format]);
  scan_identity_wish(out, config);
  fprintf(out, "--dns-timeout %u\n", config->dns_timeout_ms);
  fprintf(out, "--dns-tries %u\n", config->dns_tries);
  fprintf(out, "--connect-timeout %u\n", fetcher->connect_timeout_ms);
  fprintf(out, "--https-timeout %u\n", fetcher->timeout_ms);
  fprintf(out, "--max-policy-size %zu\n", (size_t)fetcher->policy_size_max);
  fprintf(out, "--https-port %u\n", fetcher->port);
  fprintf(out, "--allow-private %s\n", fetcher->allow_private ? "yes" : "no");
  scan_identity_text(out, "--user-agent", fetcher->user_agent);
}

/* Only where mail servers are asked, so that older results can be gone on with; behind all else, so
 * that the option is named where one of two scans asks them. */
static void scan_identity_mail(FILE *out, const struct mail_options *mail) {
  if (!mail->ehlo[0]) return;
  fputs("--probe-mx yes\n", out);
  scan_identity_text(out, "--ehlo", mail->ehlo);
  fprintf(out, "--smtp-port %u\n", mail->port);
  fprintf(out, "--smtp-timeout %u\n", mail->timeout_ms);
  if (mail->dane) fputs("--dane yes\n", out);
}

/* Who made the results, and when that began; for those who read them. */
static void scan_identity_account(FILE *out, const struct scan_config *config) {
  char text[JSON_WRITER_TIME_SIZE];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  json_writer_time_text((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, text);
  scan_identity_text(out, "version", STSCAN_VERSION);
  scan_identity_text(out, "libraries", config->libraries ? config->libraries : "");
  fprintf(out, "began %s\n", text);
}

static bool is_account(struct span line) {
  struct span key = span_cut(&line, ' ');
  return span_equal(key, SPAN("version")) || span_equal(key, SPAN("libraries")) ||
         span_equal(key, SPAN("began"));
}

/* The next line that makes a difference; empty: there is none. */
static struct span next_line(struct span *rest) {
  struct span line = span_cut(rest, '\n');
  while (is_account(line)) line = span_cut(rest, '\n');
  return line;
}

/* Last, and only where it is used: results of a version without it can be resumed. */
static void scan_identity_ask(FILE *out, const struct scan_config *config) {
  char text[ASK_TEXT_SIZE];
  ask_text(&config->ask, text);
  if (*text) scan_identity_text(out, "--ask", text);
}

enum err scan_identity_make(const struct scan_config *config, char **identity, const char **bad) {
  size_t size = 0;
  *identity = NULL;
  FILE *out = open_memstream(identity, &size);
  if (!out) return ERR_MEMORY;
  fputs(SCAN_ID_MAGIC, out);
  scan_identity_options(out, config);
  enum err err = scan_identity_file(out, "--ca-file", config->fetcher.ca_file, "the system's", bad);
  if (err == ERR_NONE) err = scan_identity_file(out, "--block", config->block_path, "none", bad);
  if (err == ERR_NONE) err = scan_identity_lists(out, config, bad);
  scan_identity_mail(out, &config->mail);
  if (err == ERR_NONE) scan_identity_ask(out, config);
  scan_identity_account(out, config);
  bool good = !ferror(out);
  if (fclose(out) != 0) good = false;
  if (err == ERR_NONE && !good) err = ERR_MEMORY;
  if (err == ERR_NONE && size > SCAN_ID_IDENTITY_MAX) err = ERR_LIMIT;
  if (err == ERR_NONE) return ERR_NONE;
  free(*identity);
  *identity = NULL;
  return err;
}

bool scan_identity_same(const char *was, const char *is,
                        struct scan_identity_difference *difference) {
  struct span old = span_of(was), now = span_of(is);
  while (old.len || now.len) {
    struct span old_line = next_line(&old), now_line = next_line(&now);
    if (span_equal(old_line, now_line)) continue;
    difference->was = old_line;
    difference->is = now_line;
    difference->key = span_cut(old_line.len ? &difference->was : &difference->is, ' ');
    if (old_line.len == 0) return false;
    struct span key = span_cut(&difference->is, ' ');
    if (!span_equal(key, difference->key)) difference->is = (struct span){0};
    return false;
  }
  return true;
}
