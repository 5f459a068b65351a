#include "scanner/https/content_length.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { LINES_MAX = 3 };

struct row {
  const char *lines[LINES_MAX + 1];
  bool sound;
};

static const struct row rows[] = {
    {{NULL}, true},
    {{"HTTP/1.1 200 OK\r\n", "Content-Type: text/plain\r\n"}, true},
    {{"HTTP/1.0 200 OK\r\n"}, true},
    {{"HTTP/2 200\r\n"}, false},
    {{"HTTP/2.0 200 OK\r\n"}, false},
    {{"HTTP/3 200\r\n", "Content-Length: 44\r\n"}, false},
    {{"HTTP/1.1 200 OK\r\n", "HTTP/2: 200\r\n"}, true},
    {{"Content-Length: 44\r\n"}, true},
    {{"content-length:44\n"}, true},
    {{"CONTENT-LENGTH: \t 44 \t\r\n"}, true},
    {{"Content-Length: 0\r\n"}, true},
    {{"Content-Length: 44\r\n", "Content-Length: 44\r\n"}, true},
    {{"Content-Length: 44\r\n", "Content-Length: 044\r\n"}, true},
    {{"Content-Length: 44, 44,44\r\n"}, true},
    {{"Content-Length: 44\r\n", "Content-Length: 45\r\n"}, false},
    {{"Content-Length: 45\r\n", "Content-Length: 44\r\n"}, false},
    {{"Content-Length: 44\r\n", "Content-Length: 45\r\n", "Content-Length: 44\r\n"}, false},
    {{"Content-Length: 44, 45\r\n"}, false},
    {{"Content-Length: 44,\r\n"}, false},
    {{"Content-Length: ,44\r\n"}, false},
    {{"Content-Length: 44\r\n", "Content-Length:\r\n"}, false},
    {{"Content-Length:\r\n"}, false},
    {{"Content-Length: 44 45\r\n"}, false},
    {{"Content-Length: 44x\r\n"}, false},
    {{"Content-Length: 0x2c\r\n"}, false},
    {{"Content-Length: +44\r\n"}, false},
    {{"Content-Length: -44\r\n"}, false},
    {{"X-Content-Length: 1\r\n", "Content-Length: 44\r\n"}, true},
    {{"Content-Length: 44\r\n", "Content-Length: 45\r\n", "Transfer-Encoding: chunked\r\n"}, true},
    {{"transfer-encoding: chunked\r\n", "Content-Length: x\r\n"}, true},
    /* Below what can be counted, at it, over it. */
    {{"Content-Length: 9223372036854775806\r\n"}, true},
    {{"Content-Length: 9223372036854775807\r\n"}, true},
    {{"Content-Length: 9223372036854775808\r\n"}, false},
    {{"Content-Length: 18446744073709551616\r\n"}, false},
    {{"Content-Length: 99999999999999999999999\r\n"}, false},
    {{"Content-Length: 99999999999999999999999\r\n", "Transfer-Encoding: chunked\r\n"}, true},
    /* Any other coding than "chunked", once. */
    {{"Transfer-Encoding: chunked\r\n"}, true},
    {{"TRANSFER-ENCODING:\tChunked \r\n"}, true},
    {{"Transfer-Encoding: gzip\r\n"}, false},
    {{"Transfer-Encoding: gzip, chunked\r\n"}, false},
    {{"Transfer-Encoding: chunked, gzip\r\n"}, false},
    {{"Transfer-Encoding: chunked, chunked\r\n"}, false},
    {{"Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\n"}, false},
    {{"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n"}, false},
    {{"Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n"}, false},
    {{"Transfer-Encoding: chunked;a=b\r\n"}, false},
    {{"Transfer-Encoding: identity\r\n"}, false},
    {{"Transfer-Encoding: xchunked\r\n"}, false},
    {{"Transfer-Encoding:\r\n"}, false},
    {{"X-Transfer-Encoding: gzip\r\n"}, true},
    /* Values that go on in the next line. */
    {{"Transfer-Encoding: chunked\r\n", " , gzip\r\n"}, false},
    {{"Transfer-Encoding:\r\n", "\tchunked\r\n"}, false},
    {{"Content-Length: 4\r\n", " 4\r\n"}, false},
    {{"Content-Length: 4\r\n", "Server: a\r\n", " b\r\n"}, true},
    {{" a\r\n", "Content-Length: 4\r\n"}, false},
};

static void test_rows(void **state) {
  (void)state;
  unsigned wrong = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct content_length message = {0};
    if (!rows[i].lines[0] || strncmp(rows[i].lines[0], "HTTP/", 5) != 0)
      content_length_note(&message, SPAN("HTTP/1.1 200 OK\r\n"));
    for (size_t line = 0; rows[i].lines[line]; line++)
      content_length_note(&message, span_of(rows[i].lines[line]));
    if (content_length_is_sound(&message) == rows[i].sound) continue;
    printf("row %zu: %s\n", i, rows[i].lines[0]);
    wrong++;
  }
  assert_int_equal(wrong, 0);
}

static void test_length(void **state) {
  (void)state;
  struct content_length message = {0};
  content_length_note(&message, SPAN("HTTP/1.1 200 OK\r\n"));
  content_length_note(&message, SPAN("Content-Length: 65536\r\n"));
  assert_true(message.has_length);
  assert_true(message.length == 65536);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
