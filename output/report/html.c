#include "output/report/html.h"

#include "output/base/number.h"
#include "output/base/shell_word.h"
#include <inttypes.h>
#include <stdlib.h>

void html_text(FILE *out, struct span text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    switch (c) {
    case '&': fputs("&amp;", out); break;
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '"': fputs("&quot;", out); break;
    case '\'': fputs("&#39;", out); break;
    default: fputc(c >= ' ' && c <= '~' ? c : '?', out); break;
    }
  }
}

void html_number(FILE *out, uint64_t number) {
  char text[NUMBER_SIZE];
  fputs(number_text(number, text), out);
}

void html_share(FILE *out, uint64_t part, uint64_t whole) {
  char text[NUMBER_SHARE_SIZE];
  html_text(out, span_of(number_share(part, whole, text)));
}

void html_shell_word(FILE *out, const char *word) {
  char *text = NULL;
  size_t size = 0;
  FILE *plain = open_memstream(&text, &size);
  if (plain) shell_word_print(plain, span_of(word));
  if (plain && fclose(plain) == 0) html_text(out, (struct span){text, size});
  free(text);
}

/* Letters and digits of a title, with dashes between. */
static void put_anchor(FILE *out, const char *title) {
  bool dash = false;
  for (const char *c = title; *c; c++) {
    if (!span_is_alphanum(*c)) {
      dash = c > title;
      continue;
    }
    if (dash) fputc('-', out);
    fputc(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c, out);
    dash = false;
  }
}

void html_heading(FILE *out, int level, const char *title, const char *about) {
  fprintf(out, "<h%d id=\"", level);
  put_anchor(out, title);
  fputs("\"><a href=\"#", out);
  put_anchor(out, title);
  fputs("\">", out);
  html_text(out, span_of(title));
  fprintf(out, "</a></h%d>\n", level);
  if (!*about) return;
  fputs("<p>", out);
  html_text(out, span_of(about));
  fputs("</p>\n", out);
}

void html_tile(FILE *out, const char *class, uint64_t count, const char *label, const char *note) {
  fprintf(out, "<div class=\"tile %s\"><b>", class);
  html_number(out, count);
  fprintf(out, "</b>%s", label);
  if (*note) fputs(" <small>", out);
  html_text(out, span_of(note));
  fputs(*note ? "</small></div>\n" : "</div>\n", out);
}

void html_cell(FILE *out, uint64_t value) {
  fprintf(out, "<td data-value=\"%" PRIu64 "\">", value);
  html_number(out, value);
  fputs("</td>", out);
}

void html_share_cell(FILE *out, uint64_t part, uint64_t whole) {
  fprintf(out, "<td data-value=\"%.6f\">", whole ? (double)part / (double)whole : 0.0);
  html_share(out, part, whole);
  fputs("</td>", out);
}
