#include "scanner/https/connect_turns.h"

/* A token of the rate limit is kept until somebody connects with it. */
static bool connect_turns_has_token(struct connect_turns *turns, uint64_t now) {
  uint64_t wait_ns = 0;
  if (!turns->rate_limit || turns->has_token) return true;
  turns->has_token = rate_limit_take(turns->rate_limit, 1, now, &wait_ns) == 1;
  if (!turns->has_token) turns->pause_until = now + wait_ns;
  return turns->has_token;
}

static bool connect_turns_enter(struct connect_turns *turns, struct lane *lane, uint64_t now) {
  uint64_t wait_ns = 0;
  enum err err = address_limits_enter(turns->limits, lane_address(lane), now, &wait_ns);
  if (err == ERR_NONE) return true;
  connect_queue_rest(turns->queue, lane, now + (wait_ns ? wait_ns : CONNECT_TURNS_TROUBLE_NS));
  return false;
}

struct waiter *connect_turns_next(struct connect_turns *turns, uint64_t now) {
  struct lane *lane;
  while (now >= turns->pause_until && (lane = connect_queue_next(turns->queue, now)) &&
         connect_turns_has_token(turns, now)) {
    if (!connect_turns_enter(turns, lane, now)) continue;
    turns->has_token = false;
    return connect_queue_take(turns->queue, lane);
  }
  return NULL;
}

void connect_turns_pause(struct connect_turns *turns, uint64_t now) {
  turns->pause_until = now + CONNECT_TURNS_TROUBLE_NS;
}

void connect_turns_leave(struct connect_turns *turns, const union address *address, uint64_t now) {
  address_limits_leave(turns->limits, address, now);
  connect_queue_wake(turns->queue, address);
}

uint64_t connect_turns_until(const struct connect_turns *turns, bool has_room) {
  uint64_t until = has_room ? connect_queue_until(turns->queue) : CONNECT_QUEUE_NEVER;
  return until < turns->pause_until ? turns->pause_until : until;
}
