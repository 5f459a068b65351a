#include "output/stats/follow.h"

#include <stdlib.h>

/* Two bits each. */
enum state { STATE_OUT, STATE_VALID, STATE_BROKEN, STATE_UNKNOWN };

enum { STATES_IN_OCTET = 4 };

struct follow {
  unsigned scans;
  size_t stride;              /* octets of one domain's states */
  struct text_counts domains; /* each row's index is that of its states; columns stay 0 */
  unsigned char *states;
  size_t room; /* domains that states has room for */
  uint64_t left_out;
};

enum err follow_new(struct follow **follow, unsigned scans) {
  struct follow *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->scans = scans;
  made->stride = (scans + STATES_IN_OCTET - 1) / STATES_IN_OCTET;
  *follow = made;
  return ERR_NONE;
}

void follow_free(struct follow *follow) {
  if (!follow) return;
  text_counts_free(&follow->domains);
  free(follow->states);
  free(follow);
}

static bool is_deployed(const struct result *result) {
  return result->status == STATUS_VALID || result->status == STATUS_BROKEN;
}

bool follow_wants(const struct result *result) {
  return result->domain.len && (is_deployed(result) || result->status == STATUS_UNKNOWN);
}

static bool has_room(const struct follow *follow) {
  size_t count = follow->domains.count;
  return count < FOLLOW_DOMAINS_MAX && (count + 1) * follow->stride <= FOLLOW_STATES_MAX;
}

static enum err states_room(struct follow *follow) {
  size_t room = follow->domains.room;
  if (follow->room >= room) return ERR_NONE;
  unsigned char *grown = reallocarray(follow->states, room, follow->stride);
  if (!grown) return ERR_MEMORY;
  memset(grown + follow->room * follow->stride, 0, (room - follow->room) * follow->stride);
  follow->states = grown;
  follow->room = room;
  return ERR_NONE;
}

static enum state state_of(const struct result *result) {
  if (result->status == STATUS_VALID) return STATE_VALID;
  return result->status == STATUS_BROKEN ? STATE_BROKEN : STATE_UNKNOWN;
}

enum err follow_take(struct follow *follow, unsigned scan, const struct result *result) {
  const struct text_counts_row *row = text_counts_find(&follow->domains, result->domain);
  if (!row && !is_deployed(result)) return ERR_NONE; /* of a domain that was never deployed */
  if (!row && !has_room(follow)) {
    follow->left_out++;
    return ERR_NONE;
  }
  if (!row) row = text_counts_at(&follow->domains, result->domain);
  if (!row || states_room(follow) != ERR_NONE) return ERR_MEMORY;
  size_t domain = (size_t)(row - follow->domains.rows);
  unsigned shift = scan % STATES_IN_OCTET * 2;
  unsigned char *octet = &follow->states[domain * follow->stride + scan / STATES_IN_OCTET];
  *octet = (unsigned char)((*octet & ~(3U << shift)) | (unsigned)state_of(result) << shift);
  return ERR_NONE;
}

uint64_t follow_left_out(const struct follow *follow) {
  return follow->left_out;
}

/* What a domain was in a scan, when it was that before. */
static enum state state_at(const struct follow *follow, size_t domain, unsigned scan,
                           enum state before) {
  unsigned char octet = follow->states[domain * follow->stride + scan / STATES_IN_OCTET];
  enum state state = (enum state)(octet >> scan % STATES_IN_OCTET * 2 & 3);
  return state == STATE_UNKNOWN ? before : state;
}

static void changes_add(struct follow_changes *changes, enum state before, enum state now) {
  changes->deployed += before == STATE_OUT && now != STATE_OUT;
  changes->gone += before != STATE_OUT && now == STATE_OUT;
  changes->broken += before != STATE_BROKEN && now == STATE_BROKEN;
  changes->fixed += before == STATE_BROKEN && now == STATE_VALID;
}

/* The first scan since which a domain is broken; their count: it is not. changes may be NULL. */
static unsigned follow_domain(const struct follow *follow, size_t domain, const unsigned *order,
                              struct follow_changes *changes) {
  enum state before = STATE_OUT;
  unsigned since = follow->scans;
  for (unsigned i = 0; i < follow->scans; i++) {
    enum state now = state_at(follow, domain, order[i], before);
    if (changes && i) changes_add(&changes[i], before, now);
    if (now != STATE_BROKEN)
      since = follow->scans;
    else if (since == follow->scans)
      since = i;
    before = now;
  }
  return since;
}

void follow_count(const struct follow *follow, const unsigned *order,
                  struct follow_changes *changes) {
  memset(changes, 0, follow->scans * sizeof *changes);
  for (size_t domain = 0; domain < follow->domains.count; domain++) {
    unsigned since = follow_domain(follow, domain, order, changes);
    if (since < follow->scans) changes[since].since++;
  }
}

static int broken_compare(const void *left, const void *right) {
  const struct follow_broken *a = left, *b = right;
  if (a->since != b->since) return a->since < b->since ? -1 : 1;
  return strcmp(a->domain.ptr, b->domain.ptr); /* the map terminates its texts */
}

enum err follow_list(const struct follow *follow, const unsigned *order,
                     struct follow_broken **broken, size_t *count) {
  *count = 0;
  *broken = calloc(follow->domains.count + 1, sizeof **broken);
  if (!*broken) return ERR_MEMORY;
  for (size_t domain = 0; domain < follow->domains.count; domain++) {
    unsigned since = follow_domain(follow, domain, order, NULL);
    if (since < follow->scans)
      (*broken)[(*count)++] = (struct follow_broken){follow->domains.rows[domain].text, since};
  }
  qsort(*broken, *count, sizeof **broken, broken_compare);
  return ERR_NONE;
}
