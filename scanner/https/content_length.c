#include "scanner/https/content_length.h"

static void content_length_note_length(struct content_length *message, struct span text) {
  uint64_t length;
  if (!span_number(span_trim(text), &length) || length > CONTENT_LENGTH_LENGTH_MAX ||
      (message->has_length && message->length != length))
    message->wrong = true;
  message->has_length = true;
  message->length = length;
}

/* Equal fields may have been joined to a list on their way. */
static void content_length_note_list(struct content_length *message, struct span list) {
  while (span_find(list, ',') < list.len) content_length_note_length(message, span_cut(&list, ','));
  content_length_note_length(message, list);
}

static void content_length_note_encoding(struct content_length *message, struct span value) {
  if (message->chunked || !span_equal_nocase(span_trim(value), SPAN("chunked")))
    message->encoded = true;
  message->chunked = true;
}

void content_length_note(struct content_length *message, struct span line) {
  bool first = !message->begun;
  if (first) message->other_version = !span_starts(line, SPAN("HTTP/1."));
  message->begun = true;
  while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) line.len--;
  if (line.len && span_is_wsp(line.ptr[0])) { /* RFC 9112 sections 2.2 and 5.2 */
    message->folded = message->folded || message->at_field;
    return;
  }
  message->at_field = first;
  if (span_find(line, ':') == line.len) return;
  struct span name = span_cut(&line, ':');
  bool encoding = span_equal_nocase(name, SPAN("Transfer-Encoding"));
  bool length = span_equal_nocase(name, SPAN("Content-Length"));
  if (encoding) content_length_note_encoding(message, line);
  if (length) content_length_note_list(message, line);
  message->at_field = encoding || length;
}

bool content_length_is_sound(const struct content_length *message) {
  return !message->other_version && !message->encoded && !message->folded &&
         (message->chunked || !message->wrong);
}
