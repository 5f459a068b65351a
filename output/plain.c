#include "output/plain.h"

#include "output/utf8.h"

struct range {
  unsigned first, last;
};

/* Unicode's characters without a look of their own that change how others look. */
static const struct range invisible[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x180e, 0x180e},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xe0000, 0xe0fff},
};

static bool is_invisible(unsigned character) {
  for (size_t i = 0; i < sizeof invisible / sizeof *invisible; i++)
    if (character >= invisible[i].first && character <= invisible[i].last) return true;
  return false;
}

void plain_print(FILE *out, struct span text) {
  while (text.len) {
    unsigned character;
    size_t len = utf8_next(text, &character);
    if (len == 0) {
      fprintf(out, "\\x%02x", (unsigned char)text.ptr[0]);
      len = 1;
    } else if (is_invisible(character)) {
      fprintf(out, character < 0x80 ? "\\x%02x" : "\\u%04x", character);
    } else {
      fwrite(text.ptr, 1, len, out);
    }
    text = span_skip(text, len);
  }
}
