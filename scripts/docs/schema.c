#include "output/findings/finding.h"
#include "scripts/docs/docs.h"
#include "scripts/docs/members.h"

/* What holds of the whole record. */
static const char schema_head[] =
    "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
    "  \"$comment\": \"Made by `stscan_docs schema` from output/record/record.def: edit that.\",\n"
    "  \"title\": \"A record of stscan: what is known of MTA-STS at one domain\",\n"
    "  \"description\": \"Members that were not asked for or not found are left out. A text that "
    "is "
    "not UTF-8 has U+FFFD for each byte that is not, and its bytes stand beside it in base64. "
    "Records "
    "of `scan` have n, at and ms; those of `lint` have only what can be judged without the "
    "network.\",\n"
    "  \"if\": {\"properties\": {\"status\": {\"const\": \"invalid\"}}},\n"
    "  \"then\": {\"required\": [\"line\"], \"not\": {\"required\": [\"domain\"]}},\n"
    "  \"else\": {\"not\": {\"required\": [\"reason\"]}},\n";
static const char schema_dependent[] = "\"n\": [\"at\", \"ms\"], \"first\": [\"looks\"]";

static const char schema_definitions[] =
    "    \"rcode\": {\n"
    "      \"description\": \"IANA's name, or RCODE and the number\",\n"
    "      \"type\": \"string\",\n"
    "      \"pattern\": \"^[A-Z0-9]+$\"\n"
    "    },\n"
    "    \"ms\": {\"type\": \"integer\", \"minimum\": 0},\n"
    "    \"time\": {\n"
    "      \"description\": \"RFC 3339, UTC, with milliseconds\",\n"
    "      \"type\": \"string\",\n"
    "      \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\\\.[0-9]{3}Z$\"\n"
    "    },\n"
    "    \"sha256\": {\"type\": \"string\", \"pattern\": \"^[0-9a-f]{64}$\"},\n"
    "    \"base64\": {\n"
    "      \"description\": \"the bytes of the text beside it, which are not UTF-8\",\n"
    "      \"type\": \"string\",\n"
    "      \"contentEncoding\": \"base64\"\n"
    "    },\n"
    "    \"base64_texts\": {\n"
    "      \"description\": \"the bytes of all texts beside it, of which some are not UTF-8\",\n"
    "      \"type\": \"array\",\n"
    "      \"items\": {\"type\": \"string\", \"contentEncoding\": \"base64\"},\n"
    "      \"minItems\": 1\n"
    "    }\n";

static void schema_object(FILE *out, const struct member *table, const char *dependent, int indent);

static void schema_words(FILE *out, const struct member *member) {
  fputs("\"enum\": [", out);
  for (int i = 0; i < member->words; i++) fprintf(out, "%s\"%s\"", i ? ", " : "", member->word(i));
  fputc(']', out);
}

/* Objects that stand among the definitions. */
static const struct {
  const char *name;
  const struct member *table;
} schema_shared[] = {{"finding", member_finding_table},
                     {"ede", member_ede_table},
                     {"certificate", member_certificate_table}};
enum { SCHEMA_SHARED = sizeof schema_shared / sizeof *schema_shared };

static bool schema_holds_table(const struct member *member) {
  for (int i = 0; i < SCHEMA_SHARED; i++)
    if (member->members == schema_shared[i].table) return false;
  return member->members;
}

static void schema_table(FILE *out, const struct member *member, int indent) {
  bool array = member->type == MEMBER_OBJECTS;
  if (array)
    fprintf(out, ",\n%*s\"items\": {\n%*s\"type\": \"object\"", indent, "", indent + 2, "");
  fputs(",\n", out);
  schema_object(out, member->members, "", indent + (array ? 2 : 0));
  if (array) fprintf(out, "%*s}\n", indent, "");
}

static void schema_member(FILE *out, const struct member *member, int indent) {
  fprintf(out, "%*s\"%s\": {\"description\": \"%s\", ", indent, "", member->name, member->text);
  if (member->word)
    schema_words(out, member);
  else if (!member->instead)
    fputs(member->schema, out);
  fputs(member->limits, out);
  if (schema_holds_table(member)) {
    schema_table(out, member, indent + 2);
    fprintf(out, "%*s", indent, "");
  }
  fputc('}', out);
  if (member->twice)
    fprintf(out, ",\n%*s\"%s_base64\": {\"$ref\": \"#/$defs/base64%s\"}", indent, "", member->name,
            member->type == MEMBER_STRINGS ? "_texts" : "");
}

static void schema_required(FILE *out, const struct member *table, int indent) {
  const char *before = "\"required\": [";
  bool some = false;
  for (const struct member *member = table; member->name; member++) {
    if (!member_is_required(member)) continue;
    fprintf(out, "%*s%s\"%s\"", some ? 0 : indent, "", before, member->name);
    before = ", ";
    some = true;
  }
  if (some) fputs("],\n", out);
}

/* What stands in base64 stands beside its text. */
static void schema_dependents(FILE *out, const struct member *table, const char *dependent,
                              int indent) {
  const char *between = *dependent ? ", " : "";
  fprintf(out, "%*s\"dependentRequired\": {%s", indent, "", dependent);
  for (const struct member *member = table; member->name; member++) {
    if (!member->twice) continue;
    fprintf(out, "%s\"%s_base64\": [\"%s\"]", between, member->name, member->name);
    between = ", ";
  }
  fputs("},\n", out);
}

/* What follows "type": "object" in the schema of an object. */
static void schema_object(FILE *out, const struct member *table, const char *dependent,
                          int indent) {
  fprintf(out, "%*s\"properties\": {\n", indent, "");
  for (const struct member *member = table; member->name; member++) {
    schema_member(out, member, indent + 2);
    fputs(member[1].name ? ",\n" : "\n", out);
  }
  fprintf(out, "%*s},\n", indent, "");
  schema_required(out, table, indent);
  schema_dependents(out, table, dependent, indent);
  fprintf(out, "%*s\"additionalProperties\": false\n", indent, "");
}

static void schema_codes(FILE *out) {
  fputs("    \"code\": {\n      \"enum\": [\n", out);
  for (enum finding_code code = 0; code < FOUND_COUNT; code++)
    fprintf(out, "        \"%s\"%s\n", finding_info(code)->name, code + 1 < FOUND_COUNT ? "," : "");
  fputs("      ]\n    },\n", out);
}

void docs_schema(FILE *out) {
  fprintf(out, "{\n%s  \"$defs\": {\n", schema_head);
  for (int i = 0; i < SCHEMA_SHARED; i++) {
    fprintf(out, "    \"%s\": {\n      \"type\": \"object\",\n", schema_shared[i].name);
    schema_object(out, schema_shared[i].table, "", 6);
    fputs("    },\n", out);
  }
  schema_codes(out);
  fprintf(out, "%s  },\n  \"type\": \"object\",\n", schema_definitions);
  schema_object(out, member_line_table, schema_dependent, 2);
  fputs("}\n", out);
}
