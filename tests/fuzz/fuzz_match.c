/* A pattern, and hosts, a line each: what mx_pattern_covers() says is what is judged, and a host
 * that is not covered is told with its kind. */
#include "fuzz.h"

#include "output/base/mx_pattern.h"
#include "scanner/sts/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct spans hosts = fuzz_lines(fuzz_text(data, size), &arena);
  struct result_mx_set mx = {0};
  if (hosts.count > 1) {
    mx.at = arena_array(&arena, hosts.count, sizeof *mx.at);
    for (size_t i = 1; i < hosts.count; i++) mx.at[mx.count++].host = hosts.at[i];
  }
  if (mx.count && !match_takes_no_mail(&mx)) {
    struct result_policy policy = {.mode = MODE_ENFORCE, .mx = {hosts.at, 1}};
    size_t covered = 0, nulls = 0;
    match_judge(psl_builtin(), hosts.at[hosts.count - 1], &policy, &mx, &findings);
    for (size_t i = 0; i < mx.count; i++) {
      FUZZ_REQUIRE(mx.at[i].covered == mx_pattern_covers(hosts.at[0], mx.at[i].host));
      covered += mx.at[i].covered;
      nulls += match_is_null_mx(mx.at[i].host);
    }
    FUZZ_REQUIRE(finding_list_has(&findings, FOUND_MX_MISMATCH) == (covered == 0));
    FUZZ_REQUIRE(finding_list_has(&findings, FOUND_MX_PARTIAL_MISMATCH) ==
                 (covered > 0 && covered < mx.count - nulls));
    FUZZ_REQUIRE(finding_list_has(&findings, FOUND_POLICY_MX_UNUSED) == (covered == 0));
  }
  arena_free(&arena);
  return 0;
}
