#include "scanner/sts/cause.h"

struct cause {
  struct span bytes;
  const char *text;
};

/* In the order of what explains most. */
static const struct cause causes[] = {
    {{"\xef\xbb\xbf", 3}, "a byte order mark"},
    {{"\xe2\x80\x9c", 3}, "a typographic quotation mark"},
    {{"\xe2\x80\x9d", 3}, "a typographic quotation mark"},
    {{"\xe2\x80\x98", 3}, "a typographic quotation mark"},
    {{"\xe2\x80\x99", 3}, "a typographic quotation mark"},
    {{"\xc2\xa0", 2}, "a no-break space"},
    {{"\\n", 2}, "\\n as two letters"},
    {{"\\r", 2}, "\\r as two letters"},
    {{"\\;", 2}, "a backslash before a semicolon"},
    {{"\\", 1}, "a backslash"},
    {{"\"", 1}, "a quotation mark"},
    {{"\0", 1}, "a NUL"},
    {{"\r", 1}, "a carriage return"},
    {{"\n", 1}, "a line feed"},
};

static bool holds(struct span text, struct span bytes) {
  return text.len && memmem(text.ptr, text.len, bytes.ptr, bytes.len) != NULL;
}

const char *cause_of(struct span text) {
  for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
    if (holds(text, causes[i].bytes)) return causes[i].text;
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.ptr[i];
    if (byte >= 0x80) return "a character that is not ASCII";
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return "a control character";
  }
  return NULL;
}
