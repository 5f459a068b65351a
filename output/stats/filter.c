#include "output/stats/filter.h"

static enum err parse_condition(struct filter_condition *condition, struct span text,
                                struct filter_fault *fault) {
  struct span values = text, name = span_cut(&values, '=');
  *fault = (struct filter_fault){text, DIMENSION_COUNT};
  if (name.len == text.len) return ERR_SYNTAX;
  condition->differs = span_ends(name, SPAN("!"));
  if (condition->differs) name.len--;
  condition->dimension = dimension_by_text(name);
  if (condition->dimension == DIMENSION_COUNT) return ERR_SYNTAX;
  do {
    struct span value = span_cut(&values, '|');
    if (condition->value_count == FILTER_VALUES_MAX) return ERR_LIMIT;
    *fault = (struct filter_fault){value, condition->dimension};
    if (!dimension_allows(condition->dimension, value)) return ERR_SYNTAX;
    condition->values[condition->value_count++] = value;
  } while (values.len);
  return ERR_NONE;
}

enum err filter_add(struct filter *where, struct span text, struct filter_fault *fault) {
  enum err err = ERR_NONE;
  do {
    *fault = (struct filter_fault){text, DIMENSION_COUNT};
    if (where->count == FILTER_CONDITIONS_MAX) return ERR_LIMIT;
    err = parse_condition(&where->conditions[where->count++], span_cut(&text, ','), fault);
  } while (err == ERR_NONE && text.len);
  return err;
}

static enum err condition_expect(const struct filter_condition *condition, struct tally *tally) {
  enum err err = ERR_NONE;
  bool is_tld = condition->dimension == DIMENSION_TLD;
  if (!is_tld && condition->dimension != DIMENSION_PROVIDER) return err;
  for (size_t i = 0; i < condition->value_count && err == ERR_NONE; i++) {
    char lower[TEXT_COUNTS_TEXT_MAX];
    struct span value = span_first(condition->values[i], sizeof lower);
    for (size_t j = 0; j < value.len; j++)
      lower[j] = (char)(value.ptr[j] | (value.ptr[j] >= 'A' && value.ptr[j] <= 'Z' ? 0x20 : 0));
    value.ptr = lower;
    err = is_tld ? tally_expect_tld(tally, value) : tally_expect_provider(tally, value);
  }
  return err;
}

enum err filter_expect(const struct filter *where, struct tally *tally) {
  enum err err = ERR_NONE;
  for (size_t i = 0; i < where->count && err == ERR_NONE; i++)
    err = condition_expect(&where->conditions[i], tally);
  return err;
}

static bool condition_holds(const struct filter_condition *condition, const struct tally *tally,
                            const struct domain_facts *facts) {
  struct dimension_values has;
  dimension_values(condition->dimension, tally, facts, &has);
  for (size_t i = 0; i < has.count; i++)
    for (size_t j = 0; j < condition->value_count; j++)
      if (span_equal_nocase(has.at[i], condition->values[j])) return !condition->differs;
  return condition->differs;
}

bool filter_holds(const struct filter *where, const struct tally *tally,
                  const struct domain_facts *facts) {
  for (size_t i = 0; i < where->count; i++)
    if (!condition_holds(&where->conditions[i], tally, facts)) return false;
  return true;
}
