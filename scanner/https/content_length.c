#include "scanner/https/content_length.h"

static void framing_note_length(struct framing *framing, struct span text) {
  uint64_t length;
  if (!span_number(span_trim(text), &length) || length > FRAMING_LENGTH_MAX ||
      (framing->has_length && framing->length != length))
    framing->wrong = true;
  framing->has_length = true;
  framing->length = length;
}

/* Equal fields may have been joined to a list on their way. */
static void framing_note_list(struct framing *framing, struct span list) {
  while (span_find(list, ',') < list.len) framing_note_length(framing, span_cut(&list, ','));
  framing_note_length(framing, list);
}

static void framing_note_encoding(struct framing *framing, struct span value) {
  if (framing->chunked || !span_equal_nocase(span_trim(value), SPAN("chunked")))
    framing->encoded = true;
  framing->chunked = true;
}

void framing_note(struct framing *framing, struct span line) {
  while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) line.len--;
  if (line.len && span_is_wsp(line.ptr[0])) { /* RFC 9112 section 5.2 */
    framing->folded = framing->folded || framing->at_field;
    return;
  }
  framing->at_field = false;
  if (span_find(line, ':') == line.len) return;
  struct span name = span_cut(&line, ':');
  bool encoding = span_equal_nocase(name, SPAN("Transfer-Encoding"));
  bool length = span_equal_nocase(name, SPAN("Content-Length"));
  if (encoding) framing_note_encoding(framing, line);
  if (length) framing_note_list(framing, line);
  framing->at_field = encoding || length;
}

bool framing_is_sound(const struct framing *framing) {
  return !framing->encoded && !framing->folded && (framing->chunked || !framing->wrong);
}
