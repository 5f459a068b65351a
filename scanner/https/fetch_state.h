/* A fetch in the hands of its fetcher: it waits for its turn at an address, runs, pauses where a
 * server asked for it, and ends. After each transfer it is judged what comes next.
 *
 * For the files of the fetcher alone. Lists are the fetcher's, times nanoseconds.
 */
#ifndef SCANNER_HTTPS_FETCH_STATE_H
#define SCANNER_HTTPS_FETCH_STATE_H

#include "scanner/https/address_plan.h"
#include "scanner/https/connect_turns.h"
#include "scanner/https/fetch.h"
#include "scanner/https/request.h"

enum { FETCH_STATE_MS_NS = 1000000 };

TAILQ_HEAD(request_list, request);
TAILQ_HEAD(fetch_list, fetch_state);

enum fetch_place { FETCH_PAUSING, FETCH_WAITING, FETCH_RUNNING, FETCH_ENDED };

/* In the arena of the fetch. */
struct fetch_state {
  struct waiter waiter; /* first: a waiter is its fetch_state */
  struct fetch *fetch;
  enum fetch_place place;
  TAILQ_ENTRY(fetch_state) link; /* while pausing or ended */
  uint64_t pause_until;
  struct address_plan plan;
  unsigned local_errors;
  unsigned standstills;
  bool short_timeout; /* the address has been silent for long */
};

struct fetcher {
  struct fetcher_config config;
  char *user_agent;
  bool has_curl;
  struct request_common common;
  uv_loop_t *loop;
  uv_timer_t wake; /* for those that wait */
  unsigned open;   /* handles and the multi, not closed yet */
  bool closing;
  struct request_list idle, busy;
  size_t in_flight;
  struct fetch_list paused; /* who ends first goes first */
  size_t paused_count;
  struct connect_turns turns;
  struct fetch_list ended; /* whose callback is due */
};

/* Deadlines and durations are by this clock; what is shared with other threads is not. */
uint64_t fetch_state_now(const struct fetcher *fetcher);

/* It waits for its turn at the address of its plan; when it cannot, it ends. */
void fetch_state_wait(struct fetcher *fetcher, struct fetch_state *state);

/* Those whose pause is over by now (of the config's clock) wait for their turn. */
void fetch_state_end_pauses(struct fetcher *fetcher, uint64_t now);

/* An error of our own says nothing about the host: it is tried again after a pause. */
void fetch_state_retry_later(struct fetcher *fetcher, struct fetch_state *state, enum err err);

/* What comes after its transfer has ended: another address, a pause, the end. */
void fetch_state_judge(struct fetcher *fetcher, struct fetch_state *state,
                       const struct request *request);

/* How long a transfer may have taken by now. */
uint64_t fetch_state_limit(const struct fetcher *fetcher, const struct request *request);

/* It has ended: what is known goes into its fetch, whose callback is due. */
void fetch_state_finish(struct fetcher *fetcher, struct fetch_state *state, enum err err);

#endif
