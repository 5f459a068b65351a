#include "scanner/smtp/inbox.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { POSTERS = 3, EACH = 2000 };

struct reader {
  uv_loop_t loop;
  struct inbox *inbox;
  unsigned opened;
  struct inbox_message *last, *withdraw;
};

static void on_letter(void *data, struct inbox_message *message) {
  struct reader *reader = data;
  reader->opened++;
  reader->last = message;
  if (reader->withdraw) inbox_withdraw(reader->inbox, reader->withdraw);
  reader->withdraw = NULL;
}

static void reader_open(struct reader *reader) {
  *reader = (struct reader){0};
  assert_int_equal(0, uv_loop_init(&reader->loop));
  assert_int_equal(ERR_NONE, inbox_new(&reader->inbox, &reader->loop, on_letter, reader));
}

static void reader_close(struct reader *reader) {
  inbox_close(reader->inbox);
  uv_run(&reader->loop, UV_RUN_DEFAULT);
  assert_int_equal(0, uv_loop_close(&reader->loop));
}

static void post(struct reader *reader, struct inbox_message *messages, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    ring_init(&messages[i].link);
    inbox_post(reader->inbox, &messages[i]);
  }
}

static void test_a_turn_opens_so_many(void **state) {
  static const unsigned counts[] = {1, INBOX_TURN_MAX - 1, INBOX_TURN_MAX, INBOX_TURN_MAX + 1};
  (void)state;
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    struct inbox_message *messages = calloc(counts[i], sizeof *messages);
    struct reader reader;
    reader_open(&reader);
    post(&reader, messages, counts[i]);
    uv_run(&reader.loop, UV_RUN_ONCE);
    assert_int_equal(counts[i] < INBOX_TURN_MAX ? counts[i] : INBOX_TURN_MAX, reader.opened);
    while (reader.opened < counts[i]) uv_run(&reader.loop, UV_RUN_ONCE);
    assert_ptr_equal(&messages[counts[i] - 1], reader.last); /* in order */
    reader_close(&reader);
    free(messages);
  }
}

static void test_what_is_withdrawn_is_not_opened(void **state) {
  struct inbox_message messages[3];
  struct reader reader;
  (void)state;
  reader_open(&reader);
  post(&reader, messages, 3);
  inbox_withdraw(reader.inbox, &messages[0]);
  reader.withdraw = &messages[2]; /* while another one is opened */
  uv_run(&reader.loop, UV_RUN_ONCE);
  assert_int_equal(1, reader.opened);
  assert_ptr_equal(&messages[1], reader.last);
  post(&reader, messages, 1); /* closed unread */
  reader_close(&reader);
  inbox_close(NULL);
}

struct poster {
  struct reader *reader;
  struct inbox_message messages[EACH];
};

static void *poster_main(void *data) {
  struct poster *poster = data;
  post(poster->reader, poster->messages, EACH);
  return NULL;
}

static void test_many_threads_post(void **state) {
  struct poster *posters = calloc(POSTERS, sizeof *posters);
  pthread_t threads[POSTERS];
  struct reader reader;
  (void)state;
  reader_open(&reader);
  for (int i = 0; i < POSTERS; i++) {
    posters[i].reader = &reader;
    pthread_create(&threads[i], NULL, poster_main, &posters[i]);
  }
  while (reader.opened < POSTERS * EACH) uv_run(&reader.loop, UV_RUN_ONCE);
  for (int i = 0; i < POSTERS; i++) pthread_join(threads[i], NULL);
  reader_close(&reader);
  free(posters);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_turn_opens_so_many),
      cmocka_unit_test(test_what_is_withdrawn_is_not_opened),
      cmocka_unit_test(test_many_threads_post),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
