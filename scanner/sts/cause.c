#include "scanner/sts/cause.h"

struct cause {
  struct span bytes;
  const char *text;
};

/* Characters without ink, by their first and last encoding. */
static const struct cause_unseen {
  const char *first, *last;
  size_t len;
  const char *text;
} cause_unseen_table[] = {
    {"\xef\xbb\xbf", "\xef\xbb\xbf", 3, "a byte order mark"},
    {"\xc2\xa0", "\xc2\xa0", 2, "a no-break space"},
    {"\xc2\xad", "\xc2\xad", 2, "a soft hyphen (U+00AD)"},
    {"\xcd\x8f", "\xcd\x8f", 2, "a grapheme joiner (U+034F)"},
    {"\xe1\x9a\x80", "\xe1\x9a\x80", 3, "an Ogham blank (U+1680)"},
    {"\xe1\xa0\x8e", "\xe1\xa0\x8e", 3, "a vowel separator (U+180E)"},
    {"\xe2\x80\x80", "\xe2\x80\x8a", 3, "a blank that is not U+0020 (U+2000 to U+200A)"},
    {"\xe2\x80\x8b", "\xe2\x80\x8b", 3, "a zero width space (U+200B)"},
    {"\xe2\x80\x8c", "\xe2\x80\x8d", 3, "a zero width joiner (U+200C, U+200D)"},
    {"\xe2\x80\x8e", "\xe2\x80\x8f", 3, "a mark of direction (U+200E, U+200F)"},
    {"\xe2\x80\xa8", "\xe2\x80\xa9", 3, "a line separator (U+2028, U+2029)"},
    {"\xe2\x80\xaa", "\xe2\x80\xae", 3, "a mark of direction (U+202A to U+202E)"},
    {"\xe2\x80\xaf", "\xe2\x80\xaf", 3, "a narrow no-break space (U+202F)"},
    {"\xe2\x81\x9f", "\xe2\x81\xaf", 3, "an invisible character (U+205F to U+206F)"},
    {"\xe3\x80\x80", "\xe3\x80\x80", 3, "an ideographic blank (U+3000)"},
};

static const struct cause cause_quotes[] = {
    {{"\xe2\x80\x9c", 3}, "a typographic quotation mark"},
    {{"\xe2\x80\x9d", 3}, "a typographic quotation mark"},
    {{"\xe2\x80\x9e", 3}, "a typographic quotation mark"},
    {{"\xe2\x80\x98", 3}, "a typographic quotation mark"},
    {{"\xe2\x80\x99", 3}, "a typographic quotation mark"},
    {{"\xe2\x80\x9a", 3}, "a typographic quotation mark"},
    {{"\xc2\xab", 2}, "a typographic quotation mark"},
    {{"\xc2\xbb", 2}, "a typographic quotation mark"},
};

/* In the order of what explains most. */
static const struct cause causes[] = {
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

/* All of one row have the same bytes but for the last. */
size_t cause_unseen(struct span text, const char **name) {
  for (size_t i = 0; i < sizeof cause_unseen_table / sizeof *cause_unseen_table; i++) {
    const struct cause_unseen *row = &cause_unseen_table[i];
    size_t end = row->len - 1;
    if (text.len <= end || memcmp(text.ptr, row->first, end) != 0) continue;
    unsigned char byte = (unsigned char)text.ptr[end];
    if (byte < (unsigned char)row->first[end] || byte > (unsigned char)row->last[end]) continue;
    if (name) *name = row->text;
    return row->len;
  }
  return 0;
}

bool cause_holds_quote(struct span text) {
  for (size_t i = 0; i < sizeof cause_quotes / sizeof *cause_quotes; i++)
    if (holds(text, cause_quotes[i].bytes)) return true;
  return false;
}

const char *cause_of(struct span text) {
  const char *unseen;
  for (size_t i = 0; i < text.len; i++)
    if ((unsigned char)text.ptr[i] >= 0x80 && cause_unseen(span_skip(text, i), &unseen))
      return unseen;
  if (cause_holds_quote(text)) return cause_quotes[0].text;
  for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
    if (holds(text, causes[i].bytes)) return causes[i].text;
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.ptr[i];
    if (byte >= 0x80) return "a character that is not ASCII";
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return "a control character";
  }
  return NULL;
}
