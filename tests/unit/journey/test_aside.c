#include "scanner/journey/aside.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

/* Far more than fits into memory: some are read from the files. */
enum { MANY = 150000, TURN = 64 };

static uv_loop_t loop;
static struct aside *aside;

static int set_up(void **state) {
  (void)state;
  uv_loop_init(&loop);
  return aside_new(&aside, &loop) == ERR_NONE ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  aside_close(aside);
  uv_run(&loop, UV_RUN_DEFAULT);
  return uv_loop_close(&loop);
}

static void put(uint64_t n) {
  struct aside_name name = {.n = n,
                            .has_rank = n % 2,
                            .rank = 3 * n,
                            .large = n % 5 == 0,
                            .mail_host = n % 4 ? n << 40 : 0};
  name.len = (size_t)snprintf(name.name, sizeof name.name, "n%llu.example", (unsigned long long)n);
  name.has_address = n % 3 > 0;
  if (n % 3 == 1) name.address = address_from_octets(SPAN("\xc0\0\2\1"), 443);
  if (n % 3 == 2)
    name.address = address_from_octets(SPAN("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), 443);
  if (n % 7 == 0) { /* as much as may be carried, or little */
    name.carried_len = n % 2 ? CARRIED_MAX : n % 100;
    memset(name.carried, (int)(n % 251), name.carried_len);
  }
  assert_int_equal(aside_put(aside, &name), ERR_NONE);
}

/* The next that comes, whatever must be read for it. */
static bool take(struct aside_name *name) {
  while (!aside_take(aside, name)) {
    if (aside_count(aside) == 0) return false;
    uv_run(&loop, UV_RUN_ONCE);
  }
  return true;
}

static void check(const struct aside_name *name, uint64_t n) {
  char text[32];
  size_t len = (size_t)snprintf(text, sizeof text, "n%llu.example", (unsigned long long)n);
  assert_int_equal(name->n, n);
  assert_int_equal(name->has_rank, n % 2);
  assert_int_equal(name->rank, 3 * n);
  assert_int_equal(name->mail_host, n % 4 ? n << 40 : 0);
  assert_int_equal(name->large, n % 5 == 0);
  assert_int_equal(name->len, len);
  assert_memory_equal(name->name, text, len);
  size_t carried = n % 7 ? 0 : n % 2 ? CARRIED_MAX : n % 100;
  assert_int_equal(name->carried_len, carried);
  for (size_t i = 0; i < carried; i++) assert_int_equal((unsigned char)name->carried[i], n % 251);
  assert_int_equal(name->has_address, n % 3 > 0);
  if (n % 3) assert_int_equal(address_octets(&name->address).len, n % 3 == 1 ? 4 : 16);
}

/* Octets of the files without a name that are open. */
static uint64_t on_disk(void) {
  uint64_t sum = 0;
  DIR *folder = opendir("/proc/self/fd");
  for (struct dirent *entry; (entry = readdir(folder));) {
    struct stat st;
    if (fstat(atoi(entry->d_name), &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0)
      sum += (uint64_t)st.st_size;
  }
  closedir(folder);
  return sum;
}

static void test_the_first_is_the_first(void **state) {
  struct aside_name name;
  (void)state;
  assert_false(take(&name));
  for (uint64_t n = 1; n <= MANY; n++) {
    put(n);
    if (n % TURN == 0) uv_run(&loop, UV_RUN_NOWAIT);
  }
  assert_int_equal(aside_count(aside), MANY);
  assert_in_range(on_disk(), ASIDE_BLOCK_SIZE, UINT32_MAX);
  for (uint64_t n = 1; n <= MANY; n++) {
    assert_true(take(&name));
    check(&name, n);
  }
  assert_false(take(&name));
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(on_disk(), 0);
  assert_false(aside_is_lost(aside));
}

/* Who is passed over goes to the end. */
static void test_rounds(void **state) {
  struct aside_name name;
  uint64_t first = 0;
  (void)state;
  for (uint64_t n = 1; n <= MANY; n++) put(n);
  for (uint64_t round = 0; round < 3; round++) {
    for (uint64_t n = 1; n <= MANY; n++) {
      assert_true(take(&name));
      assert_int_equal(name.n, n);
      put(n);
      if (n % TURN == 0) uv_run(&loop, UV_RUN_NOWAIT);
    }
    if (round == 0) first = on_disk();
  }
  assert_in_range(on_disk(), ASIDE_BLOCK_SIZE, 2 * first); /* of what is there, not of what was */
  assert_int_equal(aside_count(aside), MANY);
}

/* What cannot be written is not lost, but no more is to come. */
static void test_without_a_folder(void **state) {
  struct aside_name name;
  uint64_t sum = 0;
  (void)state;
  setenv("TMPDIR", "/nowhere", 1);
  assert_true(aside_has_room(aside));
  for (uint64_t n = 1; n <= MANY; n++) put(n);
  assert_false(aside_has_room(aside));
  assert_true(aside_is_broken(aside));
  for (uint64_t n = 1; n <= MANY; n++) {
    assert_true(take(&name));
    sum += name.n;
  }
  assert_int_equal(sum, (uint64_t)MANY * (MANY + 1) / 2);
  assert_true(aside_has_room(aside));
  unsetenv("TMPDIR");
}

static void test_closed_while_it_writes(void **state) {
  (void)state;
  for (uint64_t n = 1; n <= MANY; n++) put(n);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_the_first_is_the_first),
      TEST(test_rounds),
      TEST(test_without_a_folder),
      TEST(test_closed_while_it_writes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
