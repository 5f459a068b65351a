#include "scanner/net/datagrams.h"
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* The kernel holds few datagrams for a receiver on such a pair, so that it is soon full. */
static void pair(int fds[2]) {
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
}

/* Two connected UDP sockets on loopback. */
static void udp_pair(int fds[2]) {
  struct sockaddr_in at[2];
  for (int i = 0; i < 2; i++) {
    socklen_t size = sizeof at[i];
    at[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(fds[i] >= 0);
    assert_int_equal(bind(fds[i], (struct sockaddr *)&at[i], size), 0);
    assert_int_equal(getsockname(fds[i], (struct sockaddr *)&at[i], &size), 0);
  }
  assert_int_equal(connect(fds[0], (struct sockaddr *)&at[1], sizeof at[1]), 0);
  assert_int_equal(connect(fds[1], (struct sockaddr *)&at[0], sizeof at[0]), 0);
}

static void done(struct datagrams *datagrams, int fds[2]) {
  datagrams_free(datagrams);
  close(fds[0]);
  close(fds[1]);
}

static bool put(struct datagrams *datagrams, int fd, int number) {
  char *room = datagrams_room(datagrams, fd);
  if (!room) return false;
  datagrams_added(datagrams, (size_t)snprintf(room, DATAGRAMS_OUT_SIZE, "%d", number));
  return true;
}

static void expect(int fd, int from, int below) {
  char text[16];
  for (int i = from; i < below; i++) {
    ssize_t size = recv(fd, text, sizeof text - 1, 0);
    assert_true(size > 0);
    text[size] = '\0';
    assert_int_equal(atoi(text), i);
  }
  assert_int_equal(recv(fd, text, sizeof text, 0), -1);
  assert_int_equal(errno, EAGAIN);
}

static void test_sent_when_flushed(void **state) {
  struct datagrams *datagrams;
  int fds[2];
  (void)state;
  udp_pair(fds);
  assert_int_equal(datagrams_new(&datagrams), ERR_NONE);
  for (int i = 0; i < 3; i++) assert_true(put(datagrams, fds[0], i));
  expect(fds[1], 0, 0);
  datagrams_flush(datagrams, fds[0]);
  expect(fds[1], 0, 3);
  datagrams_flush(datagrams, fds[0]);
  expect(fds[1], 0, 0);
  done(datagrams, fds);
}

static void test_batch_goes_by_itself(void **state) {
  struct datagrams *datagrams;
  int fds[2];
  (void)state;
  udp_pair(fds);
  assert_int_equal(datagrams_new(&datagrams), ERR_NONE);
  for (int i = 0; i < DATAGRAMS_BATCH; i++) assert_true(put(datagrams, fds[0], i));
  expect(fds[1], 0, 0);
  assert_true(put(datagrams, fds[0], DATAGRAMS_BATCH));
  expect(fds[1], 0, DATAGRAMS_BATCH);
  datagrams_flush(datagrams, fds[0]);
  expect(fds[1], DATAGRAMS_BATCH, DATAGRAMS_BATCH + 1);
  done(datagrams, fds);
}

static void test_full_buffer_keeps_them(void **state) {
  struct datagrams *datagrams;
  int fds[2], added = 0, from = 0;
  (void)state;
  pair(fds);
  assert_int_equal(datagrams_new(&datagrams), ERR_NONE);
  while (added < 10 * DATAGRAMS_BATCH && put(datagrams, fds[0], added)) added++;
  assert_in_range(added, DATAGRAMS_BATCH, 10 * DATAGRAMS_BATCH - 1);
  while (from < added) {
    char text[16];
    ssize_t size = recv(fds[1], text, sizeof text - 1, 0);
    assert_true(size > 0);
    text[size] = '\0';
    assert_int_equal(atoi(text), from++);
    datagrams_flush(datagrams, fds[0]);
  }
  expect(fds[1], 0, 0);
  assert_true(put(datagrams, fds[0], 7));
  datagrams_flush(datagrams, fds[0]);
  expect(fds[1], 7, 8);
  done(datagrams, fds);
}

/* One that the kernel will never take does not keep the others. */
static void test_dropped_alone(void **state) {
  struct datagrams *datagrams;
  int fds[2];
  (void)state;
  pair(fds);
  close(fds[1]);
  assert_int_equal(datagrams_new(&datagrams), ERR_NONE);
  for (int i = 0; i < 3 * DATAGRAMS_BATCH; i++) assert_true(put(datagrams, fds[0], i));
  datagrams_flush(datagrams, fds[0]);
  datagrams_free(datagrams);
  close(fds[0]);
}

static void test_refusal_shows_when_receiving(void **state) {
  struct datagrams *datagrams;
  struct span datagram;
  int fds[2];
  (void)state;
  udp_pair(fds);
  close(fds[1]);
  assert_int_equal(datagrams_new(&datagrams), ERR_NONE);
  for (int i = 0; i < 5; i++) assert_true(put(datagrams, fds[0], i));
  datagrams_flush(datagrams, fds[0]);
  assert_false(datagrams_next(datagrams, fds[0], &datagram));
  assert_int_equal(errno, ECONNREFUSED);
  datagrams_free(datagrams);
  close(fds[0]);
}

static unsigned received(struct datagrams *datagrams, int fd, int from) {
  struct span datagram;
  unsigned count = 0;
  char text[16];
  while (datagrams_next(datagrams, fd, &datagram)) {
    snprintf(text, sizeof text, "%.*s", (int)datagram.len, datagram.ptr);
    assert_int_equal(atoi(text), from + (int)count++);
  }
  assert_int_equal(errno, EAGAIN);
  return count;
}

static void test_received(void **state) {
  static const unsigned counts[] = {
      0, 1, DATAGRAMS_BATCH - 1, DATAGRAMS_BATCH, DATAGRAMS_BATCH + 1, 3 * DATAGRAMS_BATCH};
  struct datagrams *datagrams;
  int fds[2];
  (void)state;
  udp_pair(fds);
  assert_int_equal(datagrams_new(&datagrams), ERR_NONE);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    char text[16];
    for (unsigned j = 0; j < counts[i]; j++)
      assert_true(send(fds[1], text, (size_t)snprintf(text, sizeof text, "%u", j), 0) > 0);
    assert_int_equal(received(datagrams, fds[0], 0), counts[i]);
  }
  done(datagrams, fds);
}

static void test_received_sizes(void **state) {
  static const size_t sizes[] = {0, DATAGRAMS_IN_SIZE - 1, DATAGRAMS_IN_SIZE,
                                 DATAGRAMS_IN_SIZE + 1};
  static char bytes[DATAGRAMS_IN_SIZE + 1];
  struct datagrams *datagrams;
  struct span datagram;
  int fds[2];
  (void)state;
  udp_pair(fds);
  assert_int_equal(datagrams_new(&datagrams), ERR_NONE);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    assert_int_equal(send(fds[1], bytes, sizes[i], 0), sizes[i]);
    assert_true(datagrams_next(datagrams, fds[0], &datagram));
    assert_int_equal(datagram.len, sizes[i] < DATAGRAMS_IN_SIZE ? sizes[i] : DATAGRAMS_IN_SIZE);
    assert_false(datagrams_next(datagrams, fds[0], &datagram));
  }
  done(datagrams, fds);
}

static void test_reset_forgets(void **state) {
  struct datagrams *datagrams;
  struct span datagram;
  int fds[2];
  (void)state;
  udp_pair(fds);
  assert_int_equal(datagrams_new(&datagrams), ERR_NONE);
  assert_true(put(datagrams, fds[0], 1));
  assert_int_equal(send(fds[1], "1", 1, 0), 1);
  assert_int_equal(send(fds[1], "2", 1, 0), 1);
  assert_true(datagrams_next(datagrams, fds[0], &datagram));
  datagrams_reset(datagrams);
  datagrams_flush(datagrams, fds[0]);
  expect(fds[1], 0, 0);
  assert_false(datagrams_next(datagrams, fds[0], &datagram));
  assert_int_equal(errno, EAGAIN);
  done(datagrams, fds);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sent_when_flushed),
      cmocka_unit_test(test_batch_goes_by_itself),
      cmocka_unit_test(test_full_buffer_keeps_them),
      cmocka_unit_test(test_dropped_alone),
      cmocka_unit_test(test_refusal_shows_when_receiving),
      cmocka_unit_test(test_received),
      cmocka_unit_test(test_received_sizes),
      cmocka_unit_test(test_reset_forgets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
