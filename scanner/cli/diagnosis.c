#include "scanner/cli/diagnosis.h"

#include "output/base/terminal_text.h"
#include "scanner/cli/browser.h"
#include "scanner/cli/diagnosis_step.h"
#include "scanner/cli/print_result.h"
#include "scanner/cli/suggestion.h"
#include "scanner/sts/domain.h"

/* The most severe finding of the stage, or FINDING_SEVERITY_COUNT. */
static enum finding_severity step_worst(const struct result *result, enum finding_stage stage) {
  enum finding_severity worst = FINDING_SEVERITY_COUNT;
  for (const struct finding *f = result->findings; f; f = f->next) {
    const struct finding_info *info = finding_info(f->code);
    if (info->stage == stage && info->severity < worst) worst = info->severity;
  }
  return worst;
}

static void step_head(const struct diagnosis *diagnosis, const struct diagnosis_step *step,
                      const char *word, const char *colour) {
  const struct explain_style *style = diagnosis->style;
  const struct explain_style whole = {.domain = style->domain}; /* a heading is not wrapped */
  fprintf(diagnosis->out, "\n%s%-7s%s", style->colour ? colour : "", word,
          style->colour ? "\x1b[0m " : " ");
  explain_text(diagnosis->out, &whole, 0, step->title);
}

static void step_expected(struct diagnosis *diagnosis, const struct diagnosis_step *step) {
  FILE *out = diagnosis->out;
  if (step->proposal == PROPOSES_POLICY && diagnosis->policy_proposed) return;
  explain_text(out, diagnosis->style, DIAGNOSIS_INDENT, step->expected);
  if (step->proposal == PROPOSES_RECORD)
    suggestion_record(out, DIAGNOSIS_PROPOSAL_INDENT, diagnosis->result);
  if (step->proposal == PROPOSES_POLICY) {
    suggestion_policy(out, DIAGNOSIS_PROPOSAL_INDENT, diagnosis->result);
    diagnosis->policy_proposed = true;
  }
}

/* What is looked at only when it is asked for is left out where it was not. */
static bool step_is_shown(const struct diagnosis_step *step, const struct result *result) {
  bool record = result->status != STATUS_ABSENT && result->status != STATUS_UNKNOWN;
  switch (step->when) {
  case STEP_ALWAYS: return true;
  case STEP_RECORD: return record;
  case STEP_RECORD_ASKED: return record && step->reached(result);
  case STEP_NO_RECORD_ASKED: return !record && step->reached(result);
  case STEP_ASKED: return step->reached(result);
  }
  return false;
}

/* Of mail servers that nothing is said of as the domain's, since no policy in use names them. */
static bool step_has_notes(const struct diagnosis_step *step, const struct result *result) {
  bool noted = false;
  for (size_t i = 0; step->stage == STAGE_MX_TLS && i < result->mx.count; i++)
    noted |= result->mx.at[i].tls && result->mx.at[i].tls->verdict != VERDICT_SECURE;
  return noted;
}

static void step_print(struct diagnosis *diagnosis, const struct diagnosis_step *step) {
  const struct result *result = diagnosis->result;
  enum finding_severity worst = step_worst(result, step->stage);
  bool reached = step->reached(result);
  if (worst == FINDING_ERROR)
    step_head(diagnosis, step, "FAILED", "\x1b[1;31m");
  else if (worst == FINDING_WARNING)
    step_head(diagnosis, step, "warning", "\x1b[1;33m");
  else if (step_has_notes(step, result))
    step_head(diagnosis, step, "note", "\x1b[33m");
  else if (reached)
    step_head(diagnosis, step, "ok", "\x1b[32m");
  else
    step_head(diagnosis, step, "not run", "\x1b[2m");
  if (reached) step->show(diagnosis);
  for (const struct finding *f = result->findings; f; f = f->next)
    if (finding_info(f->code)->stage == step->stage)
      print_result_finding(diagnosis->out, diagnosis->style, f);
  bool mail_only =
      (step->stage == STAGE_MX || step->stage == STAGE_MX_TLS) && worst == FINDING_WARNING;
  if (worst <= FINDING_WARNING && !mail_only) step_expected(diagnosis, step);
}

static void diagnosis_head(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result *result = diagnosis->result;
  terminal_text_print(out, result->domain);
  if (span_here(result->unicode)) {
    fputs(" (", out);
    terminal_text_print(out, result->unicode);
    fputc(')', out);
  }
  fputs(": ", out);
  print_result_status(out, diagnosis->style, result);
  if (result->has_effect && result->status != STATUS_BLOCKED)
    fprintf(out, "; %s", result_effect_about(result->effect));
  fputc('\n', out);
}

/* Of a domain that was looked at twice: what the first look found. */
static void diagnosis_looks(const struct diagnosis *diagnosis) {
  FILE *out = diagnosis->out;
  const struct result *result = diagnosis->result;
  if (result->looks < RESULT_LOOKS_MAX) return;
  if (!result->first.here) {
    fputs("It was looked at twice, and both looks found the same.\n", out);
    return;
  }
  fprintf(out, "It was looked at twice. The first look, %lld s before this one, found:\n",
          (long long)(result->at - result->first.at) / 1000);
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    if (!finding_codes_has(&result->first.codes, code)) continue;
    const struct finding_info *info = finding_info(code);
    fprintf(out, "%*s%s (%s): %s\n", DIAGNOSIS_INDENT, "", info->name,
            finding_severity_text(info->severity), info->title);
  }
  fputs("What follows is what the second look found.\n", out);
}

static void diagnosis_absent(const struct diagnosis *diagnosis) {
  fputs("\nThe domain has no MTA-STS.\n", diagnosis->out);
  explain_text(diagnosis->out, diagnosis->style, 0, finding_info(FOUND_RECORD_ABSENT)->fix);
}

static void diagnosis_steps_print(struct diagnosis *diagnosis) {
  for (size_t i = 0; i < diagnosis_step_count; i++)
    if (step_is_shown(&diagnosis_steps[i], diagnosis->result))
      step_print(diagnosis, &diagnosis_steps[i]);
}

static void diagnosis_browser(const struct diagnosis *diagnosis) {
  const char *sentence = browser_sentence(diagnosis->result);
  if (!sentence) return;
  fputc('\n', diagnosis->out);
  explain_text(diagnosis->out, diagnosis->style, 0, sentence);
}

static void diagnosis_fixes(const struct diagnosis *diagnosis) {
  const struct finding *found = diagnosis->result->findings;
  while (found && finding_info(found->code)->severity == FINDING_INFO) found = found->next;
  if (!found) return;
  fputs("\nWhat is wrong, and how to fix it:\n", diagnosis->out);
  print_result_fixes(diagnosis->out, diagnosis->style, diagnosis->result->findings);
  fprintf(diagnosis->out, "\nThe commands to see it yourself: stscan explain --domain ");
  terminal_text_print(diagnosis->out, diagnosis->result->domain);
  fprintf(diagnosis->out, " %s", finding_info(found->code)->name);
  if (finding_info(found->code)->stage == STAGE_MX_TLS && domain_is_hostname(found->host))
    fprintf(diagnosis->out, " (MXHOST: %.*s)", SPAN_ARG(found->host));
  fputc('\n', diagnosis->out);
}

static void diagnosis_invalid(FILE *out, struct span line) {
  struct arena arena = {0};
  struct domain domain;
  const char *why = NULL;
  fputc('"', out);
  diagnosis_text(out, line);
  fputs("\" is not a domain name", out);
  if (domain_parse(line, &arena, &domain, &why) == ERR_SYNTAX) fprintf(out, ": %s", why);
  fputc('\n', out);
  arena_free(&arena);
}

void diagnosis_print(FILE *out, const struct explain_style *style, const struct result *result) {
  struct diagnosis diagnosis = {.out = out, .style = style, .result = result};
  if (result->status == STATUS_INVALID) {
    diagnosis_invalid(out, result->line);
    return;
  }
  diagnosis_head(&diagnosis);
  if (result->status == STATUS_BLOCKED && !result->record.lookup.asked) {
    fputs("It is on the block list: nothing was contacted.\n", out);
    return;
  }
  diagnosis_looks(&diagnosis);
  diagnosis_steps_print(&diagnosis);
  if (result->status == STATUS_ABSENT) diagnosis_absent(&diagnosis);
  diagnosis_browser(&diagnosis);
  diagnosis_fixes(&diagnosis);
}

bool diagnosis_is_wrong(const struct result *result) {
  return result->status != STATUS_VALID && result->status != STATUS_ABSENT;
}
