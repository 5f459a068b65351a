#include "scanner/sts/domain.h"

#include <idn2.h>

enum {
  HOSTNAME_LENGTH_MAX = 253,
  DOMAIN_INPUT_MAX = 4 * 1024, /* of UTF-8: no name of DOMAIN_LENGTH_MAX octets is longer */
};

static const char why_empty_label[] = "empty label";
static const char why_long_label[] = "label over 63 octets";
static const char why_hyphen[] = "label begins or ends with a hyphen";
static const char why_character[] = "character not allowed in a domain name";
static const char why_numeric[] = "top label is numeric";
static const char why_long[] = "name over 244 octets";
static const char why_idn[] = "not a valid internationalized name";

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_alphanum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
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
    if (!is_alphanum(label.ptr[i]) && label.ptr[i] != '-' && !(underscore && label.ptr[i] == '_'))
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

/* What the A-labels say; nothing when they do not decode: such names exist in DNS all the same. */
static struct span unicode_of(struct arena *arena, struct span ascii) {
  char *text = NULL;
  struct span unicode = {0};
  if (idn2_to_unicode_8z8z(ascii.ptr, &text, 0) != IDN2_OK) return unicode;
  if (!span_equal(span_of(text), ascii)) unicode = arena_copy(arena, span_of(text));
  idn2_free(text);
  return unicode;
}

/* UTS 46, non-transitional. text must not hold NUL. */
static enum err ascii_of(struct arena *arena, struct span text, struct span *ascii) {
  struct span terminated = arena_copy(arena, text);
  if (!span_here(terminated)) return arena->err;
  uint8_t *name = NULL;
  int end =
      idn2_lookup_u8((const uint8_t *)terminated.ptr, &name, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (end == IDN2_MALLOC) return ERR_MEMORY;
  if (end != IDN2_OK) return ERR_SYNTAX;
  *ascii = arena_copy(arena, span_of((const char *)name));
  idn2_free(name);
  return span_here(*ascii) ? ERR_NONE : arena->err;
}

static struct span without_trailing_dot(struct span text) {
  if (text.len > 1 && text.ptr[text.len - 1] == '.') text.len--;
  return text;
}

static enum err domain_parse_unicode(struct span text, struct arena *arena, struct span *ascii,
                                     const char **why) {
  *why = why_idn;
  if (text.len > DOMAIN_INPUT_MAX) *why = why_long;
  if (text.len > DOMAIN_INPUT_MAX || memchr(text.ptr, 0, text.len)) return ERR_SYNTAX;
  return ascii_of(arena, text, ascii);
}

enum err domain_parse(struct span text, struct arena *arena, struct domain *domain,
                      const char **why) {
  *domain = (struct domain){0};
  struct span name = text;
  if (!is_ascii(text)) {
    enum err err = domain_parse_unicode(text, arena, &name, why);
    if (err != ERR_NONE) return err;
  }
  name = without_trailing_dot(name);
  *why = name.len > DOMAIN_LENGTH_MAX ? why_long : name_fault(name, true);
  if (*why) return ERR_SYNTAX;
  domain->ascii = lower_copy(arena, name);
  if (span_here(domain->ascii) && has_a_label(name))
    domain->unicode = unicode_of(arena, domain->ascii);
  return arena->err;
}
