/* How file descriptors are shared out, whatever is allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/run/descriptor_share.h"
#include <sys/resource.h>

static const struct descriptor_share wanted[] = {
    {.threads = 1, .sockets = 16, .fetches = 448},
    {.threads = 4, .sockets = 64, .fetches = 112},
    {.threads = 8, .sockets = 256, .fetches = 56, .probes = 512},
    {.threads = 256, .sockets = 4, .fetches = 2, .probes = 1},
};

enum { WANTED = sizeof wanted / sizeof *wanted };

static void test_what_is_allowed_is_never_exceeded(void **state) {
  (void)state;
  for (size_t i = 0; i < WANTED; i++) {
    const unsigned least = descriptor_share_least(&wanted[i]);
    for (unsigned allowed = least; allowed <= descriptor_share_needed(&wanted[i]); allowed++) {
      struct descriptor_share share = wanted[i];
      assert_int_equal(descriptor_share_fit(&share, allowed), ERR_NONE);
      assert_true(descriptor_share_needed(&share) <= allowed);
      assert_true(share.threads >= 1 && share.threads <= wanted[i].threads);
      assert_true(share.sockets >= 1 && share.sockets <= wanted[i].sockets);
      assert_true(share.fetches >= 1 && share.fetches <= wanted[i].fetches);
      assert_int_equal(share.probes > 0, wanted[i].probes > 0);
    }
  }
}

static void test_one_less_than_the_least_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < WANTED; i++) {
    struct descriptor_share share = wanted[i];
    assert_int_equal(descriptor_share_fit(&share, descriptor_share_least(&share) - 1), ERR_LIMIT);
    assert_int_equal(share.threads, wanted[i].threads);
  }
}

static void test_nothing_is_lowered_without_need(void **state) {
  (void)state;
  struct descriptor_share share = wanted[2];
  const unsigned needed = descriptor_share_needed(&share);
  assert_int_equal(descriptor_share_fit(&share, needed), ERR_NONE);
  assert_memory_equal(&share, &wanted[2], sizeof share);
  assert_int_equal(descriptor_share_fit(&share, needed - 1), ERR_NONE);
  assert_int_equal(share.threads, wanted[2].threads); /* it is the probes and fetches that give */
  assert_true(share.probes < wanted[2].probes);
}

/* Threads go only where each could not work any more. */
static void test_threads_have_the_least_at_least(void **state) {
  (void)state;
  struct descriptor_share one = wanted[1], share = wanted[1];
  one.threads = 1;
  const unsigned each = descriptor_share_least(&one) - DESCRIPTORS_REST;
  assert_int_equal(descriptor_share_fit(&share, DESCRIPTORS_REST + 3 * each), ERR_NONE);
  assert_int_equal(share.threads, 3);
  share = wanted[1];
  assert_int_equal(descriptor_share_fit(&share, DESCRIPTORS_REST + 3 * each - 1), ERR_NONE);
  assert_int_equal(share.threads, 2);
}

static void test_the_soft_limit_is_raised_to_the_hard_one_at_most(void **state) {
  (void)state;
  struct rlimit before, limit;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  limit = (struct rlimit){.rlim_cur = 64, .rlim_max = before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_int_equal(descriptor_limit_raise(63), 64);
  assert_int_equal(descriptor_limit_raise(100), 100);
  limit = (struct rlimit){.rlim_cur = 100, .rlim_max = 128}; /* not to be undone: the last test */
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_int_equal(descriptor_limit_raise(1000), 128);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_allowed_is_never_exceeded),
      cmocka_unit_test(test_one_less_than_the_least_is_refused),
      cmocka_unit_test(test_nothing_is_lowered_without_need),
      cmocka_unit_test(test_threads_have_the_least_at_least),
      cmocka_unit_test(test_the_soft_limit_is_raised_to_the_hard_one_at_most),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
