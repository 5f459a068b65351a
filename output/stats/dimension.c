#include "output/stats/dimension.h"

#include "output/base/json_writer.h"
#include "output/record/value_name.h"
#include <inttypes.h>

#define DAY_MS ((int64_t)86400000)

static const char *const dimension_texts[] = {
#define X(name, text, kind) text,
    DIMENSION_MAP(X)
#undef X
};

static const enum dimension_kind dimension_kinds[] = {
#define X(name, text, kind) DIMENSION_##kind,
    DIMENSION_MAP(X)
#undef X
};

const char *dimension_text(enum dimension dimension) {
  return dimension_texts[dimension];
}

enum dimension_kind dimension_kind(enum dimension dimension) {
  return dimension_kinds[dimension];
}

struct span dimension_label(struct span text) {
  return span_starts(text, SPAN("label.")) ? span_skip(text, sizeof "label." - 1) : SPAN("");
}

enum dimension dimension_by_text(struct span text) {
  if (dimension_label(text).len) return DIMENSION_LABEL;
  int dimension = 0;
  while (dimension < DIMENSION_COUNT && !span_equal(text, span_of(dimension_texts[dimension])))
    dimension++;
  return (enum dimension)dimension;
}

static const char *tlsrpt_name(int value) {
  static const char *const texts[] = {"sound", "broken"};
  return texts[value];
}

static const char *outsourced_name(int value) {
  static const char *const texts[] = {"same", "different"};
  return texts[value];
}

static const char *lenient_name(int value) {
  (void)value; /* the one that there is */
  return "true";
}

static const char *bool_name(int value) {
  return value ? "true" : "false";
}

static const char *severity_name(int value) {
  return finding_severity_text((enum finding_severity)value);
}

static const char *reason_name(int value) {
  return reason_info((enum reason)(value + 1))->word;
}

static const char *manager_name(int value) {
  return manager_text((enum manager)value);
}

/* The dimensions whose values are those of an enum. */
static const struct {
  value_name *name;
  int count;
} choices[DIMENSION_COUNT] = {
    [DIMENSION_STATUS] = {value_name_status, STATUS_COUNT},
    [DIMENSION_EFFECT] = {value_name_effect, EFFECT_COUNT},
    [DIMENSION_MODE] = {value_name_mode, MODE_COUNT},
    [DIMENSION_STAGE] = {value_name_stage, STAGE_COUNT},
    [DIMENSION_CODE] = {value_name_code, FOUND_COUNT},
    [DIMENSION_REASON] = {reason_name, REASON_COUNT - 1},
    [DIMENSION_SEVERITY] = {severity_name, FINDING_SEVERITY_COUNT},
    [DIMENSION_LENIENT] = {lenient_name, 1},
    [DIMENSION_KIND] = {value_name_kind, KIND_COUNT},
    [DIMENSION_MANAGED] = {manager_name, MANAGER_COUNT},
    [DIMENSION_OUTSOURCED] = {outsourced_name, 2},
    [DIMENSION_IPV6] = {bool_name, 2},
    [DIMENSION_TLSRPT] = {tlsrpt_name, 2},
    [DIMENSION_MAIL_VERDICT] = {value_name_verdict, VERDICT_COUNT},
    [DIMENSION_SPF] = {asked_spf_text, ASKED_SPF_COUNT},
    [DIMENSION_DMARC] = {asked_dmarc_text, ASKED_DMARC_COUNT},
};

int dimension_max_age(int bin, char text[DIMENSION_NUMBER_SIZE]) {
  uint64_t from = counts_max_age_from[bin];
  if (bin + 1 == COUNTS_MAX_AGE_BINS)
    return snprintf(text, DIMENSION_NUMBER_SIZE, "%" PRIu64 "-", from);
  return snprintf(text, DIMENSION_NUMBER_SIZE, "%" PRIu64 "-%" PRIu64, from,
                  counts_max_age_from[bin + 1] - 1);
}

/* From 1. */
static int dimension_rank(uint32_t bin, char text[DIMENSION_NUMBER_SIZE]) {
  uint64_t to = (uint64_t)bin * DOMAIN_FACTS_RANK_BIN;
  return snprintf(text, DIMENSION_NUMBER_SIZE, "%" PRIu64 "-%" PRIu64,
                  to - DOMAIN_FACTS_RANK_BIN + 1, to);
}

bool dimension_range(struct span text, int64_t *low, int64_t *high) {
  struct span rest = text, first = span_cut(&rest, '-');
  uint64_t from, to = INT64_MAX;
  if (!span_number(first, &from) || from > INT64_MAX) return false;
  bool alone = first.len == text.len;
  if (alone) to = from;
  if (!alone && rest.len && (!span_number(rest, &to) || to > INT64_MAX)) return false;
  *low = (int64_t)from;
  *high = (int64_t)to;
  return from <= to;
}

bool dimension_is_day(struct span text) {
  uint64_t year, month, day;
  if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-') return false;
  return span_number(span_first(text, 4), &year) &&
         span_number(span_first(span_skip(text, 5), 2), &month) && month >= 1 && month <= 12 &&
         span_number(span_skip(text, 8), &day) && day >= 1 && day <= 31;
}

const char *dimension_choice(enum dimension dimension, int i) {
  return i < choices[dimension].count ? choices[dimension].name(i) : NULL;
}

static bool choice_allows(enum dimension dimension, struct span value) {
  const char *choice;
  for (int i = 0; (choice = dimension_choice(dimension, i)); i++)
    if (span_equal(value, span_of(choice))) return true;
  return false;
}

static bool http_status_allows(struct span value) {
  int64_t low, high;
  return value.len == 3 && dimension_range(value, &low, &high) && low >= 100;
}

static bool expires_allows(struct span value) {
  int64_t low, high;
  if (span_equal(value, SPAN("expired")) || dimension_is_day(value)) return true;
  return dimension_range(value, &low, &high);
}

bool dimension_allows(enum dimension dimension, struct span value) {
  int64_t low, high;
  switch (dimension_kind(dimension)) {
  case DIMENSION_CHOICE: return choice_allows(dimension, value);
  case DIMENSION_NUMBER:
    return dimension == DIMENSION_HTTP_STATUS ? http_status_allows(value)
                                              : dimension_range(value, &low, &high);
  case DIMENSION_DAY: return expires_allows(value);
  default:
    if (dimension == DIMENSION_TLD) return value.len && span_find(value, '.') == value.len;
    return value.len != 0;
  }
}

bool dimension_is_number(enum dimension dimension) {
  return dimension_kind(dimension) == DIMENSION_NUMBER;
}

static void print_choices(FILE *out, enum dimension dimension) {
  const char *choice;
  fputs("one of ", out);
  for (int i = 0; (choice = dimension_choice(dimension, i)); i++)
    fprintf(out, "%s%s", i ? ", " : "", choice);
}

void dimension_print_allowed(FILE *out, enum dimension dimension) {
  switch (dimension) {
  case DIMENSION_CODE: fputs("a code; stscan explain lists them", out); break;
  case DIMENSION_REASON:
    fputs("a word of a code with several causes; stscan explain CODE", out);
    break;
  case DIMENSION_TLD: fputs("a last label, as org", out); break;
  case DIMENSION_PROVIDER: fputs("a registrable domain, as example.net", out); break;
  case DIMENSION_HTTP_STATUS: fputs("a number from 100 to 999", out); break;
  case DIMENSION_EXPIRES:
    fputs("a day, as 2026-12-31, a number of days, as 14, or expired", out);
    break;
  default:
    if (dimension_kind(dimension) == DIMENSION_CHOICE)
      print_choices(out, dimension);
    else if (dimension_kind(dimension) == DIMENSION_NUMBER)
      fputs("a number, as 200, or a range, as 1-10000", out);
    else
      fputs("a text, with * for any part of it", out);
  }
}

void dimension_print_names(FILE *out) {
  for (int i = 0; i < DIMENSION_COUNT; i++) fprintf(out, "%s%s", i ? ", " : "", dimension_texts[i]);
}

static void value_add(struct dimension_values *values, struct span text) {
  if (text.len && values->count < DIMENSION_VALUES_MAX) values->at[values->count++] = text;
}

static void choice_add(enum dimension dimension, struct dimension_values *values, int choice) {
  if (choice < choices[dimension].count)
    value_add(values, span_of(choices[dimension].name(choice)));
}

/* A value for each bit. */
static void bits_add(enum dimension dimension, struct dimension_values *values, uint64_t bits,
                     int first) {
  for (; bits; bits &= bits - 1) choice_add(dimension, values, first + __builtin_ctzll(bits));
}

static void codes_add(struct dimension_values *values, const struct domain_facts *facts) {
  for (int word = 0; word < DOMAIN_FACTS_CODE_WORDS; word++)
    bits_add(DIMENSION_CODE, values, facts->codes[word], 64 * word);
}

/* Two codes can have one word for a cause. */
static void word_add(struct dimension_values *values, const char *word) {
  for (size_t i = 0; i < values->count; i++)
    if (span_equal(values->at[i], span_of(word))) return;
  value_add(values, span_of(word));
}

static void reasons_add(struct dimension_values *values, const struct result *result) {
  for (const struct finding *f = result->findings; f; f = f->next)
    for (uint64_t bits = f->reasons | reason_bit(f->reason); bits; bits &= bits - 1) {
      int row = (int)reason_first(f->code) + __builtin_ctzll(bits);
      if (row < REASON_COUNT) word_add(values, reason_info((enum reason)row)->word);
    }
}

static void severities_add(struct dimension_values *values, const struct result *result) {
  for (const struct finding *f = result->findings; f; f = f->next)
    word_add(values, severity_name(finding_info(f->code)->severity));
}

static void tlsrpt_add(struct dimension_values *values, unsigned flags) {
  if (flags & DOMAIN_FACTS_TLSRPT)
    choice_add(DIMENSION_TLSRPT, values, (flags & DOMAIN_FACTS_TLSRPT_BROKEN) != 0);
}

static void outsourced_add(struct dimension_values *values, unsigned flags) {
  if (flags & (DOMAIN_FACTS_SAME | DOMAIN_FACTS_DIFFERENT))
    choice_add(DIMENSION_OUTSOURCED, values, (flags & DOMAIN_FACTS_DIFFERENT) != 0);
}

static void ipv6_add(struct dimension_values *values, const struct spans *addresses) {
  bool has = false;
  for (size_t i = 0; i < addresses->count; i++)
    has |= span_find(addresses->at[i], ':') < addresses->at[i].len;
  if (addresses->count) choice_add(DIMENSION_IPV6, values, has);
}

static void number_add(struct dimension_values *values, bool has, uint64_t number) {
  if (!has) return;
  int len = snprintf(values->text, sizeof values->text, "%" PRIu64, number);
  value_add(values, (struct span){values->text, (size_t)len});
  values->has_number = true;
  values->number = number < INT64_MAX ? (int64_t)number : INT64_MAX;
}

/* Whole days, the last begun one counts: negative when it is over. */
static void day_add(struct dimension_values *values, const struct result *result) {
  char text[JSON_WRITER_TIME_SIZE];
  if (!result->certificate.here || !result->certificate.has_not_after) return;
  json_writer_time_text(result->certificate.not_after, text);
  memcpy(values->text, text, 10);
  value_add(values, (struct span){values->text, 10});
  int64_t left = result->certificate.not_after - result->at;
  values->has_number = true;
  values->number = left >= 0 ? (left + DAY_MS - 1) / DAY_MS : -((-left + DAY_MS - 1) / DAY_MS);
}

static void tld_add(struct dimension_values *values, struct span domain) {
  const char *dot = domain.len ? memrchr(domain.ptr, '.', domain.len) : NULL;
  value_add(values, dot ? span_skip(domain, (size_t)(dot - domain.ptr) + 1) : domain);
}

static void operator_add(enum dimension dimension, const struct dimension_domain *domain,
                         struct dimension_values *values) {
  if (!domain_facts_deployed(domain->facts)) return;
  struct managed_operator made = managed_operator(tally_psl(domain->tally), domain->result);
  if (dimension == DIMENSION_OPERATOR || (dimension == DIMENSION_PROVIDER && !made.address))
    value_add(values, made.name);
  if (dimension == DIMENSION_MANAGED && domain->sizes)
    choice_add(dimension, values, (int)managed_manager(domain->sizes, domain->limits, &made));
}

static void label_add(struct dimension_values *values, struct result_labels labels,
                      struct span name) {
  for (size_t i = 0; i < labels.count; i++)
    if (span_equal(labels.at[i].name, name)) value_add(values, labels.at[i].value);
}

static void text_add(enum dimension dimension, const struct result *result,
                     const struct dimension_domain *domain, struct dimension_values *values) {
  switch (dimension) {
  case DIMENSION_DOMAIN: value_add(values, result->domain); break;
  case DIMENSION_LABEL: label_add(values, result->labels, domain->label); break;
  case DIMENSION_TLD: tld_add(values, result->domain); break;
  case DIMENSION_CONTENT_TYPE: value_add(values, result->fetch.content_type); break;
  case DIMENSION_ISSUER: value_add(values, result->certificate.issuer); break;
  case DIMENSION_TLS: value_add(values, result->fetch.tls); break;
  case DIMENSION_MAIL_PROVIDER:
    value_add(values, managed_mail_provider(tally_psl(domain->tally), result));
    break;
  default: operator_add(dimension, domain, values); break;
  }
}

static void choices_add(enum dimension dimension, const struct dimension_domain *domain,
                        struct dimension_values *values) {
  const struct domain_facts *facts = domain->facts;
  switch (dimension) {
  case DIMENSION_STATUS: choice_add(dimension, values, facts->status); break;
  case DIMENSION_EFFECT: choice_add(dimension, values, facts->effect); break;
  case DIMENSION_MODE: choice_add(dimension, values, facts->mode); break;
  case DIMENSION_STAGE: bits_add(dimension, values, facts->stages, 0); break;
  case DIMENSION_KIND: bits_add(dimension, values, facts->kinds, 0); break;
  case DIMENSION_LENIENT:
    if (facts->strict) choice_add(dimension, values, 0);
    break;
  case DIMENSION_CODE: codes_add(values, facts); break;
  case DIMENSION_REASON: reasons_add(values, domain->result); break;
  case DIMENSION_SEVERITY: severities_add(values, domain->result); break;
  case DIMENSION_SPF: choice_add(dimension, values, asked_unpack_spf(facts->asked)); break;
  case DIMENSION_DMARC: choice_add(dimension, values, asked_unpack_dmarc(facts->asked)); break;
  case DIMENSION_MAIL_VERDICT:
    bits_add(dimension, values, facts->mail & DOMAIN_FACTS_MAIL_VERDICTS, 0);
    break;
  case DIMENSION_TLSRPT: tlsrpt_add(values, facts->flags); break;
  case DIMENSION_OUTSOURCED: outsourced_add(values, facts->flags); break;
  case DIMENSION_IPV6: ipv6_add(values, &domain->result->policy_host.addresses); break;
  default: operator_add(dimension, domain, values); break;
  }
}

void dimension_values(enum dimension dimension, const struct dimension_domain *domain,
                      struct dimension_values *values) {
  const struct result *result = domain->result;
  values->count = 0;
  values->has_number = false;
  switch (dimension) {
  case DIMENSION_RANK: number_add(values, result->has_rank, result->rank); break;
  case DIMENSION_MAX_AGE:
    number_add(values, result->policy.here && result->policy.has_max_age, result->policy.max_age);
    break;
  case DIMENSION_HTTP_STATUS:
    number_add(values, domain->facts->http_status != 0, domain->facts->http_status);
    break;
  case DIMENSION_EXPIRES: day_add(values, result); break;
  case DIMENSION_LOOKS:
    number_add(values, result->domain.len != 0, result->looks > 1 ? result->looks : 1);
    break;
  default:
    if (dimension_kind(dimension) == DIMENSION_TEXT)
      text_add(dimension, result, domain, values);
    else
      choices_add(dimension, domain, values);
  }
}

static void expires_add(struct dimension_values *values, const struct domain_facts *facts) {
  static const char *const texts[] = {"7", "14", "30"};
  for (int bin = 0; bin < COUNTS_EXPIRY_BINS; bin++)
    if (facts->expiry_bins >> bin & 1) value_add(values, span_of(texts[bin]));
  if (facts->flags & DOMAIN_FACTS_EXPIRED) value_add(values, SPAN("expired"));
}

void dimension_groups(enum dimension dimension, const struct dimension_domain *domain,
                      struct dimension_values *values) {
  const struct domain_facts *facts = domain->facts;
  int len = 0;
  values->count = 0;
  switch (dimension) {
  case DIMENSION_RANK:
    if (facts->rank_bin) len = dimension_rank(facts->rank_bin, values->text);
    value_add(values, (struct span){values->text, (size_t)len});
    break;
  case DIMENSION_MAX_AGE:
    if (facts->max_age_bin < COUNTS_MAX_AGE_BINS)
      len = dimension_max_age(facts->max_age_bin, values->text);
    value_add(values, (struct span){values->text, (size_t)len});
    break;
  case DIMENSION_EXPIRES: expires_add(values, facts); break;
  default: dimension_values(dimension, domain, values); break;
  }
}
