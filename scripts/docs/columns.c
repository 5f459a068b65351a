#include "scripts/docs/docs.h"
#include "scripts/docs/members.h"

/* How a tool spells a column list. */
struct dialect {
  const char *heading, *code;
  const char *before, *after;                    /* of the whole */
  const char *column, *type, *end;               /* around a column's name and its type */
  const char *scalars[MEMBER_MAP + 1];           /* by enum member_type; NULL: no such type */
  const char *list, *list_end;                   /* around the type of the elements */
  const char *object, *object_end;               /* around the members */
  const char *member, *member_type, *member_end; /* around a member's name and its type */
};

static const struct dialect dialects[] = {
    {.heading = "DuckDB",
     .code = "sql",
     .before = "CREATE VIEW records AS SELECT * FROM read_json('results.ndjson.gz',\n"
               "  format = 'newline_delimited', maximum_object_size = 33554432, ignore_errors = "
               "true, columns = {\n",
     .after = "});\n",
     .column = "    \"",
     .type = "\": '",
     .end = "'",
     .scalars = {"VARCHAR", "UBIGINT", "BOOLEAN", "TIMESTAMP", "MAP(VARCHAR, VARCHAR)"},
     .list = "",
     .list_end = "[]",
     .object = "STRUCT(",
     .object_end = ")",
     .member = "\"",
     .member_type = "\" ",
     .member_end = ""},
    {.heading = "ClickHouse",
     .code = "sql",
     .before = "SELECT * FROM file('results.ndjson.gz', JSONEachRow, '\n",
     .after = "') SETTINGS date_time_input_format = 'best_effort';\n",
     .column = "    `",
     .type = "` ",
     .end = "",
     .scalars = {"Nullable(String)", "Nullable(UInt64)", "Nullable(Bool)",
                 "Nullable(DateTime64(3, \\'UTC\\'))", "Map(String, String)"},
     .list = "Array(",
     .list_end = ")",
     .object = "Tuple(",
     .object_end = ")",
     .member = "`",
     .member_type = "` ",
     .member_end = ""},
    {.heading = "polars",
     .code = "python",
     .before = "import polars\n\nrecords = polars.scan_ndjson(\"results.ndjson.gz\", schema={\n",
     .after = "})\n",
     .column = "    \"",
     .type = "\": ",
     .end = "",
     .scalars = {"polars.String", "polars.UInt64", "polars.Boolean", "polars.String"},
     .list = "polars.List(",
     .list_end = ")",
     .object = "polars.Struct({",
     .object_end = "})",
     .member = "\"",
     .member_type = "\": ",
     .member_end = ""},
    {.heading = "Spark",
     .code = "python",
     .before = "records = spark.read.json(\"results.ndjson.gz\", schema=\"\"\"\n",
     .after = "\"\"\")\n",
     .column = "    `",
     .type = "` ",
     .end = "",
     .scalars = {"STRING", "BIGINT", "BOOLEAN", "TIMESTAMP", "MAP<STRING, STRING>"},
     .list = "ARRAY<",
     .list_end = ">",
     .object = "STRUCT<",
     .object_end = ">",
     .member = "`",
     .member_type = "`: ",
     .member_end = ""},
    {.heading = "pandas",
     .code = "python",
     .before = "import pandas, pyarrow, pyarrow.json\n\nschema = pyarrow.schema([\n",
     .after = "])\n"
              "table = pyarrow.json.read_json(\"results.ndjson.gz\", "
              "pyarrow.json.ReadOptions(block_size=64 << 20),\n"
              "                               pyarrow.json.ParseOptions(explicit_schema=schema))\n"
              "records = table.to_pandas(types_mapper=pandas.ArrowDtype)\n",
     .column = "    (\"",
     .type = "\", ",
     .end = ")",
     .scalars = {"pyarrow.string()", "pyarrow.uint64()", "pyarrow.bool_()",
                 "pyarrow.timestamp(\"ms\", \"UTC\")"},
     .list = "pyarrow.list_(",
     .list_end = ")",
     .object = "pyarrow.struct([",
     .object_end = "])",
     .member = "(\"",
     .member_type = "\", ",
     .member_end = ")"},
};

static void columns_type(FILE *out, const struct dialect *dialect, const struct member *member);

static void columns_name(FILE *out, const struct dialect *dialect, const struct member *member,
                         const char *tail) {
  fprintf(out, "%s%s%s%s", dialect->member, member->name, tail, dialect->member_type);
  columns_type(out, dialect, member);
  fputs(dialect->member_end, out);
}

static void columns_object(FILE *out, const struct dialect *dialect, const struct member *table) {
  fputs(dialect->object, out);
  for (const struct member *member = table; member->name; member++) {
    if (member != table) fputs(", ", out);
    columns_name(out, dialect, member, "");
    if (!member->twice) continue;
    fputs(", ", out);
    columns_name(out, dialect, member, "_base64");
  }
  fputs(dialect->object_end, out);
}

static void columns_type(FILE *out, const struct dialect *dialect, const struct member *member) {
  bool list = member->type == MEMBER_STRINGS || member->type == MEMBER_OBJECTS;
  if (list) fputs(dialect->list, out);
  if (member->members)
    columns_object(out, dialect, member->members);
  else
    fputs(dialect->scalars[list ? MEMBER_STRING : member->type], out);
  if (list) fputs(dialect->list_end, out);
}

static void columns_column(FILE *out, const struct dialect *dialect, const struct member *member,
                           const char *tail) {
  fprintf(out, "%s%s%s%s", dialect->column, member->name, tail, dialect->type);
  columns_type(out, dialect, member);
  fputs(dialect->end, out);
}

static void columns_list(FILE *out, const struct dialect *dialect) {
  fprintf(out, "\n## %s\n\n```%s\n%s", dialect->heading, dialect->code, dialect->before);
  for (const struct member *member = member_line_table; member->name; member++) {
    if (member->type == MEMBER_MAP && !dialect->scalars[MEMBER_MAP]) continue;
    columns_column(out, dialect, member, "");
    if (member->twice) {
      fputs(",\n", out);
      columns_column(out, dialect, member, "_base64");
    }
    fputs(member[1].name ? ",\n" : "", out);
  }
  fprintf(out, "%s```\n", dialect->after);
}

void docs_columns(FILE *out) {
  fputs("<!-- Made by `stscan_docs columns` from output/record/record.def: edit that. -->\n"
        "# Every column of a record, typed\n\n"
        "For tools that would else guess them from the first lines, which are seldom those of a "
        "domain that has a policy. Leave out what you do not need: it is read faster. What each "
        "means says [record.schema.json](record.schema.json). Times are UTC; polars takes them as "
        "text, to be parsed with `.str.to_datetime(time_zone=\"UTC\")`. What has no fixed members "
        "(labels) is left out where the tool has no maps.\n\n"
        "After `scan --ask`, a set that is not there (`mx`, `ns`) is an object with its rcode "
        "instead of an array: "
        "DuckDB (by `ignore_errors`) and Spark take it for NULL; of results with such lines, leave "
        "these two columns out "
        "where the tool refuses the line.\n",
        out);
  for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) columns_list(out, &dialects[i]);
}
