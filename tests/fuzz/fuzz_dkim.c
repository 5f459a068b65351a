/* All TXT under a selector, a line each: there is a type, or a finding says why not. */
#include "fuzz.h"

#include "scanner/sts/dkim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct result_dkim_key key = {.selector = SPAN("s1")};
  struct span text = fuzz_text(data, size);
  bool found = dkim_judge(fuzz_lines(text, &arena), &key, &findings);
  dkim_is_selector(text);
  if (arena.err == ERR_NONE && found) {
    FUZZ_REQUIRE(span_here(key.type) || findings.first);
    FUZZ_REQUIRE(!key.revoked || key.bits == 0);
    FUZZ_REQUIRE(key.bits <= 8 * size);
    FUZZ_REQUIRE((key.txt.count > 0) == (findings.first != NULL));
  }
  arena_free(&arena);
  return 0;
}
