/* Mail servers probed by the prober alone, for the benchmarks and for tests/e2e/test_prober.
 *
 *   mx_probes PORT CA-FILE [NAME=NUMBER]... < hosts
 *
 * A line of hosts is HOST ADDRESS[,ADDRESS...]; one line of JSON tells what was found of it, in the
 * order in which that is known. NAME: connect, reply, handshake, total, quit, pause (milliseconds);
 * rate (new connections a second, 0: no limit); each (at a time and new a second of an address, 0:
 * no limit); once (1: no second round); files (descriptors that may be open).
 */
#include "output/base/json_writer.h"
#include "output/findings/reason.h"
#include "scanner/https/memory.h"
#include "scanner/https/trust_store.h"
#include "scanner/smtp/prober.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { LINE_SIZE = 4096, ADDRESSES = 8, WAITING_MAX = 5000, OUT_SIZE = 16384 };

static struct {
  const char *name;
  unsigned value;
} settings[] = {{"connect", 10000},
                {"reply", PROBE_REPLY_MS},
                {"handshake", PROBE_HANDSHAKE_MS},
                {"total", 60000},
                {"quit", PROBE_QUIT_MS},
                {"pause", PROBER_PAUSE_MS},
                {"rate", 0},
                {"each", 0},
                {"once", 0},
                {"files", 0}};

struct run {
  uv_loop_t loop;
  struct prober *prober;
  unsigned asked, done;
  bool ended; /* the list has */
};

struct host {
  struct mx_probe probe;
  struct finding_list findings;
  struct arena arena;
  union address addresses[ADDRESSES];
  struct run *run;
};

static unsigned setting(const char *name) {
  size_t i = 0;
  while (strcmp(settings[i].name, name)) i++;
  return settings[i].value;
}

static void die(const char *what) {
  fprintf(stderr, "mx_probes: %s\n", what);
  exit(1);
}

static void set(const char *argument) {
  const char *equals = strchr(argument, '=');
  for (size_t i = 0; equals && i < sizeof settings / sizeof *settings; i++)
    if (span_equal((struct span){argument, (size_t)(equals - argument)},
                   span_of(settings[i].name))) {
      settings[i].value = (unsigned)strtoul(equals + 1, NULL, 10);
      return;
    }
  die("no such setting");
}

static void put_findings(struct json_writer *json, const struct mx_probe *probe) {
  json_writer_open(json, "findings", '[');
  for (const struct finding *f = probe->findings->first; f; f = f->next) {
    json_writer_open(json, NULL, '{');
    json_writer_string(json, "code", span_of(finding_info(f->code)->name));
    if (reason_count(f->code))
      json_writer_string(json, "reason", span_of(f->reason ? reason_info(f->reason)->word : ""));
    json_writer_string(json, "detail", f->detail);
    json_writer_int(json, "smtp_status", f->smtp_status);
    json_writer_bool(json, "contested", f->contested);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void put_attempts(struct json_writer *json, const struct mx_probe *probe) {
  json_writer_open(json, "attempts", '[');
  for (size_t i = 0; i < probe->result.attempts.count; i++) {
    const struct result_attempt *attempt = &probe->result.attempts.at[i];
    json_writer_open(json, NULL, '{');
    json_writer_string(json, "address", attempt->address);
    if (attempt->code != FOUND_COUNT)
      json_writer_string(json, "code", span_of(finding_info(attempt->code)->name));
    json_writer_int(json, "ms", attempt->ms);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void put_result(struct json_writer *json, const struct result_mx_tls *result) {
  json_writer_string(json, "verdict", span_of(result_verdict_text(result->verdict)));
  json_writer_string(json, "step", span_of(result_step_text(result->step)));
  json_writer_string(json, "address", result->address);
  json_writer_int(json, "greeting", result->greeting);
  json_writer_string(json, "greeting_text", result->greeting_text);
  json_writer_int(json, "ehlo", result->ehlo);
  json_writer_int(json, "helo", result->helo);
  json_writer_int(json, "starttls", result->starttls);
  json_writer_string(json, "version", result->version);
  json_writer_bool(json, "trusted", result->trusted);
  json_writer_uint(json, "names", result->certificate.names.count);
  json_writer_uint(json, "names_count", result->certificate.names_count);
  json_writer_int(json, "ms", result->ms);
}

static void tell(struct mx_probe *probe) {
  static char out[OUT_SIZE];
  struct json_writer json = json_writer_into(out, sizeof out);
  json_writer_open(&json, NULL, '{');
  json_writer_string(&json, "host", probe->host);
  json_writer_string(&json, "err", span_of(err_text(probe->err)));
  put_result(&json, &probe->result);
  json_writer_uint(&json, "connections", probe->connections);
  json_writer_bool(&json, "again", probe->again);
  json_writer_bool(&json, "no_route", probe->no_route);
  put_findings(&json, probe);
  put_attempts(&json, probe);
  json_writer_close(&json, '}');
  struct span text = json_writer_text(&json);
  printf("%.*s\n", (int)text.len, text.ptr);
}

static void on_done(struct mx_probe *probe);

/* The next of the list; false: there is none. */
static bool ask_next(struct run *run) {
  char line[LINE_SIZE];
  if (run->ended || !fgets(line, sizeof line, stdin)) return false;
  struct span rest = span_first(span_of(line), strcspn(line, "\n"));
  struct span name = span_cut(&rest, ' ');
  struct host *host = calloc(1, sizeof *host);
  if (!host) die("no memory");
  host->run = run;
  host->findings.arena = &host->arena;
  host->probe = (struct mx_probe){.host = arena_copy(&host->arena, name),
                                  .addresses = host->addresses,
                                  .once = setting("once") == 1,
                                  .findings = &host->findings,
                                  .done = on_done,
                                  .data = host};
  while (rest.len) {
    if (host->probe.address_count == ADDRESSES) die("too many addresses");
    union address *address = &host->addresses[host->probe.address_count++];
    if (address_parse(span_cut(&rest, ','), 25, address) != ERR_NONE) die("no address");
  }
  if (prober_start(run->prober, &host->probe) != ERR_NONE) die("cannot start");
  run->asked++;
  return true;
}

static void on_done(struct mx_probe *probe) {
  struct host *host = probe->data;
  struct run *run = host->run;
  tell(probe);
  arena_free(&host->arena);
  free(host);
  run->done++;
  run->ended = !ask_next(run);
  if (run->ended && run->done == run->asked) {
    fflush(stdout);
    prober_close(run->prober);
  }
}

static void limit_files(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = setting("files") ? setting("files") : files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv) {
  static struct run run;
  const char *why;
  if (argc < 3) die("usage: mx_probes PORT CA-FILE [NAME=NUMBER]... < hosts");
  for (int i = 3; i < argc; i++) set(argv[i]);
  if (memory_watch() != ERR_NONE) die("libcurl does not start");
  signal(SIGPIPE, SIG_IGN);
  if (uv_loop_init(&run.loop) != 0) die("no loop");
  limit_files();
  struct prober_config config = {.ehlo = "scan.example.org",
                                 .port = (uint16_t)strtoul(argv[1], NULL, 10),
                                 .times = {.connect_ms = setting("connect"),
                                           .reply_ms = setting("reply"),
                                           .handshake_ms = setting("handshake"),
                                           .total_ms = setting("total"),
                                           .quit_ms = setting("quit")},
                                 .pause_ms = setting("pause"),
                                 .in_flight_max = PROBER_IN_FLIGHT_MAX,
                                 .filter = {.allow_private = true}};
  if (trust_store_load(&config.trust, argv[2], &why) != ERR_NONE) die(why);
  if (address_limits_new(&config.limits, setting("each"), setting("each"), 1) != ERR_NONE ||
      rate_limit_new(&config.rate_limit, setting("rate"), 1) != ERR_NONE ||
      prober_new(&run.prober, &run.loop, &config) != ERR_NONE)
    die("no memory");
  while (run.asked < WAITING_MAX && ask_next(&run)) continue;
  if (!run.asked) die("no hosts");
  uv_run(&run.loop, UV_RUN_DEFAULT);
  X509_STORE_free(config.trust);
  address_limits_free(config.limits);
  rate_limit_free(config.rate_limit);
  return uv_loop_close(&run.loop) == 0 ? 0 : 1;
}
