#include "scanner/sts/txt_field.h"

static struct span txt_field_skip_wsp(struct span s) {
  while (s.len && span_is_wsp(s.ptr[0])) s = span_skip(s, 1);
  return s;
}

bool txt_field_next(struct span *rest, struct txt_field *field, enum txt_field_fault *fault) {
  *fault = TXT_FIELD_OK;
  struct span at = txt_field_skip_wsp(*rest);
  if (at.len == 0) {
    if (rest->len) *fault = TXT_FIELD_TRAILING_BLANK;
    *rest = at;
    return false;
  }
  if (at.ptr[0] == ';') at = txt_field_skip_wsp(span_skip(at, 1));
  if (at.len == 0) { /* the optional delimiter at the end */
    *rest = at;
    return false;
  }
  size_t end = span_find(at, ';');
  struct span text = span_first(at, end);
  *rest = span_skip(at, end);
  while (text.len && span_is_wsp(text.ptr[text.len - 1])) {
    text.len--;
    if (rest->len == 0) *fault = TXT_FIELD_TRAILING_BLANK;
  }
  if (text.len == 0) *fault = TXT_FIELD_EMPTY;
  size_t equals = span_find(text, '=');
  field->text = text;
  field->name = span_first(text, equals);
  field->value = equals < text.len ? span_skip(text, equals + 1) : (struct span){0};
  return true;
}

bool txt_field_is_extension_name(struct span name) {
  if (name.len == 0 || name.len > TXT_FIELD_NAME_MAX || !span_is_alphanum(name.ptr[0]))
    return false;
  for (size_t i = 1; i < name.len; i++)
    if (!span_is_alphanum(name.ptr[i]) && !strchr("_-.", name.ptr[i])) return false;
  return memchr(name.ptr, 0, name.len) == NULL;
}

bool txt_field_is_extension_value(struct span value) {
  for (size_t i = 0; i < value.len; i++) {
    char c = value.ptr[i];
    if (c < 0x21 || c > 0x7e || c == ';' || c == '=') return false;
  }
  return value.len > 0;
}

bool txt_field_names_met(struct txt_field_names *names, struct span name) {
  for (size_t i = 0; i < names->count; i++)
    if (span_equal(names->at[i], name)) return true;
  if (names->count < TXT_FIELD_NAMES_MAX) names->at[names->count++] = name;
  return false;
}

bool txt_field_version_is(struct span text, struct span version) {
  if (!span_starts(text, version)) return false;
  struct span rest = txt_field_skip_wsp(span_skip(text, version.len));
  return rest.len == 0 || rest.ptr[0] == ';';
}

/* Whether word stands at the start of text, blanks passed over. */
static bool txt_field_word_at(struct span text, struct span word) {
  size_t at = 0;
  for (size_t i = 0; i < word.len; at++) {
    if (at == text.len) return false;
    char c = text.ptr[at];
    if (span_is_wsp(c)) continue;
    if (c >= 'A' && c <= 'Z') c = (char)(c + ('a' - 'A'));
    if (c != word.ptr[i++]) return false;
  }
  return true;
}

bool txt_field_tries(struct span text, struct span word) {
  for (size_t i = 0; i < text.len; i++)
    if (!span_is_wsp(text.ptr[i]) && txt_field_word_at(span_skip(text, i), word)) return true;
  return false;
}
