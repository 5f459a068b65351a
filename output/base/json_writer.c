#include "output/base/json_writer.h"

#include "output/base/utf8.h"
#include <stdio.h>

struct json_writer json_writer_into(char *out, size_t size) {
  return (struct json_writer){.out = out, .size = size};
}

bool json_writer_overflow(const struct json_writer *json) {
  return json->need > json->size;
}

struct span json_writer_text(const struct json_writer *json) {
  return (struct span){json->out, json_writer_overflow(json) ? 0 : json->need};
}

/* need only grows, so once it is past size nothing is written any more. */
static inline void json_writer_put(struct json_writer *json, const char *bytes, size_t len) {
  if (len && json->need <= json->size && len <= json->size - json->need)
    memcpy(json->out + json->need, bytes, len);
  json->need += len;
}

static inline void json_writer_byte(struct json_writer *json, char byte) {
  if (json->need < json->size) json->out[json->need] = byte;
  json->need++;
}

/* Keys are many and short: a loop costs half of what strlen() and memcpy() do. */
static inline void json_writer_put_key(struct json_writer *json, const char *key) {
  size_t need = json->need, size = json->size;
  char *out = json->out;
  for (; *key; key++, need++)
    if (need < size) out[need] = *key;
  json->need = need;
}

/* The comma before a value, and its key. */
static void json_writer_begin(struct json_writer *json, const char *key) {
  if (json->comma) json_writer_byte(json, ',');
  json->comma = true;
  if (!key) return;
  json_writer_byte(json, '"');
  json_writer_put_key(json, key);
  json_writer_put(json, "\":", 2);
}

void json_writer_open(struct json_writer *json, const char *key, char bracket) {
  json_writer_begin(json, key);
  json_writer_byte(json, bracket);
  json->comma = false;
}

void json_writer_close(struct json_writer *json, char bracket) {
  json_writer_byte(json, bracket);
  json->comma = true;
}

bool json_writer_utf8(struct span bytes) {
  while (bytes.len) {
    unsigned character;
    size_t len = utf8_next(bytes, &character);
    if (len == 0) return false;
    bytes = span_skip(bytes, len);
  }
  return true;
}

/* What stands after the backslash; 0: the byte stands for itself. */
// clang-format off
static const char json_writer_escapes[0x80] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
    ['"'] = '"', ['\\'] = '\\', [0x7f] = 'u',
};
// clang-format on

static inline bool json_writer_plain(unsigned char byte) {
  return byte < 0x80 && !json_writer_escapes[byte];
}

static void json_writer_escape(struct json_writer *json, unsigned char byte, char letter) {
  static const char digits[] = "0123456789abcdef";
  char text[6] = {'\\', letter, '0', '0', digits[byte >> 4], digits[byte & 15]};
  json_writer_put(json, text, letter == 'u' ? 6 : 2);
}

/* One character that is not plain; gives how many bytes of text it took. */
static size_t json_writer_character(struct json_writer *json, struct span text) {
  unsigned char byte = (unsigned char)text.ptr[0];
  if (byte < 0x80) {
    json_writer_escape(json, byte, json_writer_escapes[byte]);
    return 1;
  }
  unsigned character;
  size_t len = utf8_next(text, &character);
  if (len == 0)
    json_writer_put(json, "\xef\xbf\xbd", 3);
  else if (character < 0xa0) /* C1: terminals may take them for escapes as they do the ASCII ones */
    json_writer_escape(json, (unsigned char)character, 'u');
  else
    json_writer_put(json, text.ptr, len);
  return len ? len : 1;
}

static void json_writer_quoted(struct json_writer *json, struct span text) {
  json_writer_byte(json, '"');
  while (text.len) {
    size_t run = 0;
    while (run < text.len && json_writer_plain((unsigned char)text.ptr[run])) run++;
    json_writer_put(json, text.ptr, run);
    text = span_skip(text, run);
    if (text.len) text = span_skip(text, json_writer_character(json, text));
  }
  json_writer_byte(json, '"');
}

void json_writer_string(struct json_writer *json, const char *key, struct span text) {
  json_writer_begin(json, key);
  json_writer_quoted(json, text);
}

void json_writer_key(struct json_writer *json, struct span key) {
  json_writer_begin(json, NULL);
  json_writer_quoted(json, key);
  json_writer_byte(json, ':');
  json->comma = false;
}

void json_writer_uint(struct json_writer *json, const char *key, uint64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do digits[--at] = (char)('0' + value % 10);
  while (value /= 10);
  json_writer_begin(json, key);
  json_writer_put(json, digits + at, sizeof digits - at);
}

void json_writer_int(struct json_writer *json, const char *key, int64_t value) {
  if (value >= 0) {
    json_writer_uint(json, key, (uint64_t)value);
    return;
  }
  json_writer_begin(json, key);
  json_writer_byte(json, '-');
  json->comma = false;
  json_writer_uint(json, NULL, -(uint64_t)value);
}

void json_writer_bool(struct json_writer *json, const char *key, bool value) {
  json_writer_begin(json, key);
  json_writer_put(json, value ? "true" : "false", value ? 4 : 5);
}

void json_writer_fixed(struct json_writer *json, const char *key, double value, int places) {
  char text[340]; /* the largest double has 309 digits */
  bool finite = value - value == 0;
  int len = snprintf(text, sizeof text, "%.*f", places, finite ? value : 0.0);
  json_writer_begin(json, key);
  json_writer_put(json, text, (size_t)len);
}

void json_writer_base64(struct json_writer *json, const char *key, struct span bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *at = (const unsigned char *)bytes.ptr;
  json_writer_begin(json, key);
  json_writer_byte(json, '"');
  for (size_t left = bytes.len; left; left -= left < 3 ? left : 3, at += 3) {
    uint32_t bits = (uint32_t)at[0] << 16;
    if (left > 1) bits |= (uint32_t)at[1] << 8;
    if (left > 2) bits |= at[2];
    char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                    left > 1 ? digits[bits >> 6 & 63] : '=', left > 2 ? digits[bits & 63] : '='};
    json_writer_put(json, four, 4);
  }
  json_writer_byte(json, '"');
}

/* Days since 1970-01-01 to year, month, day of the Gregorian calendar, by eras of 400 years that
 * begin on 1 March. */
static void civil_from_days(int64_t days, int64_t *year, int *month, int *day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t of_era = days - era * 146097;
  int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t m = (5 * of_year + 2) / 153;
  *day = (int)(of_year - (153 * m + 2) / 5 + 1);
  *month = (int)(m < 10 ? m + 3 : m - 9);
  *year = year_of_era + era * 400 + (*month <= 2);
}

static void put_digits(char *at, unsigned value, int count) {
  for (int i = count - 1; i >= 0; i--, value /= 10) at[i] = (char)('0' + value % 10);
}

size_t json_writer_time_text(int64_t unix_ms, char out[JSON_WRITER_TIME_SIZE]) {
  if (unix_ms < JSON_WRITER_TIME_MIN) unix_ms = JSON_WRITER_TIME_MIN;
  if (unix_ms > JSON_WRITER_TIME_MAX) unix_ms = JSON_WRITER_TIME_MAX;
  int64_t days = unix_ms / 86400000, of_day = unix_ms % 86400000;
  if (of_day < 0) {
    of_day += 86400000;
    days--;
  }
  int64_t year;
  int month, day;
  civil_from_days(days, &year, &month, &day);
  memcpy(out, "0000-00-00T00:00:00.000Z", JSON_WRITER_TIME_SIZE);
  put_digits(out, (unsigned)year, 4);
  put_digits(out + 5, (unsigned)month, 2);
  put_digits(out + 8, (unsigned)day, 2);
  put_digits(out + 11, (unsigned)(of_day / 3600000), 2);
  put_digits(out + 14, (unsigned)(of_day / 60000 % 60), 2);
  put_digits(out + 17, (unsigned)(of_day / 1000 % 60), 2);
  put_digits(out + 20, (unsigned)(of_day % 1000), 3);
  return JSON_WRITER_TIME_SIZE - 1;
}

void json_writer_time(struct json_writer *json, const char *key, int64_t unix_ms) {
  char text[JSON_WRITER_TIME_SIZE];
  size_t len = json_writer_time_text(unix_ms, text);
  json_writer_begin(json, key);
  json_writer_byte(json, '"');
  json_writer_put(json, text, len);
  json_writer_byte(json, '"');
}

void json_writer_raw(struct json_writer *json, struct span bytes) {
  json_writer_put(json, bytes.ptr, bytes.len);
}
