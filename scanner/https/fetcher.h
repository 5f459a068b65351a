/* Policy fetches of one worker, over a libcurl multi handle on its libuv loop.
 *
 * A fetch tries the addresses it is given in turn, each only when the limits that all threads share
 * allow it, and ends with the facts and the findings of the attempt that got furthest. An address
 * that is overloaded (429, 503, a reset) is left alone for a while, and asked once more if the time
 * allows it. Certificates are judged here (RFC 8461 section 3.3) and do not end the fetch. Never
 * follows a redirect, never uses a proxy, a resolver, netrc or a cache; connects to no address but
 * the given ones, checked again at connect time. All calls and callbacks happen on the loop's
 * thread; a fetch's callback never runs inside fetcher_start().
 */
#ifndef SCANNER_HTTPS_FETCHER_H
#define SCANNER_HTTPS_FETCHER_H

#include "scanner/https/fetch.h"
#include <uv.h>

struct fetcher;

/* Loads the trust store once. ERR_LIBRARY: *why (if not NULL) is a constant phrase, e.g. that the
 * CA file holds no certificate. The loop must run after a failure too, until handles are closed. */
enum err fetcher_new(struct fetcher **fetcher, uv_loop_t *loop, const struct fetcher_config *config,
                     const char **why);
/* Drops what is in flight without calling back. The loop must run until handles are closed. */
void fetcher_close(struct fetcher *fetcher);

/* The trust store, for others of the same worker to look at; it costs megabytes. */
X509_STORE *fetcher_trust(const struct fetcher *fetcher);

/* ERR_MEMORY; ERR_LIMIT: no address, or too many. done is not called then. */
enum err fetcher_start(struct fetcher *fetcher, struct fetch *fetch);

size_t fetcher_in_flight(const struct fetcher *fetcher); /* transfers, not those that wait */
size_t fetcher_waiting(const struct fetcher *fetcher);
/* Those that leave an overloaded address alone for a while. */
size_t fetcher_resting(const struct fetcher *fetcher);
size_t fetcher_waiting_at(struct fetcher *fetcher, const union address *address);
/* For all addresses of its /24 or /64. */
size_t fetcher_waiting_near(const struct fetcher *fetcher, const union address *address);

#endif
