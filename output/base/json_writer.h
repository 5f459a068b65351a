/* A JSON writer (RFC 8259) into memory that the caller owns.
 *
 * Overflow is sticky: once a byte did not fit, nothing more is written and json_writer_overflow()
 * is true; `need` goes on counting, so that a caller can grow its memory and write again. Commas
 * are the writer's business. Text is written as UTF-8 with every control character, quote,
 * backslash and DEL escaped, and each byte that is not part of well-formed UTF-8 as U+FFFD; whoever
 * wants such text lossless adds json_writer_base64() beside it (json_writer_utf8() tells whether it
 * is needed). Nesting is the caller's to balance; the writer keeps no stack.
 */
#ifndef OUTPUT_BASE_JSON_WRITER_H
#define OUTPUT_BASE_JSON_WRITER_H

#include "output/base/span.h"
#include <stdint.h>

enum { JSON_WRITER_TIME_SIZE = sizeof "2026-11-23T10:00:00.123Z" };

/* The years 0000 to 9999 that RFC 3339 has; what is beyond is written as the nearest. */
#define JSON_WRITER_TIME_MIN (-62167219200000)
#define JSON_WRITER_TIME_MAX 253402300799999

struct json_writer {
  char *out;
  size_t size; /* of out */
  size_t need; /* bytes written so far, and those that did not fit */
  bool comma;  /* the next value or key needs one before it */
};

struct json_writer json_writer_into(char *out, size_t size);
bool json_writer_overflow(const struct json_writer *json);

/* What was written; only of use when there was no overflow. */
struct span json_writer_text(const struct json_writer *json);

/* Containers, with the key of the member that holds them (NULL: an element, or the top). */
void json_writer_open(struct json_writer *json, const char *key, char bracket); /* '{' or '[' */
void json_writer_close(struct json_writer *json, char bracket);                 /* '}' or ']' */

/* Values. key NULL: an element of an array. Keys are ours: plain ASCII, written unescaped. */
void json_writer_string(struct json_writer *json, const char *key, struct span text);
void json_writer_uint(struct json_writer *json, const char *key, uint64_t value);
void json_writer_int(struct json_writer *json, const char *key, int64_t value);
void json_writer_bool(struct json_writer *json, const char *key, bool value);
/* `places` digits after the point, 0 to 6. */
void json_writer_fixed(struct json_writer *json, const char *key, double value, int places);
void json_writer_base64(struct json_writer *json, const char *key, struct span bytes);
/* Milliseconds since 1970 as RFC 3339 UTC with milliseconds: "2026-11-23T10:00:00.123Z". */
void json_writer_time(struct json_writer *json, const char *key, int64_t unix_ms);
/* The same as text with its NUL, unquoted; returns the length. */
size_t json_writer_time_text(int64_t unix_ms, char out[JSON_WRITER_TIME_SIZE]);

/* Strings whose key comes from data (the members of "status", "findings"): escaped. */
void json_writer_key(struct json_writer *json, struct span key);

/* Bytes as they are, e.g. a line end between records. */
void json_writer_raw(struct json_writer *json, struct span bytes);

/* Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool json_writer_utf8(struct span bytes);

#endif
