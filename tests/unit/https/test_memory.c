#include "scanner/https/memory.h"
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MORE_THAN_THERE_IS = 62 }; /* the power of two */

static volatile size_t too_much = (size_t)1 << MORE_THAN_THERE_IS;

static int set_up(void **state) {
  (void)state;
  return memory_watch() == ERR_NONE ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  curl_global_cleanup();
  return 0;
}

/* And nothing more is got, but what there is can be freed. OpenSSL 3.5 asks for more to tell of it.
 */
static void test_what_openssl_does_not_get_is_counted(void **state) {
  (void)state;
  uint64_t before = memory_failures();
  void *memory = OPENSSL_malloc(16);
  assert_non_null(memory);
  assert_null(OPENSSL_realloc(memory, too_much));
  assert_true(memory_failures() > before);
  before = memory_failures();
  assert_null(OPENSSL_malloc(16));
  assert_true(memory_failures() > before);
  assert_null(OPENSSL_realloc(memory, 32));
  assert_null(OPENSSL_realloc(memory, 0));
  before = memory_failures();
  CURL *easy = curl_easy_init(); /* what libcurl asks for itself it gets */
  assert_non_null(easy);
  curl_easy_cleanup(easy);
  assert_int_equal(memory_failures(), before);
}

static void test_what_is_got_is_not(void **state) {
  (void)state;
  uint64_t before = memory_failures();
  void *memory = OPENSSL_realloc(OPENSSL_malloc(16), 32);
  assert_non_null(memory);
  assert_null(OPENSSL_realloc(memory, 0)); /* which frees it */
  CURL *easy = curl_easy_init();
  assert_int_equal(curl_easy_setopt(easy, CURLOPT_URL, "https://scan.test/"), CURLE_OK);
  curl_easy_cleanup(easy);
  assert_int_equal(memory_failures(), before);
}

static void *fail_once(void *failures) {
  OPENSSL_free(OPENSSL_malloc(too_much));
  *(uint64_t *)failures = memory_failures();
  return NULL;
}

static void test_each_thread_has_its_own(void **state) {
  (void)state;
  pthread_t thread;
  uint64_t before = memory_failures(), there = 0;
  assert_int_equal(memory_has_failed(), before > 0);
  assert_int_equal(pthread_create(&thread, NULL, fail_once, &there), 0);
  pthread_join(thread, NULL);
  assert_true(there > 0);
  assert_int_equal(memory_failures(), before);
  assert_true(memory_has_failed()); /* wherever it was */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_got_is_not),
      cmocka_unit_test(test_each_thread_has_its_own), /* the first to fail */
      cmocka_unit_test(test_what_openssl_does_not_get_is_counted),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
