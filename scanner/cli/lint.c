#include "scanner/cli/lint.h"

#include "scanner/cli/exit_status.h"
#include "scanner/cli/help.h"
#include "scanner/cli/options.h"
#include "scanner/cli/print_result.h"
#include "scanner/sts/domain.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"
#include "scanner/sts/uri.h"
#include <errno.h>

enum {
  LINT_INPUT_MAX = 16 * 1024 * 1024, /* of a file or standard input */
  LINT_ARENA_MAX = 256 * 1024 * 1024,
};

struct lint {
  const struct options *options;
  const char *command;
  struct arena arena;
  struct finding_list findings;
  struct result result;
  bool stdin_taken;
};

/* The whole of a file; "-": standard input, once. ERR_LIMIT: over LINT_INPUT_MAX. */
static enum err lint_read(struct lint *lint, const char *path, struct span *text) {
  bool is_stdin = strcmp(path, "-") == 0;
  if (is_stdin && lint->stdin_taken) return ERR_REFUSED;
  lint->stdin_taken |= is_stdin;
  FILE *file = is_stdin ? stdin : fopen(path, "re");
  if (!file) return ERR_IO;
  char *bytes = arena_alloc(&lint->arena, LINT_INPUT_MAX + 1);
  size_t len = bytes ? fread(bytes, 1, LINT_INPUT_MAX + 1, file) : 0;
  enum err err = !bytes ? ERR_MEMORY : ferror(file) ? ERR_IO : ERR_NONE;
  if (!is_stdin) fclose(file);
  *text = (struct span){bytes, len};
  return err == ERR_NONE && len > LINT_INPUT_MAX ? ERR_LIMIT : err;
}

static int lint_complain(const struct lint *lint, const char *path, enum err err) {
  if (err == ERR_REFUSED)
    help_complain(lint->command, "standard input can be read only once");
  else
    help_complain(lint->command, "%s: %s", path, err == ERR_IO ? strerror(errno) : err_text(err));
  return EXIT_FAILED;
}

static void lint_add_text(struct lint *lint, struct spans *txt, struct span text) {
  struct span *grown = arena_array(&lint->arena, txt->count + 1, sizeof *grown);
  if (!grown) return;
  if (txt->count) memcpy(grown, txt->at, txt->count * sizeof *grown);
  grown[txt->count] = text;
  *txt = (struct spans){grown, txt->count + 1};
}

/* The words of an option; "-" stands for the lines of standard input. */
static enum err lint_texts(struct lint *lint, const struct options_texts *texts,
                           struct spans *txt) {
  for (unsigned i = 0; i < texts->count; i++) {
    struct span text = span_of(texts->at[i]);
    if (!span_equal(text, SPAN("-"))) {
      lint_add_text(lint, txt, text);
      continue;
    }
    enum err err = lint_read(lint, "-", &text);
    if (err != ERR_NONE) return err;
    while (text.len) {
      struct span line = span_cut(&text, '\n');
      if (span_ends(line, SPAN("\r"))) line.len--;
      lint_add_text(lint, txt, line);
    }
  }
  return lint->arena.err;
}

static enum err lint_record(struct lint *lint) {
  struct result_record *record = &lint->result.record;
  if (lint->options->record.count == 0) return ERR_NONE;
  enum err err = lint_texts(lint, &lint->options->record, &record->txt);
  if (err != ERR_NONE) return err;
  record->lookup.asked = true;
  if (record_judge(record->txt, &lint->findings, &record->id) == RECORD_NONE)
    lint->result.status = STATUS_ABSENT;
  return ERR_NONE;
}

static enum err lint_tlsrpt(struct lint *lint) {
  struct result_tlsrpt *tlsrpt = &lint->result.tlsrpt;
  if (lint->options->tlsrpt.count == 0) return ERR_NONE;
  enum err err = lint_texts(lint, &lint->options->tlsrpt, &tlsrpt->txt);
  if (err != ERR_NONE) return err;
  tlsrpt->lookup.asked = true;
  tlsrpt_judge(tlsrpt, &lint->findings);
  return ERR_NONE;
}

static enum err lint_policy(struct lint *lint) {
  struct result_policy *policy = &lint->result.policy;
  if (!lint->options->policy) return ERR_NONE;
  enum err err = lint_read(lint, lint->options->policy, &policy->text);
  if (err != ERR_NONE) return err;
  policy->here = true;
  if (policy->text.len > POLICY_SIZE_DEFAULT)
    finding_list_add(&lint->findings, (struct finding){.code = FOUND_POLICY_HTTP_TOO_LARGE,
                                                       .detail = arena_format(
                                                           &lint->arena, "%zu bytes, at most %d",
                                                           policy->text.len, POLICY_SIZE_DEFAULT)});
  policy_parse(policy->text, &lint->findings, policy);
  return ERR_NONE;
}

/* "." is the null MX. */
static enum err lint_mx_host(struct lint *lint, const char *text, struct span *host) {
  struct domain domain;
  const char *why = NULL;
  *host = span_of(text);
  if (match_is_null_mx(*host)) return ERR_NONE;
  enum err err = domain_parse(*host, &lint->arena, &domain, &why);
  if (err == ERR_SYNTAX)
    help_complain(lint->command, "--mx: \"%s\" is not a host name: %s", text, why);
  *host = domain.ascii;
  return err;
}

static enum err lint_mx(struct lint *lint) {
  const struct options_texts *hosts = &lint->options->mx;
  struct result_mx_set *mx = &lint->result.mx;
  if (hosts->count == 0) return ERR_NONE;
  mx->at = arena_array(&lint->arena, hosts->count, sizeof *mx->at);
  if (!mx->at) return lint->arena.err;
  for (unsigned i = 0; i < hosts->count; i++) {
    enum err err = lint_mx_host(lint, hosts->at[i], &mx->at[mx->count++].host);
    if (err != ERR_NONE) return err;
  }
  match_judge_null(mx, (struct span){0}, &lint->findings);
  if (lint->result.policy.mx.count == 0 || match_takes_no_mail(mx)) return ERR_NONE;
  psl_ctx_t *psl = psl_latest(NULL);
  match_judge(psl, (struct span){0}, &lint->result.policy, mx, &lint->findings);
  psl_free(psl);
  return ERR_NONE;
}

/* Whether TLSRPT alone is judged: the status is then that of its record. */
static bool lint_is_of_tlsrpt(const struct lint *lint) {
  const struct options *options = lint->options;
  return options->tlsrpt.count && !options->record.count && !options->policy && !options->mx.count;
}

/* Whether a sender can report by the TLSRPT record: one record, and a sound URI in it. */
static bool lint_tlsrpt_is_used(const struct lint *lint) {
  const struct spans *rua = &lint->result.tlsrpt.rua;
  if (finding_list_has(&lint->findings, FOUND_TLSRPT_MULTIPLE)) return false;
  for (size_t i = 0; i < rua->count; i++)
    if (uri_report_fault(rua->at[i]) == REASON_NONE) return true;
  return false;
}

/* Its findings are warnings beside MTA-STS, which goes on without it; alone it can be broken. */
static void lint_tlsrpt_verdict(struct lint *lint) {
  if (finding_list_has(&lint->findings, FOUND_TLSRPT_ABSENT))
    lint->result.status = STATUS_ABSENT;
  else if (!lint_tlsrpt_is_used(lint))
    lint->result.status = STATUS_BROKEN;
}

static void lint_verdict(struct lint *lint) {
  lint->result.findings = lint->findings.first;
  if (lint_is_of_tlsrpt(lint)) lint_tlsrpt_verdict(lint);
  if (lint->result.status == STATUS_ABSENT) return;
  for (const struct finding *f = lint->findings.first; f; f = f->next)
    if (finding_info(f->code)->severity == FINDING_ERROR) lint->result.status = STATUS_BROKEN;
}

static enum err lint_print_text(const struct lint *lint) {
  struct explain_style style = print_result_style((struct span){0});
  const bool of_tlsrpt = lint_is_of_tlsrpt(lint);
  if (of_tlsrpt) fputs("TLSRPT record: ", stdout);
  print_result_status(stdout, &style, &lint->result);
  fputc('\n', stdout);
  if (lint->options->tlsrpt.count && !finding_list_has(&lint->findings, FOUND_TLSRPT_ABSENT) &&
      !lint_tlsrpt_is_used(lint))
    fputs("No sender can send reports by this TLSRPT record.\n", stdout);
  for (const struct finding *f = lint->result.findings; f; f = f->next)
    print_result_finding(stdout, &style, f);
  print_result_fixes(stdout, &style, lint->result.findings);
  return ERR_NONE;
}

static int lint_run(struct lint *lint) {
  enum err err = lint_record(lint);
  if (err != ERR_NONE) return lint_complain(lint, "--record", err);
  err = lint_policy(lint);
  if (err != ERR_NONE) return lint_complain(lint, lint->options->policy, err);
  err = lint_mx(lint);
  if (err == ERR_SYNTAX) return EXIT_USAGE;
  if (err != ERR_NONE) return lint_complain(lint, "--mx", err);
  err = lint_tlsrpt(lint);
  if (err != ERR_NONE) return lint_complain(lint, "--tlsrpt", err);
  lint_verdict(lint);
  err = lint->arena.err;
  if (err == ERR_NONE)
    err = lint->options->json ? print_result_record(stdout, &lint->result) : lint_print_text(lint);
  if (err == ERR_NONE && (fflush(stdout) != 0 || ferror(stdout))) err = ERR_IO;
  if (err != ERR_NONE) return lint_complain(lint, "standard output", err);
  return lint->result.status == STATUS_VALID ? EXIT_DONE : EXIT_WRONG;
}

int lint_main(int argc, char **argv) {
  struct options options;
  switch (options_parse(&options, ON_LINT, argc, argv)) {
  case OPTIONS_HELP: return EXIT_DONE;
  case OPTIONS_BAD: return EXIT_USAGE;
  case OPTIONS_RUN: break;
  }
  if (!options.record.count && !options.policy && !options.mx.count && !options.tlsrpt.count) {
    help_complain(argv[0], "nothing to judge: give --record, --policy, --mx or --tlsrpt");
    return EXIT_USAGE;
  }
  struct lint lint = {
      .options = &options,
      .command = argv[0],
      .arena = {.limit = LINT_ARENA_MAX},
      .result = {.status = STATUS_VALID},
  };
  lint.findings.arena = &lint.arena;
  int status = lint_run(&lint);
  arena_free(&lint.arena);
  return status;
}
