/* What the fuzz targets share. Each has one entry, called by libFuzzer, or by replay.c with the
 * seeds; what must hold of every input stands in FUZZ_REQUIRE. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "scanner/sts/finding_list.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_REQUIRE(condition)                                                                    \
  do {                                                                                             \
    if (condition) break;                                                                          \
    fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                 \
    abort();                                                                                       \
  } while (0)

static inline struct span fuzz_text(const uint8_t *data, size_t size) {
  return (struct span){(const char *)data, size};
}

/* The lines of text as the strings of a set, in the arena. */
static inline struct spans fuzz_lines(struct span text, struct arena *arena) {
  size_t most = 1;
  for (size_t i = 0; i < text.len; i++) most += text.ptr[i] == '\n';
  struct spans lines = {arena_array(arena, most, sizeof *lines.at), 0};
  while (lines.at && text.len) lines.at[lines.count++] = span_cut(&text, '\n');
  return lines;
}

static inline bool fuzz_same(struct spans a, struct spans b) {
  bool same = a.count == b.count;
  for (size_t i = 0; same && i < a.count; i++) same = span_equal(a.at[i], b.at[i]);
  return same;
}

/* Text that is put together from parts, in a buffer of its own exact size at the end, so that the
 * address sanitizer sees a read beyond it. */
struct fuzz_print {
  char *text;
  size_t size;
  FILE *out;
};

static inline FILE *fuzz_print_begin(struct fuzz_print *print) {
  print->out = open_memstream(&print->text, &print->size);
  FUZZ_REQUIRE(print->out);
  return print->out;
}

static inline struct span fuzz_print_end(struct fuzz_print *print) {
  fclose(print->out);
  char *exact = malloc(print->size ? print->size : 1);
  FUZZ_REQUIRE(exact);
  memcpy(exact, print->text, print->size);
  free(print->text);
  print->text = exact;
  return (struct span){print->text, print->size};
}

static inline void fuzz_put(FILE *out, struct span text) {
  fwrite(text.ptr, 1, text.len, out);
}

#endif
