/* Transfers on a loop, at a socket of this process that says nothing, or a web page of one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/https/curl_loop.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct fixture {
  uv_loop_t loop;
  SSL_CTX *tls;
  struct curl_loop *curl;
  CURL *easy;
  unsigned done, closed;
  CURLcode result;
};

static void on_worked(void *data) {
  struct fixture *fixture = data;
  CURL *easy;
  CURLcode result;
  while (curl_loop_take(fixture->curl, &easy, &result)) {
    assert_ptr_equal(easy, fixture->easy);
    fixture->done++;
    fixture->result = result;
    curl_loop_remove(fixture->curl, easy);
    curl_loop_close(fixture->curl);
  }
}

static void on_failed(void *data, CURL *easy) {
  (void)data;
  (void)easy;
  fail_msg("a socket could not be watched");
}

static void on_closed(void *data) {
  struct fixture *fixture = data;
  fixture->closed++;
}

/* A socket that listens, for connections that nobody accepts. */
static int listener(uint16_t *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
  assert_int_equal(listen(fd, 4), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
  *port = ntohs(at.sin_port);
  return fd;
}

static void *answer_once(void *data) {
  static const char text[] = "HTTP/1.0 200 OK\r\n\r\nhello\n";
  char request[4096];
  int fd = accept(*(int *)data, NULL, NULL);
  if (fd < 0 || read(fd, request, sizeof request) <= 0) return NULL;
  if (write(fd, text, sizeof text - 1) < 0) return NULL;
  close(fd);
  return NULL;
}

static size_t drop(char *bytes, size_t size, size_t count, void *data) {
  (void)bytes;
  *(size_t *)data += size * count;
  return size * count;
}

/* One transfer to its end. */
static size_t fetch(struct fixture *fixture, uint16_t port, long timeout_ms) {
  char url[64];
  size_t bytes = 0;
  const struct curl_loop_calls calls = {
      .worked = on_worked, .failed = on_failed, .closed = on_closed, .data = fixture};
  *fixture = (struct fixture){.tls = tls_new(), .easy = curl_easy_init()};
  snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
  assert_int_equal(uv_loop_init(&fixture->loop), 0);
  assert_int_equal(curl_loop_new(&fixture->curl, &fixture->loop, fixture->tls, &calls), ERR_NONE);
  curl_easy_setopt(fixture->easy, CURLOPT_URL, url);
  curl_easy_setopt(fixture->easy, CURLOPT_PROXY, "");
  curl_easy_setopt(fixture->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
  curl_easy_setopt(fixture->easy, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(fixture->easy, CURLOPT_WRITEDATA, &bytes);
  curl_easy_setopt(fixture->easy, CURLOPT_CLOSESOCKETFUNCTION, curl_loop_close_socket);
  curl_easy_setopt(fixture->easy, CURLOPT_CLOSESOCKETDATA, fixture->curl);
  assert_int_equal(curl_loop_add(fixture->curl, fixture->easy), ERR_NONE);
  assert_int_equal(fixture->done, 0); /* never inside a call */
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->done, 1);
  assert_int_equal(fixture->closed, 1);
  assert_int_equal(uv_loop_close(&fixture->loop), 0);
  curl_easy_cleanup(fixture->easy);
  SSL_CTX_free(fixture->tls);
  return bytes;
}

static void test_a_transfer_is_done_once(void **state) {
  (void)state;
  struct fixture fixture;
  pthread_t thread;
  uint16_t port;
  int fd = listener(&port);
  assert_int_equal(pthread_create(&thread, NULL, answer_once, &fd), 0);
  assert_int_equal(fetch(&fixture, port, 60000), strlen("hello\n"));
  assert_int_equal(fixture.result, CURLE_OK);
  pthread_join(thread, NULL);
  close(fd);
}

/* The timer is libcurl's, on our loop. */
static void test_silence_ends(void **state) {
  (void)state;
  struct fixture fixture;
  uint16_t port;
  int fd = listener(&port);
  assert_int_equal(fetch(&fixture, port, 20), 0);
  assert_int_equal(fixture.result, CURLE_OPERATION_TIMEDOUT);
  close(fd);
}

static void test_a_refused_connection(void **state) {
  (void)state;
  struct fixture fixture;
  uint16_t port;
  close(listener(&port));
  assert_int_equal(fetch(&fixture, port, 60000), 0);
  assert_int_equal(fixture.result, CURLE_COULDNT_CONNECT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_transfer_is_done_once),
      cmocka_unit_test(test_silence_ends),
      cmocka_unit_test(test_a_refused_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
