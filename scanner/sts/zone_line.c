#include "scanner/sts/zone_line.h"

static bool zone_line_is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static bool zone_line_ends_token(char c) {
  return zone_line_is_blank(c) || c == ';' || c == '(' || c == ')' || c == '"';
}

/* The next word; empty: there is none before a comment, a quote, a parenthesis or the end. */
static struct span zone_line_token(struct span *rest) {
  size_t from = 0, to;
  while (from < rest->len && zone_line_is_blank(rest->ptr[from])) from++;
  for (to = from; to < rest->len && !zone_line_ends_token(rest->ptr[to]); to++)
    if (rest->ptr[to] == '\\' && to + 1 < rest->len) to++;
  struct span token = {rest->ptr + from, to - from};
  *rest = span_skip(*rest, to);
  return token;
}

/* Counts parentheses outside quotes and comments. */
static unsigned zone_line_depth(unsigned depth, struct span text) {
  bool quoted = false;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '\\')
      i++;
    else if (c == '"')
      quoted = !quoted;
    else if (quoted)
      continue;
    else if (c == ';')
      break;
    else if (c == '(')
      depth++;
    else if (c == ')' && depth)
      depth--;
  }
  return depth;
}

static bool zone_line_is_class(struct span token) {
  return span_equal_nocase(token, SPAN("IN")) || span_equal_nocase(token, SPAN("CH")) ||
         span_equal_nocase(token, SPAN("HS")) || span_equal_nocase(token, SPAN("CS"));
}

/* Seconds, or BIND's 1w2d3h4m5s. */
static bool zone_line_is_ttl(struct span token) {
  for (size_t i = 0; i < token.len; i++) {
    bool digit = token.ptr[i] >= '0' && token.ptr[i] <= '9';
    if (!digit && (i == 0 || !memchr("wdhmsWDHMS", token.ptr[i], 10))) return false;
  }
  return token.len > 0;
}

static bool zone_line_is_type(struct span token) {
  for (size_t i = 0; i < token.len; i++)
    if (!span_is_alphanum(token.ptr[i])) return false;
  return token.len > 0 && (token.ptr[0] < '0' || token.ptr[0] > '9');
}

/* What stands before the record's data: [TTL] [class] type, or [class] [TTL] type. */
static struct span zone_line_type(struct span *rest, bool *marked) {
  struct span token = zone_line_token(rest);
  bool ttl = false, class = false;
  for (;;) {
    if (!ttl && zone_line_is_ttl(token))
      ttl = true;
    else if (!class && zone_line_is_class(token))
      class = true;
    else
      break;
    token = zone_line_token(rest);
  }
  *marked = ttl || class;
  return token;
}

static bool zone_name_put(struct zone_name *to, struct span text) {
  if (text.len > sizeof to->text - to->len) return false;
  memcpy(to->text + to->len, text.ptr, text.len);
  to->len += text.len;
  return true;
}

static struct span zone_name_span(const struct zone_name *name) {
  return (struct span){name->text, name->len};
}

/* Makes a name absolute. */
static enum zone_line_end zone_name_set(struct zone_name *to, struct span token,
                                        const struct zone_name *origin) {
  struct zone_name made = {.here = true};
  bool absolute = token.len && token.ptr[token.len - 1] == '.';
  if (!absolute && !origin->here) return ZONE_LINE_NO_ORIGIN;
  if (absolute) token.len--;
  bool fits = span_equal(token, SPAN("@")) && !absolute ? true : zone_name_put(&made, token);
  if (!absolute && origin->len) {
    if (made.len) fits = fits && zone_name_put(&made, SPAN("."));
    fits = fits && zone_name_put(&made, zone_name_span(origin));
  }
  if (!fits) return ZONE_LINE_SYNTAX;
  to->here = true;
  to->len = made.len;
  memcpy(to->text, made.text, made.len);
  return ZONE_LINE_NONE;
}

/* Where its first label ends; a dot behind a backslash is part of the label. */
static size_t zone_line_label(struct span name) {
  size_t i = 0;
  while (i < name.len && name.ptr[i] != '.') i += name.ptr[i] == '\\' ? 2 : 1;
  return i < name.len ? i : name.len;
}

/* Whether it has exactly one label more than the apex. */
static bool zone_line_is_delegated(const struct zone_line *zone) {
  struct span name = zone_name_span(&zone->owner), apex = zone_name_span(&zone->apex);
  if (!zone->apex.here) return zone_line_label(name) < name.len;
  if (apex.len == 0) return name.len && zone_line_label(name) == name.len;
  if (name.len < apex.len + 2 || name.ptr[name.len - apex.len - 1] != '.') return false;
  if (!span_equal_nocase(span_skip(name, name.len - apex.len), apex)) return false;
  return zone_line_label(name) == name.len - apex.len - 1;
}

static enum zone_line_end zone_line_directive(struct zone_line *zone, struct span line) {
  struct span word = zone_line_token(&line), value = zone_line_token(&line);
  if (span_equal_nocase(word, SPAN("$INCLUDE"))) return ZONE_LINE_INCLUDE;
  if (span_equal_nocase(word, SPAN("$GENERATE"))) return ZONE_LINE_GENERATE;
  if (span_equal_nocase(word, SPAN("$TTL"))) return ZONE_LINE_NONE;
  if (!span_equal_nocase(word, SPAN("$ORIGIN")) || value.len == 0) return ZONE_LINE_SYNTAX;
  enum zone_line_end end = zone_name_set(&zone->origin, value, &zone->origin);
  if (end == ZONE_LINE_NONE && !zone->apex.here) zone->apex = zone->origin;
  return end;
}

static enum zone_line_end zone_line_delegation(struct zone_line *zone, struct span *name) {
  if (!zone_line_is_delegated(zone)) return ZONE_LINE_NONE;
  *name = zone_name_span(&zone->owner);
  if (zone->last.here && span_equal_nocase(zone_name_span(&zone->last), *name))
    return ZONE_LINE_NONE;
  zone->last.here = true;
  zone->last.len = name->len;
  memcpy(zone->last.text, name->ptr, name->len);
  return ZONE_LINE_NAME;
}

static enum zone_line_end zone_line_record(struct zone_line *zone, struct span line,
                                           struct span *name) {
  enum zone_line_end end = ZONE_LINE_NONE;
  bool marked, named = !zone_line_is_blank(line.ptr[0]);
  struct span owner = named ? zone_line_token(&line) : (struct span){0};
  struct span type = zone_line_type(&line, &marked);
  if (!zone_line_is_type(type)) return ZONE_LINE_SYNTAX;
  zone->depth = zone_line_depth(0, line);
  if (named) end = zone_name_set(&zone->owner, owner, &zone->origin);
  if (end != ZONE_LINE_NONE) return end;
  if (!zone->owner.here) return ZONE_LINE_NO_ORIGIN;
  if (span_equal_nocase(type, SPAN("SOA"))) zone->apex = zone->owner;
  return span_equal_nocase(type, SPAN("NS")) ? zone_line_delegation(zone, name) : ZONE_LINE_NONE;
}

enum zone_line_end zone_line_read(struct zone_line *zone, struct span line, struct span *name) {
  if (zone->depth) {
    zone->depth = zone_line_depth(zone->depth, line);
    return ZONE_LINE_NONE;
  }
  struct span rest = line;
  bool empty = zone_line_token(&rest).len == 0;
  if (empty && (rest.len == 0 || rest.ptr[0] == ';')) return ZONE_LINE_NONE;
  if (empty) return ZONE_LINE_SYNTAX;
  return line.ptr[0] == '$' ? zone_line_directive(zone, line) : zone_line_record(zone, line, name);
}

bool zone_line_is_one(struct span line) {
  static const struct span directives[] = {
      {"$ORIGIN", 7}, {"$TTL", 4}, {"$INCLUDE", 8}, {"$GENERATE", 9}};
  struct span rest = line;
  struct span word = zone_line_token(&rest);
  bool marked;
  for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
    if (span_equal_nocase(word, directives[i])) return true;
  if (word.len == 0 || zone_line_is_blank(line.ptr[0])) return false;
  struct span type = zone_line_type(&rest, &marked);
  return marked && zone_line_is_type(type) && span_trim(rest).len > 0;
}
