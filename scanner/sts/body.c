#include "scanner/sts/body.h"

#include "scanner/sts/reasons.h"
#include "scanner/sts/txt_field.h"

enum {
  BODY_CONTROLS_MIN = 4,    /* so many control characters ... */
  BODY_CONTROLS_SHARE = 16, /* ... and one in so many: binary */
  BODY_BASE64_MIN = 64,     /* characters: no word of a text is as long */
};

static const struct span body_keys[] = {{"version", 7}, {"mode", 4}, {"max_age", 7}, {"mx", 2}};

int body_key(struct span text, const char *marks, size_t *len) {
  for (int i = 0; i < (int)(sizeof body_keys / sizeof *body_keys); i++) {
    if (!span_starts(text, body_keys[i])) continue;
    size_t at = body_keys[i].len;
    while (at < text.len && span_is_wsp(text.ptr[at])) at++;
    if (at == text.len || !text.ptr[at] || !strchr(marks, text.ptr[at])) continue;
    *len = at + 1;
    return i;
  }
  return -1;
}

static bool begins_nocase(struct span text, struct span word) {
  return span_equal_nocase(span_first(text, word.len), word);
}

static bool holds_nocase(struct span text, struct span word) {
  for (size_t i = 0; i + word.len <= text.len; i++)
    if (begins_nocase(span_skip(text, i), word)) return true;
  return false;
}

static struct span skip_space(struct span text) {
  while (text.len && strchr(" \t\r\n", text.ptr[0]) && text.ptr[0]) text = span_skip(text, 1);
  return text;
}

static struct span trim_space(struct span text) {
  text = skip_space(text);
  while (text.len && text.ptr[text.len - 1] && strchr(" \t\r\n", text.ptr[text.len - 1]))
    text.len--;
  return text;
}

static bool is_utf16(struct span text) {
  if (span_starts(text, SPAN("\xff\xfe")) || span_starts(text, SPAN("\xfe\xff"))) return true;
  if (text.len < 4) return false;
  const char *p = text.ptr;
  return (!p[0] && p[1] && !p[2] && p[3]) || (p[0] && !p[1] && p[2] && !p[3]) ||
         (!p[0] && !p[1] && !p[2] && p[3]) || (p[0] && !p[1] && !p[2] && !p[3]);
}

/* gzip, zlib, zip, zstd, xz, bzip2, lz4, 7-zip by their first bytes. */
static bool is_compressed(struct span text) {
  static const struct span magics[] = {
      {"\x1f\x8b", 2},
      {"\x1f\x9d", 2},
      {"\x78\x01", 2},
      {"\x78\x9c", 2},
      {"\x78\xda", 2},
      {"PK\x03\x04", 4},
      {"\x28\xb5\x2f\xfd", 4},
      {"\xfd"
       "7zXZ",
       5},
      {"BZh", 3},
      {"\x04\x22\x4d\x18", 4},
      {"7z\xbc\xaf", 4},
  };
  for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
    if (span_starts(text, magics[i])) return true;
  return false;
}

static bool is_binary(struct span text) {
  size_t controls = 0;
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.ptr[i];
    controls += (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7f;
  }
  return controls >= BODY_CONTROLS_MIN && controls * BODY_CONTROLS_SHARE > text.len;
}

/* A line of the policy's own, "version: ...", behind something else. */
static bool has_policy_line(struct span text) {
  size_t len;
  for (size_t i = 0; i < text.len; i++)
    if ((text.ptr[i] == '\n' || text.ptr[i] == '\r' || text.ptr[i] == '>') &&
        body_key(skip_space(span_skip(text, i + 1)), ":", &len) == 0)
      return true;
  return false;
}

static struct body_kind body_markup(struct span text) {
  struct body_kind kind = {.line = 1, .reason = REASON_POLICY_SYNTAX_HTML, .is_page = true};
  bool page = begins_nocase(text, SPAN("<!doctype")) || begins_nocase(text, SPAN("<html")) ||
              begins_nocase(text, SPAN("<head")) || holds_nocase(text, SPAN("<html"));
  if (page) return kind;
  if (has_policy_line(text))
    kind = (struct body_kind){.line = 1, .reason = REASON_POLICY_SYNTAX_SCRIPT};
  else if (begins_nocase(text, SPAN("<?xml")))
    kind = (struct body_kind){.line = 1, .reason = REASON_POLICY_SYNTAX_XML};
  return kind;
}

static bool is_json(struct span text) {
  struct span trimmed = trim_space(text);
  if (trimmed.len == 0) return false;
  struct span inner = skip_space(span_skip(trimmed, 1));
  char last = trimmed.ptr[trimmed.len - 1];
  switch (trimmed.ptr[0]) {
  case '{': return last == '}' || span_starts(inner, SPAN("\""));
  case '[': return last == ']' && inner.len && strchr("\"{[]0123456789", inner.ptr[0]);
  case '"': return trimmed.len > 1 && last == '"' && span_find(trimmed, '\n') == trimmed.len;
  default: return span_equal(trimmed, SPAN("null"));
  }
}

/* What scripts print of their own troubles. */
static bool is_script_message(struct span line) {
  static const struct span words[] = {
      {"warning", 7},   {"notice", 6},    {"deprecated", 10}, {"fatal error", 11},
      {"traceback", 9}, {" on line ", 9}, {"exception", 9},   {"parse error", 11},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (holds_nocase(line, words[i])) return true;
  return false;
}

static bool is_field(struct span line) {
  size_t colon = span_find(line, ':');
  return colon < line.len && txt_field_is_extension_name(span_trim(span_first(line, colon)));
}

static bool is_base64(struct span text) {
  size_t count = 0, digits = 0, capitals = 0;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '\r' || c == '\n') continue;
    if (!span_is_alphanum(c) && (!c || !strchr("+/=-_", c))) return false;
    count++;
    digits += c >= '0' && c <= '9';
    capitals += c >= 'A' && c <= 'Z';
  }
  bool begins = span_starts(text, SPAN("dmVyc2lvbj")) || span_starts(text, SPAN("77u/dmVyc2lvbj"));
  return begins || (count >= BODY_BASE64_MIN && count % 4 == 0 && digits && capitals);
}

static bool is_percent_encoded(struct span text) {
  return begins_nocase(text, SPAN("version%3a")) ||
         (holds_nocase(text, SPAN("%0a")) && span_starts(text, SPAN("version")) &&
          span_find(text, '\n') == text.len);
}

/* "\n" as two letters and a key of the policy behind it. */
static bool is_escaped(struct span text) {
  size_t len;
  for (size_t i = 0; i + 2 < text.len; i++)
    if (text.ptr[i] == '\\' && (text.ptr[i + 1] == 'n' || text.ptr[i + 1] == 'r') &&
        body_key(span_trim(span_skip(text, i + 2)), ":", &len) >= 0)
      return true;
  return false;
}

/* A line of a key of the policy that holds another, or itself again, with its colon. */
static bool holds_several_fields(struct span line) {
  size_t len, next;
  struct span text = span_trim(line);
  if (body_key(text, ":=", &len) < 0) return false;
  text = span_first(text, reasons_comment_at(text));
  struct span value = span_trim(span_skip(text, len));
  for (size_t i = 1; i < value.len; i++) {
    char before = value.ptr[i - 1];
    if (span_is_alphanum(before) || before == '_' || before == '-' || before == '.') continue;
    if (body_key(span_skip(value, i), ":=", &next) >= 0) return true;
  }
  return false;
}

/* What is counted of all lines. */
struct body_lines {
  size_t fields, keys, equals, quoted, markup;
  size_t after_cr;  /* keys behind a CR that begins the line */
  unsigned several; /* the first line with several fields */
  unsigned crcrlf;  /* the first that ends so */
};

/* A key of the policy with a tag behind its value, as an editor of web pages ends lines. */
static bool ends_in_tag(struct span text) {
  return span_ends(text, SPAN("<br>")) || span_ends(text, SPAN("<br/>")) ||
         span_ends(text, SPAN("<br />")) || span_ends(text, SPAN("</p>"));
}

static void body_count_line(struct body_lines *lines, struct span line, unsigned number) {
  size_t len;
  struct span text = trim_space(line);
  lines->fields += is_field(text);
  lines->keys += body_key(text, ":", &len) >= 0;
  lines->markup += body_key(text, ":", &len) >= 0 && ends_in_tag(text);
  lines->after_cr += span_starts(line, SPAN("\r")) && body_key(text, ":", &len) >= 0;
  lines->equals += body_key(text, "=", &len) >= 0;
  lines->quoted += text.len && (text.ptr[0] == '"' || text.ptr[0] == '\'') &&
                   body_key(span_skip(text, 1), ":", &len) >= 0;
  if (!lines->several && holds_several_fields(text)) lines->several = number;
  if (!lines->crcrlf && span_ends(line, SPAN("\r\r"))) lines->crcrlf = number;
}

static struct body_lines body_count(struct span text) {
  struct body_lines lines = {0};
  char end = span_find(text, '\n') < text.len ? '\n' : '\r';
  unsigned number = 0;
  while (text.len) {
    bool whole = span_find(text, end) < text.len;
    struct span line = span_cut(&text, end);
    if (!whole && span_ends(line, SPAN("\r"))) line.len--; /* a CR at the end is another fault */
    body_count_line(&lines, line, ++number);
  }
  return lines;
}

static struct body_kind body_of_lines(struct span text) {
  struct body_lines lines = body_count(text);
  struct body_kind kind = {.line = 1};
  if (lines.crcrlf)
    kind = (struct body_kind){.reason = REASON_POLICY_SYNTAX_CRCRLF, .line = lines.crcrlf};
  else if (lines.after_cr)
    kind.reason = REASON_POLICY_SYNTAX_LFCR;
  else if (lines.several)
    kind = (struct body_kind){.reason = REASON_POLICY_SYNTAX_ONE_LINE, .line = lines.several};
  else if (2 * lines.markup > lines.keys)
    kind.reason = REASON_POLICY_SYNTAX_MARKUP;
  else if (lines.equals > 1 && lines.keys == 0)
    kind.reason = REASON_POLICY_SYNTAX_EQUALS;
  else if (lines.quoted > 1 && lines.keys == 0)
    kind.reason = REASON_POLICY_SYNTAX_QUOTED;
  else if (lines.fields == 0 && span_find(text, ':') == text.len)
    kind.reason = REASON_POLICY_SYNTAX_NO_FIELDS;
  return kind;
}

/* Of several lines; what is on one is JSON. */
static bool is_quoted(struct span text) {
  size_t len;
  struct span inner = span_skip(text, 1);
  return text.ptr[0] == '"' && span_ends(trim_space(inner), SPAN("\"")) &&
         body_key(inner, ":", &len) >= 0;
}

/* What begins in no way a policy can. */
static struct body_kind body_of_start(struct span text) {
  struct span rest = text;
  struct span first = span_cut(&rest, '\n');
  struct body_kind kind = {.line = 1};
  if (text.ptr[0] == '<') return body_markup(text);
  if (span_starts(text, SPAN("{\\rtf")))
    kind.reason = REASON_POLICY_SYNTAX_RTF;
  else if (is_json(text))
    kind.reason = REASON_POLICY_SYNTAX_JSON;
  else if (txt_field_tries(first, SPAN("v=sts")) && !has_policy_line(text))
    kind.reason = REASON_POLICY_SYNTAX_TXT;
  else if (!is_field(first) && is_script_message(first) && has_policy_line(text))
    kind.reason = REASON_POLICY_SYNTAX_SCRIPT;
  else if (is_base64(text))
    kind.reason = REASON_POLICY_SYNTAX_BASE64;
  else if (is_percent_encoded(text))
    kind.reason = REASON_POLICY_SYNTAX_PERCENT;
  else if (is_escaped(text))
    kind.reason = REASON_POLICY_SYNTAX_ESCAPED;
  else if (is_quoted(text))
    kind.reason = REASON_POLICY_SYNTAX_QUOTED;
  return kind;
}

struct body_kind body_kind(struct span text) {
  struct body_kind kind = {.line = 1};
  struct span rest = span_starts(text, SPAN("\xef\xbb\xbf")) ? span_skip(text, 3) : text;
  struct span begun = skip_space(rest);
  if (is_utf16(text))
    kind.reason = REASON_POLICY_SYNTAX_UTF16;
  else if (is_compressed(text))
    kind.reason = REASON_POLICY_SYNTAX_COMPRESSED;
  else if (is_binary(text))
    kind.reason = REASON_POLICY_SYNTAX_BINARY;
  else if (begun.len)
    kind = body_of_start(begun);
  return kind.reason || begun.len == 0 ? kind : body_of_lines(rest);
}
