/* How one transfer at one address ended, in the libraries' terms, and which finding that is.
 * Pure: codes are judged, texts are only passed on as evidence. */
#ifndef SCANNER_HTTPS_OUTCOME_H
#define SCANNER_HTTPS_OUTCOME_H

#include "output/base/err.h"
#include "output/findings/finding.h"
#include "scanner/base/arena.h"
#include "scanner/https/handshake.h"
#include <curl/curl.h>

/* How far it got. */
enum outcome_step {
  OUTCOME_CONNECTING,
  OUTCOME_SHAKING_HANDS,
  OUTCOME_ASKING,  /* TLS stands, no status line yet */
  OUTCOME_HEADERS, /* a status line came */
  OUTCOME_BODY,    /* the header is whole */
};

struct outcome {
  CURLcode result;
  bool late; /* ended by our clock */
  enum outcome_step step;
  int os_errno;     /* of connect, send or receive; 0: none */
  int socket_errno; /* socket() failed; 0: it did not */
  bool barred;      /* libcurl was about to connect to another address than the one given */
  bool no_memory;   /* for the body, or for the libraries meanwhile */
  bool over_headers, over_body; /* a limit of ours was passed */
  bool wrong_version;           /* a status line of HTTP/2, say, over HTTP/1.1 */
  bool headless;                /* what came begins with no status line */
  bool http_2;                  /* ... but with a frame of HTTP/2 */
  bool wrong_length;            /* Content-Length fields that do not tell one length */
  bool encoded;                 /* a Transfer-Encoding other than "chunked" */
  bool compressed;              /* a Content-Encoding other than "identity" */
  struct span coding;           /* of these two fields, as far as it is known */
  bool challenged;              /* a wall answered that asks for a browser */
  int http_status;              /* final; 0: none */
  uint64_t bytes;               /* of the body */
  size_t body_max;
  size_t headers_max;
  struct handshake handshake;
  const char *address; /* for people */
  const char *text;    /* libcurl's; "" if none */
};

/* An error of our own, after which nothing can be said about the host: ERR_MEMORY,
 * ERR_DESCRIPTORS; else ERR_NONE. */
enum err outcome_local_error(const struct outcome *outcome);

/* FOUND_COUNT: an answer with status 200 and a whole body. */
enum finding_code outcome_code(const struct outcome *outcome);

/* Of a policy-http-invalid: whether the connection was closed in order before a header had come. */
bool outcome_was_closed(const struct outcome *outcome);

/* Whether a sender would go on to the next address: after a failure of TCP or of the handshake,
 * or silence before the HTTP status. */
bool outcome_tries_next(const struct outcome *outcome);

/* Whether the server has too much to do: 429, 503, or a reset before TLS stands. */
bool outcome_is_overload(const struct outcome *outcome);

/* For people: what happened, and the evidence. code: that of outcome_code(). */
struct span outcome_detail(const struct outcome *outcome, enum finding_code code,
                           struct arena *arena);

#endif
