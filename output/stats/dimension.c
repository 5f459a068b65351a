#include "output/stats/dimension.h"

#include "output/record/value_name.h"
#include <inttypes.h>

static const char *const facet_texts[] = {
#define X(name, text) text,
    FACET_MAP(X)
#undef X
};

const char *facet_text(enum facet facet) {
  return facet_texts[facet];
}

enum facet facet_by_text(struct span text) {
  int facet = 0;
  while (facet < FACET_COUNT && !span_equal(text, span_of(facet_texts[facet]))) facet++;
  return (enum facet)facet;
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

/* The facets whose values are those of an enum. */
static const struct {
  value_name *name;
  int count;
} choices[FACET_COUNT] = {
    [FACET_STATUS] = {value_name_status, STATUS_COUNT},
    [FACET_EFFECT] = {value_name_effect, EFFECT_COUNT},
    [FACET_MODE] = {value_name_mode, MODE_COUNT},
    [FACET_STAGE] = {value_name_stage, STAGE_COUNT},
    [FACET_CODE] = {value_name_code, FOUND_COUNT},
    [FACET_KIND] = {value_name_kind, KIND_COUNT},
    [FACET_EXPIRES] = {expires_name, COUNTS_EXPIRY_BINS + 1},
    [FACET_TLSRPT] = {tlsrpt_name, 2},
    [FACET_OUTSOURCED] = {outsourced_name, 2},
};

int facet_max_age(int bin, char text[FACET_NUMBER_SIZE]) {
  uint64_t from = counts_max_age_from[bin];
  if (bin + 1 == COUNTS_MAX_AGE_BINS)
    return snprintf(text, FACET_NUMBER_SIZE, "%" PRIu64 "-", from);
  return snprintf(text, FACET_NUMBER_SIZE, "%" PRIu64 "-%" PRIu64, from,
                  counts_max_age_from[bin + 1] - 1);
}

int facet_rank(uint32_t bin, char text[FACET_NUMBER_SIZE]) {
  uint64_t to = (uint64_t)bin * MARK_RANK_BIN;
  return snprintf(text, FACET_NUMBER_SIZE, "%" PRIu64 "-%" PRIu64, to - MARK_RANK_BIN + 1, to);
}

static bool max_age_allows(struct span value) {
  char text[FACET_NUMBER_SIZE];
  for (int bin = 0; bin < COUNTS_MAX_AGE_BINS; bin++) {
    int len = facet_max_age(bin, text);
    if (span_equal(value, (struct span){text, (size_t)len})) return true;
  }
  return false;
}

static bool choice_allows(enum facet facet, struct span value) {
  for (int i = 0; i < choices[facet].count; i++)
    if (span_equal(value, span_of(choices[facet].name(i)))) return true;
  return false;
}

static bool rank_allows(struct span value) {
  char text[FACET_NUMBER_SIZE];
  uint64_t from = 0;
  for (size_t i = 0; i < value.len && value.ptr[i] != '-' && from <= MARK_RANK_MAX; i++)
    from = from * 10 + (uint64_t)(unsigned char)value.ptr[i] - '0';
  if (from == 0 || from > MARK_RANK_MAX) return false;
  int len = facet_rank((uint32_t)((from - 1) / MARK_RANK_BIN + 1), text);
  return span_equal(value, (struct span){text, (size_t)len});
}

static bool http_status_allows(struct span value) {
  for (size_t i = 0; i < value.len; i++)
    if (value.ptr[i] < '0' || value.ptr[i] > '9') return false;
  return value.len == 3 && value.ptr[0] != '0';
}

bool facet_allows(enum facet facet, struct span value) {
  switch (facet) {
  case FACET_MAX_AGE: return max_age_allows(value);
  case FACET_RANK: return rank_allows(value);
  case FACET_HTTP_STATUS: return http_status_allows(value);
  case FACET_TLD: return value.len && span_find(value, '.') == value.len;
  case FACET_PROVIDER: return value.len != 0;
  default: return choice_allows(facet, value);
  }
}

bool facet_is_number(enum facet facet) {
  return facet == FACET_MAX_AGE || facet == FACET_RANK || facet == FACET_HTTP_STATUS;
}

static void print_choices(FILE *out, enum facet facet) {
  fputs("one of ", out);
  for (int i = 0; i < choices[facet].count; i++)
    fprintf(out, "%s%s", i ? ", " : "", choices[facet].name(i));
}

static void print_max_ages(FILE *out) {
  char text[FACET_NUMBER_SIZE];
  fputs("one of ", out);
  for (int bin = 0; bin < COUNTS_MAX_AGE_BINS; bin++) {
    facet_max_age(bin, text);
    fprintf(out, "%s%s", bin ? ", " : "", text);
  }
}

void facet_print_allowed(FILE *out, enum facet facet) {
  switch (facet) {
  case FACET_CODE: fputs("a code; stscan explain lists them", out); break;
  case FACET_TLD: fputs("a last label, as org", out); break;
  case FACET_PROVIDER: fputs("a registrable domain, as example.net", out); break;
  case FACET_HTTP_STATUS: fputs("a number from 100 to 999", out); break;
  case FACET_MAX_AGE: print_max_ages(out); break;
  case FACET_RANK: fputs("a bin of ranks: 1-10000, 10001-20000 and so on", out); break;
  default: print_choices(out, facet); break;
  }
}

void facet_print_names(FILE *out) {
  for (int i = 0; i < FACET_COUNT; i++) fprintf(out, "%s%s", i ? ", " : "", facet_texts[i]);
}

static void value_add(struct facet_values *values, struct span text) {
  if (text.len) values->at[values->count++] = text;
}

static void choice_add(enum facet facet, struct facet_values *values, int choice) {
  if (choice < choices[facet].count) value_add(values, span_of(choices[facet].name(choice)));
}

/* A value for each bit. */
static void bits_add(enum facet facet, struct facet_values *values, uint64_t bits, int first) {
  for (; bits; bits &= bits - 1) choice_add(facet, values, first + __builtin_ctzll(bits));
}

static void flags_add(enum facet facet, struct facet_values *values, const struct mark *mark) {
  unsigned flags = mark->flags;
  if (facet == FACET_EXPIRES) {
    bits_add(facet, values, mark->expiry_bins, 0);
    if (flags & MARK_EXPIRED) choice_add(facet, values, COUNTS_EXPIRY_BINS);
  } else if (facet == FACET_TLSRPT) {
    if (flags & MARK_TLSRPT) choice_add(facet, values, (flags & MARK_TLSRPT_BROKEN) != 0);
  } else {
    if (flags & (MARK_SAME | MARK_DIFFERENT))
      choice_add(facet, values, (flags & MARK_DIFFERENT) != 0);
  }
}

static void number_add(enum facet facet, struct facet_values *values, const struct mark *mark) {
  int len = 0;
  if (facet == FACET_HTTP_STATUS && mark->http_status)
    len = snprintf(values->number, sizeof values->number, "%u", mark->http_status);
  if (facet == FACET_MAX_AGE && mark->max_age_bin < COUNTS_MAX_AGE_BINS)
    len = facet_max_age(mark->max_age_bin, values->number);
  if (facet == FACET_RANK && mark->rank_bin) len = facet_rank(mark->rank_bin, values->number);
  value_add(values, (struct span){values->number, (size_t)len});
}

void facet_values(enum facet facet, const struct tally *tally, const struct mark *mark,
                  struct facet_values *values) {
  values->count = 0;
  switch (facet) {
  case FACET_STATUS: choice_add(facet, values, mark->status); break;
  case FACET_EFFECT: choice_add(facet, values, mark->effect); break;
  case FACET_MODE: choice_add(facet, values, mark->mode); break;
  case FACET_STAGE: bits_add(facet, values, mark->stages, 0); break;
  case FACET_KIND: bits_add(facet, values, mark->kinds, 0); break;
  case FACET_CODE:
    for (int word = 0; word < MARK_CODE_WORDS; word++)
      bits_add(facet, values, mark->codes[word], 64 * word);
    break;
  case FACET_TLD: value_add(values, tally_tld(tally, mark)); break;
  case FACET_PROVIDER: value_add(values, tally_provider(tally, mark)); break;
  case FACET_EXPIRES:
  case FACET_TLSRPT:
  case FACET_OUTSOURCED: flags_add(facet, values, mark); break;
  default: number_add(facet, values, mark); break;
  }
}
