#include "scanner/https/content_length.h"

static void content_length_note_length(struct content_length *framing, struct span text) {
  uint64_t length;
  if (!span_number(span_trim(text), &length) || length > CONTENT_LENGTH_LENGTH_MAX ||
      (framing->has_length && framing->length != length))
    framing->wrong = true;
  framing->has_length = true;
  framing->length = length;
}

/* Equal fields may have been joined to a list on their way. */
static void content_length_note_list(struct content_length *framing, struct span list) {
  while (span_find(list, ',') < list.len) content_length_note_length(framing, span_cut(&list, ','));
  content_length_note_length(framing, list);
}

static void content_length_note_encoding(struct content_length *framing, struct span value) {
  if (framing->chunked || !span_equal_nocase(span_trim(value), SPAN("chunked")))
    framing->encoded = true;
  framing->chunked = true;
}

void content_length_note(struct content_length *framing, struct span line) {
  bool first = !framing->begun;
  if (first) framing->alien = !span_starts(line, SPAN("HTTP/1."));
  framing->begun = true;
  while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) line.len--;
  if (line.len && span_is_wsp(line.ptr[0])) { /* RFC 9112 sections 2.2 and 5.2 */
    framing->folded = framing->folded || framing->at_field;
    return;
  }
  framing->at_field = first;
  if (span_find(line, ':') == line.len) return;
  struct span name = span_cut(&line, ':');
  bool encoding = span_equal_nocase(name, SPAN("Transfer-Encoding"));
  bool length = span_equal_nocase(name, SPAN("Content-Length"));
  if (encoding) content_length_note_encoding(framing, line);
  if (length) content_length_note_list(framing, line);
  framing->at_field = encoding || length;
}

bool content_length_is_sound(const struct content_length *framing) {
  return !framing->alien && !framing->encoded && !framing->folded &&
         (framing->chunked || !framing->wrong);
}
