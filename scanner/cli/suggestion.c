#include "scanner/cli/suggestion.h"

#include "output/base/json_writer.h"
#include "output/base/terminal_text.h"
#include "scanner/sts/domain.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"

static void proposal_line(FILE *out, unsigned indent, const char *field, struct span value) {
  fprintf(out, "%*s%s: ", (int)indent, "", field);
  terminal_text_print(out, value);
  fputc('\n', out);
}

/* "2026-11-23T10:00:00.123Z" as "20261123T100000". */
static void proposal_id(int64_t at, char id[JSON_WRITER_TIME_SIZE]) {
  char time[JSON_WRITER_TIME_SIZE] = "2026-01-01T00:00:00.000Z";
  if (at) json_writer_time_text(at, time);
  for (const char *c = time; *c && *c != '.'; c++)
    if (*c != '-' && *c != ':') *id++ = *c;
  *id = 0;
}

void proposal_record(FILE *out, unsigned indent, const struct result *result) {
  char id[JSON_WRITER_TIME_SIZE];
  proposal_id(result->at, id);
  fprintf(out, "%*s_mta-sts.", (int)indent, "");
  terminal_text_print(out, result->domain);
  fprintf(out, ". IN TXT \"v=STSv1; id=%s;\"\n", id);
}

static bool proposal_is_null_mx(const struct result *result) {
  return result->mx.count == 1 && span_equal(result->mx.at[0].host, SPAN("."));
}

static bool proposal_has(const struct result *result, enum finding_code code) {
  for (const struct finding *f = result->findings; f; f = f->next)
    if (f->code == code) return true;
  return false;
}

static bool proposal_is_used(const struct result *result, struct span pattern) {
  for (size_t i = 0; i < result->mx.count; i++)
    if (match_covers(pattern, result->mx.at[i].host)) return true;
  return false;
}

static bool proposal_is_covered(const struct result *result, struct span host) {
  for (size_t i = 0; i < result->policy.mx.count; i++)
    if (match_covers(result->policy.mx.at[i], host)) return true;
  return false;
}

/* Counts the lines that are needed, and writes the first PROPOSAL_MX_MAX of them. */
static unsigned proposal_patterns(FILE *out, unsigned indent, const struct result *result) {
  unsigned lines = 0;
  for (size_t i = 0; i < result->policy.mx.count; i++) {
    struct span pattern = result->policy.mx.at[i];
    if (result->mx.count && !proposal_is_used(result, pattern)) continue;
    if (lines++ < PROPOSAL_MX_MAX) proposal_line(out, indent, "mx", pattern);
  }
  for (size_t i = 0; i < result->mx.count; i++) {
    struct span host = result->mx.at[i].host;
    if (!domain_is_hostname(host) || proposal_is_covered(result, host)) continue;
    if (lines++ < PROPOSAL_MX_MAX) proposal_line(out, indent, "mx", host);
  }
  return lines;
}

static void proposal_mx(FILE *out, unsigned indent, const struct result *result) {
  unsigned lines = proposal_patterns(out, indent, result);
  if (lines > PROPOSAL_MX_MAX)
    fprintf(out, "%*s(and so on: %u more lines, one for each MX host)\n", (int)indent, "",
            lines - PROPOSAL_MX_MAX);
  if (lines) return;
  if (proposal_has(result, FOUND_MX_IMPLICIT))
    proposal_line(out, indent, "mx", result->domain); /* RFC 5321 section 5.1 */
  else
    fprintf(out, "%*smx: (one line for each MX host, which is not known here)\n", (int)indent, "");
}

void proposal_policy(FILE *out, unsigned indent, const struct result *result) {
  const struct result_policy *policy = &result->policy;
  bool keeps_mode = policy->here && policy->mode != MODE_COUNT;
  enum result_mode mode = keeps_mode ? policy->mode : MODE_TESTING;
  if (proposal_is_null_mx(result)) mode = MODE_NONE;
  uint64_t max_age = policy->has_max_age && policy->max_age >= POLICY_MAX_AGE_SHORT &&
                             policy->max_age <= POLICY_MAX_AGE_MAX
                         ? policy->max_age
                         : PROPOSAL_MAX_AGE;
  proposal_line(out, indent, "version", SPAN("STSv1"));
  proposal_line(out, indent, "mode", span_of(result_mode_text(mode)));
  if (mode != MODE_NONE) proposal_mx(out, indent, result);
  fprintf(out, "%*smax_age: %llu\n", (int)indent, "", (unsigned long long)max_age);
}
