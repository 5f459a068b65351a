#include "scanner/cli/resume_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WORDS_MAX = 8 };

static const struct {
  const char *words[WORDS_MAX];
  const char *line;
} cases[] = {
    {{"scan"}, "stscan scan --resume\n"},
    {{"scan", "-o", "x.gz", "list"}, "stscan scan --resume -o x.gz list\n"},
    {{"scan", "--force", "-o", "x.gz"}, "stscan scan --resume -o x.gz\n"},
    {{"scan", "--append", "--resume"}, "stscan scan --resume\n"},
    {{"scan", "--ap", "--forc", "--resu"}, "stscan scan --resume\n"},
    {{"scan", "--allow-private", "--format", "csv", "--resolvers=1.2.3.4"},
     "stscan scan --resume --allow-private --format csv --resolvers=1.2.3.4\n"},
    {{"scan", "--", "--force"}, "stscan scan --resume -- --force\n"},
    {{"scan", "a b", ""}, "stscan scan --resume 'a b' ''\n"},
    {{"scan", "it's", "a\\b"}, "stscan scan --resume 'it'\\''s' 'a\\b'\n"},
    {{"scan", "a\x1b[1m\n", "\xc3\xa4"}, "stscan scan --resume $'a\\x1b[1m\\x0a' $'\\xc3\\xa4'\n"},
};

static void test_lines(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *text = NULL;
    size_t size = 0;
    int count = 0;
    while (count < WORDS_MAX && cases[i].words[count]) count++;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    resume_command_print(out, count, (char *const *)cases[i].words);
    assert_int_equal(0, fclose(out));
    assert_string_equal(cases[i].line, text);
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
