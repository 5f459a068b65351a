#include "scanner/sts/carried.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void keeps_line_and_labels(void **state) {
  (void)state;
  struct carried carried;
  struct result_label at[RESULT_LABELS_MAX];
  carried_begin(&carried, SPAN(""));
  assert_int_equal(carried_piece(&carried).len, 0);
  assert_false(span_here(carried_line(carried_piece(&carried))));
  assert_int_equal(carried_labels(carried_piece(&carried), at).count, 0);

  carried_begin(&carried, SPAN("https://a.example/"));
  assert_true(carried_label(&carried, SPAN("customer"), SPAN("acme")));
  assert_true(carried_label(&carried, SPAN("empty"), SPAN("")));
  assert_true(carried_label(&carried, SPAN("n"), SPAN("7")));
  struct span piece = carried_piece(&carried);
  assert_true(span_equal(carried_line(piece), SPAN("https://a.example/")));
  struct result_labels labels = carried_labels(piece, at);
  assert_int_equal(labels.count, 2);
  assert_true(span_equal(labels.at[0].name, SPAN("customer")));
  assert_true(span_equal(labels.at[0].value, SPAN("acme")));
  assert_true(span_equal(labels.at[1].value, SPAN("7")));
}

static void bounds_lengths(void **state) {
  (void)state;
  static char text[CARRIED_LINE_MAX + 1];
  struct carried carried;
  struct result_label at[RESULT_LABELS_MAX];
  memset(text, 'x', sizeof text);
  for (int more = -1; more <= 1; more++) {
    size_t value = (size_t)(CARRIED_LABEL_VALUE_MAX + more);
    size_t name = (size_t)(CARRIED_LABEL_NAME_MAX + more);
    carried_begin(&carried, (struct span){text, (size_t)(CARRIED_LINE_MAX + more)});
    assert_int_equal(carried_label(&carried, SPAN("a"), (struct span){text, value}), more <= 0);
    assert_int_equal(carried_label(&carried, (struct span){text, name}, SPAN("b")), more <= 0);
    struct span piece = carried_piece(&carried);
    assert_int_equal(carried_line(piece).len, CARRIED_LINE_MAX + (more < 0 ? more : 0));
    struct result_labels labels = carried_labels(piece, at);
    assert_int_equal(labels.at[0].value.len, CARRIED_LABEL_VALUE_MAX + (more < 0 ? more : 0));
    assert_int_equal(labels.at[1].name.len, CARRIED_LABEL_NAME_MAX + (more < 0 ? more : 0));
  }
}

static void cuts_no_character(void **state) {
  (void)state;
  char value[CARRIED_LABEL_VALUE_MAX + 2];
  struct carried carried;
  struct result_label at[RESULT_LABELS_MAX];
  memset(value, 'x', sizeof value);
  memcpy(value + CARRIED_LABEL_VALUE_MAX - 1, "\xc3\xa4", 2);
  carried_begin(&carried, SPAN(""));
  carried_label(&carried, SPAN("a"), (struct span){value, CARRIED_LABEL_VALUE_MAX + 1});
  carried_labels(carried_piece(&carried), at);
  assert_int_equal(at[0].value.len, CARRIED_LABEL_VALUE_MAX - 1);
  /* One that is as long as it may be is whole, whatever follows. */
  value[CARRIED_LABEL_VALUE_MAX - 1] = 'x';
  carried_begin(&carried, SPAN(""));
  assert_true(carried_label(&carried, SPAN("a"), (struct span){value, CARRIED_LABEL_VALUE_MAX}));
  carried_labels(carried_piece(&carried), at);
  assert_int_equal(at[0].value.len, CARRIED_LABEL_VALUE_MAX);
}

static void carries_a_line_or_labels_alone(void **state) {
  (void)state;
  struct carried carried;
  struct result_label at[RESULT_LABELS_MAX];
  carried_begin(&carried, SPAN("a line"));
  assert_true(span_equal(carried_line(carried_piece(&carried)), SPAN("a line")));
  assert_int_equal(carried_labels(carried_piece(&carried), at).count, 0);
  carried_begin(&carried, SPAN(""));
  carried_label(&carried, SPAN("a"), SPAN("b"));
  assert_false(span_here(carried_line(carried_piece(&carried))));
  assert_int_equal(carried_labels(carried_piece(&carried), at).count, 1);
}

/* A piece that was not made here. */
static void reads_no_more_than_there_may_be(void **state) {
  (void)state;
  char piece[2 + 6 * (RESULT_LABELS_MAX + 1)] = {0};
  struct result_label at[RESULT_LABELS_MAX];
  for (size_t i = 2; i < sizeof piece; i += 3) memcpy(piece + i, "\0\1x", 3);
  assert_int_equal(carried_labels((struct span){piece, sizeof piece}, at).count, RESULT_LABELS_MAX);
}

static void bounds_number(void **state) {
  (void)state;
  struct carried carried;
  struct result_label at[RESULT_LABELS_MAX];
  carried_begin(&carried, SPAN(""));
  for (int i = 0; i < RESULT_LABELS_MAX; i++)
    assert_true(carried_label(&carried, SPAN("a"), SPAN("b")));
  assert_false(carried_label(&carried, SPAN("a"), SPAN("b")));
  assert_int_equal(carried_labels(carried_piece(&carried), at).count, RESULT_LABELS_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_line_and_labels),
      cmocka_unit_test(bounds_lengths),
      cmocka_unit_test(cuts_no_character),
      cmocka_unit_test(carries_a_line_or_labels_alone),
      cmocka_unit_test(reads_no_more_than_there_may_be),
      cmocka_unit_test(bounds_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
