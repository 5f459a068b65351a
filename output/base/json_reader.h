/* A JSON reader (RFC 8259): walks over one text from left to right, value by value.
 *
 * The text belongs to the caller and is changed: strings are unescaped where they stand, so that
 * reading allocates nothing, and the spans given point into it. What is not well formed, or not of
 * the type that was asked for, is sticky: cursor.bad is set, every later call gives nothing, and a
 * caller may check once at the end. Bytes over 0x7f pass as they are. Pure: no I/O, no globals.
 */
#ifndef OUTPUT_BASE_JSON_READER_H
#define OUTPUT_BASE_JSON_READER_H

#include "output/base/span.h"
#include <stdint.h>

enum { CURSOR_DEPTH_MAX = 64 }; /* of values that are skipped */

struct cursor {
  char *at;
  char *end;
  bool bad;
  bool fresh; /* a container was just opened: no comma before what follows */
};

/* text[len] must be there and writable: it becomes the NUL that stops every loop. */
struct cursor cursor_of(char *text, size_t len);

/* Enters an object or array; '{' or '['. */
bool cursor_open(struct cursor *cursor, char bracket);

/* The key of the next member of the object that was entered; false at its end, which is passed. */
bool cursor_member(struct cursor *cursor, struct span *key);

/* Whether the array that was entered has one more element; false at its end, which is passed. */
bool cursor_element(struct cursor *cursor);

/* Passes a null, if one stands here. */
bool cursor_null(struct cursor *cursor);

struct span cursor_string(struct cursor *cursor);
uint64_t cursor_uint(struct cursor *cursor);
int64_t cursor_int(struct cursor *cursor);
bool cursor_bool(struct cursor *cursor);

/* Bytes that stand as a string of base64 (RFC 4648 section 4, padded). */
struct span cursor_base64(struct cursor *cursor);

/* RFC 3339 in UTC ("2026-11-23T10:00:00.123Z", the fraction may be missing), as milliseconds since
 * 1970. */
int64_t cursor_time(struct cursor *cursor);

/* Passes a value of any kind. */
void cursor_skip(struct cursor *cursor);

/* Whether the text was well formed and nothing but blanks is left. */
bool cursor_done(struct cursor *cursor);

#endif
