#include "output/findings/explain.h"

#include "output/findings/reason.h"

enum {
  EXPLAIN_INDENT = 2,
  EXPLAIN_CODE_WIDTH = 27, /* the longest code and two blanks */
  EXPLAIN_FACT_WIDTH = 14,
  EXPLAIN_REASON_WIDTH = 23,
  EXPLAIN_SEVERITY_WIDTH = 9, /* "warning" and two blanks */
};

static const char *const severity_colours[FINDING_SEVERITY_COUNT] = {
    [FINDING_ERROR] = "31", [FINDING_WARNING] = "33", [FINDING_INFO] = "36"};

static void explain_paint(FILE *out, const struct explain_style *style, const char *colour) {
  if (style->colour) fprintf(out, "\033[%sm", colour);
}

static bool explain_is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Where word stands as one of its own (not as DOMAIN in NXDOMAIN), or text.len. */
static size_t explain_find(struct span text, struct span word) {
  for (size_t at = 0; at + word.len <= text.len; at++) {
    size_t end = at + word.len;
    if (span_starts(span_skip(text, at), word) &&
        (at == 0 || !explain_is_letter(text.ptr[at - 1])) &&
        (end == text.len || !explain_is_letter(text.ptr[end])))
      return at;
  }
  return text.len;
}

/* A word that is to be filled in. */
struct explain_gap {
  size_t at; /* text.len: there is none */
  size_t len;
  struct span value;
};

static struct explain_gap explain_next_gap(const struct explain_style *style, struct span text) {
  const struct explain_gap gaps[] = {{0, sizeof "DOMAIN" - 1, style->domain},
                                     {0, sizeof "MXHOST" - 1, style->host}};
  const struct span words[] = {SPAN("DOMAIN"), SPAN("MXHOST")};
  struct explain_gap first = {.at = text.len};
  for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
    size_t at = span_here(gaps[i].value) ? explain_find(text, words[i]) : text.len;
    if (at >= first.at) continue;
    first = gaps[i];
    first.at = at;
  }
  return first;
}

/* Writes text with domain and host filled in, and gives its columns; out NULL: only counts. */
static size_t explain_fill(FILE *out, const struct explain_style *style, struct span text) {
  size_t columns = 0;
  while (text.len) {
    struct explain_gap gap = explain_next_gap(style, text);
    if (out) {
      fwrite(text.ptr, 1, gap.at, out);
      if (gap.len) fwrite(gap.value.ptr, 1, gap.value.len, out);
    }
    columns += gap.at + gap.value.len;
    text = span_skip(text, gap.at + gap.len);
  }
  return columns;
}

static void explain_blanks(FILE *out, size_t count) {
  fprintf(out, "%*s", (int)count, "");
}

void explain_wrap(FILE *out, const struct explain_style *style, size_t at, size_t indent,
                  struct span text) {
  size_t column = at;
  while (text.len) {
    struct span word = span_cut(&text, ' ');
    size_t need = explain_fill(NULL, style, word);
    bool first = column == at;
    if (!first && style->width && column + 1 + need > style->width) {
      fputc('\n', out);
      explain_blanks(out, indent);
      column = at = indent;
      first = true;
    }
    if (!first) fputc(' ', out);
    column += need + !first;
    explain_fill(out, style, word);
  }
  fputc('\n', out);
}

void explain_text(FILE *out, const struct explain_style *style, unsigned indent, const char *text) {
  struct span rest = span_of(text);
  while (rest.len) {
    struct span line = span_cut(&rest, '\n');
    explain_blanks(out, indent);
    if (span_starts(line, SPAN("  "))) {
      explain_fill(out, style, line);
      fputc('\n', out);
    } else {
      explain_wrap(out, style, indent, indent, line);
    }
  }
}

static void explain_heading(FILE *out, const struct explain_style *style, const char *text) {
  explain_paint(out, style, "1");
  fputs(text, out);
  explain_paint(out, style, "0");
  fputc('\n', out);
}

static void explain_severity(FILE *out, const struct explain_style *style,
                             enum finding_severity severity) {
  explain_paint(out, style, severity_colours[severity]);
  fputs(finding_severity_text(severity), out);
  explain_paint(out, style, "0");
}

static void explain_fact(FILE *out, const struct explain_style *style, const char *name,
                         const char *fact) {
  const size_t column = EXPLAIN_INDENT + EXPLAIN_FACT_WIDTH;
  if (!fact) return;
  fprintf(out, "%*s%-*s", EXPLAIN_INDENT, "", EXPLAIN_FACT_WIDTH, name);
  explain_wrap(out, style, column, column, span_of(fact));
}

/* The words that `reason` can be, and in spite of which most senders go on. */
static void explain_reasons(FILE *out, const struct explain_style *style, enum finding_code code) {
  const unsigned count = reason_count(code);
  const size_t column = EXPLAIN_INDENT + EXPLAIN_REASON_WIDTH;
  bool lenient = false;
  if (count == 0) return;
  fputc('\n', out);
  explain_heading(out, style, "Reasons");
  for (enum reason reason = reason_first(code), end = reason + count; reason < end; reason++) {
    const struct reason_info *info = reason_info(reason);
    const char *facts = reason_is_lenient(reason) ? "*" : "";
    lenient |= reason_is_lenient(reason);
    int used = fprintf(out, "%*s%s%s ", EXPLAIN_INDENT, "", info->word, facts);
    if (used > 0 && (size_t)used < column) explain_blanks(out, column - (size_t)used);
    explain_wrap(out, style, column, column, span_of(info->text));
  }
  if (lenient) explain_text(out, style, EXPLAIN_INDENT, REASON_LENIENT_TEXT);
}

void explain_code(FILE *out, const struct explain_style *style, enum finding_code code) {
  const struct finding_info *info = finding_info(code);
  const struct {
    const char *heading;
    const char *text;
  } sections[] = {{"Meaning", info->meaning},
                  {"What a sender does", info->sender},
                  {"How to diagnose it", info->diagnose},
                  {"How to fix it", info->fix}};
  explain_paint(out, style, "1");
  fputs(info->name, out);
  explain_paint(out, style, "0");
  fputs(" (", out);
  explain_severity(out, style, info->severity);
  fprintf(out, ")\n%s\n", info->title);
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
    fputc('\n', out);
    explain_heading(out, style, sections[i].heading);
    explain_text(out, style, EXPLAIN_INDENT, sections[i].text);
  }
  explain_reasons(out, style, code);
  fputc('\n', out);
  explain_fact(out, style, "stage", finding_stage_text(info->stage));
  explain_fact(out, style, "TLS reports", finding_result_type_text(info->result_type));
  explain_fact(out, style, "web checkers", finding_class_text(info->class));
  explain_fact(out, style, "temporary", finding_passing_text(info->passing));
  explain_fact(out, style, "reference", info->reference);
}

static void explain_row(FILE *out, const struct explain_style *style,
                        const struct finding_info *info) {
  const size_t column = EXPLAIN_INDENT + EXPLAIN_CODE_WIDTH + EXPLAIN_SEVERITY_WIDTH;
  fprintf(out, "%*s%-*s", EXPLAIN_INDENT, "", EXPLAIN_CODE_WIDTH, info->name);
  explain_severity(out, style, info->severity);
  explain_blanks(out, EXPLAIN_SEVERITY_WIDTH - strlen(finding_severity_text(info->severity)));
  explain_wrap(out, style, column, column, span_of(info->title));
}

/* class FINDING_CLASS_COUNT: of all. */
static void explain_codes(FILE *out, const struct explain_style *style, enum finding_class class) {
  const struct finding_info *last = NULL;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    if (class != FINDING_CLASS_COUNT && info->class != class) continue;
    if (!last || last->stage != info->stage) {
      if (last) fputc('\n', out);
      explain_heading(out, style, finding_stage_text(info->stage));
    }
    explain_row(out, style, info);
    last = info;
  }
}

void explain_list(FILE *out, const struct explain_style *style) {
  explain_codes(out, style, FINDING_CLASS_COUNT);
}

void explain_class(FILE *out, const struct explain_style *style, enum finding_class class) {
  explain_codes(out, style, class);
}
