#include "scanner/sts/domain.h"

#include <idn2.h>

enum {
  HOSTNAME_LENGTH_MAX = 253,
};

static const char why_empty_label[] = "empty label";
static const char why_long_label[] = "label over 63 octets";
static const char why_hyphen[] = "label begins or ends with a hyphen";
static const char why_character[] = "character not allowed in a domain name";
static const char why_numeric[] = "top label is numeric";
static const char why_long[] = "name over 244 octets";
static const char why_utf8[] = "not UTF-8";
static const char why_idn[] = "not a valid internationalized name";

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool label_is_numeric(struct span label) {
  for (size_t i = 0; i < label.len; i++)
    if (!is_digit(label.ptr[i])) return false;
  return label.len > 0;
}

/* NULL, or what is wrong with it. */
static const char *label_fault(struct span label, bool underscore) {
  if (label.len == 0) return why_empty_label;
  if (label.len > DOMAIN_LABEL_MAX) return why_long_label;
  for (size_t i = 0; i < label.len; i++)
    if (!span_is_alphanum(label.ptr[i]) && label.ptr[i] != '-' &&
        !(underscore && label.ptr[i] == '_'))
      return why_character;
  if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-') return why_hyphen;
  return NULL;
}

/* name without trailing dot; *top is its last label. */
static const char *labels_fault(struct span name, bool underscore, struct span *top) {
  struct span rest = name;
  for (;;) {
    size_t dot = span_find(rest, '.');
    *top = span_first(rest, dot);
    const char *fault = label_fault(*top, underscore);
    if (fault || dot == rest.len) return fault;
    rest = span_skip(rest, dot + 1);
  }
}

static const char *name_fault(struct span name, bool underscore) {
  struct span top;
  const char *fault = labels_fault(name, underscore, &top);
  return !fault && label_is_numeric(top) ? why_numeric : fault;
}

bool domain_is_hostname(struct span text) {
  return text.len <= HOSTNAME_LENGTH_MAX && name_fault(text, false) == NULL;
}

bool domain_is_rfc5321(struct span text) {
  struct span top;
  return text.len <= HOSTNAME_LENGTH_MAX && labels_fault(text, false, &top) == NULL;
}

static bool is_ascii(struct span text) {
  for (size_t i = 0; i < text.len; i++)
    if ((unsigned char)text.ptr[i] >= 0x80) return false;
  return true;
}

static struct span lower_copy(struct arena *arena, struct span text) {
  char *at = arena_alloc(arena, text.len + 1);
  if (!at) return (struct span){0};
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    at[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
  }
  return (struct span){at, text.len};
}

static bool has_a_label(struct span name) {
  for (struct span rest = name; rest.len;) {
    if (rest.len >= 4 && span_equal_nocase(span_first(rest, 4), SPAN("xn--"))) return true;
    span_cut(&rest, '.');
  }
  return false;
}

static const char *idn_fault(int end) {
  switch (end) {
  case IDN2_ENCODING_ERROR: return why_utf8;
  case IDN2_HYPHEN_STARTEND: return why_hyphen;
  case IDN2_PUNYCODE_BIG_OUTPUT:
  case IDN2_TOO_BIG_LABEL: return why_long_label;
  case IDN2_TOO_BIG_DOMAIN: return why_long;
  default: return why_idn;
  }
}

/* UTS 46, non-transitional. name ends with a NUL and holds no other. */
static enum err idn_to_ascii(struct arena *arena, struct span name, struct span *ascii,
                             const char **why) {
  uint8_t *text = NULL;
  int end = idn2_lookup_u8((const uint8_t *)name.ptr, &text, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (end == IDN2_MALLOC) return ERR_MEMORY;
  *why = idn_fault(end);
  if (end != IDN2_OK) return ERR_SYNTAX;
  *ascii = arena_copy(arena, span_of((const char *)text));
  idn2_free(text);
  return arena->err;
}

/* What the A-labels say. Nothing when they do not decode, or to what no IDN may be (libidn2 does
 * not look at what it decodes): such names exist in DNS all the same. */
static enum err domain_decode(struct arena *arena, struct domain *domain) {
  char *text = NULL;
  int end = idn2_to_unicode_8z8z(domain->ascii.ptr, &text, 0);
  if (end == IDN2_MALLOC) return ERR_MEMORY;
  if (end != IDN2_OK) return ERR_NONE;
  struct span unicode = arena_copy(arena, span_of(text)), again;
  idn2_free(text);
  const char *why;
  enum err err = arena->err;
  if (err == ERR_NONE) err = idn_to_ascii(arena, unicode, &again, &why);
  if (err == ERR_SYNTAX) return ERR_NONE;
  if (err == ERR_NONE && span_equal(again, domain->ascii) && !span_equal(unicode, again))
    domain->unicode = unicode;
  return err;
}

static struct span without_trailing_dot(struct span text) {
  if (text.len > 1 && text.ptr[text.len - 1] == '.') text.len--;
  return text;
}

static enum err domain_encode(struct span text, struct arena *arena, struct span *ascii,
                              const char **why) {
  *why = why_character;
  if (memchr(text.ptr, 0, text.len)) return ERR_SYNTAX;
  struct span name = arena_copy(arena, text);
  return span_here(name) ? idn_to_ascii(arena, name, ascii, why) : arena->err;
}

enum err domain_parse(struct span text, struct arena *arena, struct domain *domain,
                      const char **why) {
  *domain = (struct domain){0};
  *why = why_long;
  if (text.len > DOMAIN_TEXT_MAX) return ERR_SYNTAX;
  struct span name = text;
  if (!is_ascii(text)) {
    enum err err = domain_encode(text, arena, &name, why);
    if (err != ERR_NONE) return err;
  }
  name = without_trailing_dot(name);
  *why = name.len > DOMAIN_LENGTH_MAX ? why_long : name_fault(name, true);
  if (*why) return ERR_SYNTAX;
  domain->ascii = lower_copy(arena, name);
  if (span_here(domain->ascii) && has_a_label(name)) return domain_decode(arena, domain);
  return arena->err;
}

const char *domain_why_word(const char *why) {
  static const struct {
    const char *why, *word;
  } words[] = {
      {why_empty_label, "empty-label"},
      {why_long_label, "long-label"},
      {why_hyphen, "hyphen"},
      {why_character, "character"},
      {why_numeric, "numeric"},
      {why_long, "long-name"},
      {why_utf8, "utf8"},
      {why_idn, "idn"},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(why, words[i].why) == 0) return words[i].word;
  return "syntax";
}
