#include "scanner/sts/shard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* These must never change: parts of one list are scanned by different machines and versions. */
static void is_stable(void **state) {
  (void)state;
  const struct {
    const char *name;
    unsigned of_3, of_1000;
  } vectors[] = {
      {"", 2, 37},
      {"example.com", 2, 350},
      {"xn--bcher-kva.example", 1, 740},
      {"a", 1, 996},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    assert_int_equal(shard_of(span_of(vectors[i].name), 1), 0);
    assert_int_equal(shard_of(span_of(vectors[i].name), 3), vectors[i].of_3);
    assert_int_equal(shard_of(span_of(vectors[i].name), 1000), vectors[i].of_1000);
  }
}

static void spreads_names(void **state) {
  (void)state;
  unsigned counts[10] = {0};
  char name[32];
  for (int i = 0; i < 10000; i++) {
    int len = snprintf(name, sizeof name, "n%d.example", i);
    counts[shard_of((struct span){name, (size_t)len}, 10)]++;
  }
  for (int i = 0; i < 10; i++) assert_in_range(counts[i], 900, 1100);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(is_stable), cmocka_unit_test(spreads_names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
