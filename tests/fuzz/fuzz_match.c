/* A pattern, and hosts, a line each: what match_covers() says is what is judged, and a host that is
 * not covered is told with its kind. */
#include "fuzz.h"

#include "scanner/sts/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct spans hosts = fuzz_lines(fuzz_text(data, size), &arena);
  if (hosts.count > 1) {
    struct result_policy policy = {.mode = MODE_ENFORCE, .mx = {hosts.at, 1}};
    struct result_mx_set mx = {
        .at = arena_array(&arena, hosts.count, sizeof *mx.at),
        .count = hosts.count - 1,
    };
    size_t covered = 0;
    for (size_t i = 0; i < mx.count; i++) mx.at[i].host = hosts.at[i + 1];
    match_judge(psl_builtin(), hosts.at[hosts.count - 1], &policy, &mx, &findings);
    for (size_t i = 0; i < mx.count; i++) {
      FUZZ_REQUIRE(mx.at[i].covered == match_covers(hosts.at[0], mx.at[i].host));
      covered += mx.at[i].covered;
    }
    FUZZ_REQUIRE(finding_list_has(&findings, FOUND_MX_MISMATCH) == (covered == 0));
    FUZZ_REQUIRE(finding_list_has(&findings, FOUND_MX_PARTIAL_MISMATCH) ==
                 (covered > 0 && covered < mx.count));
    FUZZ_REQUIRE(finding_list_has(&findings, FOUND_POLICY_MX_UNUSED) == (covered == 0));
  }
  arena_free(&arena);
  return 0;
}
