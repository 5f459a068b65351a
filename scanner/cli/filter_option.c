#include "scanner/cli/filter_option.h"

#include "scanner/cli/help.h"
#include "scanner/cli/nearest.h"

enum { ALLOWED_SIZE = 512 };

/* What is allowed where the fault lies. */
static void print_allowed(FILE *out, const struct filter_fault *fault, enum err err) {
  if (err == ERR_LIMIT) {
    fprintf(out, "give at most %d conditions with %d values each", FILTER_CONDITIONS_MAX,
            FILTER_VALUES_MAX);
  } else if (fault->dimension == DIMENSION_COUNT) {
    fputs("give MEMBER=VALUE, or !=, <, <=, >, >=; members: ", out);
    dimension_print_names(out);
  } else if (dimension_allows(fault->dimension, fault->part)) {
    fputs("<, <=, > and >= take one number, or a day", out);
  } else {
    fprintf(out, "%s is ", dimension_text(fault->dimension));
    dimension_print_allowed(out, fault->dimension);
  }
}

/* nearest_word of the members of conditions */
static const char *member_word(const void *data, size_t i) {
  (void)data;
  return i < DIMENSION_COUNT ? dimension_text((enum dimension)i) : NULL;
}

/* nearest_word of the columns */
static const char *column_word(const void *data, size_t i) {
  (void)data;
  return columns_name(i);
}

/* nearest_word of the values of a dimension */
static const char *choice_word(const void *data, size_t i) {
  return dimension_choice(*(const enum dimension *)data, (int)i);
}

/* A word beside a known one, in the place where the fault lies. */
static bool where_nearest(const char *command, const struct filter_fault *fault) {
  const enum dimension *dimension = &fault->dimension;
  size_t len = 0;
  if (*dimension != DIMENSION_COUNT)
    return dimension_kind(*dimension) == DIMENSION_CHOICE &&
           !dimension_allows(*dimension, fault->part) &&
           nearest_complain(command, "--where", fault->part, choice_word, dimension);
  while (len < fault->part.len && !memchr("!=<>", fault->part.ptr[len], 4)) len++;
  return len < fault->part.len &&
         nearest_complain(command, "--where", span_first(fault->part, len), member_word, NULL);
}

static void complain_where(const char *command, const struct filter_fault *fault, enum err err) {
  if (err != ERR_LIMIT && where_nearest(command, fault)) return;
  char allowed[ALLOWED_SIZE] = "";
  FILE *out = fmemopen(allowed, sizeof allowed, "w");
  if (out) {
    print_allowed(out, fault, err);
    fclose(out);
  }
  help_complain(command, "--where: \"%.*s\" is not allowed: %s", SPAN_ARG(fault->part), allowed);
}

bool filter_option_where(const char *command, const struct options_texts *texts,
                         struct filter *where) {
  struct filter_fault fault;
  for (unsigned i = 0; i < texts->count; i++) {
    enum err err = filter_add(where, span_of(texts->at[i]), &fault);
    if (err == ERR_NONE) continue;
    complain_where(command, &fault, err);
    return false;
  }
  return true;
}

static void complain_names(const char *command, const char *option, struct span bad,
                           nearest_word *words, void (*print_names)(FILE *)) {
  if (nearest_complain(command, option, bad, words, NULL)) return;
  char names[ALLOWED_SIZE] = "";
  FILE *out = fmemopen(names, sizeof names, "w");
  if (out) {
    print_names(out);
    fclose(out);
  }
  help_complain(command, "%s: \"%.*s\" is not allowed: give one of %s", option, SPAN_ARG(bad),
                names);
}

bool filter_option_by(const char *command, const char *by, struct aggregate_config *config) {
  unsigned *count = &config->by_count;
  struct span rest = span_of(by);
  for (*count = 0; rest.len; ++*count) {
    if (*count == GROUP_BY_DIMENSIONS) {
      help_complain(command, "--by: \"%s\" is not allowed: give at most %d members", by,
                    GROUP_BY_DIMENSIONS);
      return false;
    }
    struct span name = span_cut(&rest, ',');
    config->by_names[*count] = name;
    config->by[*count] = dimension_by_text(name);
    if (config->by[*count] != DIMENSION_COUNT) continue;
    complain_names(command, "--by", name, member_word, dimension_print_names);
    return false;
  }
  return true;
}

bool filter_option_columns(const char *command, const char *text, struct columns *columns) {
  struct span bad;
  enum err err = columns_parse(columns, text ? span_of(text) : SPAN("domain"), &bad);
  if (err == ERR_LIMIT)
    help_complain(command, "--columns: give at most %d", COLUMNS_MAX);
  else if (err != ERR_NONE)
    complain_names(command, "--columns", bad, column_word, columns_print_names);
  return err == ERR_NONE;
}

bool filter_option_text(const char *command, const struct options_texts *texts,
                        char text[FILTER_OPTION_TEXT_SIZE]) {
  size_t used = 0;
  text[0] = 0;
  for (unsigned i = 0; i < texts->count; i++) {
    int len =
        snprintf(text + used, FILTER_OPTION_TEXT_SIZE - used, "%s%s", i ? "," : "", texts->at[i]);
    if (len < 0 || (size_t)len >= FILTER_OPTION_TEXT_SIZE - used) {
      help_complain(command, "--where: the conditions are longer than %d bytes",
                    FILTER_OPTION_TEXT_SIZE - 1);
      return false;
    }
    used += (size_t)len;
  }
  return true;
}
