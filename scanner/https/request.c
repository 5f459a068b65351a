#include "scanner/https/request.h"

#include "scanner/base/ring.h"
#include "scanner/https/memory.h"
#include "scanner/net/source_address.h"
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
  REQUEST_URL_MAX = sizeof "https://" + REQUEST_HOST_MAX + REQUEST_PATH_MAX,
  REQUEST_BUFFER = 1024,         /* libcurl's, for what it reads: policies are small; its least */
  REQUEST_UPLOAD_BUFFER = 16384, /* for the request; its least */
};

/* A server may have the policy compressed, but must send it as it is (RFC 9110 section 12.5.3). */
static char request_accept[] = "Accept-Encoding: identity";

static bool request_may_connect(const struct request *request, const union address *address) {
  return address_same_ip(address, &request->address) &&
         !address_filter_objects(&request->common->filter, address);
}

/* The last check: whatever libcurl made of our options, this is where it is about to connect to. */
static curl_socket_t request_open(void *data, curlsocktype purpose, struct curl_sockaddr *to) {
  struct request *request = data;
  union address address;
  if (purpose != CURLSOCKTYPE_IPCXN || to->addrlen > sizeof address) return CURL_SOCKET_BAD;
  memcpy(&address, &to->addr, to->addrlen);
  if (!request_may_connect(request, &address)) {
    request->outcome.barred = true;
    return CURL_SOCKET_BAD;
  }
  int fd = socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
  if (fd >= 0 && source_address_bind(request->common->source, fd, &address) == 0) return fd;
  request->outcome.socket_errno = errno;
  if (fd >= 0) close(fd);
  return CURL_SOCKET_BAD;
}

static int request_verify(X509_STORE_CTX *ctx, void *data) {
  (void)data;
  const SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct handshake *handshake = handshake_of(ssl);
  if (!handshake) return 0;
  struct request *request = CONTAINER_OF(handshake, struct request, outcome.handshake);
  return certificate_verify(ctx, &request->certificate);
}

/* TCP stands, and TLS begins: verification is taken over, so that a bad certificate does not hide
 * what else is wrong. The store comes from us: libcurl would load its own for each transfer, as it
 * keeps none that has a CApath. */
static CURLcode request_begin_tls(CURL *easy, void *ssl_ctx, void *data) {
  (void)easy;
  struct request *request = data;
  SSL_CTX *ctx = ssl_ctx;
  request->outcome.step = OUTCOME_SHAKING_HANDS;
  handshake_watch(&request->outcome.handshake, ctx);
  if (SSL_CTX_set1_verify_cert_store(ctx, request->common->trust) != 1) return CURLE_OUT_OF_MEMORY;
  SSL_CTX_set_cert_verify_callback(ctx, request_verify, NULL);
  /* Many servers end without close_notify; a short body is noticed all the same. */
  SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
  return CURLE_OK;
}

static CURLcode request_set_safety(CURL *easy) {
  CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_BUFFERSIZE, (long)REQUEST_BUFFER);
  SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)REQUEST_UPLOAD_BUFFER);
  SET(CURLOPT_PROTOCOLS_STR, "https");
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_HTTP09_ALLOWED, 1L); /* so that we see what comes instead of a status line */
  SET(CURLOPT_PROXY, "");
  SET(CURLOPT_NOPROXY, "*");
  SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  SET(CURLOPT_FRESH_CONNECT, 1L);
  SET(CURLOPT_FORBID_REUSE, 1L);
  SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  /* RFC 8461 section 7.2. */
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  SET(CURLOPT_CAINFO, NULL);
  SET(CURLOPT_CAPATH, NULL);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  /* libcurl accepts a name in CN; certificate.c does not. */
  SET(CURLOPT_SSL_VERIFYHOST, 0L);
  return code;
}

static CURLcode request_set_ours(struct request *request) {
  CURL *easy = request->easy;
  CURLcode code = CURLE_OK;
  SET(CURLOPT_PRIVATE, request);
  SET(CURLOPT_ERRORBUFFER, request->error);
  SET(CURLOPT_USERAGENT, request->common->user_agent);
  /* Ours end a transfer, by the clock; 0 would be libcurl's own. */
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)INT_MAX);
  SET(CURLOPT_OPENSOCKETFUNCTION, request_open);
  SET(CURLOPT_OPENSOCKETDATA, request);
  SET(CURLOPT_CLOSESOCKETFUNCTION, curl_loop_close_socket);
  SET(CURLOPT_CLOSESOCKETDATA, request->common->curl_loop);
  SET(CURLOPT_SSL_CTX_FUNCTION, request_begin_tls);
  SET(CURLOPT_SSL_CTX_DATA, request);
  SET(CURLOPT_HTTPHEADER, &request->fields);
  SET(CURLOPT_HEADERFUNCTION, response_take_header);
  SET(CURLOPT_HEADERDATA, &request->response);
  SET(CURLOPT_WRITEFUNCTION, response_take);
  SET(CURLOPT_WRITEDATA, &request->response);
  return code;
}

static bool request_open_handle(struct request *request) {
  request->easy = curl_easy_init();
  if (!request->easy) return false;
  return request_set_safety(request->easy) == CURLE_OK && request_set_ours(request) == CURLE_OK;
}

struct request *request_new(const struct request_common *common) {
  struct request *request = calloc(1, sizeof *request);
  if (!request) return NULL;
  request->common = common;
  request->connect_to.data = request->connect_to_text;
  request->fields.data = request_accept;
  return request;
}

struct request *request_of(CURL *easy) {
  char *request = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
  return (struct request *)(void *)request;
}

void request_free(struct request *request) {
  if (!request) return;
  request_clear(request);
  free(request);
}

/* CONNECT_TO and not RESOLVE, whose entries stay in the multi handle's DNS cache for ever. SNI and
 * Host come from the URL, which has no port. */
static CURLcode request_aim(struct request *request, struct span host, struct span path) {
  CURL *easy = request->easy;
  char url[REQUEST_URL_MAX];
  if (!span_here(path)) path = SPAN("/.well-known/mta-sts.txt");
  snprintf(url, sizeof url, "https://%.*s%.*s", SPAN_ARG(host), SPAN_ARG(path));
  snprintf(request->connect_to_text, sizeof request->connect_to_text, "::%s",
           request->address_text);
  CURLcode code = CURLE_OK;
  SET(CURLOPT_URL, url);
  SET(CURLOPT_CONNECT_TO, &request->connect_to);
  return code;
}
#undef SET

enum err request_start(struct request *request, struct span host, struct span path,
                       const union address *address, struct arena *arena) {
  if (!request_open_handle(request)) return ERR_MEMORY;
  request->address = *address;
  address_text(address, request->address_text);
  request->error[0] = '\0';
  request->response = (struct response){.easy = request->easy, .outcome = &request->outcome};
  request->outcome = (struct outcome){
      .body_max = request->common->policy_size_max,
      .headers_max = RESPONSE_HEADER_SIZE_MAX,
      .address = request->address_text,
      .text = request->error,
  };
  handshake_init(&request->outcome.handshake, request->common->policy_size_max);
  certificate_init(&request->certificate, host, arena);
  request->start_ns = loop_clock_now(request->common->clock);
  request->lost_ns = loop_clock_lost(request->common->clock);
  request->memory_failures = memory_failures();
  if (request_aim(request, host, path) != CURLE_OK) return ERR_MEMORY;
  return curl_loop_add(request->common->curl_loop, request->easy);
}

enum outcome_step request_step(const struct request *request) {
  enum outcome_step step = request->outcome.step;
  bool asking = step == OUTCOME_SHAKING_HANDS && request->outcome.handshake.finished;
  return asking ? OUTCOME_ASKING : step;
}

void request_end(struct request *request, CURLcode result, bool late) {
  struct outcome *outcome = &request->outcome;
  long number = 0;
  outcome->step = request_step(request);
  outcome->result = result;
  outcome->late = late;
  if (!late && result != CURLE_OK) curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &number);
  outcome->os_errno = (int)number;
  response_end(&request->response);
  if (memory_failures() != request->memory_failures) outcome->no_memory = true;
  if (handshake_lacks_algorithm(&outcome->handshake)) outcome->no_memory = true;
  handshake_leave(&outcome->handshake);
  curl_loop_remove(request->common->curl_loop, request->easy);
}

/* libcurl's clock runs on while ours stands still: no part takes longer than the whole. */
static int64_t request_ms(const struct request *request, CURLINFO which, int64_t most) {
  curl_off_t us = 0;
  if (curl_easy_getinfo(request->easy, which, &us) != CURLE_OK) return -1;
  return us / 1000 < most ? (int64_t)us / 1000 : most;
}

void request_result(const struct request *request, struct arena *arena,
                    struct result_fetch *result) {
  const struct outcome *outcome = &request->outcome;
  char ip[ADDRESS_TEXT_MAX];
  size_t len = address_ip_text(&request->address, ip);
  result->asked = true;
  result->address = arena_copy(arena, (struct span){ip, len});
  response_result(&request->response, arena, result);
  result->tls = span_of(outcome->handshake.version);
  result->connect_ms = result->tls_ms = -1;
  result->ms = (int64_t)((loop_clock_now(request->common->clock) - request->start_ns) / 1000000);
  if (outcome->step > OUTCOME_CONNECTING)
    result->connect_ms = request_ms(request, CURLINFO_CONNECT_TIME_T, result->ms);
  if (outcome->step > OUTCOME_SHAKING_HANDS)
    result->tls_ms = request_ms(request, CURLINFO_APPCONNECT_TIME_T, result->ms);
}

void request_clear(struct request *request) {
  response_clear(&request->response);
  /* A handle serves one transfer: until 8.3 libcurl keeps a pointer to the last header of one, and
   * reads, unlinks and reallocates what is freed when the next answer begins with a folded line;
   * until 8.14 it hands on the errno too. */
  curl_easy_cleanup(request->easy);
  request->easy = NULL;
}
