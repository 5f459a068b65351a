#include "scanner/https/response.h"

#include <stdlib.h>

enum { RESPONSE_BODY_FIRST = 1024 };

/* What libcurl 7.88 gives for a field without a value is the end of its line. */
static struct span response_value(const struct curl_header *header) {
  struct span value = span_of(header ? header->value : NULL);
  while (value.len && (value.ptr[value.len - 1] == '\r' || value.ptr[value.len - 1] == '\n'))
    value.len--;
  return value;
}

static struct span response_header_at(const struct response *response, const char *name,
                                      size_t at) {
  struct curl_header *header = NULL;
  curl_easy_header(response->easy, name, at, CURLH_HEADER, -1, &header);
  return response_value(header);
}

/* How many of such fields there are, but for those that are too many to be looked at. */
static size_t response_header_count(const struct response *response, const char *name) {
  struct curl_header *header = NULL;
  curl_easy_header(response->easy, name, 0, CURLH_HEADER, -1, &header);
  size_t count = header ? header->amount : 0;
  return count < RESPONSE_VALUES_MAX ? count : RESPONSE_VALUES_MAX;
}

/* The first such field of the answer's header; not there: {NULL, 0}. Valid until the handle is
 * cleaned up. */
static struct span response_header(const struct response *response, const char *name) {
  return response_header_at(response, name, 0);
}

unsigned response_retry_after(const struct response *response) {
  curl_off_t seconds = 0;
  curl_easy_getinfo(response->easy, CURLINFO_RETRY_AFTER, &seconds);
  if (seconds <= 0) return 0;
  return seconds < RESPONSE_RETRY_AFTER_MAX ? (unsigned)seconds : RESPONSE_RETRY_AFTER_MAX;
}

/* 0: none yet; a 1xx goes before another (RFC 9110 section 15.2). */
static int response_status(const struct response *response) {
  long status = 0;
  curl_easy_getinfo(response->easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 ? (int)status : 0;
}

/* The content codings of IANA's registry, but identity. What is none of them, as "utf-8" or
 * "none", says nothing of the body, and senders pass over it. */
static bool response_is_coding(struct span word) {
  static const char *const codings[] = {"gzip",     "x-gzip",     "br",           "deflate",
                                        "compress", "x-compress", "zstd",         "dcb",
                                        "dcz",      "exi",        "pack200-gzip", "aes128gcm"};
  for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
    if (span_equal_nocase(word, span_of(codings[i]))) return true;
  return false;
}

static bool response_is_coded(struct span codings) {
  while (codings.len)
    if (response_is_coding(span_trim(span_cut(&codings, ',')))) return true;
  return false;
}

/* The first value that says that something was done to the body; not there: {NULL, 0}. */
static struct span response_coding(const struct response *response) {
  size_t count = response_header_count(response, "Content-Encoding");
  for (size_t i = 0; i < count; i++) {
    struct span value = response_header_at(response, "Content-Encoding", i);
    if (response_is_coded(value)) return value;
  }
  return (struct span){0};
}

/* False: of an answer that would be one, the body cannot be told to be whole, or is not text. */
static bool response_end_header(struct response *response) {
  struct outcome *outcome = response->outcome;
  int status = response_status(response);
  struct content_length content_length = response->content_length;
  response->content_length = (struct content_length){0};
  if (!status) return true;
  outcome->wrong_length = !content_length_is_sound(&content_length);
  if (outcome->wrong_length) return false;
  outcome->step = OUTCOME_BODY;
  outcome->coding = response_coding(response);
  outcome->compressed = span_here(outcome->coding);
  return !outcome->compressed;
}

/* libcurl has made ready to decode already: it must not come to the body, nor go on after a 1xx. */
static bool response_take_field(struct response *response, struct span line) {
  content_length_note(&response->content_length, line);
  response->outcome->wrong_version = response->content_length.other_version;
  response->outcome->encoded = response->content_length.encoded;
  return !response->outcome->wrong_version && !response->outcome->encoded;
}

/* Called with the trailers of a chunked body too. */
size_t response_take_header(char *bytes, size_t size, size_t count, void *data) {
  struct response *response = data;
  size_t len = size * count;
  bool blank = len && (bytes[0] == '\r' || bytes[0] == '\n');
  if (response->outcome->step < OUTCOME_HEADERS) response->outcome->step = OUTCOME_HEADERS;
  response->header_bytes += len;
  response->outcome->over_headers = response->header_bytes > RESPONSE_HEADER_SIZE_MAX;
  if (response->outcome->over_headers) return 0;
  if (response->outcome->step == OUTCOME_BODY) return len;
  bool goes_on = blank ? response_end_header(response)
                       : response_take_field(response, (struct span){bytes, len});
  return goes_on ? len : 0;
}

static bool response_grow(struct response *response, size_t need) {
  size_t max = response->outcome->body_max;
  size_t size = response->body_size ? response->body_size : RESPONSE_BODY_FIRST;
  while (size < need) size = size < max / 2 ? size * 2 : max;
  char *body = realloc(response->body, size);
  if (!body) return false;
  response->body = body;
  response->body_size = size;
  return true;
}

/* RFC 9113 section 4.1: a server begins with a frame of SETTINGS, six octets each, on stream 0. */
static bool response_is_http_2(struct span bytes) {
  static const char settings = 4;
  return bytes.len >= 9 && bytes.ptr[0] == 0 && bytes.ptr[3] == settings &&
         (unsigned char)bytes.ptr[2] % 6 == 0 && memcmp(bytes.ptr + 5, "\0\0\0", 4) == 0;
}

static size_t response_take_body(char *bytes, size_t size, size_t count, void *data) {
  struct response *response = data;
  struct outcome *outcome = response->outcome;
  size_t len = size * count;
  size_t at = (size_t)outcome->bytes;
  outcome->step = OUTCOME_BODY;
  outcome->bytes += len;
  outcome->over_body = outcome->bytes > outcome->body_max;
  if (outcome->over_body) return 0;
  if (at + len > response->body_size && !response_grow(response, at + len)) {
    outcome->no_memory = true;
    return 0;
  }
  memcpy(response->body + at, bytes, len);
  response->body_len = at + len;
  return len;
}

/* What libcurl takes for HTTP/0.9 is kept, since it says who answers, and ends the transfer. */
size_t response_take(char *bytes, size_t size, size_t count, void *data) {
  struct response *response = data;
  struct outcome *outcome = response->outcome;
  if (outcome->step >= OUTCOME_HEADERS) return response_take_body(bytes, size, count, data);
  size_t len = size * count < RESULT_BODY_MAX ? size * count : RESULT_BODY_MAX;
  outcome->headless = true;
  outcome->http_2 = response_is_http_2((struct span){bytes, len});
  if (len > response->body_size && !response_grow(response, len)) {
    outcome->no_memory = true;
    return 0;
  }
  memcpy(response->body, bytes, len);
  response->body_len = len;
  return 0;
}

/* That of a 1xx too, which has none to give (RFC 9112 section 6.1). */
static struct span response_last_encoding(const struct response *response) {
  const unsigned origins = CURLH_HEADER | CURLH_1XX;
  struct curl_header *header = NULL;
  size_t last = 0;
  do {
    curl_easy_header(response->easy, "Transfer-Encoding", last, origins, -1, &header);
  } while (header && header->amount > ++last);
  return response_value(header);
}

/* Of each no more than max octets; all of them, if there are several. */
static struct spans response_values(const struct response *response, const char *name, size_t max,
                                    struct arena *arena) {
  struct spans values = {0};
  size_t count = response_header_count(response, name);
  if (count > 1) values.at = arena_array(arena, count, sizeof *values.at);
  while (values.at && values.count < count) {
    struct span value = response_header_at(response, name, values.count);
    values.at[values.count++] = arena_copy(arena, span_first(value, max));
  }
  return values;
}

/* As one field (RFC 9110 section 5.3). */
static struct span response_joined(const struct response *response, const char *name,
                                   struct arena *arena) {
  size_t count = response_header_count(response, name);
  struct span all = count ? arena_copy(arena, response_header(response, name)) : (struct span){0};
  for (size_t i = 1; i < count; i++)
    all = arena_join(arena, arena_join(arena, all, SPAN(", ")),
                     response_header_at(response, name, i));
  return all;
}

/* The first, no more than max octets of it. */
static struct span response_first(const struct response *response, const char *name, size_t max,
                                  struct arena *arena) {
  struct span value = response_header(response, name);
  return span_here(value) ? arena_copy(arena, span_first(value, max)) : value;
}

/* Who answered, and what, where it was no policy. */
static void response_answerer(const struct response *response, struct arena *arena,
                              struct result_fetch *result) {
  result->location = response_first(response, "Location", RESULT_LOCATION_MAX, arena);
  result->locations = response_values(response, "Location", RESULT_LOCATION_MAX, arena);
  result->server = response_first(response, "Server", RESULT_HEADER_MAX, arena);
  result->cf_mitigated = response_first(response, "cf-mitigated", RESULT_HEADER_MAX, arena);
  result->www_authenticate = response_first(response, "WWW-Authenticate", RESULT_HEADER_MAX, arena);
  struct span body = {response->body, response->body_len};
  if (body.len && outcome_code(response->outcome) != FOUND_COUNT)
    result->body = arena_copy(arena, span_first(body, RESULT_BODY_MAX));
}

void response_result(const struct response *response, struct arena *arena,
                     struct result_fetch *result) {
  const struct outcome *outcome = response->outcome;
  const char *type = NULL;
  result->http_status = outcome->http_status;
  curl_easy_getinfo(response->easy, CURLINFO_CONTENT_TYPE, &type);
  result->content_type = type ? arena_copy(arena, span_of(type)) : (struct span){0};
  result->content_types =
      response_values(response, "Content-Type", RESPONSE_HEADER_SIZE_MAX, arena);
  response_answerer(response, arena, result);
  result->content_encoding = response_joined(response, "Content-Encoding", arena);
  result->has_bytes = outcome->http_status != 0;
  result->bytes = outcome->bytes;
}

void response_end(struct response *response) {
  struct outcome *outcome = response->outcome;
  outcome->http_status = response_status(response);
  if (outcome->encoded) outcome->coding = response_last_encoding(response);
  outcome->challenged =
      span_equal_nocase(response_header(response, "cf-mitigated"), SPAN("challenge"));
}

void response_clear(struct response *response) {
  free(response->body);
  *response = (struct response){0};
}
