#include "scanner/cli/suggestion.h"

#include "output/base/json_writer.h"
#include "output/base/mx_pattern.h"
#include "output/base/terminal_text.h"
#include "scanner/sts/domain.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"

static void suggestion_line(FILE *out, unsigned indent, const char *field, struct span value) {
  fprintf(out, "%*s%s: ", (int)indent, "", field);
  terminal_text_print(out, value);
  fputc('\n', out);
}

/* "2026-11-23T10:00:00.123Z" as "20261123T100000". */
static void suggestion_id(int64_t at, char id[JSON_WRITER_TIME_SIZE]) {
  char time[JSON_WRITER_TIME_SIZE] = "2026-01-01T00:00:00.000Z";
  if (at) json_writer_time_text(at, time);
  for (const char *c = time; *c && *c != '.'; c++)
    if (*c != '-' && *c != ':') *id++ = *c;
  *id = 0;
}

void suggestion_record(FILE *out, unsigned indent, const struct result *result) {
  char id[JSON_WRITER_TIME_SIZE];
  suggestion_id(result->at, id);
  fprintf(out, "%*s_mta-sts.", (int)indent, "");
  terminal_text_print(out, result->domain);
  fprintf(out, ". IN TXT \"v=STSv1; id=%s;\"\n", id);
}

static bool suggestion_is_null_mx(const struct result *result) {
  return match_takes_no_mail(&result->mx);
}

static bool suggestion_has(const struct result *result, enum finding_code code) {
  for (const struct finding *f = result->findings; f; f = f->next)
    if (f->code == code) return true;
  return false;
}

static bool suggestion_is_used(const struct result *result, struct span pattern) {
  for (size_t i = 0; i < result->mx.count; i++)
    if (mx_pattern_covers(pattern, result->mx.at[i].host)) return true;
  return false;
}

static bool suggestion_is_covered(const struct result *result, struct span host) {
  for (size_t i = 0; i < result->policy.mx.count; i++)
    if (mx_pattern_covers(result->policy.mx.at[i], host)) return true;
  return false;
}

/* Counts the lines that are needed, and writes the first SUGGESTION_MX_MAX of them. */
static unsigned suggestion_patterns(FILE *out, unsigned indent, const struct result *result) {
  unsigned lines = 0;
  for (size_t i = 0; i < result->policy.mx.count; i++) {
    struct span pattern = result->policy.mx.at[i];
    if (result->mx.count && !suggestion_is_used(result, pattern)) continue;
    if (lines++ < SUGGESTION_MX_MAX) suggestion_line(out, indent, "mx", pattern);
  }
  for (size_t i = 0; i < result->mx.count; i++) {
    struct span host = result->mx.at[i].host;
    if (!domain_is_hostname(host) || suggestion_is_covered(result, host)) continue;
    if (match_lacks_dot(result->domain, result->policy.mx, host))
      continue; /* the MX record is to be fixed, not the policy */
    if (lines++ < SUGGESTION_MX_MAX) suggestion_line(out, indent, "mx", host);
  }
  return lines;
}

static void suggestion_mx(FILE *out, unsigned indent, const struct result *result) {
  unsigned lines = suggestion_patterns(out, indent, result);
  if (lines > SUGGESTION_MX_MAX)
    fprintf(out, "%*s(and so on: %u more lines, one for each MX host)\n", (int)indent, "",
            lines - SUGGESTION_MX_MAX);
  if (lines) return;
  if (suggestion_has(result, FOUND_MX_IMPLICIT))
    suggestion_line(out, indent, "mx", result->domain); /* RFC 5321 section 5.1 */
  else
    fprintf(out, "%*smx: (one line for each MX host, which is not known here)\n", (int)indent, "");
}

void suggestion_policy(FILE *out, unsigned indent, const struct result *result) {
  const struct result_policy *policy = &result->policy;
  bool keeps_mode = policy->here && policy->mode != MODE_COUNT;
  enum result_mode mode = keeps_mode ? policy->mode : MODE_TESTING;
  if (suggestion_is_null_mx(result)) mode = MODE_NONE;
  uint64_t max_age = policy->has_max_age && policy->max_age >= POLICY_MAX_AGE_SHORT &&
                             policy->max_age <= POLICY_MAX_AGE_MAX
                         ? policy->max_age
                         : SUGGESTION_MAX_AGE;
  suggestion_line(out, indent, "version", SPAN("STSv1"));
  suggestion_line(out, indent, "mode", span_of(result_mode_text(mode)));
  if (mode != MODE_NONE) suggestion_mx(out, indent, result);
  fprintf(out, "%*smax_age: %llu\n", (int)indent, "", (unsigned long long)max_age);
}
