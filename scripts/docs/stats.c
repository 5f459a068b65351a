#include "scripts/docs/docs.h"

#include "output/findings/finding.h"
#include <stdlib.h>

static void stats_stages(FILE *out) {
  fputs("      \"properties\": {\n", out);
  for (enum finding_stage stage = 0; stage < STAGE_COUNT; stage++)
    fprintf(out, "        \"%s\": {\"$ref\": \"#/$defs/count\"}%s\n", finding_stage_text(stage),
            stage + 1 < STAGE_COUNT ? "," : "");
  fputs("      },\n      \"required\": [\n", out);
  for (enum finding_stage stage = 0; stage < STAGE_COUNT; stage++)
    fprintf(out, "        \"%s\"%s\n", finding_stage_text(stage),
            stage + 1 < STAGE_COUNT ? "," : "");
  fputs("      ],\n", out);
}

/* What stands between these two lines is made anew. */
static const char stats_from[] = "      \"$comment\": \"made by `stscan_docs stats`\",\n";
static const char stats_to[] = "      \"additionalProperties\": false\n";

enum err docs_stats(FILE *out, FILE *schema) {
  char *line = NULL;
  size_t size = 0;
  bool inside = false, found = false;
  while (getline(&line, &size, schema) > 0) {
    inside = inside && strcmp(line, stats_to) != 0;
    if (inside) continue;
    fputs(line, out);
    if (strcmp(line, stats_from) != 0) continue;
    stats_stages(out);
    inside = found = true;
  }
  free(line);
  if (ferror(schema)) return ERR_IO;
  return found && !inside ? ERR_NONE : ERR_SYNTAX;
}
