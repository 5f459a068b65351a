#include "scanner/https/curl_loop.h"

#include "scanner/net/poll_set.h"
#include <stdlib.h>
#include <unistd.h>

struct curl_loop {
  CURLM *curl;
  SSL_CTX *tls;
  struct poll_set *watch;
  uv_timer_t timer;
  struct curl_loop_calls calls;
};

static void curl_loop_act(struct curl_loop *multi, curl_socket_t fd, int mask) {
  int running;
  tls_lend(multi->tls);
  curl_multi_socket_action(multi->curl, fd, mask, &running);
  tls_lend(NULL);
  multi->calls.worked(multi->calls.data);
}

static void curl_loop_on_ready(void *data, int fd, int events) {
  int mask = 0;
  if (events & UV_READABLE) mask |= CURL_CSELECT_IN;
  if (events & UV_WRITABLE) mask |= CURL_CSELECT_OUT;
  curl_loop_act(data, fd, mask);
}

static void curl_loop_on_timer(uv_timer_t *timer) {
  curl_loop_act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl tells a timeout once and counts on it: only libcurl itself may move or stop it. Of no
 * time at all, libuv would run it again and again before it polls (until 1.45). */
static int curl_loop_set_timer(CURLM *curl, long timeout_ms, void *data) {
  (void)curl;
  struct curl_loop *multi = data;
  if (uv_is_closing((uv_handle_t *)&multi->timer)) return 0;
  if (timeout_ms < 0)
    uv_timer_stop(&multi->timer);
  else
    uv_timer_start(&multi->timer, curl_loop_on_timer, timeout_ms ? (uint64_t)timeout_ms : 1, 0);
  return 0;
}

static int curl_loop_set_socket(CURL *easy, curl_socket_t fd, int what, void *data,
                                void *socket_data) {
  (void)socket_data;
  struct curl_loop *multi = data;
  int events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= UV_READABLE;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= UV_WRITABLE;
  /* An error returned here would end every transfer. */
  if (poll_set_set(multi->watch, fd, events) != ERR_NONE)
    multi->calls.failed(multi->calls.data, easy);
  return 0;
}

int curl_loop_close_socket(void *data, curl_socket_t fd) {
  struct curl_loop *multi = data;
  poll_set_forget(multi->watch, fd);
  return close(fd);
}

static CURLMcode curl_loop_set_options(struct curl_loop *multi) {
  CURLMcode code = CURLM_OK;
#define SET(option, value)                                                                         \
  if (code == CURLM_OK) code = curl_multi_setopt(multi->curl, option, value)
  SET(CURLMOPT_SOCKETFUNCTION, curl_loop_set_socket);
  SET(CURLMOPT_SOCKETDATA, multi);
  SET(CURLMOPT_TIMERFUNCTION, curl_loop_set_timer);
  SET(CURLMOPT_TIMERDATA, multi);
#undef SET
  return code;
}

enum err curl_loop_new(struct curl_loop **multi, uv_loop_t *loop, SSL_CTX *tls,
                       const struct curl_loop_calls *calls) {
  struct curl_loop *made = calloc(1, sizeof *made);
  enum err err = ERR_MEMORY;
  if (!made) return err;
  made->calls = *calls;
  made->tls = tls;
  made->curl = curl_multi_init();
  if (!made->curl || curl_loop_set_options(made) != CURLM_OK) goto done;
  err = poll_set_new(&made->watch, loop, curl_loop_on_ready, made);
  if (err != ERR_NONE) goto done;
  uv_timer_init(loop, &made->timer);
  made->timer.data = made;
  *multi = made;
done:
  if (err != ERR_NONE) {
    curl_multi_cleanup(made->curl);
    free(made);
  }
  return err;
}

static void curl_loop_on_closed(uv_handle_t *timer) {
  struct curl_loop *multi = timer->data;
  struct curl_loop_calls calls = multi->calls;
  free(multi);
  calls.closed(calls.data);
}

void curl_loop_close(struct curl_loop *multi) {
  uv_close((uv_handle_t *)&multi->timer, curl_loop_on_closed);
  curl_multi_cleanup(multi->curl); /* may still close sockets */
  poll_set_close(multi->watch);
}

enum err curl_loop_add(struct curl_loop *multi, CURL *easy) {
  return curl_multi_add_handle(multi->curl, easy) == CURLM_OK ? ERR_NONE : ERR_MEMORY;
}

void curl_loop_remove(struct curl_loop *multi, CURL *easy) {
  curl_multi_remove_handle(multi->curl, easy);
}

bool curl_loop_take(struct curl_loop *multi, CURL **easy, CURLcode *result) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(multi->curl, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    *easy = message->easy_handle;
    *result = message->data.result;
    return true;
  }
  return false;
}
