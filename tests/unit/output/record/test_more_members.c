/* A member is one row of record.def, and where it lives: with one that is made up (more_members.h,
 * compiled into all of output for this test) it is written, and read back. */
#include "output/record/record_read.h"
#include "output/record/record_write.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_made_up(void **state) {
  (void)state;
  static char line[4096];
  struct span txt = SPAN("v=TLSRPTv1;");
  struct record_read *reading;
  struct result result = {.n = 1,
                          .domain = SPAN("a.example"),
                          .status = STATUS_VALID,
                          .tlsrpt = {.lookup = {.asked = true, .rcode = -1},
                                     .txt = {&txt, 1},
                                     .made_up = SPAN("here\xff")}};
  struct json_writer json = json_writer_into(line, sizeof line - 1);
  record_write(&json, &result);
  size_t len = json_writer_text(&json).len;
  line[len] = 0;
  assert_non_null(strstr(line, "\"made_up\":\"here"));
  assert_non_null(strstr(line, "\"made_up_base64\":\"aGVyZf8=\""));
  assert_int_equal(record_read_new(&reading), ERR_NONE);
  assert_int_equal(record_read_line(reading, line, len - 1), ERR_NONE);
  assert_true(span_equal(record_read_result(reading)->tlsrpt.made_up, SPAN("here\xff")));
  record_read_free(reading);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_made_up)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
