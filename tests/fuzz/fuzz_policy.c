/* A policy that is accepted, printed back from its parsed form, parses to the same. */
#include "fuzz.h"

#include "scanner/sts/policy.h"

static struct span fuzz_policy_print(struct fuzz_print *print, const struct result_policy *policy) {
  FILE *out = fuzz_print_begin(print);
  fputs("version: ", out);
  fuzz_put(out, policy->version);
  fprintf(out, "\r\nmode: %s\r\nmax_age: %llu\r\n", result_mode_text(policy->mode),
          (unsigned long long)policy->max_age);
  for (size_t i = 0; i < policy->mx.count; i++) {
    fputs("mx: ", out);
    fuzz_put(out, policy->mx.at[i]);
    fputs("\r\n", out);
  }
  return fuzz_print_end(print);
}

static void fuzz_policy_accepted(const struct result_policy *policy) {
  struct fuzz_print print;
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct result_policy again = {0};
  FUZZ_REQUIRE(policy->mode != MODE_COUNT && policy->has_max_age);
  FUZZ_REQUIRE(policy->mode == MODE_NONE || policy->mx.count > 0);
  policy_parse(fuzz_policy_print(&print, policy), &findings, &again);
  FUZZ_REQUIRE(arena.err != ERR_NONE || !finding_list_error_at(&findings, STAGE_POLICY_SYNTAX));
  FUZZ_REQUIRE(span_equal(policy->version, again.version));
  FUZZ_REQUIRE(policy->mode == again.mode && policy->max_age == again.max_age);
  FUZZ_REQUIRE(arena.err != ERR_NONE || fuzz_same(policy->mx, again.mx));
  arena_free(&arena);
  free(print.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct result_policy policy = {0};
  struct span text = fuzz_text(data, size);
  policy_judge_content_type(text, &findings);
  policy_parse(text, &findings, &policy);
  if (arena.err == ERR_NONE && !finding_list_error_at(&findings, STAGE_POLICY_SYNTAX))
    fuzz_policy_accepted(&policy);
  arena_free(&arena);
  return 0;
}
