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
  REQUEST_BODY_FIRST = 1024,
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

/* What libcurl 7.88 gives for a field without a value is the end of its line. */
static struct span request_value(const struct curl_header *header) {
  struct span value = span_of(header ? header->value : NULL);
  while (value.len && (value.ptr[value.len - 1] == '\r' || value.ptr[value.len - 1] == '\n'))
    value.len--;
  return value;
}

static struct span request_header_at(const struct request *request, const char *name, size_t at) {
  struct curl_header *header = NULL;
  curl_easy_header(request->easy, name, at, CURLH_HEADER, -1, &header);
  return request_value(header);
}

/* How many of such fields there are, but for those that are too many to be looked at. */
static size_t request_header_count(const struct request *request, const char *name) {
  struct curl_header *header = NULL;
  curl_easy_header(request->easy, name, 0, CURLH_HEADER, -1, &header);
  size_t count = header ? header->amount : 0;
  return count < REQUEST_VALUES_MAX ? count : REQUEST_VALUES_MAX;
}

/* The first such field of the answer's header; not there: {NULL, 0}. Valid until the request is
 * cleared. */
static struct span request_header(const struct request *request, const char *name) {
  return request_header_at(request, name, 0);
}

unsigned request_retry_after(const struct request *request) {
  curl_off_t seconds = 0;
  curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &seconds);
  if (seconds <= 0) return 0;
  return seconds < REQUEST_RETRY_AFTER_MAX ? (unsigned)seconds : REQUEST_RETRY_AFTER_MAX;
}

/* 0: none yet; a 1xx goes before another (RFC 9110 section 15.2). */
static int request_status(CURL *easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 ? (int)status : 0;
}

static bool request_is_identity(struct span codings) {
  while (codings.len) {
    struct span coding = span_trim(span_cut(&codings, ','));
    if (coding.len && !span_equal_nocase(coding, SPAN("identity"))) return false;
  }
  return true;
}

/* The first value that says that something was done to the body; not there: {NULL, 0}. */
static struct span request_coding(const struct request *request) {
  size_t count = request_header_count(request, "Content-Encoding");
  for (size_t i = 0; i < count; i++) {
    struct span value = request_header_at(request, "Content-Encoding", i);
    if (!request_is_identity(value)) return value;
  }
  return (struct span){0};
}

/* False: of an answer that would be one, the body cannot be told to be whole, or is not text. */
static bool request_end_header(struct request *request) {
  struct outcome *outcome = &request->outcome;
  int status = request_status(request->easy);
  struct content_length content_length = request->content_length;
  request->content_length = (struct content_length){0};
  if (!status) return true;
  outcome->wrong_length = !content_length_is_sound(&content_length);
  if (outcome->wrong_length) return false;
  outcome->step = OUTCOME_BODY;
  outcome->coding = request_coding(request);
  outcome->compressed = span_here(outcome->coding);
  return !outcome->compressed;
}

/* libcurl has made ready to decode already: it must not come to the body, nor go on after a 1xx. */
static bool request_take_field(struct request *request, struct span line) {
  content_length_note(&request->content_length, line);
  request->outcome.wrong_version = request->content_length.other_version;
  request->outcome.encoded = request->content_length.encoded;
  return !request->outcome.wrong_version && !request->outcome.encoded;
}

/* Called with the trailers of a chunked body too. */
static size_t request_take_header(char *bytes, size_t size, size_t count, void *data) {
  struct request *request = data;
  size_t len = size * count;
  bool blank = len && (bytes[0] == '\r' || bytes[0] == '\n');
  if (request->outcome.step < OUTCOME_HEADERS) request->outcome.step = OUTCOME_HEADERS;
  request->header_bytes += len;
  request->outcome.over_headers = request->header_bytes > REQUEST_HEADER_SIZE_MAX;
  if (request->outcome.over_headers) return 0;
  if (request->outcome.step == OUTCOME_BODY) return len;
  bool goes_on =
      blank ? request_end_header(request) : request_take_field(request, (struct span){bytes, len});
  return goes_on ? len : 0;
}

static bool request_grow(struct request *request, size_t need) {
  size_t max = request->outcome.body_max;
  size_t size = request->body_size ? request->body_size : REQUEST_BODY_FIRST;
  while (size < need) size = size < max / 2 ? size * 2 : max;
  char *body = realloc(request->body, size);
  if (!body) return false;
  request->body = body;
  request->body_size = size;
  return true;
}

/* RFC 9113 section 4.1: a server begins with a frame of SETTINGS, six octets each, on stream 0. */
static bool request_is_http_2(struct span bytes) {
  static const char settings = 4;
  return bytes.len >= 9 && bytes.ptr[0] == 0 && bytes.ptr[3] == settings &&
         (unsigned char)bytes.ptr[2] % 6 == 0 && memcmp(bytes.ptr + 5, "\0\0\0", 4) == 0;
}

static size_t request_take_body(char *bytes, size_t size, size_t count, void *data) {
  struct request *request = data;
  struct outcome *outcome = &request->outcome;
  size_t len = size * count;
  size_t at = (size_t)outcome->bytes;
  outcome->step = OUTCOME_BODY;
  outcome->bytes += len;
  outcome->over_body = outcome->bytes > outcome->body_max;
  if (outcome->over_body) return 0;
  if (at + len > request->body_size && !request_grow(request, at + len)) {
    outcome->no_memory = true;
    return 0;
  }
  memcpy(request->body + at, bytes, len);
  request->body_len = at + len;
  return len;
}

/* What libcurl takes for HTTP/0.9 is kept, since it says who answers, and ends the transfer. */
static size_t request_take(char *bytes, size_t size, size_t count, void *data) {
  struct request *request = data;
  struct outcome *outcome = &request->outcome;
  if (outcome->step >= OUTCOME_HEADERS) return request_take_body(bytes, size, count, data);
  size_t len = size * count < RESULT_BODY_MAX ? size * count : RESULT_BODY_MAX;
  outcome->headless = true;
  outcome->http_2 = request_is_http_2((struct span){bytes, len});
  if (len > request->body_size && !request_grow(request, len)) {
    outcome->no_memory = true;
    return 0;
  }
  memcpy(request->body, bytes, len);
  request->body_len = len;
  return 0;
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
  SET(CURLOPT_HEADERFUNCTION, request_take_header);
  SET(CURLOPT_HEADERDATA, request);
  SET(CURLOPT_WRITEFUNCTION, request_take);
  SET(CURLOPT_WRITEDATA, request);
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
  request->header_bytes = 0;
  request->content_length = (struct content_length){0};
  request->outcome = (struct outcome){
      .body_max = request->common->policy_size_max,
      .headers_max = REQUEST_HEADER_SIZE_MAX,
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

/* That of a 1xx too, which has none to give (RFC 9112 section 6.1). */
static struct span request_last_encoding(const struct request *request) {
  const unsigned origins = CURLH_HEADER | CURLH_1XX;
  struct curl_header *header = NULL;
  size_t last = 0;
  do {
    curl_easy_header(request->easy, "Transfer-Encoding", last, origins, -1, &header);
  } while (header && header->amount > ++last);
  return request_value(header);
}

void request_end(struct request *request, CURLcode result, bool late) {
  struct outcome *outcome = &request->outcome;
  long number = 0;
  outcome->step = request_step(request);
  outcome->result = result;
  outcome->late = late;
  outcome->http_status = request_status(request->easy);
  if (!late && result != CURLE_OK) curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &number);
  outcome->os_errno = (int)number;
  if (outcome->encoded) outcome->coding = request_last_encoding(request);
  outcome->challenged =
      span_equal_nocase(request_header(request, "cf-mitigated"), SPAN("challenge"));
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

/* Of each no more than max octets; all of them, if there are several. */
static struct spans request_values(const struct request *request, const char *name, size_t max,
                                   struct arena *arena) {
  struct spans values = {0};
  size_t count = request_header_count(request, name);
  if (count > 1) values.at = arena_array(arena, count, sizeof *values.at);
  while (values.at && values.count < count) {
    struct span value = request_header_at(request, name, values.count);
    values.at[values.count++] = arena_copy(arena, span_first(value, max));
  }
  return values;
}

/* As one field (RFC 9110 section 5.3). */
static struct span request_joined(const struct request *request, const char *name,
                                  struct arena *arena) {
  size_t count = request_header_count(request, name);
  struct span all = count ? arena_copy(arena, request_header(request, name)) : (struct span){0};
  for (size_t i = 1; i < count; i++)
    all =
        arena_join(arena, arena_join(arena, all, SPAN(", ")), request_header_at(request, name, i));
  return all;
}

/* The first, no more than max octets of it. */
static struct span request_first(const struct request *request, const char *name, size_t max,
                                 struct arena *arena) {
  struct span value = request_header(request, name);
  return span_here(value) ? arena_copy(arena, span_first(value, max)) : value;
}

/* Who answered, and what, where it was no policy. */
static void request_answerer(const struct request *request, struct arena *arena,
                             struct result_fetch *result) {
  result->location = request_first(request, "Location", RESULT_LOCATION_MAX, arena);
  result->locations = request_values(request, "Location", RESULT_LOCATION_MAX, arena);
  result->server = request_first(request, "Server", RESULT_HEADER_MAX, arena);
  result->cf_mitigated = request_first(request, "cf-mitigated", RESULT_HEADER_MAX, arena);
  result->www_authenticate = request_first(request, "WWW-Authenticate", RESULT_HEADER_MAX, arena);
  struct span body = {request->body, request->body_len};
  if (body.len && outcome_code(&request->outcome) != FOUND_COUNT)
    result->body = arena_copy(arena, span_first(body, RESULT_BODY_MAX));
}

void request_result(const struct request *request, struct arena *arena,
                    struct result_fetch *result) {
  const struct outcome *outcome = &request->outcome;
  const char *type = NULL;
  char ip[ADDRESS_TEXT_MAX];
  size_t len = address_ip_text(&request->address, ip);
  result->asked = true;
  result->address = arena_copy(arena, (struct span){ip, len});
  result->http_status = outcome->http_status;
  curl_easy_getinfo(request->easy, CURLINFO_CONTENT_TYPE, &type);
  result->content_type = type ? arena_copy(arena, span_of(type)) : (struct span){0};
  result->content_types = request_values(request, "Content-Type", REQUEST_HEADER_SIZE_MAX, arena);
  request_answerer(request, arena, result);
  result->content_encoding = request_joined(request, "Content-Encoding", arena);
  result->has_bytes = outcome->http_status != 0;
  result->bytes = outcome->bytes;
  result->tls = span_of(outcome->handshake.version);
  result->connect_ms = result->tls_ms = -1;
  result->ms = (int64_t)((loop_clock_now(request->common->clock) - request->start_ns) / 1000000);
  if (outcome->step > OUTCOME_CONNECTING)
    result->connect_ms = request_ms(request, CURLINFO_CONNECT_TIME_T, result->ms);
  if (outcome->step > OUTCOME_SHAKING_HANDS)
    result->tls_ms = request_ms(request, CURLINFO_APPCONNECT_TIME_T, result->ms);
}

void request_clear(struct request *request) {
  free(request->body);
  request->body = NULL;
  request->body_size = request->body_len = 0;
  /* A handle serves one transfer: until 8.3 libcurl keeps a pointer to the last header of one, and
   * reads, unlinks and reallocates what is freed when the next answer begins with a folded line;
   * until 8.14 it hands on the errno too. */
  curl_easy_cleanup(request->easy);
  request->easy = NULL;
}
