/* All TXT at _dmarc, a line each: what was picked, judged alone, comes to the same, and so does it
 * as the record of the organizational domain. */
#include "fuzz.h"

#include "scanner/sts/dmarc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena}, again = {.arena = &arena};
  struct result_dmarc dmarc = {0}, alone = {0};
  struct dmarc_place place = {SPAN("x.example"), fuzz_lines(fuzz_text(data, size), &arena)};
  dmarc_judge(&place, 1, &dmarc, &findings);
  if (arena.err == ERR_NONE && dmarc.txt.count) {
    struct dmarc_place places[] = {{SPAN("a.x.example"), {0}}, {SPAN("x.example"), dmarc.txt}};
    FUZZ_REQUIRE(span_here(dmarc.p) != span_here(dmarc.reason));
    FUZZ_REQUIRE(!dmarc.has_pct || dmarc.pct <= 100);
    dmarc_judge(places, 2, &alone, &again);
    FUZZ_REQUIRE(arena.err || fuzz_same(dmarc.txt, alone.txt));
    FUZZ_REQUIRE(arena.err || (span_equal(dmarc.p, alone.p) && span_equal(dmarc.sp, alone.sp)));
    FUZZ_REQUIRE(arena.err || fuzz_same(dmarc.rua, alone.rua));
    FUZZ_REQUIRE(arena.err || span_equal(alone.domain, SPAN("x.example")));
  }
  arena_free(&arena);
  return 0;
}
