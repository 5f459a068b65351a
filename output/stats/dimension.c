#include "output/stats/dimension.h"

#include "output/record/value_name.h"
#include <inttypes.h>

static const char *const dimension_texts[] = {
#define X(name, text) text,
    DIMENSION_MAP(X)
#undef X
};

const char *dimension_text(enum dimension dimension) {
  return dimension_texts[dimension];
}

enum dimension dimension_by_text(struct span text) {
  int dimension = 0;
  while (dimension < DIMENSION_COUNT && !span_equal(text, span_of(dimension_texts[dimension])))
    dimension++;
  return (enum dimension)dimension;
}

static const char *expires_name(int value) {
  static const char *const texts[] = {"7", "14", "30", "expired"};
  return texts[value];
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

/* The facets whose values are those of an enum. */
static const struct {
  value_name *name;
  int count;
} choices[DIMENSION_COUNT] = {
    [DIMENSION_STATUS] = {value_name_status, STATUS_COUNT},
    [DIMENSION_EFFECT] = {value_name_effect, EFFECT_COUNT},
    [DIMENSION_MODE] = {value_name_mode, MODE_COUNT},
    [DIMENSION_STAGE] = {value_name_stage, STAGE_COUNT},
    [DIMENSION_CODE] = {value_name_code, FOUND_COUNT},
    [DIMENSION_LENIENT] = {lenient_name, 1},
    [DIMENSION_KIND] = {value_name_kind, KIND_COUNT},
    [DIMENSION_EXPIRES] = {expires_name, COUNTS_EXPIRY_BINS + 1},
    [DIMENSION_TLSRPT] = {tlsrpt_name, 2},
    [DIMENSION_OUTSOURCED] = {outsourced_name, 2},
};

int dimension_max_age(int bin, char text[DIMENSION_NUMBER_SIZE]) {
  uint64_t from = counts_max_age_from[bin];
  if (bin + 1 == COUNTS_MAX_AGE_BINS)
    return snprintf(text, DIMENSION_NUMBER_SIZE, "%" PRIu64 "-", from);
  return snprintf(text, DIMENSION_NUMBER_SIZE, "%" PRIu64 "-%" PRIu64, from,
                  counts_max_age_from[bin + 1] - 1);
}

int dimension_rank(uint32_t bin, char text[DIMENSION_NUMBER_SIZE]) {
  uint64_t to = (uint64_t)bin * DOMAIN_FACTS_RANK_BIN;
  return snprintf(text, DIMENSION_NUMBER_SIZE, "%" PRIu64 "-%" PRIu64,
                  to - DOMAIN_FACTS_RANK_BIN + 1, to);
}

static bool max_age_allows(struct span value) {
  char text[DIMENSION_NUMBER_SIZE];
  for (int bin = 0; bin < COUNTS_MAX_AGE_BINS; bin++) {
    int len = dimension_max_age(bin, text);
    if (span_equal(value, (struct span){text, (size_t)len})) return true;
  }
  return false;
}

static bool choice_allows(enum dimension dimension, struct span value) {
  for (int i = 0; i < choices[dimension].count; i++)
    if (span_equal(value, span_of(choices[dimension].name(i)))) return true;
  return false;
}

static bool rank_allows(struct span value) {
  char text[DIMENSION_NUMBER_SIZE];
  uint64_t from = 0;
  for (size_t i = 0; i < value.len && value.ptr[i] != '-' && from <= DOMAIN_FACTS_RANK_MAX; i++)
    from = from * 10 + (uint64_t)(unsigned char)value.ptr[i] - '0';
  if (from == 0 || from > DOMAIN_FACTS_RANK_MAX) return false;
  int len = dimension_rank((uint32_t)((from - 1) / DOMAIN_FACTS_RANK_BIN + 1), text);
  return span_equal(value, (struct span){text, (size_t)len});
}

static bool http_status_allows(struct span value) {
  for (size_t i = 0; i < value.len; i++)
    if (value.ptr[i] < '0' || value.ptr[i] > '9') return false;
  return value.len == 3 && value.ptr[0] != '0';
}

bool dimension_allows(enum dimension dimension, struct span value) {
  switch (dimension) {
  case DIMENSION_MAX_AGE: return max_age_allows(value);
  case DIMENSION_RANK: return rank_allows(value);
  case DIMENSION_HTTP_STATUS: return http_status_allows(value);
  case DIMENSION_TLD: return value.len && span_find(value, '.') == value.len;
  case DIMENSION_PROVIDER: return value.len != 0;
  default: return choice_allows(dimension, value);
  }
}

bool dimension_is_number(enum dimension dimension) {
  return dimension == DIMENSION_MAX_AGE || dimension == DIMENSION_RANK ||
         dimension == DIMENSION_HTTP_STATUS;
}

static void print_choices(FILE *out, enum dimension dimension) {
  fputs("one of ", out);
  for (int i = 0; i < choices[dimension].count; i++)
    fprintf(out, "%s%s", i ? ", " : "", choices[dimension].name(i));
}

static void print_max_ages(FILE *out) {
  char text[DIMENSION_NUMBER_SIZE];
  fputs("one of ", out);
  for (int bin = 0; bin < COUNTS_MAX_AGE_BINS; bin++) {
    dimension_max_age(bin, text);
    fprintf(out, "%s%s", bin ? ", " : "", text);
  }
}

void dimension_print_allowed(FILE *out, enum dimension dimension) {
  switch (dimension) {
  case DIMENSION_CODE: fputs("a code; stscan explain lists them", out); break;
  case DIMENSION_TLD: fputs("a last label, as org", out); break;
  case DIMENSION_PROVIDER: fputs("a registrable domain, as example.net", out); break;
  case DIMENSION_HTTP_STATUS: fputs("a number from 100 to 999", out); break;
  case DIMENSION_MAX_AGE: print_max_ages(out); break;
  case DIMENSION_RANK: fputs("a bin of ranks: 1-10000, 10001-20000 and so on", out); break;
  default: print_choices(out, dimension); break;
  }
}

void dimension_print_names(FILE *out) {
  for (int i = 0; i < DIMENSION_COUNT; i++) fprintf(out, "%s%s", i ? ", " : "", dimension_texts[i]);
}

static void value_add(struct dimension_values *values, struct span text) {
  if (text.len) values->at[values->count++] = text;
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

static void flags_add(enum dimension dimension, struct dimension_values *values,
                      const struct domain_facts *facts) {
  unsigned flags = facts->flags;
  if (dimension == DIMENSION_EXPIRES) {
    bits_add(dimension, values, facts->expiry_bins, 0);
    if (flags & DOMAIN_FACTS_EXPIRED) choice_add(dimension, values, COUNTS_EXPIRY_BINS);
  } else if (dimension == DIMENSION_TLSRPT) {
    if (flags & DOMAIN_FACTS_TLSRPT)
      choice_add(dimension, values, (flags & DOMAIN_FACTS_TLSRPT_BROKEN) != 0);
  } else {
    if (flags & (DOMAIN_FACTS_SAME | DOMAIN_FACTS_DIFFERENT))
      choice_add(dimension, values, (flags & DOMAIN_FACTS_DIFFERENT) != 0);
  }
}

static void number_add(enum dimension dimension, struct dimension_values *values,
                       const struct domain_facts *facts) {
  int len = 0;
  if (dimension == DIMENSION_HTTP_STATUS && facts->http_status)
    len = snprintf(values->number, sizeof values->number, "%u", facts->http_status);
  if (dimension == DIMENSION_MAX_AGE && facts->max_age_bin < COUNTS_MAX_AGE_BINS)
    len = dimension_max_age(facts->max_age_bin, values->number);
  if (dimension == DIMENSION_RANK && facts->rank_bin)
    len = dimension_rank(facts->rank_bin, values->number);
  value_add(values, (struct span){values->number, (size_t)len});
}

void dimension_values(enum dimension dimension, const struct tally *tally,
                      const struct domain_facts *facts, struct dimension_values *values) {
  values->count = 0;
  switch (dimension) {
  case DIMENSION_STATUS: choice_add(dimension, values, facts->status); break;
  case DIMENSION_EFFECT: choice_add(dimension, values, facts->effect); break;
  case DIMENSION_MODE: choice_add(dimension, values, facts->mode); break;
  case DIMENSION_STAGE: bits_add(dimension, values, facts->stages, 0); break;
  case DIMENSION_KIND: bits_add(dimension, values, facts->kinds, 0); break;
  case DIMENSION_LENIENT:
    if (facts->strict) choice_add(dimension, values, 0);
    break;
  case DIMENSION_CODE:
    for (int word = 0; word < DOMAIN_FACTS_CODE_WORDS; word++)
      bits_add(dimension, values, facts->codes[word], 64 * word);
    break;
  case DIMENSION_TLD: value_add(values, tally_tld(tally, facts)); break;
  case DIMENSION_PROVIDER: value_add(values, tally_provider(tally, facts)); break;
  case DIMENSION_EXPIRES:
  case DIMENSION_TLSRPT:
  case DIMENSION_OUTSOURCED: flags_add(dimension, values, facts); break;
  default: number_add(dimension, values, facts); break;
  }
}
