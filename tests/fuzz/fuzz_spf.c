/* All TXT of a domain, a line each: the record that was picked, judged alone, comes to the same. */
#include "fuzz.h"

#include "scanner/sts/spf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena}, again = {.arena = &arena};
  struct result_spf spf = {0}, alone = {0};
  spf_judge(fuzz_lines(fuzz_text(data, size), &arena), &spf, &findings);
  if (arena.err == ERR_NONE && spf.txt.count) {
    FUZZ_REQUIRE(span_here(spf.all) != span_here(spf.reason));
    spf_judge(spf.txt, &alone, &again);
    FUZZ_REQUIRE(arena.err || fuzz_same(spf.txt, alone.txt));
    FUZZ_REQUIRE(arena.err || span_equal(spf.all, alone.all));
    FUZZ_REQUIRE(arena.err || span_equal(spf.reason, alone.reason));
  }
  arena_free(&arena);
  return 0;
}
