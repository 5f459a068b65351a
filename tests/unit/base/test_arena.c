#include "scanner/base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { LIMIT = 2 * ARENA_CHUNK_SIZE };

static void gives_zeroed_aligned_memory(void **state) {
  struct arena arena = {0};
  (void)state;
  for (size_t size = 0; size < 100; size++) {
    unsigned char *at = arena_alloc(&arena, size);
    assert_non_null(at);
    assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
    for (size_t i = 0; i < size; i++) assert_int_equal(at[i], 0);
    memset(at, 0xff, size);
  }
  arena_free(&arena);
}

static void owns_nothing_until_used(void **state) {
  struct arena arena = {0};
  (void)state;
  assert_null(arena.chunks);
  arena_reset(&arena);
  arena_free(&arena);
  assert_null(arena.chunks);
}

static void keeps_what_it_gave_in_place(void **state) {
  struct arena arena = {0};
  char *first = arena_alloc(&arena, 4);
  (void)state;
  memcpy(first, "abc", 4);
  for (int i = 0; i < 100; i++) assert_non_null(arena_alloc(&arena, 1000));
  assert_string_equal(first, "abc");
  arena_free(&arena);
}

static void grows_to_its_limit(void **state) {
  static const struct {
    size_t size;
    enum err err;
  } vectors[] = {
      {LIMIT - alignof(max_align_t), ERR_NONE},
      {LIMIT, ERR_NONE},
      {LIMIT + 1, ERR_LIMIT},
      {SIZE_MAX, ERR_LIMIT},
      {SIZE_MAX - 1, ERR_LIMIT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    struct arena arena = {.limit = LIMIT};
    void *at = arena_alloc(&arena, vectors[i].size);
    assert_int_equal(at == NULL, vectors[i].err != ERR_NONE);
    assert_int_equal(arena.err, vectors[i].err);
    assert_true(arena.total <= LIMIT);
    arena_free(&arena);
  }
}

static void grows_to_its_limit_chunk_by_chunk(void **state) {
  struct arena arena = {.limit = LIMIT};
  (void)state;
  assert_non_null(arena_alloc(&arena, ARENA_CHUNK_SIZE));
  assert_non_null(arena_alloc(&arena, ARENA_CHUNK_SIZE));
  assert_int_equal(arena.total, LIMIT);
  assert_int_equal(arena.err, ERR_NONE);
  assert_null(arena_alloc(&arena, 1));
  assert_int_equal(arena.err, ERR_LIMIT);
  arena_free(&arena);
}

static void counts_large_chunks_to_the_byte(void **state) {
  static const struct {
    size_t size;
    enum err err;
  } vectors[] = {
      {ARENA_CHUNK_SIZE, ERR_NONE},
      {ARENA_CHUNK_SIZE + 1, ERR_LIMIT},
      {ARENA_CHUNK_SIZE + alignof(max_align_t), ERR_LIMIT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    struct arena arena = {.limit = LIMIT};
    assert_non_null(arena_alloc(&arena, 1));
    arena_alloc(&arena, vectors[i].size);
    assert_int_equal(arena.err, vectors[i].err);
    arena_free(&arena);
  }
}

static void has_a_limit_when_none_is_given(void **state) {
  struct arena arena = {0};
  (void)state;
  assert_non_null(arena_alloc(&arena, ARENA_LIMIT_DEFAULT));
  assert_null(arena_alloc(&arena, 1));
  assert_int_equal(arena.err, ERR_LIMIT);
  arena_free(&arena);
  assert_null(arena_alloc(&arena, (size_t)ARENA_LIMIT_DEFAULT + 1));
  assert_int_equal(arena.err, ERR_LIMIT);
  arena_free(&arena);
}

static void fails_for_good_until_reset(void **state) {
  struct arena arena = {.limit = LIMIT};
  (void)state;
  assert_non_null(arena_alloc(&arena, 1));
  assert_null(arena_alloc(&arena, LIMIT));
  assert_null(arena_alloc(&arena, 1)); /* though there is room */
  assert_null(arena_array(&arena, 1, 1));
  assert_false(span_here(arena_copy(&arena, SPAN("a"))));
  assert_false(span_here(arena_join(&arena, SPAN("a"), SPAN("b"))));
  assert_false(span_here(arena_format(&arena, "%d", 1)));
  assert_int_equal(arena.err, ERR_LIMIT);
  arena_reset(&arena);
  assert_int_equal(arena.err, ERR_NONE);
  assert_int_equal(arena.limit, LIMIT);
  assert_non_null(arena_alloc(&arena, 1));
  arena_free(&arena);
}

static void does_not_overflow(void **state) {
  static const struct {
    size_t count, size;
    enum err err;
  } vectors[] = {
      {3, 8, ERR_NONE},
      {0, 8, ERR_NONE},
      {8, 0, ERR_NONE},
      {SIZE_MAX / 8, 8, ERR_LIMIT},
      {SIZE_MAX / 8 + 1, 8, ERR_LIMIT}, /* times 8 it would be 0 */
      {SIZE_MAX / 8 + 2, 8, ERR_LIMIT}, /* times 8 it would be 8 */
      {SIZE_MAX, SIZE_MAX, ERR_LIMIT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    struct arena arena = {0};
    void *at = arena_array(&arena, vectors[i].count, vectors[i].size);
    assert_int_equal(at == NULL, vectors[i].err != ERR_NONE);
    assert_int_equal(arena.err, vectors[i].err);
    arena_free(&arena);
  }
}

static void keeps_one_chunk_over_a_reset(void **state) {
  struct arena arena = {0};
  (void)state;
  for (int i = 0; i < 10; i++) assert_non_null(arena_alloc(&arena, ARENA_CHUNK_SIZE));
  assert_non_null(arena_alloc(&arena, 3 * ARENA_CHUNK_SIZE));
  arena_reset(&arena);
  assert_int_equal(arena.total, ARENA_CHUNK_SIZE);
  const struct arena_chunk *kept = arena.chunks;
  unsigned char *at = arena_alloc(&arena, ARENA_CHUNK_SIZE);
  assert_ptr_equal(arena.chunks, kept);
  for (size_t i = 0; i < ARENA_CHUNK_SIZE; i++) assert_int_equal(at[i], 0);
  arena_free(&arena);
  assert_int_equal(arena.total, 0);
}

/* A chunk of its own, made for something large, is not kept: slots stay small. */
static void keeps_no_large_chunk(void **state) {
  struct arena arena = {0};
  (void)state;
  assert_non_null(arena_alloc(&arena, 2 * ARENA_CHUNK_SIZE));
  arena_reset(&arena);
  assert_int_equal(arena.total, 0);
  assert_null(arena.chunks);
  arena_free(&arena);
}

static void makes_texts(void **state) {
  struct arena arena = {0};
  (void)state;
  struct span copy = arena_copy(&arena, SPAN("a\0b"));
  assert_int_equal(copy.len, 3);
  assert_memory_equal(copy.ptr, "a\0b", 4);
  struct span joined = arena_join(&arena, SPAN("ab"), SPAN("cd"));
  assert_int_equal(joined.len, 4);
  assert_string_equal(joined.ptr, "abcd");
  struct span formatted = arena_format(&arena, "%s %d", "n", 17);
  assert_int_equal(formatted.len, 4);
  assert_string_equal(formatted.ptr, "n 17");
  struct span nothing = arena_copy(&arena, (struct span){0});
  assert_true(span_here(nothing));
  assert_int_equal(nothing.len, 0);
  arena_free(&arena);
}

static void test_budget(void **state) {
  struct arena_budget budget = {.limit = 3 * ARENA_CHUNK_SIZE};
  struct arena one = {.budget = &budget}, two = one;
  (void)state;
  assert_non_null(arena_alloc(&one, 2 * ARENA_CHUNK_SIZE));
  assert_non_null(arena_alloc(&two, ARENA_CHUNK_SIZE));
  assert_int_equal(budget.used, budget.limit);
  assert_null(arena_alloc(&two, ARENA_CHUNK_SIZE));
  assert_true(two.pressed);
  assert_int_equal(two.err, ERR_LIMIT);
  arena_reset(&two);
  assert_false(two.pressed);
  assert_int_equal(budget.used, budget.limit); /* it keeps a chunk */
  arena_free(&two);
  assert_int_equal(budget.used, 2 * ARENA_CHUNK_SIZE);
  assert_non_null(arena_alloc(&one, 2 * ARENA_CHUNK_SIZE)); /* alone, it may go on */
  assert_null(arena_alloc(&two, 1));
  assert_null(arena_alloc(&one, ARENA_LIMIT_DEFAULT));
  assert_false(one.pressed); /* it is its own limit */
  arena_free(&one);
  arena_free(&two);
  assert_int_equal(budget.used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_budget),
      cmocka_unit_test(gives_zeroed_aligned_memory),
      cmocka_unit_test(owns_nothing_until_used),
      cmocka_unit_test(keeps_what_it_gave_in_place),
      cmocka_unit_test(grows_to_its_limit),
      cmocka_unit_test(grows_to_its_limit_chunk_by_chunk),
      cmocka_unit_test(counts_large_chunks_to_the_byte),
      cmocka_unit_test(has_a_limit_when_none_is_given),
      cmocka_unit_test(fails_for_good_until_reset),
      cmocka_unit_test(does_not_overflow),
      cmocka_unit_test(keeps_one_chunk_over_a_reset),
      cmocka_unit_test(keeps_no_large_chunk),
      cmocka_unit_test(makes_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
