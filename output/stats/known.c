#include "output/stats/known.h"

#include "output/base/text_counts.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { KNOWN_DAY_MS = 86400 * 1000, KNOWN_KEY_MAX = TEXT_COUNTS_TEXT_MAX };

/* The columns of a row. */
enum { KNOWN_UNTIL };

struct known {
  struct text_counts entries; /* "code domain" */
};

enum err known_new(struct known **known) {
  *known = calloc(1, sizeof **known);
  return *known ? ERR_NONE : ERR_MEMORY;
}

void known_free(struct known *known) {
  if (!known) return;
  text_counts_free(&known->entries);
  free(known);
}

/* False: longer than any domain. */
static bool known_key(struct span domain, enum finding_code code, char key[KNOWN_KEY_MAX + 1],
                      struct span *text) {
  if (span_ends(domain, SPAN("."))) domain.len--;
  int n = snprintf(key, KNOWN_KEY_MAX + 1, "%u ", (unsigned)code);
  if (domain.len == 0 || domain.len > KNOWN_KEY_MAX - (size_t)n) return false;
  for (size_t i = 0; i < domain.len; i++) {
    char c = domain.ptr[i];
    key[(size_t)n + i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
  }
  *text = (struct span){key, (size_t)n + domain.len};
  return true;
}

static bool known_is_ascii(struct span text) {
  for (size_t i = 0; i < text.len; i++)
    if ((unsigned char)text.ptr[i] >= 0x80) return false;
  return true;
}

static bool known_date_number(struct span *text, size_t digits, int *number) {
  uint64_t value;
  struct span part = span_first(*text, digits);
  if (part.len != digits || !span_number(part, &value)) return false;
  *number = (int)value;
  *text = span_skip(*text, digits);
  return true;
}

static bool known_dash(struct span *text) {
  bool dash = span_starts(*text, SPAN("-"));
  *text = span_skip(*text, 1);
  return dash;
}

/* The end of that day, in milliseconds since 1970. */
static bool known_date(struct span text, int64_t *end) {
  struct tm tm = {0};
  if (!known_date_number(&text, 4, &tm.tm_year) || !known_dash(&text) ||
      !known_date_number(&text, 2, &tm.tm_mon) || !known_dash(&text) ||
      !known_date_number(&text, 2, &tm.tm_mday) || text.len || tm.tm_year < 1970)
    return false;
  tm.tm_year -= 1900;
  tm.tm_mon--;
  struct tm given = tm;
  int64_t begin = (int64_t)timegm(&tm) * 1000; /* what is no date becomes another */
  *end = begin + KNOWN_DAY_MS;
  return tm.tm_mon == given.tm_mon && tm.tm_mday == given.tm_mday;
}

static struct span known_word(struct span *line) {
  *line = span_trim(*line);
  size_t len = 0;
  while (len < line->len && !span_is_wsp(line->ptr[len])) len++;
  struct span word = span_first(*line, len);
  *line = span_trim(span_skip(*line, len));
  return word;
}

static enum err known_bad(char why[KNOWN_WHY_SIZE], const char *what, struct span word) {
  snprintf(why, KNOWN_WHY_SIZE, "\"%.*s\" is not %s: give \"domain code [until YYYY-MM-DD]\"",
           (int)(word.len < 64 ? word.len : 64), word.ptr ? word.ptr : "", what);
  return ERR_SYNTAX;
}

static enum err known_read_until(struct span rest, int64_t *until, char why[KNOWN_WHY_SIZE]) {
  *until = INT64_MAX;
  if (rest.len == 0) return ERR_NONE;
  struct span word = known_word(&rest);
  if (!span_equal(word, SPAN("until"))) return known_bad(why, "\"until\"", word);
  return known_date(rest, until) ? ERR_NONE : known_bad(why, "a date", rest);
}

enum err known_add(struct known *known, struct span line, char why[KNOWN_WHY_SIZE]) {
  char key[KNOWN_KEY_MAX + 1];
  struct span text;
  int64_t until;
  struct span domain = known_word(&line), name = known_word(&line);
  if (domain.len == 0 || domain.ptr[0] == '#') return ERR_NONE;
  enum finding_code code = finding_by_name(name);
  if (code == FOUND_COUNT) return known_bad(why, "a code", name);
  if (!known_is_ascii(domain) || !known_key(domain, code, key, &text))
    return known_bad(why, "a domain in A-labels", domain);
  enum err err = known_read_until(line, &until, why);
  if (err != ERR_NONE) return err;
  if (known->entries.count == KNOWN_MAX && !text_counts_find(&known->entries, text))
    return ERR_LIMIT;
  struct text_counts_row *row = text_counts_at(&known->entries, text);
  if (!row) return ERR_MEMORY;
  row->counts[KNOWN_UNTIL] = (uint64_t)until;
  return ERR_NONE;
}

bool known_has(const struct known *known, struct span domain, enum finding_code code, int64_t at) {
  char key[KNOWN_KEY_MAX + 1];
  struct span text;
  if (!known_key(domain, code, key, &text)) return false;
  const struct text_counts_row *row = text_counts_find(&known->entries, text);
  return row && at < (int64_t)row->counts[KNOWN_UNTIL];
}

size_t known_passed(const struct known *known, int64_t at) {
  size_t passed = 0;
  for (size_t i = 0; i < known->entries.count; i++)
    passed += at >= (int64_t)known->entries.rows[i].counts[KNOWN_UNTIL];
  return passed;
}
