#include "scanner/net/framing.h"

static void framing_note_length(struct framing *framing, struct span text) {
  uint64_t length;
  if (!span_number(span_trim(text), &length) || (framing->has_length && framing->length != length))
    framing->wrong = true;
  framing->has_length = true;
  framing->length = length;
}

/* Equal fields may have been joined to a list on their way. */
static void framing_note_list(struct framing *framing, struct span list) {
  while (span_find(list, ',') < list.len) framing_note_length(framing, span_cut(&list, ','));
  framing_note_length(framing, list);
}

void framing_note(struct framing *framing, struct span line) {
  while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) line.len--;
  if (span_find(line, ':') == line.len) return;
  struct span name = span_cut(&line, ':');
  if (span_equal_nocase(name, SPAN("Transfer-Encoding")))
    framing->encoded = true;
  else if (span_equal_nocase(name, SPAN("Content-Length")))
    framing_note_list(framing, line);
}

bool framing_is_sound(const struct framing *framing) {
  return framing->encoded || !framing->wrong;
}
