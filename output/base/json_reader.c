#include "output/base/json_reader.h"

struct json_reader json_reader_of(char *text, size_t len) {
  text[len] = 0;
  return (struct json_reader){.at = text, .end = text + len};
}

/* Where the text is bad, reading stops for good: everything stands at the end from now on. */
static void json_reader_fail(struct json_reader *reader) {
  reader->bad = true;
  reader->at = reader->end;
}

static inline void json_reader_blanks(struct json_reader *reader) {
  while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\r' || *reader->at == '\n')
    reader->at++;
}

static inline bool json_reader_take(struct json_reader *reader, char byte) {
  json_reader_blanks(reader);
  if (*reader->at != byte) return false;
  reader->at++;
  return true;
}

bool json_reader_open(struct json_reader *reader, char bracket) {
  if (json_reader_take(reader, bracket))
    reader->fresh = true;
  else
    json_reader_fail(reader);
  return !reader->bad;
}

/* Whether one more follows in the container that ends with bracket. */
static inline bool json_reader_more(struct json_reader *reader, char bracket) {
  bool fresh = reader->fresh;
  reader->fresh = false;
  if (json_reader_take(reader, bracket)) return false;
  if (!fresh && !json_reader_take(reader, ',')) json_reader_fail(reader);
  return !reader->bad;
}

bool json_reader_member(struct json_reader *reader, struct span *key) {
  if (!json_reader_more(reader, '}')) return false;
  *key = json_reader_string(reader);
  if (!json_reader_take(reader, ':')) json_reader_fail(reader);
  return !reader->bad;
}

bool json_reader_element(struct json_reader *reader) {
  return json_reader_more(reader, ']');
}

static bool json_reader_word(struct json_reader *reader, struct span word) {
  json_reader_blanks(reader);
  struct span rest = {reader->at, (size_t)(reader->end - reader->at)};
  if (!span_starts(rest, word)) return false;
  reader->at += word.len;
  return true;
}

bool json_reader_is(struct json_reader *reader, char first) {
  json_reader_blanks(reader);
  return *reader->at == first;
}

bool json_reader_null(struct json_reader *reader) {
  return json_reader_word(reader, SPAN("null"));
}

bool json_reader_bool(struct json_reader *reader) {
  if (json_reader_word(reader, SPAN("true"))) return true;
  if (!json_reader_word(reader, SPAN("false"))) json_reader_fail(reader);
  return false;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hexadecimal digits at `at`, or -1. The NUL at the end is not one. */
static int32_t hex_four(const char *at) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_value(at[i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

static char *put_utf8(char *out, uint32_t character) {
  if (character < 0x80) {
    *out++ = (char)character;
    return out;
  }
  int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  *out++ = (char)((0xf0 << (3 - more)) | character >> (6 * more));
  while (more--) *out++ = (char)(0x80 | (character >> (6 * more) & 0x3f));
  return out;
}

/* The character of \uXXXX at *at (the X), with the second half of a surrogate pair; *at is moved
 * on. A half alone stands for no character: U+FFFD. -1: no four digits. */
static int32_t unescape_unicode(char **at) {
  int32_t high = hex_four(*at);
  if (high < 0) return -1;
  *at += 4;
  if (high < 0xd800 || high > 0xdfff) return high;
  if (high < 0xdc00 && (*at)[0] == '\\' && (*at)[1] == 'u') {
    int32_t low = hex_four(*at + 2);
    if (low >= 0xdc00 && low <= 0xdfff) {
      *at += 6;
      return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  return 0xfffd;
}

/* One escape whose letter stands at *at, written to out; NULL: there is no such escape. */
static char *unescape(char **at, char *out) {
  static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
  char letter = *(*at)++;
  if (letter == 'u') {
    int32_t character = unescape_unicode(at);
    return character < 0 ? NULL : put_utf8(out, (uint32_t)character);
  }
  const char *found = letter ? strchr(letters, letter) : NULL;
  if (!found) return NULL;
  *out++ = bytes[found - letters];
  return out;
}

/* A byte that stands for itself in a string. */
static inline bool string_plain(char c) {
  return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

/* The rest of a string from its first escape at `at`, unescaped in place; the end of the text, or
 * NULL. An escape is never shorter than what it stands for. */
static char *string_rest(struct json_reader *reader, char *at) {
  char *out = at;
  while (*at != '"') {
    if (string_plain(*at)) {
      *out++ = *at++;
      continue;
    }
    if (*at++ != '\\') return NULL;
    out = unescape(&at, out);
    if (!out) return NULL;
  }
  reader->at = at + 1;
  return out;
}

struct span json_reader_string(struct json_reader *reader) {
  if (!json_reader_take(reader, '"')) {
    json_reader_fail(reader);
    return (struct span){0};
  }
  char *begin = reader->at, *at = begin;
  while (string_plain(*at)) at++;
  if (*at == '"') {
    reader->at = at + 1;
    return (struct span){begin, (size_t)(at - begin)};
  }
  char *end = string_rest(reader, at);
  if (!end) {
    json_reader_fail(reader);
    return (struct span){0};
  }
  return (struct span){begin, (size_t)(end - begin)};
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

uint64_t json_reader_uint(struct json_reader *reader) {
  json_reader_blanks(reader);
  const char *begin = reader->at;
  uint64_t value = 0;
  bool over = false;
  for (; is_digit(*reader->at); reader->at++) {
    unsigned digit = (unsigned)(*reader->at - '0');
    over |= value > (UINT64_MAX - digit) / 10;
    value = value * 10 + digit;
  }
  bool leading_zero = *begin == '0' && reader->at - begin > 1;
  char next = *reader->at;
  if (reader->at == begin || over || leading_zero || next == '.' || next == 'e' || next == 'E')
    json_reader_fail(reader);
  return reader->bad ? 0 : value;
}

int64_t json_reader_int(struct json_reader *reader) {
  bool negative = json_reader_take(reader, '-');
  if (negative && !is_digit(*reader->at)) json_reader_fail(reader);
  uint64_t value = json_reader_uint(reader);
  if (value > INT64_MAX) {
    json_reader_fail(reader);
    return 0;
  }
  return negative ? -(int64_t)value : (int64_t)value;
}

static int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits at `at` of which `pads` at the end are '='; writes 3 - pads bytes. */
static bool base64_group(const char *at, int pads, char *out) {
  uint32_t bits = 0;
  for (int i = 0; i < 4; i++) {
    int value = i < 4 - pads ? base64_value(at[i]) : 0;
    if (value < 0 || (i >= 4 - pads && at[i] != '=')) return false;
    bits = bits << 6 | (uint32_t)value;
  }
  for (int i = 0; i < 3 - pads; i++) out[i] = (char)(bits >> (16 - 8 * i));
  return true;
}

struct span json_reader_base64(struct json_reader *reader) {
  struct span text = json_reader_string(reader);
  char *out = (char *)text.ptr;
  struct span bytes = {out, 0};
  bool good = text.len % 4 == 0;
  for (size_t i = 0; good && i < text.len; i += 4) {
    int pads = i + 4 == text.len ? (text.ptr[i + 3] == '=') + (text.ptr[i + 2] == '=') : 0;
    good = base64_group(text.ptr + i, pads, out + bytes.len);
    bytes.len += (size_t)(3 - pads);
  }
  if (!good) json_reader_fail(reader);
  return reader->bad ? (struct span){0} : bytes;
}

/* Days from 1970-01-01 to the day of the Gregorian calendar, by eras of 400 years that begin on
 * 1 March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* `count` digits at the front of *text, then the byte `after`; both are taken off. */
static int64_t time_part(struct span *text, size_t count, char after, bool *good) {
  int64_t value = 0;
  *good = *good && text->len > count && text->ptr[count] == after;
  for (size_t i = 0; *good && i < count; i++) {
    *good = is_digit(text->ptr[i]);
    value = value * 10 + (text->ptr[i] - '0');
  }
  *text = span_skip(*text, count + 1);
  return value;
}

/* Milliseconds of a fraction of a second and the Z after it; digits beyond three are dropped. */
static int64_t time_fraction(struct span text, bool *good) {
  int64_t ms = 0, unit = 100;
  while (text.len && is_digit(text.ptr[0])) {
    ms += unit * (text.ptr[0] - '0');
    unit /= 10;
    text = span_skip(text, 1);
  }
  *good = *good && span_equal(text, SPAN("Z"));
  return ms;
}

int64_t json_reader_time(struct json_reader *reader) {
  struct span text = json_reader_string(reader);
  bool good = !reader->bad;
  int64_t year = time_part(&text, 4, '-', &good), month = time_part(&text, 2, '-', &good);
  int64_t day = time_part(&text, 2, 'T', &good), hour = time_part(&text, 2, ':', &good);
  int64_t minute = time_part(&text, 2, ':', &good);
  bool fraction = text.len > 2 && text.ptr[2] == '.';
  int64_t second = time_part(&text, 2, fraction ? '.' : 'Z', &good);
  int64_t ms = fraction ? time_fraction(text, &good) : 0;
  good = good && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 &&
         second <= 60 && (fraction || text.len == 0);
  if (!good) json_reader_fail(reader);
  return good ? (((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms
              : 0;
}

static void skip_digits(struct json_reader *reader) {
  if (!is_digit(*reader->at)) json_reader_fail(reader);
  while (is_digit(*reader->at)) reader->at++;
}

static void skip_number(struct json_reader *reader) {
  json_reader_take(reader, '-');
  bool zero = *reader->at == '0';
  if (zero)
    reader->at++;
  else
    skip_digits(reader);
  if (*reader->at == '.') {
    reader->at++;
    skip_digits(reader);
  }
  if (*reader->at != 'e' && *reader->at != 'E') return;
  reader->at++;
  if (*reader->at == '+' || *reader->at == '-') reader->at++;
  skip_digits(reader);
}

static void skip_value(struct json_reader *reader, int depth);

static void skip_container(struct json_reader *reader, char bracket, int depth) {
  struct span key;
  if (depth == JSON_READER_DEPTH_MAX) {
    json_reader_fail(reader);
    return;
  }
  json_reader_open(reader, bracket);
  while (bracket == '{' ? json_reader_member(reader, &key) : json_reader_element(reader))
    skip_value(reader, depth + 1);
}

static void skip_value(struct json_reader *reader, int depth) {
  json_reader_blanks(reader);
  switch (*reader->at) {
  case '{':
  case '[': skip_container(reader, *reader->at, depth); break;
  case '"': json_reader_string(reader); break;
  case 't':
  case 'f': json_reader_bool(reader); break;
  case 'n':
    if (!json_reader_null(reader)) json_reader_fail(reader);
    break;
  default: skip_number(reader); break;
  }
}

void json_reader_skip(struct json_reader *reader) {
  skip_value(reader, 0);
}

bool json_reader_done(struct json_reader *reader) {
  json_reader_blanks(reader);
  if (reader->at != reader->end) reader->bad = true;
  return !reader->bad;
}
