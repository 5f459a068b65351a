#include "scanner/cli/nagios.h"

#include <inttypes.h>
#include <string.h>

#define DAY_MS ((int64_t)86400000)

static const char *const nagios_texts[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* What is worse: CRITICAL before UNKNOWN before WARNING. */
static int gravity(enum nagios_state state) {
  static const int order[] = {
      [NAGIOS_OK] = 0, [NAGIOS_WARNING] = 1, [NAGIOS_UNKNOWN] = 2, [NAGIOS_CRITICAL] = 3};
  return order[state];
}

/* The first finding of that severity, or NULL. */
static const struct finding *first_of(const struct result *result, enum finding_severity severity) {
  for (const struct finding *f = result->findings; f; f = f->next)
    if (finding_info(f->code)->severity == severity) return f;
  return NULL;
}

/* A domain that is watched has had a record: without one it is critical. */
static enum nagios_state state_of_result(const struct result *result) {
  switch (result->status) {
  case STATUS_BROKEN:
  case STATUS_ABSENT: return NAGIOS_CRITICAL;
  case STATUS_VALID: return first_of(result, FINDING_WARNING) ? NAGIOS_WARNING : NAGIOS_OK;
  default: return NAGIOS_UNKNOWN;
  }
}

/* A bar begins the performance data. */
static void name_take(char *name, struct span text) {
  text = span_first(text, NAGIOS_NAME_MAX);
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    name[i] = c > ' ' && c <= '~' && c != '|' ? c : '?';
  }
  name[text.len] = 0;
}

static void trouble_take(struct nagios *nagios, const struct result *result) {
  if (nagios->troubled++ >= NAGIOS_TOLD_MAX) return;
  bool is_broken = result->status == STATUS_BROKEN;
  const struct finding *f = first_of(result, is_broken ? FINDING_ERROR : FINDING_WARNING);
  bool tells = f && (is_broken || result->status == STATUS_VALID);
  char *why = nagios->told[nagios->troubled - 1].why;
  snprintf(why, sizeof nagios->told->why, "%s%s%s", result_status_text(result->status),
           tells ? ", " : "", tells ? finding_info(f->code)->name : "");
  name_take(nagios->told[nagios->troubled - 1].name,
            span_here(result->domain) ? result->domain : result->line);
}

static void expires_take(struct nagios *nagios, const struct result *result) {
  if (!result->certificate.here || !result->certificate.has_not_after) return;
  int64_t left = result->certificate.not_after - result->at;
  int64_t days = left >= 0 ? left / DAY_MS : -((-left + DAY_MS - 1) / DAY_MS);
  if (!nagios->has_expires || days < nagios->expires) nagios->expires = days;
  nagios->has_expires = true;
}

void nagios_add(struct nagios *nagios, const struct result *result) {
  enum nagios_state state = state_of_result(result);
  nagios->domains++;
  nagios->ms += result->ms;
  for (const struct finding *f = result->findings; f; f = f->next) {
    nagios->errors += finding_info(f->code)->severity == FINDING_ERROR;
    nagios->warnings += finding_info(f->code)->severity == FINDING_WARNING;
  }
  expires_take(nagios, result);
  if (state != NAGIOS_OK) trouble_take(nagios, result);
  if (gravity(state) > gravity(nagios->state)) nagios->state = state;
}

int nagios_fail(FILE *out, const char *why) {
  fprintf(out, "MTA-STS UNKNOWN - %s\n", why);
  return NAGIOS_UNKNOWN;
}

int nagios_print(FILE *out, const struct nagios *nagios) {
  fprintf(out, "MTA-STS %s - ", nagios_texts[nagios->state]);
  if (nagios->troubled == 0)
    fprintf(out, "%u %s sound", nagios->domains,
            nagios->domains == 1 ? "domain is" : "domains are");
  for (unsigned i = 0; i < nagios->troubled && i < NAGIOS_TOLD_MAX; i++)
    fprintf(out, "%s%s: %s", i ? "; " : "", nagios->told[i].name, nagios->told[i].why);
  if (nagios->troubled > NAGIOS_TOLD_MAX)
    fprintf(out, "; and %u more", nagios->troubled - NAGIOS_TOLD_MAX);
  fprintf(out, " | domains=%u errors=%u warnings=%u", nagios->domains, nagios->errors,
          nagios->warnings);
  if (nagios->has_expires) fprintf(out, " expires=%" PRId64, nagios->expires);
  fprintf(out, " time=%" PRId64 "ms\n", nagios->ms);
  return (int)nagios->state;
}
