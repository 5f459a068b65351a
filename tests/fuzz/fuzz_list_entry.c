/* A line of a list: what is taken from it lies inside it. The first byte chooses the form. */
#include "fuzz.h"

#include "scanner/sts/list_entry.h"

static bool fuzz_entry_inside(struct span part, struct span whole) {
  return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const enum list_entry_format formats[] = {LIST_ENTRY_AUTO, LIST_ENTRY_LINES,
                                                   LIST_ENTRY_CSV};
  if (size == 0) return 0;
  struct span line = fuzz_text(data + 1, size - 1);
  struct list_entry entry = {0};
  if (!list_entry_parse(line, formats[data[0] % 3], data[0] & 0x80, &entry)) return 0;
  FUZZ_REQUIRE(entry.text.len > 0);
  FUZZ_REQUIRE(fuzz_entry_inside(entry.text, line));
  FUZZ_REQUIRE(fuzz_entry_inside(entry.name, entry.text));
  return 0;
}
