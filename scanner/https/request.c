#include "scanner/https/request.h"

#include "scanner/base/ring.h"
#include "scanner/https/memory.h"
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
  TRANSFER_URL_MAX = TRANSFER_HOST_MAX + 64,
  TRANSFER_BODY_FIRST = 1024,
};

/* A server may have the policy compressed, but must send it as it is (RFC 9110 section 12.5.3). */
static char transfer_accept[] = "Accept-Encoding: identity";

static bool transfer_may_connect(const struct transfer *transfer, const union address *address) {
  const struct transfer_common *common = transfer->common;
  return address_same_ip(address, &transfer->address) &&
         (common->allow_private || address_is_public(address)) &&
         !block_list_has_address(common->block, address);
}

/* The last gate: whatever libcurl made of our options, this is where it is about to connect to. */
static curl_socket_t transfer_open(void *data, curlsocktype purpose, struct curl_sockaddr *to) {
  struct transfer *transfer = data;
  union address address;
  if (purpose != CURLSOCKTYPE_IPCXN || to->addrlen > sizeof address) return CURL_SOCKET_BAD;
  memcpy(&address, &to->addr, to->addrlen);
  if (!transfer_may_connect(transfer, &address)) {
    transfer->outcome.barred = true;
    return CURL_SOCKET_BAD;
  }
  int fd = socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
  if (fd < 0) transfer->outcome.socket_errno = errno;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int transfer_verify(X509_STORE_CTX *ctx, void *data) {
  (void)data;
  const SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct handshake *handshake = handshake_of(ssl);
  if (!handshake) return 0;
  struct transfer *transfer = CONTAINER_OF(handshake, struct transfer, outcome.handshake);
  return peer_verify(ctx, &transfer->peer);
}

/* TCP stands, and TLS begins: verification is taken over, so that a bad certificate does not hide
 * what else is wrong. The store comes from us: libcurl would load its own for each transfer, as it
 * keeps none that has a CApath. */
static CURLcode transfer_begin_tls(CURL *easy, void *ssl_ctx, void *data) {
  (void)easy;
  struct transfer *transfer = data;
  SSL_CTX *ctx = ssl_ctx;
  transfer->outcome.step = OUTCOME_SHAKING_HANDS;
  handshake_watch(&transfer->outcome.handshake, ctx);
  if (SSL_CTX_set1_verify_cert_store(ctx, transfer->common->trust) != 1) return CURLE_OUT_OF_MEMORY;
  SSL_CTX_set_cert_verify_callback(ctx, transfer_verify, NULL);
  /* Many servers end without close_notify; a short body is noticed all the same. */
  SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
  return CURLE_OK;
}

/* What libcurl 7.88 gives for a field without a value is the end of its line. */
static struct span transfer_value(const struct curl_header *header) {
  struct span value = span_of(header ? header->value : NULL);
  while (value.len && (value.ptr[value.len - 1] == '\r' || value.ptr[value.len - 1] == '\n'))
    value.len--;
  return value;
}

static struct span transfer_header_at(const struct transfer *transfer, const char *name,
                                      size_t at) {
  struct curl_header *header = NULL;
  curl_easy_header(transfer->easy, name, at, CURLH_HEADER, -1, &header);
  return transfer_value(header);
}

/* How many of such fields there are, but for those that are too many to be looked at. */
static size_t transfer_header_count(const struct transfer *transfer, const char *name) {
  struct curl_header *header = NULL;
  curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header);
  size_t count = header ? header->amount : 0;
  return count < TRANSFER_VALUES_MAX ? count : TRANSFER_VALUES_MAX;
}

struct span transfer_header(const struct transfer *transfer, const char *name) {
  return transfer_header_at(transfer, name, 0);
}

/* 0: none yet; a 1xx goes before another (RFC 9110 section 15.2). */
static int transfer_status(CURL *easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 ? (int)status : 0;
}

static bool transfer_is_identity(struct span codings) {
  while (codings.len) {
    struct span coding = span_trim(span_cut(&codings, ','));
    if (coding.len && !span_equal_nocase(coding, SPAN("identity"))) return false;
  }
  return true;
}

/* The first value that says that something was done to the body; not there: {NULL, 0}. */
static struct span transfer_coding(const struct transfer *transfer) {
  size_t count = transfer_header_count(transfer, "Content-Encoding");
  for (size_t i = 0; i < count; i++) {
    struct span value = transfer_header_at(transfer, "Content-Encoding", i);
    if (!transfer_is_identity(value)) return value;
  }
  return (struct span){0};
}

/* False: of an answer that would be one, the body cannot be told to be whole, or is not text. */
static bool transfer_end_header(struct transfer *transfer) {
  struct outcome *outcome = &transfer->outcome;
  int status = transfer_status(transfer->easy);
  struct framing framing = transfer->framing;
  transfer->framing = (struct framing){0};
  if (!status) return true;
  outcome->wrong_length = !framing_is_sound(&framing);
  if (outcome->wrong_length) return false;
  outcome->step = OUTCOME_BODY;
  outcome->coding = transfer_coding(transfer);
  outcome->compressed = span_here(outcome->coding);
  return !outcome->compressed;
}

/* libcurl has made ready to decode already: it must not come to the body, nor go on after a 1xx. */
static bool transfer_take_field(struct transfer *transfer, struct span line) {
  framing_note(&transfer->framing, line);
  transfer->outcome.encoded = transfer->framing.encoded;
  return !transfer->outcome.encoded;
}

/* Called with the trailers of a chunked body too. */
static size_t transfer_take_header(char *bytes, size_t size, size_t count, void *data) {
  struct transfer *transfer = data;
  size_t len = size * count;
  bool blank = len && (bytes[0] == '\r' || bytes[0] == '\n');
  if (transfer->outcome.step < OUTCOME_HEADERS) transfer->outcome.step = OUTCOME_HEADERS;
  transfer->header_bytes += len;
  transfer->outcome.over_headers = transfer->header_bytes > TRANSFER_HEADER_SIZE_MAX;
  if (transfer->outcome.over_headers) return 0;
  if (transfer->outcome.step == OUTCOME_BODY) return len;
  bool goes_on = blank ? transfer_end_header(transfer)
                       : transfer_take_field(transfer, (struct span){bytes, len});
  return goes_on ? len : 0;
}

static bool transfer_grow(struct transfer *transfer, size_t need) {
  size_t max = transfer->outcome.body_max;
  size_t size = transfer->body_size ? transfer->body_size : TRANSFER_BODY_FIRST;
  while (size < need) size = size < max / 2 ? size * 2 : max;
  char *body = realloc(transfer->body, size);
  if (!body) return false;
  transfer->body = body;
  transfer->body_size = size;
  return true;
}

static size_t transfer_take_body(char *bytes, size_t size, size_t count, void *data) {
  struct transfer *transfer = data;
  struct outcome *outcome = &transfer->outcome;
  size_t len = size * count;
  size_t at = (size_t)outcome->bytes;
  outcome->step = OUTCOME_BODY;
  outcome->bytes += len;
  outcome->over_body = outcome->bytes > outcome->body_max;
  if (outcome->over_body) return 0;
  if (at + len > transfer->body_size && !transfer_grow(transfer, at + len)) {
    outcome->no_memory = true;
    return 0;
  }
  memcpy(transfer->body + at, bytes, len);
  return len;
}

static CURLcode transfer_set_safety(CURL *easy) {
  CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_PROTOCOLS_STR, "https");
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_HTTP09_ALLOWED, 0L);
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

static CURLcode transfer_set_ours(struct transfer *transfer) {
  CURL *easy = transfer->easy;
  CURLcode code = CURLE_OK;
  SET(CURLOPT_PRIVATE, transfer);
  SET(CURLOPT_ERRORBUFFER, transfer->error);
  SET(CURLOPT_USERAGENT, transfer->common->user_agent);
  /* Ours end a transfer, by the clock; 0 would be libcurl's own. */
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)INT_MAX);
  SET(CURLOPT_OPENSOCKETFUNCTION, transfer_open);
  SET(CURLOPT_OPENSOCKETDATA, transfer);
  SET(CURLOPT_CLOSESOCKETFUNCTION, multi_close_socket);
  SET(CURLOPT_CLOSESOCKETDATA, transfer->common->multi);
  SET(CURLOPT_SSL_CTX_FUNCTION, transfer_begin_tls);
  SET(CURLOPT_SSL_CTX_DATA, transfer);
  SET(CURLOPT_HTTPHEADER, &transfer->fields);
  SET(CURLOPT_HEADERFUNCTION, transfer_take_header);
  SET(CURLOPT_HEADERDATA, transfer);
  SET(CURLOPT_WRITEFUNCTION, transfer_take_body);
  SET(CURLOPT_WRITEDATA, transfer);
  return code;
}

static bool transfer_open_handle(struct transfer *transfer) {
  transfer->easy = curl_easy_init();
  if (!transfer->easy) return false;
  return transfer_set_safety(transfer->easy) == CURLE_OK && transfer_set_ours(transfer) == CURLE_OK;
}

struct transfer *transfer_new(const struct transfer_common *common) {
  struct transfer *transfer = calloc(1, sizeof *transfer);
  if (!transfer) return NULL;
  transfer->common = common;
  transfer->connect_to.data = transfer->connect_to_text;
  transfer->fields.data = transfer_accept;
  return transfer;
}

struct transfer *transfer_of(CURL *easy) {
  char *transfer = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  return (struct transfer *)(void *)transfer;
}

void transfer_free(struct transfer *transfer) {
  if (!transfer) return;
  transfer_clear(transfer);
  free(transfer);
}

/* CONNECT_TO and not RESOLVE, whose entries stay in the multi handle's DNS cache for ever. SNI and
 * Host come from the URL, which has no port. */
static CURLcode transfer_aim(struct transfer *transfer, struct span host) {
  CURL *easy = transfer->easy;
  char url[TRANSFER_URL_MAX];
  snprintf(url, sizeof url, "https://%.*s/.well-known/mta-sts.txt", SPAN_ARG(host));
  snprintf(transfer->connect_to_text, sizeof transfer->connect_to_text, "::%s",
           transfer->address_text);
  CURLcode code = CURLE_OK;
  SET(CURLOPT_URL, url);
  SET(CURLOPT_CONNECT_TO, &transfer->connect_to);
  return code;
}
#undef SET

enum err transfer_start(struct transfer *transfer, struct span host, const union address *address,
                        struct arena *arena) {
  if (!transfer_open_handle(transfer)) return ERR_MEMORY;
  transfer->address = *address;
  address_text(address, transfer->address_text);
  transfer->error[0] = '\0';
  transfer->header_bytes = 0;
  transfer->framing = (struct framing){0};
  transfer->outcome = (struct outcome){
      .body_max = transfer->common->policy_size_max,
      .headers_max = TRANSFER_HEADER_SIZE_MAX,
      .address = transfer->address_text,
      .text = transfer->error,
  };
  handshake_init(&transfer->outcome.handshake, transfer->common->policy_size_max);
  peer_init(&transfer->peer, host, arena);
  transfer->start_ns = loop_clock_now(transfer->common->clock);
  transfer->lost_ns = loop_clock_lost(transfer->common->clock);
  transfer->memory_failures = memory_failures();
  if (transfer_aim(transfer, host) != CURLE_OK) return ERR_MEMORY;
  return multi_add(transfer->common->multi, transfer->easy);
}

enum outcome_step transfer_step(const struct transfer *transfer) {
  enum outcome_step step = transfer->outcome.step;
  bool asking = step == OUTCOME_SHAKING_HANDS && transfer->outcome.handshake.finished;
  return asking ? OUTCOME_ASKING : step;
}

/* Of an algorithm that it once had no memory for, OpenSSL remembers that there is no such. */
static bool transfer_lacks_algorithm(const struct handshake *handshake) {
  return memory_has_failed() && ERR_GET_LIB(handshake->reason) == ERR_LIB_EVP &&
         ERR_GET_REASON(handshake->reason) == ERR_R_UNSUPPORTED;
}

/* That of a 1xx too, which has none to give (RFC 9112 section 6.1). */
static struct span transfer_last_encoding(const struct transfer *transfer) {
  const unsigned origins = CURLH_HEADER | CURLH_1XX;
  struct curl_header *header = NULL;
  size_t last = 0;
  do {
    curl_easy_header(transfer->easy, "Transfer-Encoding", last, origins, -1, &header);
  } while (header && header->amount > ++last);
  return transfer_value(header);
}

void transfer_end(struct transfer *transfer, CURLcode result, bool late) {
  struct outcome *outcome = &transfer->outcome;
  long number = 0;
  outcome->step = transfer_step(transfer);
  outcome->result = result;
  outcome->late = late;
  outcome->http_status = transfer_status(transfer->easy);
  if (!late && result != CURLE_OK) curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
  outcome->os_errno = (int)number;
  if (outcome->encoded) outcome->coding = transfer_last_encoding(transfer);
  if (memory_failures() != transfer->memory_failures) outcome->no_memory = true;
  if (transfer_lacks_algorithm(&outcome->handshake)) outcome->no_memory = true;
  handshake_leave(&outcome->handshake);
  multi_remove(transfer->common->multi, transfer->easy);
}

/* libcurl's clock runs on while ours stands still: no part takes longer than the whole. */
static int64_t transfer_ms(const struct transfer *transfer, CURLINFO which, int64_t most) {
  curl_off_t us = 0;
  if (curl_easy_getinfo(transfer->easy, which, &us) != CURLE_OK) return -1;
  return us / 1000 < most ? (int64_t)us / 1000 : most;
}

/* All of them, if there are several. */
static struct spans transfer_values(const struct transfer *transfer, const char *name,
                                    struct arena *arena) {
  struct spans values = {0};
  size_t count = transfer_header_count(transfer, name);
  if (count > 1) values.at = arena_array(arena, count, sizeof *values.at);
  while (values.at && values.count < count) {
    struct span value = transfer_header_at(transfer, name, values.count);
    values.at[values.count++] = arena_copy(arena, value);
  }
  return values;
}

/* As one field (RFC 9110 section 5.3). */
static struct span transfer_joined(const struct transfer *transfer, const char *name,
                                   struct arena *arena) {
  size_t count = transfer_header_count(transfer, name);
  struct span all = count ? arena_copy(arena, transfer_header(transfer, name)) : (struct span){0};
  for (size_t i = 1; i < count; i++)
    all = arena_join(arena, arena_join(arena, all, SPAN(", ")),
                     transfer_header_at(transfer, name, i));
  return all;
}

void transfer_result(const struct transfer *transfer, struct arena *arena,
                     struct result_fetch *result) {
  const struct outcome *outcome = &transfer->outcome;
  const char *type = NULL;
  struct span location = transfer_header(transfer, "Location");
  char ip[ADDRESS_TEXT_MAX];
  size_t len = address_ip_text(&transfer->address, ip);
  result->asked = true;
  result->address = arena_copy(arena, (struct span){ip, len});
  result->http_status = outcome->http_status;
  curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
  result->content_type = type ? arena_copy(arena, span_of(type)) : (struct span){0};
  result->location = span_here(location) ? arena_copy(arena, location) : (struct span){0};
  result->content_types = transfer_values(transfer, "Content-Type", arena);
  result->content_encoding = transfer_joined(transfer, "Content-Encoding", arena);
  result->has_bytes = outcome->http_status != 0;
  result->bytes = outcome->bytes;
  result->tls = span_of(outcome->handshake.version);
  result->connect_ms = result->tls_ms = -1;
  result->ms = (int64_t)((loop_clock_now(transfer->common->clock) - transfer->start_ns) / 1000000);
  if (outcome->step > OUTCOME_CONNECTING)
    result->connect_ms = transfer_ms(transfer, CURLINFO_CONNECT_TIME_T, result->ms);
  if (outcome->step > OUTCOME_SHAKING_HANDS)
    result->tls_ms = transfer_ms(transfer, CURLINFO_APPCONNECT_TIME_T, result->ms);
}

void transfer_clear(struct transfer *transfer) {
  free(transfer->body);
  transfer->body = NULL;
  transfer->body_size = 0;
  /* A handle serves one transfer: until 8.3 libcurl keeps a pointer to the last header of one, and
   * reads, unlinks and reallocates what is freed when the next answer begins with a folded line;
   * until 8.14 it hands on the errno too. */
  curl_easy_cleanup(transfer->easy);
  transfer->easy = NULL;
}
