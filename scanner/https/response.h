/* What a server answers to one GET: header and body, as libcurl hands them over piece by piece,
 * each within its limit, and what of them is kept as facts.
 *
 * It writes into the outcome of its request, and ends the transfer (its callbacks return 0) where
 * an answer cannot be a policy. Header fields are libcurl's: valid until its handle is cleaned up.
 */
#ifndef SCANNER_HTTPS_RESPONSE_H
#define SCANNER_HTTPS_RESPONSE_H

#include "output/record/result.h"
#include "scanner/https/content_length.h"
#include "scanner/https/outcome.h"

enum {
  RESPONSE_HEADER_SIZE_MAX = 65536,
  RESPONSE_RETRY_AFTER_MAX = 24 * 60 * 60,
  RESPONSE_VALUES_MAX = 8, /* fields of one name that are looked at */
};

struct response {
  CURL *easy;
  struct outcome *outcome;
  char *body; /* malloc'ed; outcome->bytes of it, while these are within the limit */
  size_t body_size;
  size_t body_len; /* what is kept of it */
  size_t header_bytes;
  struct content_length content_length;
};

/* libcurl's callbacks CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION; data: the response. */
size_t response_take_header(char *bytes, size_t size, size_t count, void *data);
size_t response_take(char *bytes, size_t size, size_t count, void *data);

/* The transfer is over: completes the outcome by what the header says. */
void response_end(struct response *response);

/* The facts; texts are copied to arena. */
void response_result(const struct response *response, struct arena *arena,
                     struct result_fetch *result);

/* The seconds of a Retry-After field, of a number or a date (RFC 9110 section 10.2.3): 0 for none
 * or a date that has passed, at most RESPONSE_RETRY_AFTER_MAX. */
unsigned response_retry_after(const struct response *response);

void response_clear(struct response *response);

#endif
