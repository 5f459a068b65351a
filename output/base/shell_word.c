#include "output/base/shell_word.h"

static bool shell_word_is_plain(struct span word) {
  for (size_t i = 0; i < word.len; i++)
    if (!span_is_alphanum(word.ptr[i]) && (!word.ptr[i] || !strchr("@%+=:,./_-", word.ptr[i])))
      return false;
  return word.len != 0;
}

static bool shell_word_is_printable(struct span word) {
  for (size_t i = 0; i < word.len; i++)
    if (word.ptr[i] < 0x20 || word.ptr[i] > 0x7e) return false;
  return true;
}

static void shell_word_print_quoted(FILE *out, struct span word) {
  fputc('\'', out);
  for (size_t i = 0; i < word.len; i++)
    fprintf(out, word.ptr[i] == '\'' ? "'\\%c'" : "%c", word.ptr[i]);
  fputc('\'', out);
}

static void shell_word_print_escaped(FILE *out, struct span word) {
  fputs("$'", out);
  for (size_t i = 0; i < word.len; i++) {
    unsigned char c = (unsigned char)word.ptr[i];
    if (c < 0x20 || c >= 0x7f)
      fprintf(out, "\\x%02x", c);
    else
      fprintf(out, c == '\'' || c == '\\' ? "\\%c" : "%c", c);
  }
  fputc('\'', out);
}

void shell_word_print(FILE *out, struct span word) {
  if (shell_word_is_plain(word))
    fwrite(word.ptr, 1, word.len, out);
  else if (shell_word_is_printable(word))
    shell_word_print_quoted(out, word);
  else
    shell_word_print_escaped(out, word);
}
