#include "scanner/sts/carried.h"

static void carried_put(struct carried *carried, struct span text) {
  carried->bytes[carried->len++] = (char)(text.len >> 8);
  carried->bytes[carried->len++] = (char)(text.len & 0xff);
  if (text.len) memcpy(carried->bytes + carried->len, text.ptr, text.len);
  carried->len += text.len;
}

/* The front of a text, up to max octets and not within a character. */
static struct span carried_cut(struct span text, size_t max) {
  if (text.len <= max) return text;
  while (max && ((unsigned char)text.ptr[max] & 0xc0) == 0x80) max--;
  return span_first(text, max);
}

void carried_begin(struct carried *carried, struct span line) {
  carried->len = carried->labels = 0;
  carried_put(carried, carried_cut(line, CARRIED_LINE_MAX));
}

bool carried_label(struct carried *carried, struct span name, struct span value) {
  if (name.len == 0 || value.len == 0) return true;
  if (carried->labels == RESULT_LABELS_MAX) return false;
  struct span short_name = carried_cut(name, CARRIED_LABEL_NAME_MAX);
  struct span short_value = carried_cut(value, CARRIED_LABEL_VALUE_MAX);
  carried_put(carried, short_name);
  carried_put(carried, short_value);
  carried->labels++;
  return short_name.len == name.len && short_value.len == value.len;
}

struct span carried_piece(const struct carried *carried) {
  struct span none = {0};
  bool empty = carried->labels == 0 && carried->len <= 2;
  return empty ? none : (struct span){carried->bytes, carried->len};
}

static struct span carried_take(struct span *rest) {
  if (rest->len < 2) return (struct span){0};
  size_t len = (size_t)((unsigned char)rest->ptr[0] << 8 | (unsigned char)rest->ptr[1]);
  struct span text = span_first(span_skip(*rest, 2), len);
  *rest = span_skip(*rest, 2 + len);
  return text;
}

struct span carried_line(struct span piece) {
  struct span line = carried_take(&piece);
  return line.len ? line : (struct span){0};
}

struct result_labels carried_labels(struct span piece, struct result_label at[RESULT_LABELS_MAX]) {
  struct result_labels labels = {at, 0};
  carried_take(&piece);
  while (piece.len && labels.count < RESULT_LABELS_MAX) {
    struct span name = carried_take(&piece), value = carried_take(&piece);
    at[labels.count++] = (struct result_label){name, value};
  }
  return labels;
}
