#include "scanner/smtp_dialogue/reply.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct row {
  const char *what;
  struct span octets;
  enum reply_fault fault;
  int code; /* 0: not whole */
  const char *text;
  size_t behind; /* octets that do not belong to it */
  bool starttls, masked;
};

#define ROW(name, literal, ...)                                                                    \
  { .what = name, .octets = {literal, sizeof(literal) - 1}, __VA_ARGS__ }
#define WHOLE(code, text)  REPLY_FAULT_NONE, code, text
#define OPEN               REPLY_FAULT_NONE, 0, NULL
#define FAULTY(name, left) REPLY_FAULT_##name, 0, NULL, left

static const struct row rows[] = {
    ROW("one line", "220 mail.example.com ESMTP\r\n", WHOLE(220, "mail.example.com ESMTP")),
    ROW("no text", "220\r\n", WHOLE(220, "")),
    ROW("no text behind a blank", "220 \r\n", WHOLE(220, "")),
    ROW("LF alone", "220 a\n", WHOLE(220, "a")),
    ROW("LF alone, no text", "220\n", WHOLE(220, "")),
    ROW("CR in the text", "220 a\rb\r\n", WHOLE(220, "a\rb")),
    ROW("NUL in the text", "220 a\0b\r\n", REPLY_FAULT_NONE, 220, "a"),
    ROW("two lines", "220-a\r\n220 b\r\n", WHOLE(220, "a b")),
    ROW("two lines, LF alone", "220-a\n220 b\n", WHOLE(220, "a b")),
    ROW("an empty line of several", "220-\r\n220 b\r\n", WHOLE(220, "b")),
    ROW("a last line without text", "250-a\r\n250\r\n", WHOLE(250, "a")),
    ROW("highest code", "599 a\r\n", WHOLE(599, "a")),
    ROW("lowest code", "200 a\r\n", WHOLE(200, "a")),
    ROW("3xx can be read", "354 go ahead\r\n", WHOLE(354, "go ahead")),
    ROW("nothing", "", OPEN),
    ROW("a part of a code", "22", OPEN),
    ROW("a line without end", "220 mail", OPEN),
    ROW("CR without LF so far", "220\r", OPEN),
    ROW("more lines to come", "220-a\r\n", OPEN),
    ROW("behind it", "220 a\r\n250 b\r\n", WHOLE(220, "a"), 7),
    ROW("an octet behind it", "220 a\r\n2", WHOLE(220, "a"), 1),
    ROW("SSH", "SSH-2.0-OpenSSH_9.2\r\n", FAULTY(CODE, 20)),
    ROW("HTTP", "HTTP/1.1 400 Bad Request\r\n", FAULTY(CODE, 25)),
    ROW("an empty line", "\r\n", FAULTY(CODE, 1)),
    ROW("an empty line, LF", "\n", FAULTY(CODE, 0)),
    ROW("1xx", "150 a\r\n", FAULTY(CODE, 6)),
    ROW("6xx", "600 a\r\n", FAULTY(CODE, 6)),
    ROW("two digits", "22 a\r\n", FAULTY(CODE, 3)),
    ROW("two digits and no more", "22\r\n", FAULTY(CODE, 1)),
    ROW("four digits", "2200 a\r\n", FAULTY(CODE, 4)),
    ROW("a tab behind the code", "220\ta\r\n", FAULTY(CODE, 3)),
    ROW("CR and no LF behind the code", "220\ra\r\n", FAULTY(CODE, 2)),
    ROW("a blank before the code", " 220 a\r\n", FAULTY(CODE, 7)),
    ROW("codes that differ", "250-a\r\n220 b\r\n", FAULTY(DIFFER, 4)),
    ROW("codes that differ in the last digit", "250-a\r\n251 b\r\n", FAULTY(DIFFER, 4)),
    ROW("a second line without a code", "250-a\r\nb\r\n", FAULTY(CODE, 2)),
    ROW("STARTTLS", "250-a\r\n250 STARTTLS\r\n", WHOLE(250, "a STARTTLS"), 0, true),
    ROW("starttls", "250-a\r\n250-starttls\r\n250 8BITMIME\r\n", WHOLE(250, "a starttls 8BITMIME"),
        0, true),
    ROW("STARTTLS and a parameter", "250-a\r\n250 STARTTLS now\r\n", WHOLE(250, "a STARTTLS now"),
        0, true),
    ROW("STARTTLS and a blank", "250-a\r\n250 STARTTLS \r\n", WHOLE(250, "a STARTTLS"), 0, true),
    ROW("the first line is a name", "250 STARTTLS\r\n", WHOLE(250, "STARTTLS")),
    ROW("the first of two lines is a name", "250-STARTTLS\r\n250 SIZE\r\n",
        WHOLE(250, "STARTTLS SIZE")),
    ROW("STARTTLSX", "250-a\r\n250 STARTTLSX\r\n", WHOLE(250, "a STARTTLSX")),
    ROW("STARTTL", "250-a\r\n250 STARTTL\r\n", WHOLE(250, "a STARTTL")),
    ROW("STARTTLS as a parameter", "250-a\r\n250 AUTH STARTTLS\r\n", WHOLE(250, "a AUTH STARTTLS")),
    ROW("STARTTLS behind blanks", "250-a\r\n250  STARTTLS\r\n", WHOLE(250, "a  STARTTLS")),
    ROW("a masked keyword", "250-a\r\n250 XXXXXXXA\r\n", WHOLE(250, "a XXXXXXXA"), 0, false, true),
    ROW("a masked greeting", "220 *****************0*2\r\n", WHOLE(220, "*****************0*2"), 0,
        false, true),
    ROW("keywords that begin with X", "250-a\r\n250-XXX\r\n250 XCLIENT\r\n",
        WHOLE(250, "a XXX XCLIENT")),
};

static bool is_as(const struct row *row, const struct reply *reply, size_t behind) {
  if (reply->fault != row->fault || behind != row->behind) return false;
  if (reply->whole != (row->code != 0)) return false;
  if (!reply->whole) return true;
  struct span text = reply_text(reply);
  return reply->code == row->code && reply->starttls == row->starttls &&
         reply->masked == row->masked && span_starts(text, span_of(row->text)) &&
         (text.len == strlen(row->text) || memchr(text.ptr, '\0', text.len));
}

/* In pieces of so many octets, the first of them another; each in a buffer of its own size. */
static size_t take(struct reply *reply, struct span octets, size_t first, size_t size) {
  size_t at = 0;
  while (at < octets.len && !reply->whole && !reply->fault) {
    size_t want = at ? size : first;
    struct span piece = span_first(span_skip(octets, at), want ? want : 1);
    char *exact = malloc(piece.len);
    memcpy(exact, piece.ptr, piece.len);
    at += reply_take(reply, (struct span){exact, piece.len});
    free(exact);
  }
  return octets.len - at;
}

static void test_rows(void **state) {
  (void)state;
  unsigned wrong = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    for (size_t cut = 0; cut <= row->octets.len; cut++) {
      struct reply halves = {0}, octets = {0};
      size_t behind = take(&halves, row->octets, cut, row->octets.len);
      bool right =
          is_as(row, &halves, behind) && is_as(row, &octets, take(&octets, row->octets, 1, 1));
      if (right) continue;
      printf("%s, cut at %zu: fault %d, code %d, %zu behind, \"%.*s\"\n", row->what, cut,
             halves.fault, halves.code, behind, (int)halves.text_len, halves.text);
      wrong++;
    }
  }
  assert_int_equal(wrong, 0);
}

/* One line of so many octets with its end. */
static enum reply_fault fault_of_line(size_t octets) {
  struct reply reply = {0};
  char *line = malloc(octets);
  memset(line, 'a', octets);
  memcpy(line, "220 ", 4);
  memcpy(line + octets - 2, "\r\n", 2);
  size_t used = reply_take(&reply, (struct span){line, octets});
  free(line);
  assert_true(reply.fault || (reply.whole && used == octets));
  assert_true(reply.text_len <= RESULT_SMTP_TEXT_MAX);
  return reply.fault;
}

static void test_line_limit(void **state) {
  (void)state;
  assert_int_equal(fault_of_line(REPLY_LINE_MAX - 1), REPLY_FAULT_NONE);
  assert_int_equal(fault_of_line(REPLY_LINE_MAX), REPLY_FAULT_NONE);
  assert_int_equal(fault_of_line(REPLY_LINE_MAX + 1), REPLY_FAULT_LINE);
}

/* So many lines of so many octets each, the last of them ending the reply. */
static struct reply lines_of(size_t lines, size_t octets) {
  struct reply reply = {0};
  char *line = malloc(octets);
  memset(line, 'a', octets);
  line[octets - 1] = '\n';
  for (size_t i = 1; i <= lines && !reply.fault; i++) {
    memcpy(line, i == lines ? "250 " : "250-", 4);
    reply_take(&reply, (struct span){line, octets});
  }
  free(line);
  return reply;
}

static void test_lines_limit(void **state) {
  (void)state;
  assert_true(lines_of(REPLY_LINES_MAX - 1, 6).whole);
  assert_true(lines_of(REPLY_LINES_MAX, 6).whole);
  assert_int_equal(lines_of(REPLY_LINES_MAX + 1, 6).fault, REPLY_FAULT_LINES);
}

static void test_octets_limit(void **state) {
  (void)state;
  assert_true(lines_of(127, 129).whole); /* 16383 */
  assert_true(lines_of(128, 128).whole);
  assert_true(lines_of(16, 1024).whole);
  assert_int_equal(lines_of(5, 3277).fault, REPLY_FAULT_LINE);
  assert_int_equal(lines_of(113, 145).fault, REPLY_FAULT_OCTETS); /* 16385 */
}

static void test_text_limit(void **state) {
  (void)state;
  for (size_t len = RESULT_SMTP_TEXT_MAX - 1; len <= RESULT_SMTP_TEXT_MAX + 1; len++) {
    struct reply reply = lines_of(1, len + 5);
    size_t kept = len < RESULT_SMTP_TEXT_MAX ? len : RESULT_SMTP_TEXT_MAX;
    assert_true(reply.whole);
    assert_int_equal(reply.text_len, kept);
  }
  assert_int_equal(lines_of(3, 105).text_len, RESULT_SMTP_TEXT_MAX);
}

static void test_fault_texts(void **state) {
  (void)state;
  char text[64];
  assert_string_equal(reply_fault_text(REPLY_FAULT_CODE), "what answers is not SMTP");
  snprintf(text, sizeof text, "longer than %d octets", REPLY_LINE_MAX);
  assert_non_null(strstr(reply_fault_text(REPLY_FAULT_LINE), text));
  snprintf(text, sizeof text, "more than %d lines", REPLY_LINES_MAX);
  assert_non_null(strstr(reply_fault_text(REPLY_FAULT_LINES), text));
  snprintf(text, sizeof text, "longer than %d octets", REPLY_OCTETS_MAX);
  assert_non_null(strstr(reply_fault_text(REPLY_FAULT_OCTETS), text));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),        cmocka_unit_test(test_line_limit),
      cmocka_unit_test(test_lines_limit), cmocka_unit_test(test_octets_limit),
      cmocka_unit_test(test_text_limit),  cmocka_unit_test(test_fault_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
