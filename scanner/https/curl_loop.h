/* A libcurl multi handle on a libuv loop: its sockets and timer, and which transfers are done.
 *
 * libcurl closes sockets when it likes, also before it says so: easy handles must have
 * curl_loop_close_socket() as their CURLOPT_CLOSESOCKETFUNCTION, with the struct curl_loop as its
 * data.
 */
#ifndef SCANNER_HTTPS_CURL_LOOP_H
#define SCANNER_HTTPS_CURL_LOOP_H

#include "output/base/err.h"
#include "scanner/https/tls.h"
#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

struct curl_loop;

struct curl_loop_calls {
  /* libcurl has worked: transfers may be done (curl_loop_take()). Never inside a call to
   * curl_loop_... */
  void (*worked)(void *data);
  /* The socket of a transfer cannot be watched, for want of memory. Called inside libcurl. */
  void (*failed)(void *data, CURL *easy);
  void (*closed)(void *data); /* as curl_loop_close() says */
  void *data;
};

/* tls is lent to libcurl while it works; it outlives the curl_loop. ERR_MEMORY. */
enum err curl_loop_new(struct curl_loop **curl, uv_loop_t *loop, SSL_CTX *tls,
                       const struct curl_loop_calls *calls);
/* No transfer may be in it any more. closed is called when the loop has let go of all. */
void curl_loop_close(struct curl_loop *curl);

/* ERR_MEMORY. The easy handle stays the caller's, and is removed before it is freed. */
enum err curl_loop_add(struct curl_loop *curl, CURL *easy);
void curl_loop_remove(struct curl_loop *curl, CURL *easy);
/* The next transfer that is done and not removed yet; false: none. */
bool curl_loop_take(struct curl_loop *curl, CURL **easy, CURLcode *result);

/* For CURLOPT_CLOSESOCKETFUNCTION. */
int curl_loop_close_socket(void *curl, curl_socket_t fd);

#endif
