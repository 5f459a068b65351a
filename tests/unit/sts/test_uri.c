#include "scanner/sts/uri.h"

#include "judged.h"

static void tells_what_is_wrong(void **state) {
  static const struct {
    const char *uri, *fault; /* NULL: nothing */
  } vectors[] = {
      {"mailto:a@b.example", NULL},
      {"mailto:a@b.example?subject=x%20y", NULL},
      {"mailto:a%21b@b.example", NULL},
      {"mailto:a%aFb%Fa@b.example", NULL},
      {"https://a.example", NULL},
      {"HTTPS://a.example/b?c=d&e#f", NULL},
      {"https://u:p@a.example:8443/", NULL},
      {"https://[2001:db8::1]:443/x", NULL},
      {"https://[2001:db8::1]", NULL},
      {"", "an empty URI"},
      {"a", "no URI scheme"},
      {":", "a URI scheme other than mailto and https"},
      {"http://a.example", "a URI scheme other than mailto and https"},
      {"mailto:", "mailto without an address"},
      {"mailto:a", "mailto without an address"},
      {"mailto:a@", "mailto without an address"},
      {"mailto:@b", "mailto without an address"},
      {"mailto:?to=a@b", "mailto without an address"},
      {"https:a.example", "https without \"//\""},
      {"https:/a.example", "https without \"//\""},
      {"https://", "https without a host"},
      {"https:///path", "https without a host"},
      {"https://?a", "https without a host"},
      {"https://:443/", "https without a host"},
      {"https://u@/", "https without a host"},
      {"https://a:b/", "a port that is no number"},
      {"https://[::1/", "\"[\" without \"]\""},
      {"https://[::1]a/", "something between host and port"},
      {"https://a.example/#b#c", "a second \"#\""},
      {"https://a.example/%", "\"%\" without two hexadecimal digits"},
      {"https://a.example/%4", "\"%\" without two hexadecimal digits"},
      {"https://a.example/%4g", "\"%\" without two hexadecimal digits"},
      {"mailto:a@b.example!10m", "\"!\" that is not encoded"},
      {"mailto:a@b.example;c", "a character that no URI holds"},
      {"mailto:a b@b.example", "a character that no URI holds"},
      {"mailto:\xc3\xbc@b.example", "a character that no URI holds"},
      {"mailto:\"a\"@b.example", "a character that no URI holds"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    enum reason reason = uri_report_fault(span_of(vectors[i].uri));
    const char *fault = reason == REASON_NONE ? NULL : reason_info(reason)->text;
    if ((fault == NULL) != (vectors[i].fault == NULL)) print_error("%s\n", vectors[i].uri);
    assert_int_equal(fault == NULL, vectors[i].fault == NULL);
    if (fault) assert_string_equal(fault, vectors[i].fault);
  }
  assert_non_null(uri_report_fault(SPAN("mailto:a\0@b.example")));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tells_what_is_wrong)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
