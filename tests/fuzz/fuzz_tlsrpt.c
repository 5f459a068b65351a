/* A TLSRPT set, a line each: the URIs of a sound record, printed back, are the same. */
#include "fuzz.h"

#include "scanner/sts/tlsrpt.h"

static bool fuzz_tlsrpt_is_sound(const struct finding_list *findings) {
  return !finding_list_has(findings, FOUND_TLSRPT_ABSENT) &&
         !finding_list_has(findings, FOUND_TLSRPT_MULTIPLE) &&
         !finding_list_has(findings, FOUND_TLSRPT_SYNTAX);
}

static void fuzz_tlsrpt_sound(struct spans rua) {
  struct fuzz_print print;
  FILE *out = fuzz_print_begin(&print);
  fputs("v=TLSRPTv1; rua=", out);
  for (size_t i = 0; i < rua.count; i++) {
    if (i) fputc(',', out);
    fuzz_put(out, rua.at[i]);
  }
  struct span text = fuzz_print_end(&print);
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct result_tlsrpt again = {.txt = {&text, 1}};
  tlsrpt_judge(&again, &findings);
  FUZZ_REQUIRE(fuzz_tlsrpt_is_sound(&findings));
  FUZZ_REQUIRE(fuzz_same(rua, again.rua));
  arena_free(&arena);
  free(print.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct result_tlsrpt tlsrpt = {.txt = fuzz_lines(fuzz_text(data, size), &arena)};
  tlsrpt_judge(&tlsrpt, &findings);
  if (arena.err == ERR_NONE && fuzz_tlsrpt_is_sound(&findings)) fuzz_tlsrpt_sound(tlsrpt.rua);
  arena_free(&arena);
  return 0;
}
