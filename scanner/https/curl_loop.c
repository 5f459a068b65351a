#include "scanner/https/curl_loop.h"

#include "scanner/net/poll_set.h"
#include <stdlib.h>
#include <unistd.h>

struct curl_loop {
  CURLM *multi;
  SSL_CTX *tls;
  struct poll_set *watch;
  uv_timer_t timer;
  struct curl_loop_calls calls;
};

static void curl_loop_act(struct curl_loop *curl, curl_socket_t fd, int mask) {
  int running;
  tls_lend(curl->tls);
  curl_multi_socket_action(curl->multi, fd, mask, &running);
  tls_lend(NULL);
  curl->calls.worked(curl->calls.data);
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
static int curl_loop_set_timer(CURLM *multi, long timeout_ms, void *data) {
  (void)multi;
  struct curl_loop *curl = data;
  if (uv_is_closing((uv_handle_t *)&curl->timer)) return 0;
  if (timeout_ms < 0)
    uv_timer_stop(&curl->timer);
  else
    uv_timer_start(&curl->timer, curl_loop_on_timer, timeout_ms ? (uint64_t)timeout_ms : 1, 0);
  return 0;
}

static int curl_loop_set_socket(CURL *easy, curl_socket_t fd, int what, void *data,
                                void *socket_data) {
  (void)socket_data;
  struct curl_loop *curl = data;
  int events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= UV_READABLE;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= UV_WRITABLE;
  /* An error returned here would end every transfer. */
  if (poll_set_set(curl->watch, fd, events) != ERR_NONE) curl->calls.failed(curl->calls.data, easy);
  return 0;
}

int curl_loop_close_socket(void *data, curl_socket_t fd) {
  struct curl_loop *curl = data;
  poll_set_forget(curl->watch, fd);
  return close(fd);
}

static CURLMcode curl_loop_set_options(struct curl_loop *curl) {
  CURLMcode code = CURLM_OK;
#define SET(option, value)                                                                         \
  if (code == CURLM_OK) code = curl_multi_setopt(curl->multi, option, value)
  SET(CURLMOPT_SOCKETFUNCTION, curl_loop_set_socket);
  SET(CURLMOPT_SOCKETDATA, curl);
  SET(CURLMOPT_TIMERFUNCTION, curl_loop_set_timer);
  SET(CURLMOPT_TIMERDATA, curl);
#undef SET
  return code;
}

enum err curl_loop_new(struct curl_loop **curl, uv_loop_t *loop, SSL_CTX *tls,
                       const struct curl_loop_calls *calls) {
  struct curl_loop *made = calloc(1, sizeof *made);
  enum err err = ERR_MEMORY;
  if (!made) return err;
  made->calls = *calls;
  made->tls = tls;
  made->multi = curl_multi_init();
  if (!made->multi || curl_loop_set_options(made) != CURLM_OK) goto done;
  err = poll_set_new(&made->watch, loop, curl_loop_on_ready, made);
  if (err != ERR_NONE) goto done;
  uv_timer_init(loop, &made->timer);
  made->timer.data = made;
  *curl = made;
done:
  if (err != ERR_NONE) {
    curl_multi_cleanup(made->multi);
    free(made);
  }
  return err;
}

static void curl_loop_on_closed(uv_handle_t *timer) {
  struct curl_loop *curl = timer->data;
  struct curl_loop_calls calls = curl->calls;
  free(curl);
  calls.closed(calls.data);
}

void curl_loop_close(struct curl_loop *curl) {
  uv_close((uv_handle_t *)&curl->timer, curl_loop_on_closed);
  curl_multi_cleanup(curl->multi); /* may still close sockets */
  poll_set_close(curl->watch);
}

enum err curl_loop_add(struct curl_loop *curl, CURL *easy) {
  return curl_multi_add_handle(curl->multi, easy) == CURLM_OK ? ERR_NONE : ERR_MEMORY;
}

void curl_loop_remove(struct curl_loop *curl, CURL *easy) {
  curl_multi_remove_handle(curl->multi, easy);
}

bool curl_loop_take(struct curl_loop *curl, CURL **easy, CURLcode *result) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(curl->multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    *easy = message->easy_handle;
    *result = message->data.result;
    return true;
  }
  return false;
}
