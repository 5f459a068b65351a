#include "scanner/smtp_dialogue/reply.h"

enum { REPLY_CODE_DIGITS = 3 };

const char *reply_fault_text(enum reply_fault fault) {
  static const char *const texts[] = {
#define X(name, text) text,
      REPLY_FAULT_MAP(X)
#undef X
  };
  return texts[fault];
}

struct span reply_text(const struct reply *reply) {
  return (struct span){reply->text, reply->text_len};
}

static void reply_add_text(struct reply *reply, struct span text) {
  text = span_first(text, sizeof reply->text - reply->text_len);
  memcpy(reply->text + reply->text_len, text.ptr, text.len);
  reply->text_len += text.len;
}

static struct span reply_head(const struct reply *reply) {
  struct span head = {reply->head, reply->head_len};
  while (head.len && (head.ptr[head.len - 1] == '\r' || span_is_wsp(head.ptr[head.len - 1])))
    head.len--;
  return head;
}

/* A firewall that allows no extension puts X in the place of each letter, as in "XXXXXXXA", and
 * asterisks in that of the greeting. */
static bool reply_is_masked(struct span text) {
  return span_starts(text, SPAN("XXXX")) || span_starts(text, SPAN("****"));
}

static void reply_end_line(struct reply *reply) {
  struct span text = reply_head(reply);
  struct span rest = text;
  struct span keyword = span_cut(&rest, ' ');
  if (reply->lines && span_equal_nocase(keyword, SPAN("STARTTLS"))) reply->starttls = true;
  if (reply_is_masked(text)) reply->masked = true;
  if (text.len && reply->text_len) reply_add_text(reply, SPAN(" "));
  reply_add_text(reply, text);
  reply->code = reply->line_code;
  reply->whole = reply->separator != '-';
  reply->lines++;
  reply->line_octets = reply->head_len = 0;
  reply->line_code = 0;
}

static void reply_take_digit(struct reply *reply, char c) {
  bool first = reply->line_octets == 1;
  if (c < (first ? '2' : '0') || c > (first ? '5' : '9')) {
    reply->fault = REPLY_FAULT_CODE;
    return;
  }
  reply->line_code = reply->line_code * 10 + (c - '0');
  if (reply->line_octets == REPLY_CODE_DIGITS && reply->lines && reply->line_code != reply->code)
    reply->fault = REPLY_FAULT_DIFFER;
}

/* Behind the code: a blank, a dash, or the end of the line, which may be LF alone. */
static void reply_take_separator(struct reply *reply, char c) {
  bool ended = c == '\n';
  reply->separator = c;
  if (c != ' ' && c != '-' && c != '\r' && !ended) reply->fault = REPLY_FAULT_CODE;
  if (ended) reply_end_line(reply);
}

static void reply_take_text(struct reply *reply, char c) {
  if (c == '\n')
    reply_end_line(reply);
  else if (reply->separator == '\r')
    reply->fault = REPLY_FAULT_CODE;
  else if (reply->head_len < sizeof reply->head)
    reply->head[reply->head_len++] = c;
}

static void reply_take_octet(struct reply *reply, char c) {
  reply->octets++;
  reply->line_octets++;
  if (reply->octets > REPLY_OCTETS_MAX)
    reply->fault = REPLY_FAULT_OCTETS;
  else if (reply->lines == REPLY_LINES_MAX)
    reply->fault = REPLY_FAULT_LINES;
  else if (reply->line_octets > REPLY_LINE_MAX)
    reply->fault = REPLY_FAULT_LINE;
  else if (reply->line_octets <= REPLY_CODE_DIGITS)
    reply_take_digit(reply, c);
  else if (reply->line_octets == REPLY_CODE_DIGITS + 1)
    reply_take_separator(reply, c);
  else
    reply_take_text(reply, c);
}

size_t reply_take(struct reply *reply, struct span octets) {
  size_t used = 0;
  while (used < octets.len && !reply->whole && !reply->fault)
    reply_take_octet(reply, octets.ptr[used++]);
  return used;
}
