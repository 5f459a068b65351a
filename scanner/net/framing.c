#include "scanner/net/framing.h"

/* 1*DIGIT, saturating. */
static bool framing_number(struct span text, uint64_t *number) {
  *number = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
    uint64_t digit = (uint64_t)(text.ptr[i] - '0');
    *number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
  }
  return text.len > 0;
}

static void framing_note_length(struct framing *framing, struct span text) {
  uint64_t length;
  if (!framing_number(span_trim(text), &length) ||
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
