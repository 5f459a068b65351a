#include "scanner/sts/ask.h"

#include "judged.h"

static void parses_lists(void **state) {
  static const struct {
    const char *list, *text;
    enum ask_fault fault;
    const char *bad;
  } vectors[] = {
      {"mx", "mx", ASK_OK, NULL},
      {"spf,mx", "mx,spf", ASK_OK, NULL},
      {"ns", "ns", ASK_OK, NULL},
      {"ns-all,ns", "ns-all", ASK_OK, NULL},
      {"mx,ns,ns-all,spf,dmarc,dkim=a", "mx,ns-all,spf,dmarc,dkim=a", ASK_OK, NULL},
      {"dkim=b+a+B,dkim=c", "dkim=b+a+c", ASK_OK, NULL},
      {"mx,mx", "mx", ASK_OK, NULL},
      {"", NULL, ASK_UNKNOWN, ""},
      {"mx,,ns", NULL, ASK_UNKNOWN, ""},
      {"MX", NULL, ASK_UNKNOWN, "MX"},
      {"mx spf", NULL, ASK_UNKNOWN, "mx spf"},
      {"spf=x", NULL, ASK_NO_VALUE, "spf"},
      {"dkim", NULL, ASK_NO_SELECTOR, "dkim"},
      {"dkim=", NULL, ASK_NO_SELECTOR, "dkim"},
      {"dkim=a++b", NULL, ASK_BAD_SELECTOR, ""},
      {"dkim=a/b", NULL, ASK_BAD_SELECTOR, "a/b"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct ask ask = {0};
    struct span bad = {0};
    char text[ASK_TEXT_SIZE];
    assert_int_equal(ask_parse(&ask, span_of(vectors[i].list), &bad), vectors[i].fault);
    if (vectors[i].bad) assert_span(bad, vectors[i].bad);
    ask_text(&ask, text);
    if (vectors[i].text) assert_string_equal(text, vectors[i].text);
  }
}

static void limits_selectors(void **state) {
  (void)state;
  for (int count = ASK_SELECTORS_MAX - 1; count <= ASK_SELECTORS_MAX + 1; count++) {
    char list[256] = "dkim=";
    struct ask ask = {0};
    struct span bad;
    for (int i = 0, len = 5; i < count; i++)
      len += snprintf(list + len, sizeof list - (size_t)len, "%ss%d", i ? "+" : "", i);
    enum ask_fault fault = count > ASK_SELECTORS_MAX ? ASK_MANY_SELECTORS : ASK_OK;
    assert_int_equal(ask_parse(&ask, span_of(list), &bad), fault);
    assert_int_equal(ask.selector_count, count > ASK_SELECTORS_MAX ? ASK_SELECTORS_MAX : count);
  }
}

/* As many of the longest selectors that a name can hold, and all words. */
static void fits_its_text(void **state) {
  static const char long_one[] = "0" A32 A32 A32 A32 A32 A32 A32 "aaaaaaaaaaaaaaa";
  struct ask ask = {.what = (1U << ASK_QUESTIONS) - 1, .selector_count = ASK_SELECTORS_MAX};
  char text[ASK_TEXT_SIZE];
  (void)state;
  for (size_t i = 0; i < ASK_SELECTORS_MAX; i++) ask.selectors[i] = span_of(long_one);
  ask_text(&ask, text);
  assert_true(strlen(text) < ASK_TEXT_SIZE);
  ask_text(&(struct ask){0}, text);
  assert_string_equal(text, "");
  assert_string_equal(ask_word(NULL, ASK_QUESTIONS - 1), "dkim");
  assert_null(ask_word(NULL, ASK_QUESTIONS));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parses_lists),
      cmocka_unit_test(limits_selectors),
      cmocka_unit_test(fits_its_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
