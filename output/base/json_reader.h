/* A JSON reader (RFC 8259): walks over one text from left to right, value by value.
 *
 * The text belongs to the caller and is changed: strings are unescaped where they stand, so that
 * reading allocates nothing, and the spans given point into it. What is not well formed, or not of
 * the type that was asked for, is sticky: reader.bad is set, every later call gives nothing, and a
 * caller may check once at the end. Bytes over 0x7f pass as they are. Pure: no I/O, no globals.
 */
#ifndef OUTPUT_BASE_JSON_READER_H
#define OUTPUT_BASE_JSON_READER_H

#include "output/base/span.h"
#include <stdint.h>

enum { JSON_READER_DEPTH_MAX = 64 }; /* of values that are skipped */

struct json_reader {
  char *at;
  char *end;
  bool bad;
  bool fresh; /* a container was just opened: no comma before what follows */
};

/* text[len] must be there and writable: it becomes the NUL that stops every loop. */
struct json_reader json_reader_of(char *text, size_t len);

/* Enters an object or array; '{' or '['. */
bool json_reader_open(struct json_reader *reader, char bracket);

/* The key of the next member of the object that was entered; false at its end, which is passed. */
bool json_reader_member(struct json_reader *reader, struct span *key);

/* Whether the array that was entered has one more element; false at its end, which is passed. */
bool json_reader_element(struct json_reader *reader);

/* Whether the value that stands here is of that kind: '{', '[', '"'. */
bool json_reader_is(struct json_reader *reader, char first);

/* Passes a null, if one stands here. */
bool json_reader_null(struct json_reader *reader);

struct span json_reader_string(struct json_reader *reader);
uint64_t json_reader_uint(struct json_reader *reader);
int64_t json_reader_int(struct json_reader *reader);
bool json_reader_bool(struct json_reader *reader);

/* Bytes that stand as a string of base64 (RFC 4648 section 4, padded). */
struct span json_reader_base64(struct json_reader *reader);

/* RFC 3339 in UTC ("2026-11-23T10:00:00.123Z", the fraction may be missing), as milliseconds since
 * 1970. */
int64_t json_reader_time(struct json_reader *reader);

/* Passes a value of any kind. */
void json_reader_skip(struct json_reader *reader);

/* Whether the text was well formed and nothing but blanks is left. */
bool json_reader_done(struct json_reader *reader);

#endif
