/* A TXT set, a line each: a sound record, printed back from its id, is sound with the same id. */
#include "fuzz.h"

#include "scanner/sts/record.h"

static void fuzz_record_sound(struct span id) {
  struct fuzz_print print;
  FILE *out = fuzz_print_begin(&print);
  fputs("v=STSv1; id=", out);
  fuzz_put(out, id);
  fputc(';', out);
  struct span text = fuzz_print_end(&print), again;
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  FUZZ_REQUIRE(record_judge((struct spans){&text, 1}, &findings, &again) == RECORD_SOUND);
  FUZZ_REQUIRE(span_equal(id, again));
  FUZZ_REQUIRE(!findings.first);
  arena_free(&arena);
  free(print.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct span id;
  struct spans txt = fuzz_lines(fuzz_text(data, size), &arena);
  enum record_presence presence = record_judge(txt, &findings, &id);
  if (arena.err == ERR_NONE) {
    bool error = finding_list_error_at(&findings, STAGE_RECORD);
    FUZZ_REQUIRE((presence == RECORD_NONE) == finding_list_has(&findings, FOUND_RECORD_ABSENT));
    FUZZ_REQUIRE((presence == RECORD_ATTEMPT) == error);
    if (presence == RECORD_SOUND) fuzz_record_sound(id);
  }
  arena_free(&arena);
  return 0;
}
