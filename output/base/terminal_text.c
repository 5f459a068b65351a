#include "output/base/terminal_text.h"

#include "output/base/utf8.h"

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

/* Takes one character off the front of *text, as it is shown. */
static struct span plain_next(struct span *text, char shown[TERMINAL_TEXT_CHARACTER_MAX]) {
  unsigned character;
  size_t len = utf8_next(*text, &character);
  struct span as_it_is = span_first(*text, len);
  int used;
  if (len == 0)
    used = snprintf(shown, TERMINAL_TEXT_CHARACTER_MAX, "\\x%02x", (unsigned char)text->ptr[0]);
  else if (is_invisible(character))
    used = snprintf(shown, TERMINAL_TEXT_CHARACTER_MAX, character < 0x80 ? "\\x%02x" : "\\u%04x",
                    character);
  else
    used = 0;
  *text = span_skip(*text, len ? len : 1);
  return used ? (struct span){shown, (size_t)used} : as_it_is;
}

void terminal_text_print(FILE *out, struct span text) {
  char shown[TERMINAL_TEXT_CHARACTER_MAX];
  while (text.len) {
    struct span next = plain_next(&text, shown);
    fwrite(next.ptr, 1, next.len, out);
  }
}

size_t terminal_text_escape(struct span text, char *out, size_t size) {
  char shown[TERMINAL_TEXT_CHARACTER_MAX];
  size_t used = 0;
  while (text.len) {
    struct span next = plain_next(&text, shown);
    if (next.len > size - used) break;
    memcpy(out + used, next.ptr, next.len);
    used += next.len;
  }
  return used;
}
