#include "scanner/cli/setup.h"

#include "scanner/cli/exit_status.h"
#include "scanner/cli/help.h"
#include "scanner/cli/nearest.h"
#include "scanner/run/mail_check.h"
#include "scanner/sts/domain.h"
#include <errno.h>
#include <netdb.h>
#include <time.h>
#include <unistd.h>

struct fetcher_config setup_fetcher(const struct options *options) {
  return (struct fetcher_config){
      .ca_file = options->ca_file,
      .user_agent = options->user_agent,
      .port = (uint16_t)options->https_port,
      .connect_timeout_ms = options->connect_timeout_ms,
      .timeout_ms = options->https_timeout_ms,
      .policy_size_max = options->max_policy_size,
      .allow_private = options->allow_private,
  };
}

static const char *setup_why(enum err err) {
  return err == ERR_IO ? strerror(errno) : err_text(err);
}

const char *setup_resolver_file(const struct options *options) {
  if (!options->resolvers) return NAMESERVERS_SYSTEM_FILE;
  return options->resolvers[0] == '@' ? options->resolvers + 1 : NULL;
}

static enum err setup_given_nameservers(const struct options *options, const char *command,
                                        struct nameservers *servers) {
  struct nameservers_bad bad;
  char where[48] = "";
  enum err err = nameservers_parse(options->resolvers, servers, &bad);
  if (bad.line) snprintf(where, sizeof where, "line %u: ", bad.line);
  if (err == ERR_SYNTAX)
    help_complain(command, "--resolvers: %s\"%s\" is not allowed: give ip[:port], commas between",
                  where, bad.text);
  else if (err == ERR_LIMIT)
    help_complain(command, "--resolvers: %s%s is one too many: at most %d are allowed", where,
                  bad.text, RESOLVER_SERVER_MAX);
  else if (err == ERR_NOT_FOUND)
    help_complain(command, "--resolvers %s: no address is in it", options->resolvers);
  else if (err != ERR_NONE)
    help_complain(command, "--resolvers %s: %s", options->resolvers, setup_why(err));
  return err;
}

enum err setup_nameservers(const struct options *options, const char *command,
                           struct nameservers *servers) {
  if (options->resolvers) return setup_given_nameservers(options, command, servers);
  enum err err = nameservers_system(NAMESERVERS_SYSTEM_FILE, servers);
  if (err != ERR_NONE)
    help_complain(command, "%s cannot be read (%s): give --resolvers", NAMESERVERS_SYSTEM_FILE,
                  setup_why(err));
  return err;
}

enum err setup_source(const struct options *options, const char *command,
                      const struct nameservers *servers, struct source_address *source) {
  char text[ADDRESS_TEXT_MAX];
  const union address *bad;
  *source = (struct source_address){0};
  if (!options->source) return ERR_NONE;
  if (source_address_parse(span_of(options->source), source) != ERR_NONE) {
    help_complain(command,
                  "--source: \"%s\" is not allowed: give an IPv4 address of this machine, or that "
                  "and an IPv6 address, with a comma between",
                  options->source);
    return ERR_SYNTAX;
  }
  for (size_t i = 0; i < servers->count; i++) {
    if (source_address_allows(source, &servers->at[i])) continue;
    address_text(&servers->at[i], text);
    help_complain(command, "--source %s: resolver %s needs an IPv6 address", options->source, text);
    return ERR_SYNTAX;
  }
  enum err err = source_address_check(source, &bad);
  if (err == ERR_NONE) return err;
  address_ip_text(bad, text);
  help_complain(command, "--source %s: %s", text, setup_why(err));
  return err;
}

enum err setup_block(const struct options *options, const char *command,
                     struct block_list **block) {
  *block = NULL;
  if (!options->block) return ERR_NONE;
  unsigned line = 0;
  enum err err = block_list_load(block, options->block, &line);
  if (err == ERR_SYNTAX)
    help_complain(command, "--block %s: line %u is neither a name nor a CIDR", options->block,
                  line);
  else if (err != ERR_NONE)
    help_complain(command, "--block %s: %s", options->block, setup_why(err));
  return err;
}

/* A name that can stand in EHLO, and could lead to us. */
static bool setup_is_full_name(const char *name) {
  union address address;
  struct span text = span_of(name);
  return domain_is_hostname(text) && span_find(text, '.') < text.len &&
         text.len <= PROBE_HOST_MAX && address_parse(text, 0, &address) != ERR_NONE;
}

/* The machine's own name, as a whole where it is known as such. */
static void setup_own_name(char name[PROBE_HOST_MAX + 1]) {
  struct addrinfo wish = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM}, *found;
  if (gethostname(name, PROBE_HOST_MAX) != 0) *name = 0;
  name[PROBE_HOST_MAX] = 0;
  if (strchr(name, '.') || getaddrinfo(name, NULL, &wish, &found) != 0) return;
  if (found->ai_canonname && setup_is_full_name(found->ai_canonname))
    snprintf(name, PROBE_HOST_MAX + 1, "%s", found->ai_canonname);
  freeaddrinfo(found);
}

static bool setup_probe_check(const struct options *options, const char *command) {
  uint16_t port = (uint16_t)options->smtp_port;
  struct span host;
  if (!options->probe_check || mail_check_parse(span_of(options->probe_check), &port, &host))
    return true;
  help_complain(
      command,
      "--probe-check: \"%s\" is not allowed: give a host name or an address, and a port from "
      "1 to 65535 behind a colon if it is another",
      options->probe_check);
  return false;
}

enum err setup_mail(const struct options *options, const char *command, struct mail_options *mail) {
  *mail = (struct mail_options){
      .ehlo_given = options->ehlo != NULL,
      .probe_check = options->probe_check,
      .dane = options->dane,
      .port = (uint16_t)options->smtp_port,
      .timeout_ms = options->smtp_timeout_ms,
      .rate = options->smtp_rate,
      .per_address = options->smtp_per_address,
      .per_address_rate = options->smtp_per_address_rate,
  };
  if (!options->probe_mx) return ERR_NONE;
  if (!setup_probe_check(options, command)) return ERR_SYNTAX;
  if (options->ehlo)
    snprintf(mail->ehlo, sizeof mail->ehlo, "%s", options->ehlo);
  else
    setup_own_name(mail->ehlo);
  if (setup_is_full_name(options->ehlo ? options->ehlo : mail->ehlo)) return ERR_NONE;
  if (options->ehlo)
    help_complain(command,
                  "--ehlo: \"%s\" is not allowed: give a host name with a dot, in A-labels",
                  options->ehlo);
  else
    help_complain(
        command,
        "--probe-mx needs --ehlo NAME: mail servers are to know who asks, and this machine "
        "is called \"%s\", which is no full name",
        mail->ehlo);
  return ERR_SYNTAX;
}

static void setup_complain_question(const char *command, struct span word) {
  char text[NEAREST_WORD_MAX + 2];
  snprintf(text, sizeof text, "%.*s", SPAN_ARG(word));
  const char *nearest = nearest_find(text, ask_word, NULL);
  help_complain(command,
                "--ask: \"%s\" is not allowed: give mx, ns, ns-all, spf, dmarc or dkim=SELECTOR, "
                "commas between%s%s%s",
                text, nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

enum err setup_ask(const struct options *options, const char *command, struct ask *ask) {
  struct span bad = {0};
  if (!options->ask) return ERR_NONE;
  switch (ask_parse(ask, span_of(options->ask), &bad)) {
  case ASK_OK: return ERR_NONE;
  case ASK_UNKNOWN: setup_complain_question(command, bad); break;
  case ASK_NO_VALUE: help_complain(command, "--ask: %.*s takes no value", SPAN_ARG(bad)); break;
  case ASK_NO_SELECTOR:
    help_complain(command, "--ask: dkim needs the selectors to ask for: dkim=SELECTOR+SELECTOR");
    break;
  case ASK_BAD_SELECTOR:
    help_complain(command,
                  "--ask: \"%.*s\" is not allowed as a DKIM selector: give letters, digits, "
                  "- and _, + between selectors",
                  SPAN_ARG(bad));
    break;
  case ASK_MANY_SELECTORS:
    help_complain(command, "--ask: %.*s is one too many: at most %d DKIM selectors are allowed",
                  SPAN_ARG(bad), ASK_SELECTORS_MAX);
    break;
  }
  return ERR_SYNTAX;
}

int setup_exit_status(enum err err) {
  if (err == ERR_NONE) return EXIT_DONE;
  return err == ERR_SYNTAX || err == ERR_LIMIT ? EXIT_USAGE : EXIT_WRONG;
}

unsigned setup_tries_on_loss(const struct options *options) {
  return options->given[OPTION_DNS_TRIES] ? options->dns_tries : RESOLVER_TRIES_ON_LOSS;
}

unsigned setup_threads(const struct options *options) {
  if (options->threads) return options->threads;
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (processors < 1) return 1;
  return processors > OPTIONS_THREADS_MAX ? OPTIONS_THREADS_MAX : (unsigned)processors;
}

int64_t setup_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
