#include "scripts/docs/docs.h"

#include "output/record/value_name.h"
#include <stdlib.h>

/* The members of an object of counts; required: each is always there. */
static void stats_counts(FILE *out, value_name *name, int count, bool required) {
  fputs("      \"properties\": {\n", out);
  for (int i = 0; i < count; i++)
    fprintf(out, "        \"%s\": {\"$ref\": \"#/$defs/count\"}%s\n", name(i),
            i + 1 < count ? "," : "");
  fputs("      },\n", out);
  if (!required) return;
  fputs("      \"required\": [\n", out);
  for (int i = 0; i < count; i++)
    fprintf(out, "        \"%s\"%s\n", name(i), i + 1 < count ? "," : "");
  fputs("      ],\n", out);
}

/* What follows such a line, up to that one, is made anew. */
static const char stats_stages[] = "      \"$comment\": \"stages, made by stscan_docs stats\",\n";
static const char stats_codes[] = "      \"$comment\": \"codes, made by stscan_docs stats\",\n";
static const char stats_end[] = "      \"additionalProperties\": false\n";

enum err docs_stats(FILE *out, FILE *schema) {
  char *line = NULL;
  size_t size = 0;
  unsigned lists = 0;
  bool inside = false;
  while (getline(&line, &size, schema) > 0) {
    inside = inside && strcmp(line, stats_end) != 0;
    if (inside) continue;
    fputs(line, out);
    bool stages = strcmp(line, stats_stages) == 0;
    if (!stages && strcmp(line, stats_codes) != 0) continue;
    if (stages)
      stats_counts(out, value_name_stage, STAGE_COUNT, true);
    else
      stats_counts(out, value_name_code, FOUND_COUNT, false);
    inside = true;
    lists++;
  }
  free(line);
  if (ferror(schema)) return ERR_IO;
  return lists && !inside ? ERR_NONE : ERR_SYNTAX;
}
