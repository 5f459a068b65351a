#include "output/stats/filter.h"

static enum err parse_condition(struct where_condition *condition, struct span text,
                                struct where_fault *fault) {
  struct span values = text, name = span_cut(&values, '=');
  *fault = (struct where_fault){text, FACET_COUNT};
  if (name.len == text.len) return ERR_SYNTAX;
  condition->differs = span_ends(name, SPAN("!"));
  if (condition->differs) name.len--;
  condition->facet = facet_by_text(name);
  if (condition->facet == FACET_COUNT) return ERR_SYNTAX;
  do {
    struct span value = span_cut(&values, '|');
    if (condition->value_count == WHERE_VALUES_MAX) return ERR_LIMIT;
    *fault = (struct where_fault){value, condition->facet};
    if (!facet_allows(condition->facet, value)) return ERR_SYNTAX;
    condition->values[condition->value_count++] = value;
  } while (values.len);
  return ERR_NONE;
}

enum err where_add(struct where *where, struct span text, struct where_fault *fault) {
  enum err err = ERR_NONE;
  do {
    *fault = (struct where_fault){text, FACET_COUNT};
    if (where->count == WHERE_CONDITIONS_MAX) return ERR_LIMIT;
    err = parse_condition(&where->conditions[where->count++], span_cut(&text, ','), fault);
  } while (err == ERR_NONE && text.len);
  return err;
}

static bool condition_holds(const struct where_condition *condition, const struct tally *tally,
                            const struct mark *mark) {
  struct facet_values has;
  facet_values(condition->facet, tally, mark, &has);
  for (size_t i = 0; i < has.count; i++)
    for (size_t j = 0; j < condition->value_count; j++)
      if (span_equal_nocase(has.at[i], condition->values[j])) return !condition->differs;
  return condition->differs;
}

bool where_holds(const struct where *where, const struct tally *tally, const struct mark *mark) {
  for (size_t i = 0; i < where->count; i++)
    if (!condition_holds(&where->conditions[i], tally, mark)) return false;
  return true;
}
