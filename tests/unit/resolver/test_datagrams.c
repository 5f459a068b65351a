#include "scanner/resolver/datagrams.h"
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

static struct datagrams *datagrams;
static int fds[2]; /* [0] is theirs */

/* The kernel holds few datagrams for a receiver on such a pair, so that it is soon full. */
static int open_pair(void **state) {
  (void)state;
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
  return datagrams_new(&datagrams);
}

/* Two connected UDP sockets on loopback. */
static int open_udp(void **state) {
  (void)state;
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
  return datagrams_new(&datagrams);
}

static void close_other(void) {
  close(fds[1]);
  fds[1] = -1;
}

static int close_both(void **state) {
  (void)state;
  datagrams_free(datagrams);
  close(fds[0]);
  if (fds[1] >= 0) close(fds[1]);
  return 0;
}

static bool put(int number) {
  char *room = datagrams_room(datagrams, fds[0]);
  if (!room) return false;
  datagrams_added(datagrams, (size_t)snprintf(room, DATAGRAMS_OUT_SIZE, "%d", number));
  return true;
}

/* The other end gets these numbers, and no more. */
static void expect(int from, int below) {
  char text[16];
  for (int i = from; i < below; i++) {
    ssize_t size = recv(fds[1], text, sizeof text - 1, 0);
    assert_true(size > 0);
    text[size] = '\0';
    assert_int_equal(atoi(text), i);
  }
  assert_int_equal(recv(fds[1], text, sizeof text, 0), -1);
  assert_int_equal(errno, EAGAIN);
}

static void test_sent_when_flushed(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) assert_true(put(i));
  expect(0, 0);
  datagrams_flush(datagrams, fds[0]);
  expect(0, 3);
  datagrams_flush(datagrams, fds[0]);
  expect(0, 0);
}

static void test_batch_goes_by_itself(void **state) {
  (void)state;
  for (int i = 0; i < DATAGRAMS_BATCH; i++) assert_true(put(i));
  expect(0, 0);
  assert_true(put(DATAGRAMS_BATCH));
  expect(0, DATAGRAMS_BATCH);
  datagrams_flush(datagrams, fds[0]);
  expect(DATAGRAMS_BATCH, DATAGRAMS_BATCH + 1);
}

static void test_full_buffer_keeps_them(void **state) {
  int added = 0, from = 0;
  (void)state;
  while (added < 10 * DATAGRAMS_BATCH && put(added)) added++;
  assert_in_range(added, DATAGRAMS_BATCH, 10 * DATAGRAMS_BATCH - 1);
  while (from < added) {
    char text[16];
    ssize_t size = recv(fds[1], text, sizeof text - 1, 0);
    assert_true(size > 0);
    text[size] = '\0';
    assert_int_equal(atoi(text), from++);
    datagrams_flush(datagrams, fds[0]);
  }
  expect(0, 0);
  assert_true(put(7));
  datagrams_flush(datagrams, fds[0]);
  expect(7, 8);
}

/* One that the kernel will never take does not keep the others. */
static void test_dropped_alone(void **state) {
  (void)state;
  close_other();
  for (int i = 0; i < 3 * DATAGRAMS_BATCH; i++) assert_true(put(i));
  datagrams_flush(datagrams, fds[0]);
}

static void test_refusal_shows_when_receiving(void **state) {
  struct span datagram;
  (void)state;
  close_other();
  for (int i = 0; i < 5; i++) assert_true(put(i));
  datagrams_flush(datagrams, fds[0]);
  assert_false(datagrams_next(datagrams, fds[0], &datagram));
  assert_int_equal(errno, ECONNREFUSED);
}

static unsigned received(void) {
  struct span datagram;
  unsigned count = 0;
  char text[16];
  while (datagrams_next(datagrams, fds[0], &datagram)) {
    snprintf(text, sizeof text, "%.*s", (int)datagram.len, datagram.ptr);
    assert_int_equal(atoi(text), (int)count++);
  }
  assert_int_equal(errno, EAGAIN);
  return count;
}

static void test_received(void **state) {
  static const unsigned counts[] = {
      0, 1, DATAGRAMS_BATCH - 1, DATAGRAMS_BATCH, DATAGRAMS_BATCH + 1, 3 * DATAGRAMS_BATCH};
  (void)state;
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    char text[16];
    for (unsigned j = 0; j < counts[i]; j++)
      assert_true(send(fds[1], text, (size_t)snprintf(text, sizeof text, "%u", j), 0) > 0);
    assert_int_equal(received(), counts[i]);
  }
}

static void test_received_sizes(void **state) {
  static const size_t sizes[] = {0, DATAGRAMS_IN_SIZE - 1, DATAGRAMS_IN_SIZE,
                                 DATAGRAMS_IN_SIZE + 1};
  static char bytes[DATAGRAMS_IN_SIZE + 1];
  struct span datagram;
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    assert_int_equal(send(fds[1], bytes, sizes[i], 0), sizes[i]);
    assert_true(datagrams_next(datagrams, fds[0], &datagram));
    assert_int_equal(datagram.len, sizes[i] < DATAGRAMS_IN_SIZE ? sizes[i] : DATAGRAMS_IN_SIZE);
    assert_false(datagrams_next(datagrams, fds[0], &datagram));
  }
}

static void test_reset_forgets(void **state) {
  struct span datagram;
  (void)state;
  assert_true(put(1));
  assert_int_equal(send(fds[1], "1", 1, 0), 1);
  assert_int_equal(send(fds[1], "2", 1, 0), 1);
  assert_true(datagrams_next(datagrams, fds[0], &datagram));
  datagrams_reset(datagrams);
  datagrams_flush(datagrams, fds[0]);
  expect(0, 0);
  assert_false(datagrams_next(datagrams, fds[0], &datagram));
  assert_int_equal(errno, EAGAIN);
}

int main(void) {
#define OVER_UDP(name)  cmocka_unit_test_setup_teardown(name, open_udp, close_both)
#define OVER_PAIR(name) cmocka_unit_test_setup_teardown(name, open_pair, close_both)
  const struct CMUnitTest tests[] = {
      OVER_UDP(test_sent_when_flushed),
      OVER_UDP(test_batch_goes_by_itself),
      OVER_PAIR(test_full_buffer_keeps_them),
      OVER_PAIR(test_dropped_alone),
      OVER_UDP(test_refusal_shows_when_receiving),
      OVER_UDP(test_received),
      OVER_UDP(test_received_sizes),
      OVER_UDP(test_reset_forgets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
