#include "output/stats/filter.h"

/* The comparison that begins the text, and its length; 0: none does. */
static size_t comparison_of(struct span text, enum filter_comparison *comparison) {
  static const struct {
    struct span text;
    enum filter_comparison comparison;
  } rows[] = {
      {{"!=", 2}, FILTER_DIFFERS}, {{"<=", 2}, FILTER_UP_TO}, {{">=", 2}, FILTER_FROM},
      {{"=", 1}, FILTER_IS},       {{"<", 1}, FILTER_BELOW},  {{">", 1}, FILTER_ABOVE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (span_starts(text, rows[i].text)) {
      *comparison = rows[i].comparison;
      return rows[i].text.len;
    }
  return 0;
}

static bool is_ordering(enum filter_comparison comparison) {
  return comparison != FILTER_IS && comparison != FILTER_DIFFERS;
}

/* What a number is compared with; a plain number of days means within so many. */
static bool value_range(struct filter_value *value, enum dimension dimension,
                        enum filter_comparison comparison) {
  enum dimension_kind kind = dimension_kind(dimension);
  if (kind != DIMENSION_NUMBER && kind != DIMENSION_DAY) return false;
  if (kind == DIMENSION_DAY && span_equal(value->text, SPAN("expired"))) {
    value->low = INT64_MIN;
    value->high = -1;
    return true;
  }
  if (!dimension_range(value->text, &value->low, &value->high)) return false;
  if (kind == DIMENSION_DAY && !is_ordering(comparison) && value->low == value->high)
    value->low = 0;
  return true;
}

static enum err parse_value(struct filter_condition *condition, struct span text) {
  struct filter_value *value = &condition->values[condition->value_count];
  *value = (struct filter_value){.text = text, .pattern = span_find(text, '*') < text.len};
  value->range = value_range(value, condition->dimension, condition->comparison);
  if (is_ordering(condition->comparison)) {
    bool is_day = dimension_kind(condition->dimension) == DIMENSION_DAY && dimension_is_day(text);
    bool is_one = value->range && value->low == value->high;
    return is_day || is_one ? ERR_NONE : ERR_SYNTAX;
  }
  if (value->pattern) return ERR_NONE;
  return dimension_allows(condition->dimension, text) ? ERR_NONE : ERR_SYNTAX;
}

static enum err parse_condition(struct filter_condition *condition, struct span text,
                                struct filter_fault *fault) {
  size_t len = 0;
  while (len < text.len && !memchr("!=<>", text.ptr[len], 4)) len++;
  *fault = (struct filter_fault){text, DIMENSION_COUNT};
  size_t sign = comparison_of(span_skip(text, len), &condition->comparison);
  condition->dimension = dimension_by_text(span_first(text, len));
  condition->label = dimension_label(span_first(text, len));
  if (sign == 0 || condition->dimension == DIMENSION_COUNT) return ERR_SYNTAX;
  struct span values = span_skip(text, len + sign);
  do {
    struct span value = span_cut(&values, '|');
    if (condition->value_count == FILTER_VALUES_MAX) return ERR_LIMIT;
    *fault = (struct filter_fault){value, condition->dimension};
    enum err err = parse_value(condition, value);
    if (err != ERR_NONE) return err;
    condition->value_count++;
  } while (values.len);
  return ERR_NONE;
}

enum err filter_add(struct filter *where, struct span text, struct filter_fault *fault) {
  enum err err = ERR_NONE;
  do {
    *fault = (struct filter_fault){text, DIMENSION_COUNT};
    if (where->count == FILTER_CONDITIONS_MAX) return ERR_LIMIT;
    struct filter_condition *condition = &where->conditions[where->count++];
    condition->value_count = 0;
    err = parse_condition(condition, span_cut(&text, ','), fault);
  } while (err == ERR_NONE && text.len);
  return err;
}

static char lower(char c) {
  return (char)(c | (c >= 'A' && c <= 'Z' ? 0x20 : 0));
}

/* * stands for any octets, none too. The last * met takes one more whenever the rest fails. */
static bool pattern_matches(struct span pattern, struct span text) {
  size_t p = 0, t = 0, star = SIZE_MAX, from = 0;
  while (t < text.len) {
    if (p < pattern.len && pattern.ptr[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.len && lower(pattern.ptr[p]) == lower(text.ptr[t])) {
      p++;
      t++;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.len && pattern.ptr[p] == '*') p++;
  return p == pattern.len;
}

static bool value_is(const struct filter_value *value, const struct dimension_values *has) {
  if (value->range && has->has_number)
    return has->number >= value->low && has->number <= value->high;
  for (size_t i = 0; i < has->count; i++)
    if (value->pattern ? pattern_matches(value->text, has->at[i])
                       : span_equal_nocase(value->text, has->at[i]))
      return true;
  return false;
}

/* Numbers by their order, days by that of their text. */
static bool value_orders(const struct filter_value *value, enum filter_comparison comparison,
                         const struct dimension_values *has) {
  if (!has->has_number) return false;
  int order = value->range ? (has->number > value->low) - (has->number < value->low)
                           : memcmp(has->at[0].ptr, value->text.ptr, value->text.len);
  switch (comparison) {
  case FILTER_BELOW: return order < 0;
  case FILTER_UP_TO: return order <= 0;
  case FILTER_ABOVE: return order > 0;
  default: return order >= 0;
  }
}

static bool condition_holds(const struct filter_condition *condition,
                            const struct dimension_domain *domain) {
  struct dimension_values has;
  bool found = false;
  struct dimension_domain asked = *domain;
  asked.label = condition->label;
  dimension_values(condition->dimension, &asked, &has);
  for (size_t i = 0; i < condition->value_count && !found; i++)
    found = is_ordering(condition->comparison)
                ? value_orders(&condition->values[i], condition->comparison, &has)
                : value_is(&condition->values[i], &has);
  return found != (condition->comparison == FILTER_DIFFERS);
}

bool filter_holds(const struct filter *where, const struct dimension_domain *domain) {
  for (size_t i = 0; i < where->count; i++)
    if (!condition_holds(&where->conditions[i], domain)) return false;
  return true;
}

bool filter_asks(const struct filter *where, enum dimension dimension) {
  for (size_t i = 0; i < where->count; i++)
    if (where->conditions[i].dimension == dimension) return true;
  return false;
}
