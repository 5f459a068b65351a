/* Judges policies as lint does, thousands with one start: reads each as a line with its octets'
 * number and then these; writes a line for each, "valid" or "invalid". */
#include "scanner/sts/policy.h"
#include <stdio.h>
#include <stdlib.h>

static bool judge(struct span text) {
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct result_policy policy = {.mode = MODE_COUNT};
  policy_parse(text, &findings, &policy);
  bool valid = !finding_list_error_at(&findings, STAGE_POLICY_SYNTAX);
  arena_free(&arena);
  return valid;
}

int main(void) {
  size_t len;
  while (scanf("%zu%*1[\n]", &len) == 1) {
    char *text = malloc(len + 1);
    if (!text || fread(text, 1, len, stdin) != len) return EXIT_FAILURE;
    puts(judge((struct span){text, len}) ? "valid" : "invalid");
    free(text);
  }
  return EXIT_SUCCESS;
}
