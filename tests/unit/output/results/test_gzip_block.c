/* Members: whole gzip members of whole lines, that any reader of gzip takes one after the other. */
#include "output/results/gzip_block.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

enum { TEXT_SIZE = 4 * 1024 * 1024 };

static void gzip_block_put(struct gzip_block *member, struct span text) {
  char *room = gzip_block_room(member, text.len);
  assert_non_null(room);
  if (text.len) memcpy(room, text.ptr, text.len);
  gzip_block_added(member, text.len);
}

static struct span seal(struct gzip_block *member) {
  struct span bytes;
  assert_int_equal(ERR_NONE, gzip_block_seal(member, &bytes));
  return bytes;
}

static struct gzip_block *gzip_block_make(bool gzip) {
  struct gzip_block *member = NULL;
  assert_int_equal(ERR_NONE, gzip_block_new(&member, gzip));
  assert_non_null(member);
  return member;
}

/* Inflates exactly one member; what it held goes to out, and its length is returned. */
static size_t inflate_member(struct span sealed, char *out, size_t size) {
  z_stream z = {.next_in = (unsigned char *)sealed.ptr,
                .avail_in = (unsigned)sealed.len,
                .next_out = (unsigned char *)out,
                .avail_out = (unsigned)size};
  assert_int_equal(Z_OK, inflateInit2(&z, 15 + 16));
  assert_int_equal(Z_STREAM_END, inflate(&z, Z_FINISH));
  assert_int_equal(0, z.avail_in);
  inflateEnd(&z);
  return size - z.avail_out;
}

static void test_nothing_pending_seals_to_nothing(void **state) {
  (void)state;
  for (int gzip = 0; gzip < 2; gzip++) {
    struct gzip_block *member = gzip_block_make(gzip);
    assert_int_equal(0, gzip_block_pending(member));
    assert_int_equal(0, seal(member).len);
    gzip_block_free(member);
  }
  gzip_block_free(NULL);
}

static void test_plain_stays_as_it_is(void **state) {
  (void)state;
  struct gzip_block *member = gzip_block_make(false);
  gzip_block_put(member, SPAN("one\n"));
  gzip_block_put(member, SPAN("two\n"));
  assert_int_equal(8, gzip_block_pending(member));
  assert_true(span_equal(SPAN("one\ntwo\n"), seal(member)));
  assert_int_equal(0, gzip_block_pending(member));
  gzip_block_put(member, SPAN("three\n"));
  assert_true(span_equal(SPAN("three\n"), seal(member)));
  gzip_block_free(member);
}

/* The same lines give the same bytes, so that scans can be compared: no time in the header. */
static void test_each_gzip_member_stands_for_itself(void **state) {
  (void)state;
  char first[64], out[64];
  struct gzip_block *member = gzip_block_make(true);
  gzip_block_put(member, SPAN("one\n"));
  struct span sealed = seal(member);
  size_t len = sealed.len;
  assert_in_range(len, 18, sizeof first);
  memcpy(first, sealed.ptr, len);
  assert_memory_equal("\x1f\x8b\x08\x00\x00\x00\x00\x00", first, 8);
  assert_int_equal(4, inflate_member(sealed, out, sizeof out));
  assert_memory_equal("one\n", out, 4);

  gzip_block_put(member, SPAN("another\n"));
  assert_int_equal(8, inflate_member(seal(member), out, sizeof out));
  assert_memory_equal("another\n", out, 8);

  gzip_block_put(member, SPAN("one\n"));
  sealed = seal(member);
  assert_int_equal(len, sealed.len);
  assert_memory_equal(first, sealed.ptr, len);
  gzip_block_free(member);
}

static void test_full_at_the_limit(void **state) {
  (void)state;
  static char block[GZIP_BLOCK_SIZE_MAX - 1];
  struct gzip_block *member = gzip_block_make(true);
  memset(block, 'x', sizeof block);
  gzip_block_put(member, (struct span){block, sizeof block});
  assert_false(gzip_block_full(member));
  gzip_block_put(member, SPAN("\n"));
  assert_true(gzip_block_full(member));
  gzip_block_put(member, SPAN("\n"));
  assert_true(gzip_block_full(member));
  assert_int_equal(GZIP_BLOCK_SIZE_MAX + 1, gzip_block_pending(member));
  seal(member);
  assert_false(gzip_block_full(member));
  gzip_block_free(member);
}

/* Bytes that no deflate makes smaller, also far over the limit. */
static void test_a_long_line_that_cannot_be_deflated(void **state) {
  (void)state;
  char *noise = malloc(TEXT_SIZE), *out = malloc(TEXT_SIZE + 1);
  assert_non_null(noise);
  assert_non_null(out);
  uint32_t seed = 1;
  for (size_t i = 0; i < TEXT_SIZE; i++) {
    seed = seed * 1664525 + 1013904223;
    noise[i] = (char)(seed >> 24);
  }
  struct gzip_block *member = gzip_block_make(true);
  gzip_block_put(member, (struct span){noise, TEXT_SIZE});
  assert_int_equal(TEXT_SIZE, inflate_member(seal(member), out, TEXT_SIZE + 1));
  assert_memory_equal(noise, out, TEXT_SIZE);
  gzip_block_put(member, SPAN("after\n"));
  assert_int_equal(6, inflate_member(seal(member), out, TEXT_SIZE + 1));
  gzip_block_free(member);
  free(noise);
  free(out);
}

static void test_room_ends_at_the_limit(void **state) {
  (void)state;
  struct gzip_block *member = gzip_block_make(false);
  assert_null(gzip_block_room(member, (size_t)GZIP_BLOCK_GROWN_MAX + 1));
  assert_null(gzip_block_room(member, SIZE_MAX));
  gzip_block_put(member, SPAN("x"));
  assert_null(gzip_block_room(member, GZIP_BLOCK_GROWN_MAX));
  assert_null(gzip_block_room(member, SIZE_MAX));
  assert_non_null(gzip_block_room(member, GZIP_BLOCK_GROWN_MAX - 1));
  assert_true(span_equal(SPAN("x"), seal(member)));
  assert_non_null(gzip_block_room(member, GZIP_BLOCK_GROWN_MAX));
  gzip_block_free(member);
}

/* zlib's own reader over a file of members. */
static void test_members_one_after_the_other_read_as_one(void **state) {
  (void)state;
  char path[] = "/tmp/stscan-member-XXXXXX";
  char expected[16], line[16];
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *file = fdopen(fd, "wb");
  assert_non_null(file);
  struct gzip_block *member = gzip_block_make(true);
  for (int i = 0; i < 100; i++) {
    snprintf(line, sizeof line, "line %d\n", i);
    gzip_block_put(member, span_of(line));
    if (i % 7 != 0) continue;
    struct span sealed = seal(member);
    assert_int_equal(sealed.len, fwrite(sealed.ptr, 1, sealed.len, file));
  }
  struct span sealed = seal(member);
  assert_int_equal(sealed.len, fwrite(sealed.ptr, 1, sealed.len, file));
  assert_int_equal(0, fclose(file));
  gzip_block_free(member);

  gzFile in = gzopen(path, "rb");
  assert_non_null(in);
  for (int i = 0; i < 100; i++) {
    snprintf(expected, sizeof expected, "line %d\n", i);
    assert_non_null(gzgets(in, line, sizeof line));
    assert_string_equal(expected, line);
  }
  assert_null(gzgets(in, line, sizeof line));
  assert_int_equal(Z_OK, gzclose(in));
  remove(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_pending_seals_to_nothing),
      cmocka_unit_test(test_plain_stays_as_it_is),
      cmocka_unit_test(test_each_gzip_member_stands_for_itself),
      cmocka_unit_test(test_full_at_the_limit),
      cmocka_unit_test(test_a_long_line_that_cannot_be_deflated),
      cmocka_unit_test(test_room_ends_at_the_limit),
      cmocka_unit_test(test_members_one_after_the_other_read_as_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
