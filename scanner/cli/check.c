#include "scanner/cli/check.h"

#include "scanner/cli/diagnosis.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/help.h"
#include "scanner/cli/nagios.h"
#include "scanner/cli/print_result.h"
#include "scanner/cli/setup.h"
#include "scanner/run/mail_check.h"
#include "scanner/run/notice.h"
#include "scanner/run/resolver_check.h"
#include "scanner/run/single_check.h"
#include <errno.h>
#include <stdlib.h>

struct check {
  const struct options *options;
  const char *command;
  unsigned told; /* results */
  bool wrong;
  enum err err; /* of the output */
  struct nagios nagios;
};

static void check_emit(void *data, const struct result *result) {
  struct check *check = data;
  struct explain_style style = print_result_style(result->domain);
  check->wrong |= diagnosis_is_wrong(result);
  if (check->options->nagios) {
    nagios_add(&check->nagios, result);
    return;
  }
  if (check->options->json) {
    check->err = print_result_record(stdout, result);
  } else {
    if (check->told++) fputc('\n', stdout);
    diagnosis_print(stdout, &style, result);
  }
  if (check->err == ERR_NONE && (fflush(stdout) != 0 || ferror(stdout))) check->err = ERR_IO;
}

static void check_waits(void *data, struct span domain) {
  const struct check *check = data;
  notice("waiting %u s to look again at %.*s", check->options->second_look, SPAN_ARG(domain));
}

static enum err check_domains(struct check *check, struct single_check *single) {
  const struct options *options = check->options;
  for (int i = 0; i < options->operand_count; i++) {
    const char *domain = options->operands[i];
    enum err err = single_check_ask(single, (uint64_t)i + 1, span_of(domain));
    if (err != ERR_NONE) {
      help_complain(check->command, "%s: %s", domain, err_text(err));
      return err;
    }
    if (check->err != ERR_NONE) {
      help_complain(check->command, "standard output: %s",
                    check->err == ERR_IO ? strerror(errno) : err_text(check->err));
      return check->err;
    }
  }
  return ERR_NONE;
}

static enum err check_configure(struct check *check, struct single_check_config *config) {
  const struct options *options = check->options;
  *config = (struct single_check_config){
      .dns_rate = options->dns_rate,
      .https_rate = options->https_rate,
      .per_address = options->per_address,
      .per_address_rate = options->per_address_rate,
      .dns_timeout_ms = options->dns_timeout_ms,
      .dns_tries = options->dns_tries,
      .dns_tries_on_loss = setup_tries_on_loss(options),
      .ask.what = ASK_OF_CHECK,
      .second_look_ms = options->second_look * 1000,
      .fetcher = setup_fetcher(options),
      .emit = check_emit,
      .waits = check_waits,
      .data = check,
  };
  if (options->nagios) config->ask.what = 0; /* it tells of MTA-STS alone */
  enum err err = setup_ask(options, check->command, &config->ask);
  if (err == ERR_NONE) err = setup_nameservers(options, check->command, &config->servers);
  if (err != ERR_NONE) return err;
  return setup_source(options, check->command, &config->servers, &config->source);
}

/* Whether mail servers can be asked from here, as they are to be. */
static enum err check_place(const struct single_check_config *config) {
  const struct mail_check_config place = {
      .mail = &config->mail,
      .fetcher = &config->fetcher,
      .resolver = {.servers = config->servers.at,
                   .server_count = config->servers.count,
                   .source = &config->source,
                   .timeout_ms = config->dns_timeout_ms,
                   .tries = config->dns_tries},
  };
  return config->mail.ehlo[0] ? mail_check_say(&place) : ERR_NONE;
}

static int check_with(struct check *check) {
  const struct options *options = check->options;
  struct single_check_config config;
  struct single_check *single = NULL;
  struct block_list *block = NULL;
  enum resolver_check_verdict *verdicts = NULL;
  const char *why = NULL;
  enum err err = check_configure(check, &config);
  if (err == ERR_NONE) err = setup_block(options, check->command, &block);
  if (err == ERR_NONE) err = setup_mail(options, check->command, &config.mail);
  int status = EXIT_FAILED;
  if (err != ERR_NONE) goto done;
  config.fetcher.block = block;
  err = single_check_new(&single, &config, &why);
  if (err != ERR_NONE) {
    help_complain(check->command, "%s%s%s", options->ca_file ? options->ca_file : "",
                  options->ca_file ? ": " : "", why ? why : err_text(err));
    goto done;
  }
  err = resolver_check_say(config.servers.at, config.servers.count, &config.source, &verdicts);
  if (err != ERR_NONE) goto done;
  single_check_know_servers(single, verdicts);
  err = check_place(&config);
  if (err == ERR_SYNTAX) status = EXIT_USAGE;
  if (err != ERR_NONE) goto done;
  if (check_domains(check, single) == ERR_NONE) status = check->wrong ? EXIT_WRONG : EXIT_DONE;
done:
  single_check_free(single);
  free(verdicts);
  nameservers_free(&config.servers);
  block_list_free(block);
  return status;
}

/* What could not be done is UNKNOWN; why was said on standard error. */
static int check_nagios(const struct check *check, int status) {
  bool whole = check->nagios.domains == (unsigned)check->options->operand_count;
  int state = whole && status != EXIT_USAGE ? nagios_print(stdout, &check->nagios)
                                            : nagios_fail(stdout, "the check failed");
  return fflush(stdout) == 0 && !ferror(stdout) ? state : NAGIOS_UNKNOWN;
}

int check_main(int argc, char **argv) {
  struct options options;
  switch (options_parse(&options, ON_CHECK, argc, argv)) {
  case OPTIONS_HELP: return EXIT_DONE;
  case OPTIONS_BAD: return EXIT_USAGE;
  case OPTIONS_RUN: break;
  }
  if (options.operand_count == 0) {
    help_complain(argv[0], "no domain to check is given (see stscan check --help)");
    return options.nagios ? NAGIOS_UNKNOWN : EXIT_USAGE;
  }
  if (options.nagios && options.json) {
    help_complain(argv[0], "give --nagios or --json, not both");
    return NAGIOS_UNKNOWN;
  }
  struct check check = {.options = &options, .command = argv[0]};
  int status = check_with(&check);
  return options.nagios ? check_nagios(&check, status) : status;
}
