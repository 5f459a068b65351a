#include "scanner/run/descriptor_share.h"

#include <limits.h>
#include <sys/resource.h>

enum { DESCRIPTORS_EACH = DESCRIPTORS_WORKER + DESCRIPTORS_WATCH };

unsigned descriptor_share_needed(const struct descriptor_share *share) {
  unsigned each = DESCRIPTORS_EACH + share->sockets + share->fetches + share->probes;
  return share->threads * each + DESCRIPTORS_REST;
}

static unsigned share_worker_least(const struct descriptor_share *share) {
  return DESCRIPTORS_EACH + DESCRIPTORS_DNS_LEAST + (share->probes ? 3 : 2);
}

unsigned descriptor_share_least(const struct descriptor_share *share) {
  return DESCRIPTORS_REST + share_worker_least(share);
}

/* What a worker may open is for its resolver and its fetches by halves. */
static void share_fit_sockets(struct descriptor_share *share, unsigned allowed) {
  unsigned each = (allowed - DESCRIPTORS_REST) / share->threads - DESCRIPTORS_EACH;
  unsigned half = each / 2 > DESCRIPTORS_DNS_LEAST ? each / 2 : DESCRIPTORS_DNS_LEAST;
  if (half < share->sockets) share->sockets = half;
  unsigned fetches = (each - share->sockets) / (share->probes ? 2 : 1);
  if (fetches < share->fetches) share->fetches = fetches;
  if (fetches < share->probes) share->probes = fetches;
}

enum err descriptor_share_fit(struct descriptor_share *share, unsigned allowed) {
  if (allowed >= descriptor_share_needed(share)) return ERR_NONE;
  if (allowed < descriptor_share_least(share)) return ERR_LIMIT;
  unsigned most = (allowed - DESCRIPTORS_REST) / share_worker_least(share);
  if (most < share->threads) share->threads = most;
  share_fit_sockets(share, allowed);
  return ERR_NONE;
}

unsigned descriptor_limit_raise(unsigned needed) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return needed;
  if (limit.rlim_cur < needed && limit.rlim_cur < limit.rlim_max) {
    struct rlimit raised = limit;
    raised.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur > UINT_MAX ? UINT_MAX : (unsigned)limit.rlim_cur;
}
