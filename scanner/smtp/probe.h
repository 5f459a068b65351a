/* One probe of a mail server at one address: its greeting, EHLO, STARTTLS, the handshake, QUIT.
 *
 * Nothing is sent before a reply has ended, and nothing but these. A server is told QUIT in every
 * outcome that allows it; in the clear the outcome is told before, over TLS once the server had its
 * time to refuse after the handshake (TLS 1.3). Certificate faults are recorded and let it go on.
 * On the loop's thread alone; whoever runs it has given leave to connect to the address.
 */
#ifndef SCANNER_SMTP_PROBE_H
#define SCANNER_SMTP_PROBE_H

#include "scanner/base/timer_wheel.h"
#include "scanner/https/certificate.h"
#include "scanner/https/handshake.h"
#include "scanner/net/address.h"
#include "scanner/net/loop_clock.h"
#include "scanner/net/source_address.h"
#include "scanner/smtp_dialogue/dialogue.h"
#include "scanner/sts/dane.h"
#include <sys/queue.h>
#include <uv.h>

enum {
  PROBE_HOST_MAX = 253,   /* also of the name in EHLO */
  PROBE_READ_MAX = 2048,  /* octets that are looked at in one go before TLS */
  PROBE_REPLY_MS = 30000, /* for the greeting and for each reply; RFC 5321 grants minutes */
  PROBE_HANDSHAKE_MS = 20000,
  PROBE_QUIT_MS = 2000, /* for the answer to QUIT, beyond all other times */
};

struct probe_times {
  unsigned connect_ms, reply_ms, handshake_ms;
  unsigned total_ms; /* all of these together */
  unsigned quit_ms;
};

struct probe;

/* What the probes of a prober have in common. */
struct probe_common {
  uv_loop_t *loop;
  SSL_CTX *tls; /* of probe_tls_new() */
  struct span ehlo;
  struct probe_times times;
  struct loop_clock *clock;
  struct timer_wheel *wheel;           /* by this clock; whoever has it calls probe_on_time() */
  const struct source_address *source; /* may be NULL */
  void (*stands)(void *data);          /* a connection does; may be NULL */
  void *data;
  void (*told)(struct probe *probe);  /* the outcome stands; once, unless stopped before */
  void (*ended)(struct probe *probe); /* all is closed: the last of it */
};

enum probe_place {
  PROBE_CONNECTS,
  PROBE_TALKS,
  PROBE_SHAKES_HANDS,
  PROBE_PARTS, /* QUIT has been said */
  PROBE_CLOSED,
};

struct probe {
  /* the prober's */
  TAILQ_ENTRY(probe) link;
  void *asker;
  struct spans tlsa;     /* records that can be used, or none; set once it has begun */
  struct span tlsa_base; /* whose they are */
  /* its own */
  const struct probe_common *common;
  union address address;
  uv_poll_t poll;
  int events; /* that it is polled for; 0: none */
  int fd;
  struct timer_wheel_timer timer;
  enum probe_place place;
  bool is_told;
  bool late;                           /* ended by our clock */
  int error;                           /* errno of the socket; 0: none */
  bool no_memory;                      /* nothing can be said of the server */
  uint64_t start_ns, step_ns, told_ns; /* by the clock */
  uint64_t lost_ns;                    /* what the clock had lost by the start */
  uint64_t memory_failures;            /* of the thread, at the start */
  struct dialogue dialogue;
  char out[DIALOGUE_COMMAND_MAX]; /* what is still to be sent in the clear */
  size_t out_len, out_at;
  SSL *ssl; /* once the server is ready for it */
  struct handshake handshake;
  struct certificate certificate;
  enum dane_fit dane_fit; /* of the certificate, where there are records */
};

/* For all probes of a worker: TLS 1.2 or later, and certificates held against the store, which is
 * only looked at. NULL: no memory. Freed by SSL_CTX_free(). */
SSL_CTX *probe_tls_new(X509_STORE *trust);

/* Begins. host: SNI and DNS-ID, lower-case A-labels, at most PROBE_HOST_MAX octets; must stay valid
 * until told, as must the arena, where facts of the certificate go. ERR_MEMORY, ERR_DESCRIPTORS:
 * trouble of our own, and nothing is told. Neither call comes from within. */
enum err probe_start(struct probe *probe, const struct probe_common *common, struct span host,
                     const union address *address, struct arena *arena);

/* Its timer fired. */
void probe_on_time(struct probe *probe);

/* Closes it at once, without telling; ended is still called. */
void probe_stop(struct probe *probe);

#endif
