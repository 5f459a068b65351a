#include "scanner/https/tls.h"
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_is_what_libraries_find(void **state) {
  (void)state;
  SSL_CTX *(*mine)(const SSL_METHOD *) = SSL_CTX_new;
  void *found = dlsym(RTLD_DEFAULT, "SSL_CTX_new");
  assert_memory_equal(&found, &mine, sizeof found);
}

static void *make_one(void *data) {
  (void)data;
  return SSL_CTX_new(TLS_client_method());
}

static void test_lends(void **state) {
  (void)state;
  SSL_CTX *context = tls_new(), *other;
  pthread_t thread;
  void *made;
  assert_non_null(context);
  tls_lend(context);
  other = SSL_CTX_new(TLS_client_method());
  assert_ptr_equal(other, context);
  SSL_CTX_free(other);
  other = SSL_CTX_new(TLS_server_method());
  assert_ptr_not_equal(other, context);
  SSL_CTX_free(other);
  assert_int_equal(pthread_create(&thread, NULL, make_one, NULL), 0);
  pthread_join(thread, &made);
  assert_non_null(made);
  assert_ptr_not_equal(made, context);
  SSL_CTX_free(made);
  tls_lend(NULL);
  other = SSL_CTX_new(TLS_client_method());
  assert_non_null(other);
  assert_ptr_not_equal(other, context);
  SSL_CTX_free(other);
  SSL_CTX_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_is_what_libraries_find),
      cmocka_unit_test(test_lends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
