/* One GET of a policy from one address, by a libcurl easy handle of its own: nothing of
 * one transfer is left for the next.
 *
 * It connects to the given address only, over TLS 1.2 or later, verifies nothing itself (what the
 * server showed is in peer) and follows nothing. Certificate faults let it go on. Its time is
 * limited by whoever runs it.
 */
#ifndef SCANNER_HTTPS_REQUEST_H
#define SCANNER_HTTPS_REQUEST_H

#include "scanner/https/certificate.h"
#include "scanner/https/content_length.h"
#include "scanner/https/curl_loop.h"
#include "scanner/https/outcome.h"
#include "scanner/net/address.h"
#include "scanner/net/block_list.h"
#include "scanner/net/loop_clock.h"
#include <sys/queue.h>

enum {
  TRANSFER_HOST_MAX = 253,
  TRANSFER_HEADER_SIZE_MAX = 65536,
  TRANSFER_VALUES_MAX = 8, /* fields of one name that are looked at */
};

struct fetcher;
struct fetch_state;

/* What the transfers of a fetcher have in common. */
struct transfer_common {
  struct fetcher *fetcher; /* not looked at here */
  struct multi *multi;
  X509_STORE *trust; /* only looked at */
  SSL_CTX *tls;
  const char *user_agent;
  struct loop_clock *clock; /* of the multi's loop */
  size_t policy_size_max;
  bool allow_private;
  const struct block_list *block; /* may be NULL */
};

struct transfer {
  /* the fetcher's */
  TAILQ_ENTRY(transfer) link;
  struct fetch_state *state; /* whom it runs for; NULL: at rest */
  uv_timer_t late;
  bool stalled;
  /* its own */
  const struct transfer_common *common;
  CURL *easy;
  union address address;
  char address_text[ADDRESS_TEXT_MAX];
  char error[CURL_ERROR_SIZE];
  uint64_t start_ns;        /* by the clock */
  uint64_t lost_ns;         /* what the clock had lost by then */
  uint64_t memory_failures; /* of the thread, when it started */
  struct outcome outcome;
  struct peer peer;
  char *body; /* malloc'ed; outcome.bytes of it, while these are within the limit */
  size_t body_size;
  size_t header_bytes;
  struct framing framing;
  char connect_to_text[ADDRESS_TEXT_MAX + 2];
  struct curl_slist connect_to, fields; /* lists of one each */
};

/* Of an easy handle; NULL: it is none of ours. */
struct transfer *transfer_of(CURL *easy);

/* NULL: no memory. common outlives the transfer. */
struct transfer *transfer_new(const struct transfer_common *common);
void transfer_free(struct transfer *transfer);

/* Adds it to the multi handle. Facts of the certificate go to arena. host: at most
 * TRANSFER_HOST_MAX bytes; must stay valid. ERR_MEMORY. */
enum err transfer_start(struct transfer *transfer, struct span host, const union address *address,
                        struct arena *arena);

enum outcome_step transfer_step(const struct transfer *transfer);

/* Takes it out of the multi handle and completes outcome. late: not libcurl but the clock ended
 * it, and result does not count. */
void transfer_end(struct transfer *transfer, CURLcode result, bool late);

/* What is known after the end; texts are copied to arena. attempts and trusted are left alone. */
void transfer_result(const struct transfer *transfer, struct arena *arena,
                     struct result_fetch *result);

/* The first such field of the answer's header; not there: {NULL, 0}. Valid until the transfer is
 * cleared. */
struct span transfer_header(const struct transfer *transfer, const char *name);

/* Lets go of all memory of this one transfer, so that the next can start. */
void transfer_clear(struct transfer *transfer);

#endif
