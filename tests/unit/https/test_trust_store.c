#include "scanner/https/trust_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/https/made_certificate.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static int set_up(void **state) {
  (void)state;
  strcpy(path, "/tmp/test_trust.XXXXXX");
  int fd = mkstemp(path);
  return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state) {
  (void)state;
  unsetenv("SSL_CERT_FILE");
  return unlink(path);
}

static void write_file(const char *text, bool certificate) {
  struct made_certificate_wish wish = {.cn = "Root", .ca = true};
  struct made_certificate made = made_certificate_make(&wish, NULL);
  FILE *file = fopen(path, "w");
  fputs(text, file);
  if (certificate) PEM_write_X509(file, made.x509);
  fclose(file);
  made_certificate_free(&made);
}

static void check_refused(const char *ca_file, const char *expected) {
  X509_STORE *store = NULL;
  const char *why = NULL;
  assert_int_equal(trust_store_load(&store, ca_file, &why), ERR_LIBRARY);
  assert_string_equal(why, expected);
  assert_null(store);
}

static void check_loaded(const char *ca_file) {
  X509_STORE *store = NULL;
  const char *why = NULL;
  assert_int_equal(trust_store_load(&store, ca_file, &why), ERR_NONE);
  assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), 1);
  X509_STORE_free(store);
}

static void test_file(void **state) {
  (void)state;
  write_file("", true);
  check_loaded(path);
  write_file("# words around it\n", true);
  check_loaded(path);
}

static void test_no_certificate(void **state) {
  (void)state;
  check_refused("/nowhere/at/all", "the CA file cannot be read");
  check_refused(path, "the CA file holds no certificate");
  write_file("nothing of the kind\n", false);
  check_refused(path, "the CA file holds no certificate");
  write_file("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", false);
  check_refused(path, "the CA file holds no certificate");
}

static void test_system(void **state) {
  (void)state;
  write_file("", true);
  setenv("SSL_CERT_FILE", path, 1);
  check_loaded(NULL);
  setenv("SSL_CERT_FILE", "/nowhere/at/all", 1);
  check_refused(NULL, "no file of the system's CA certificates found");
  write_file("", false);
  setenv("SSL_CERT_FILE", path, 1);
  check_refused(NULL, "the system's CA file holds no certificate");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {TEST(test_file), TEST(test_no_certificate), TEST(test_system)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
