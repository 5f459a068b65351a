/* A list, plain or gzip, gives its lines, each cut at LIST_FILE_LINE_MAX, and nothing else.
 *
 * The first byte chooses: plain, gzip of two members, or the bytes as they are, which may look like
 * gzip. Bytes from RUN on stand for runs, so that lines get longer than the fuzzer's inputs. */
#include "file.h"

#include "scanner/run/list_file.h"

enum { RUN = 0xf0, RUN_LENGTH = 400, TEXT_MAX = 4096 * (256 - RUN) * RUN_LENGTH };

static char text[TEXT_MAX];

static struct span fuzz_list_expand(const uint8_t *data, size_t size) {
  size_t len = 0;
  for (size_t i = 0; i < size; i++) {
    size_t run = data[i] < RUN ? 1 : (size_t)(data[i] - RUN + 1) * RUN_LENGTH;
    if (run > sizeof text - len) break;
    memset(text + len, data[i] < RUN ? data[i] : 'x', run);
    len += run;
  }
  return (struct span){text, len};
}

static struct span fuzz_list_cut(struct span *rest) {
  size_t at = span_find(*rest, '\n');
  struct span line = span_first(*rest, at < rest->len ? at + 1 : at);
  *rest = span_skip(*rest, line.len);
  return span_first(line, LIST_FILE_LINE_MAX);
}

static struct list_file *fuzz_list_open(const struct fuzz_file *file) {
  struct list_file *list;
  FUZZ_REQUIRE(list_file_open(&list, file->path, -1) == ERR_NONE);
  return list;
}

static void fuzz_list_same(const struct fuzz_file *file, struct span rest) {
  struct list_file *list = fuzz_list_open(file);
  struct span line;
  enum err err;
  while ((err = list_file_line(list, &line)) == ERR_NONE)
    FUZZ_REQUIRE(span_equal(line, fuzz_list_cut(&rest)));
  /* Of UTF-16 and what is packed otherwise there is no line. */
  bool refused = err == ERR_SYNTAX && list_file_packing(list);
  FUZZ_REQUIRE(refused || (err == ERR_END && rest.len == 0 && !list_file_would_wait(list) &&
                           !list_file_changed(list)));
  list_file_close(list);
}

static void fuzz_list_any(const struct fuzz_file *file) {
  struct list_file *list = fuzz_list_open(file);
  struct span line;
  enum err err;
  while ((err = list_file_line(list, &line)) == ERR_NONE)
    FUZZ_REQUIRE(line.len > 0 && line.len <= LIST_FILE_LINE_MAX);
  FUZZ_REQUIRE(err == ERR_END || err == ERR_SYNTAX);
  list_file_close(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_file *file = fuzz_file_new();
  if (size == 0) return 0;
  struct span lines = fuzz_list_expand(data + 1, size - 1);
  bool looks_like_gzip = span_starts(lines, SPAN("\x1f\x8b"));
  switch (data[0] % 3) {
  case 0:
    fuzz_file_put(file, lines);
    if (!looks_like_gzip) fuzz_list_same(file, lines);
    break;
  case 1:
    fuzz_file_put_gzip(file, span_first(lines, lines.len / 2));
    fuzz_file_put_gzip(file, span_skip(lines, lines.len / 2));
    fuzz_list_same(file, lines);
    break;
  default: fuzz_file_put(file, fuzz_text(data + 1, size - 1)); fuzz_list_any(file);
  }
  return 0;
}
