#include "scanner/sts/host_part.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const vectors[][2] = {
    {"example.com", "example.com"},
    {"https://example.com", "example.com"},
    {"https://www.example.com/", "www.example.com"},
    {"HTTP://Example.com:8443/a?b#c", "Example.com"},
    {"ftp://user:secret@example.com:21/x@y", "example.com"},
    {"//example.com/a", "example.com"},
    {"example.com/path", "example.com"},
    {"example.com:443", "example.com"},
    {"https://example.com?x=1", "example.com"},
    {"postmaster@example.com", "example.com"},
    {"mailto:postmaster@example.com?subject=x", "example.com"},
    {"Post Master <postmaster@example.com>", "example.com"},
    {"\"a@b\"@example.com", "example.com"},
    {"", ""},
    {"://", ""},
    {"@", ""},
    {"https://[2001:db8::1]:443/", "[2001:db8::1]"},
    {"not a name", "not a name"},
};

static void takes_hosts(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    struct span host = host_part(span_of(vectors[i][0]));
    assert_int_equal(host.len, strlen(vectors[i][1]));
    if (host.len) assert_memory_equal(host.ptr, vectors[i][1], host.len);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(takes_hosts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
