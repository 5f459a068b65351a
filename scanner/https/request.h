/* One GET of a policy from one address, by a libcurl easy handle of its own: nothing of one
 * transfer is left for the next.
 *
 * It connects to the given address only, over TLS 1.2 or later, verifies nothing itself (what the
 * server showed is in certificate) and follows nothing. Certificate faults let it go on. Its time
 * is limited by whoever runs it.
 */
#ifndef SCANNER_HTTPS_REQUEST_H
#define SCANNER_HTTPS_REQUEST_H

#include "scanner/https/certificate.h"
#include "scanner/https/curl_loop.h"
#include "scanner/https/response.h"
#include "scanner/net/address.h"
#include "scanner/net/address_filter.h"
#include "scanner/net/loop_clock.h"
#include <sys/queue.h>

enum {
  REQUEST_HOST_MAX = 253,
  REQUEST_PATH_MAX = 64,
};

struct fetcher;
struct fetch_state;

/* What the transfers of a fetcher have in common. */
struct request_common {
  struct fetcher *fetcher; /* not looked at here */
  struct curl_loop *curl_loop;
  X509_STORE *trust; /* only looked at */
  SSL_CTX *tls;
  const char *user_agent;
  struct loop_clock *clock; /* of the loop that curl_loop is on */
  size_t policy_size_max;
  struct address_filter filter;
  const struct source_address *source; /* may be NULL */
};

struct request {
  /* the fetcher's */
  TAILQ_ENTRY(request) link;
  struct fetch_state *state; /* whom it runs for; NULL: at rest */
  uv_timer_t late;
  /* its own */
  const struct request_common *common;
  CURL *easy;
  union address address;
  char address_text[ADDRESS_TEXT_MAX];
  char error[CURL_ERROR_SIZE];
  uint64_t start_ns;        /* by the clock */
  uint64_t lost_ns;         /* what the clock had lost by then */
  uint64_t memory_failures; /* of the thread, when it started */
  struct outcome outcome;
  struct certificate certificate;
  struct response response;
  char connect_to_text[ADDRESS_TEXT_MAX + 2];
  struct curl_slist connect_to, fields; /* lists of one each */
};

/* Of an easy handle; NULL: it is none of ours. */
struct request *request_of(CURL *easy);

/* NULL: no memory. common outlives the transfer. */
struct request *request_new(const struct request_common *common);
void request_free(struct request *request);

/* Adds it to the multi handle. Facts of the certificate go to arena. host: at most
 * REQUEST_HOST_MAX bytes; must stay valid. path: at most REQUEST_PATH_MAX; not there: the
 * policy's. ERR_MEMORY. */
enum err request_start(struct request *request, struct span host, struct span path,
                       const union address *address, struct arena *arena);

enum outcome_step request_step(const struct request *request);

/* Takes it out of the multi handle and completes outcome. late: not libcurl but the clock ended
 * it, and result does not count. */
void request_end(struct request *request, CURLcode result, bool late);

/* What is known after the end; texts are copied to arena. attempts and trusted are left alone. */
void request_result(const struct request *request, struct arena *arena,
                    struct result_fetch *result);

/* Lets go of all memory of this one transfer, so that the next can start. */
void request_clear(struct request *request);

#endif
