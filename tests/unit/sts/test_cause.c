#include "scanner/sts/cause.h"

#include "judged.h"

static void names_what_a_reader_overlooks(void **state) {
  const struct {
    struct span text;
    const char *cause;
  } vectors[] = {
      {SPAN(""), NULL},
      {SPAN("v=STSv1; id=a"), NULL},
      {SPAN("a\tb"), NULL},
      {SPAN("\xef\xbb\xbfv"), "a byte order mark"},
      {SPAN("\xe2\x80\x9cv\xe2\x80\x9d"), "a typographic quotation mark"},
      {SPAN("v\xe2\x80\x99"), "a typographic quotation mark"},
      {SPAN("a\xc2\xa0"
            "b"),
       "a no-break space"},
      {SPAN("a\\nb"), "\\n as two letters"},
      {SPAN("a\\r\\nb"), "\\n as two letters"},
      {SPAN("a\\r"), "\\r as two letters"},
      {SPAN("a\\;b"), "a backslash before a semicolon"},
      {SPAN("a\\ b"), "a backslash"},
      {SPAN("\"a\""), "a quotation mark"},
      {SPAN("a\0"), "a NUL"},
      {SPAN("a\rb"), "a carriage return"},
      {SPAN("a\nb"), "a line feed"},
      {SPAN("caf\xc3\xa9"), "a character that is not ASCII"},
      {SPAN("a\xff"), "a character that is not ASCII"},
      {SPAN("a\x1b"), "a control character"},
      {SPAN("a\x7f"), "a control character"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    const char *cause = cause_of(vectors[i].text);
    assert_int_equal(cause == NULL, vectors[i].cause == NULL);
    if (cause) assert_string_equal(cause, vectors[i].cause);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(names_what_a_reader_overlooks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
