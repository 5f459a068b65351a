#include "scanner/https/curl_loop.h"

#include "scanner/net/poll_set.h"
#include <stdlib.h>
#include <unistd.h>

struct multi {
  CURLM *curl;
  SSL_CTX *tls;
  struct poll_set *watch;
  uv_timer_t timer;
  struct multi_calls calls;
};

static void multi_act(struct multi *multi, curl_socket_t fd, int mask) {
  int running;
  tls_lend(multi->tls);
  curl_multi_socket_action(multi->curl, fd, mask, &running);
  tls_lend(NULL);
  multi->calls.worked(multi->calls.data);
}

static void multi_on_ready(void *data, int fd, int events) {
  int mask = 0;
  if (events & UV_READABLE) mask |= CURL_CSELECT_IN;
  if (events & UV_WRITABLE) mask |= CURL_CSELECT_OUT;
  multi_act(data, fd, mask);
}

static void multi_on_timer(uv_timer_t *timer) {
  multi_act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl tells a timeout once and counts on it: only libcurl itself may move or stop it. Of no
 * time at all, libuv would run it again and again before it polls (until 1.45). */
static int multi_set_timer(CURLM *curl, long timeout_ms, void *data) {
  (void)curl;
  struct multi *multi = data;
  if (uv_is_closing((uv_handle_t *)&multi->timer)) return 0;
  if (timeout_ms < 0)
    uv_timer_stop(&multi->timer);
  else
    uv_timer_start(&multi->timer, multi_on_timer, timeout_ms ? (uint64_t)timeout_ms : 1, 0);
  return 0;
}

static int multi_set_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data) {
  (void)socket_data;
  struct multi *multi = data;
  int events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= UV_READABLE;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= UV_WRITABLE;
  /* An error returned here would end every transfer. */
  if (poll_set_set(multi->watch, fd, events) != ERR_NONE)
    multi->calls.failed(multi->calls.data, easy);
  return 0;
}

int multi_close_socket(void *data, curl_socket_t fd) {
  struct multi *multi = data;
  poll_set_forget(multi->watch, fd);
  return close(fd);
}

static CURLMcode multi_set_options(struct multi *multi) {
  CURLMcode code = CURLM_OK;
#define SET(option, value)                                                                         \
  if (code == CURLM_OK) code = curl_multi_setopt(multi->curl, option, value)
  SET(CURLMOPT_SOCKETFUNCTION, multi_set_socket);
  SET(CURLMOPT_SOCKETDATA, multi);
  SET(CURLMOPT_TIMERFUNCTION, multi_set_timer);
  SET(CURLMOPT_TIMERDATA, multi);
#undef SET
  return code;
}

enum err multi_new(struct multi **multi, uv_loop_t *loop, SSL_CTX *tls,
                   const struct multi_calls *calls) {
  struct multi *made = calloc(1, sizeof *made);
  enum err err = ERR_MEMORY;
  if (!made) return err;
  made->calls = *calls;
  made->tls = tls;
  made->curl = curl_multi_init();
  if (!made->curl || multi_set_options(made) != CURLM_OK) goto done;
  err = poll_set_new(&made->watch, loop, multi_on_ready, made);
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

static void multi_on_closed(uv_handle_t *timer) {
  struct multi *multi = timer->data;
  struct multi_calls calls = multi->calls;
  free(multi);
  calls.closed(calls.data);
}

void multi_close(struct multi *multi) {
  uv_close((uv_handle_t *)&multi->timer, multi_on_closed);
  curl_multi_cleanup(multi->curl); /* may still close sockets */
  poll_set_close(multi->watch);
}

enum err multi_add(struct multi *multi, CURL *easy) {
  return curl_multi_add_handle(multi->curl, easy) == CURLM_OK ? ERR_NONE : ERR_MEMORY;
}

void multi_remove(struct multi *multi, CURL *easy) {
  curl_multi_remove_handle(multi->curl, easy);
}

bool multi_take(struct multi *multi, CURL **easy, CURLcode *result) {
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
