/* A libcurl multi handle on a libuv loop: sockets, libcurl's timer, and who is done.
 *
 * libcurl closes sockets when it likes, also before it says so: easy handles must have
 * multi_close_socket() as their CURLOPT_CLOSESOCKETFUNCTION, with the multi as its data.
 */
#ifndef SCANNER_HTTPS_CURL_LOOP_H
#define SCANNER_HTTPS_CURL_LOOP_H

#include "output/base/err.h"
#include "scanner/https/tls.h"
#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

struct multi;

struct multi_calls {
  /* libcurl has worked: transfers may be done (multi_take()). Never inside a call to multi_... */
  void (*worked)(void *data);
  /* The socket of a transfer cannot be watched, for want of memory. Called inside libcurl. */
  void (*failed)(void *data, CURL *easy);
  void (*closed)(void *data);
  void *data;
};

/* tls is lent to libcurl while it works; it outlives the multi. */
enum err multi_new(struct multi **multi, uv_loop_t *loop, SSL_CTX *tls,
                   const struct multi_calls *calls);
/* No transfer may be in it any more. closed is called when the loop has let go of all. */
void multi_close(struct multi *multi);

enum err multi_add(struct multi *multi, CURL *easy);
void multi_remove(struct multi *multi, CURL *easy);
/* The next transfer that is done and not removed yet; false: none. */
bool multi_take(struct multi *multi, CURL **easy, CURLcode *result);

int multi_close_socket(void *multi, curl_socket_t fd);

#endif
