#include "scanner/net/poll_set.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIRST_TABLE = 64 };

struct scene {
  uv_loop_t loop;
  struct poll_set *watch;
  int near, far; /* the ends of a stream */
  int calls, fd, events;
  void (*then)(struct scene *scene);
};

static void on_ready(void *data, int fd, int events) {
  struct scene *scene = data;
  scene->calls++;
  scene->fd = fd;
  scene->events = events;
  if (scene->then) scene->then(scene);
}

static void connect_pair(struct scene *scene) {
  int pair[2];
  assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  scene->near = pair[0];
  scene->far = pair[1];
}

static void disconnect_pair(struct scene *scene) {
  close(scene->near);
  close(scene->far);
}

static void scene_open(struct scene *scene) {
  *scene = (struct scene){.fd = -1};
  assert_int_equal(0, uv_loop_init(&scene->loop));
  assert_int_equal(ERR_NONE, poll_set_new(&scene->watch, &scene->loop, on_ready, scene));
  connect_pair(scene);
}

/* uv_loop_close() is busy if a handle was left open; a leaked one shows under asan. */
static void scene_close(struct scene *scene) {
  poll_set_close(scene->watch);
  assert_int_equal(0, uv_run(&scene->loop, UV_RUN_DEFAULT));
  assert_int_equal(0, uv_loop_close(&scene->loop));
  disconnect_pair(scene);
}

static void notice(struct scene *scene) {
  assert_int_equal(1, write(scene->far, "x", 1));
}

static void turn(struct scene *scene) {
  scene->calls = 0;
  scene->fd = -1;
  scene->events = 0;
  uv_run(&scene->loop, UV_RUN_NOWAIT);
}

static void test_tells_what_is_ready(void **state) {
  struct scene scene;
  (void)state;
  scene_open(&scene);
  assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.near, UV_READABLE));
  turn(&scene);
  assert_int_equal(0, scene.calls);
  notice(&scene);
  turn(&scene);
  assert_int_equal(1, scene.calls);
  assert_int_equal(scene.near, scene.fd);
  assert_int_equal(UV_READABLE, scene.events);
  assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.near, UV_WRITABLE));
  turn(&scene);
  assert_int_equal(UV_WRITABLE, scene.events);
  assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.near, UV_READABLE | UV_WRITABLE));
  turn(&scene);
  assert_int_equal(UV_READABLE | UV_WRITABLE, scene.events);
  scene_close(&scene);
}

static void test_end_of_stream_is_readable(void **state) {
  struct scene scene;
  (void)state;
  scene_open(&scene);
  assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.near, UV_READABLE));
  shutdown(scene.far, SHUT_WR);
  turn(&scene);
  assert_int_equal(1, scene.calls);
  assert_true(scene.events & UV_READABLE);
  scene_close(&scene);
}

static void count_handle(uv_handle_t *handle, void *count) {
  (void)handle;
  ++*(int *)count;
}

static int handles_of(struct scene *scene) {
  int count = 0;
  uv_walk(&scene->loop, count_handle, &count);
  return count;
}

static void test_forgotten_is_silent_and_freed(void **state) {
  struct scene scene;
  (void)state;
  scene_open(&scene);
  for (int by_events = 0; by_events < 2; by_events++) {
    assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.near, UV_WRITABLE));
    if (by_events)
      assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.near, 0));
    else
      poll_set_forget(scene.watch, scene.near);
    turn(&scene);
    assert_int_equal(0, scene.calls);
    assert_int_equal(0, handles_of(&scene));
  }
  scene_close(&scene);
}

static void test_number_is_used_again_at_once(void **state) {
  struct scene scene;
  (void)state;
  scene_open(&scene);
  for (int round = 0; round < 3; round++) {
    int number = scene.near;
    assert_int_equal(ERR_NONE, poll_set_set(scene.watch, number, UV_READABLE));
    notice(&scene);
    poll_set_forget(scene.watch, number);
    disconnect_pair(&scene);
    connect_pair(&scene);
    assert_int_equal(number, scene.near);
    assert_int_equal(ERR_NONE, poll_set_set(scene.watch, number, UV_READABLE));
    turn(&scene);
    assert_int_equal(0, scene.calls);
    notice(&scene);
    turn(&scene);
    assert_int_equal(1, scene.calls);
    assert_int_equal(number, scene.fd);
  }
  scene_close(&scene);
}

static void renew(struct scene *scene) {
  scene->then = NULL;
  poll_set_forget(scene->watch, scene->near);
  disconnect_pair(scene);
  connect_pair(scene);
  assert_int_equal(ERR_NONE, poll_set_set(scene->watch, scene->near, UV_READABLE));
}

static void test_number_is_used_again_inside_the_callback(void **state) {
  struct scene scene;
  (void)state;
  scene_open(&scene);
  assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.near, UV_READABLE));
  scene.then = renew;
  notice(&scene);
  turn(&scene);
  assert_int_equal(1, scene.calls);
  turn(&scene);
  assert_int_equal(0, scene.calls);
  notice(&scene);
  turn(&scene);
  assert_int_equal(1, scene.calls);
  scene_close(&scene);
}

static void leave(struct scene *scene) {
  poll_set_close(scene->watch);
  scene->watch = NULL;
}

static void test_may_be_closed_inside_the_callback(void **state) {
  struct scene scene;
  (void)state;
  scene_open(&scene);
  assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.near, UV_WRITABLE));
  assert_int_equal(ERR_NONE, poll_set_set(scene.watch, scene.far, UV_WRITABLE));
  scene.then = leave;
  turn(&scene);
  assert_int_equal(1, scene.calls);
  scene_close(&scene);
}

static void test_table_grows_with_the_numbers(void **state) {
  static const int numbers[] = {FIRST_TABLE - 1, FIRST_TABLE, FIRST_TABLE + 1, 8 * FIRST_TABLE - 1};
  struct scene scene;
  (void)state;
  scene_open(&scene);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    int copy = fcntl(scene.near, F_DUPFD_CLOEXEC, numbers[i]);
    assert_int_equal(numbers[i], copy);
    assert_int_equal(ERR_NONE, poll_set_set(scene.watch, copy, UV_WRITABLE));
    turn(&scene);
    assert_int_equal(1, scene.calls);
    assert_int_equal(copy, scene.fd);
    poll_set_forget(scene.watch, copy);
    close(copy);
  }
  scene_close(&scene);
}

static void test_what_cannot_be_watched(void **state) {
  struct scene scene;
  (void)state;
  scene_open(&scene);
  int file = open(SOURCE_DIR "/CMakeLists.txt", O_RDONLY | O_CLOEXEC);
  assert_true(file >= 0);
  assert_int_equal(ERR_LIBRARY, poll_set_set(scene.watch, file, UV_READABLE));
  close(file);
  assert_int_equal(ERR_LIBRARY, poll_set_set(scene.watch, file, UV_READABLE));
  assert_int_equal(ERR_LIBRARY, poll_set_set(scene.watch, -1, UV_READABLE));
  poll_set_forget(scene.watch, -1);
  poll_set_forget(scene.watch, file);
  poll_set_forget(scene.watch, 1000 * FIRST_TABLE);
  poll_set_close(NULL);
  scene_close(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tells_what_is_ready),
      cmocka_unit_test(test_end_of_stream_is_readable),
      cmocka_unit_test(test_forgotten_is_silent_and_freed),
      cmocka_unit_test(test_number_is_used_again_at_once),
      cmocka_unit_test(test_number_is_used_again_inside_the_callback),
      cmocka_unit_test(test_may_be_closed_inside_the_callback),
      cmocka_unit_test(test_table_grows_with_the_numbers),
      cmocka_unit_test(test_what_cannot_be_watched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
