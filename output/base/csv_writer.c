#include "output/base/csv_writer.h"

static bool needs_quotes(struct span text) {
  for (size_t i = 0; i < text.len; i++)
    if (strchr(",\"\r\n", text.ptr[i])) return true; /* a NUL too */
  return false;
}

void csv_writer_field(FILE *out, struct span text) {
  bool formula = text.len && memchr("=+-@", text.ptr[0], 4);
  bool quotes = needs_quotes(text);
  if (quotes) fputc('"', out);
  if (formula) fputc('\'', out);
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '"') fputc('"', out);
    fputc(text.ptr[i] ? text.ptr[i] : '?', out); /* no text file holds a NUL */
  }
  if (quotes) fputc('"', out);
}
