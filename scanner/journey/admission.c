#include "scanner/journey/admission.h"

#include "scanner/sts/mx_tls.h"

bool admission_has_slot(const struct journey *journey) {
  return journey->in_flight < journey->config.jobs_max &&
         resolver_room(journey->config.resolver) > 0;
}

/* As many with a record as may be, who could all come to wait for their mail hosts. */
static bool admission_is_deployed(const struct journey *journey) {
  size_t most = journey->config.deployed_max;
  return most && journey->deployed >= most;
}

bool admission_has_room(const struct journey *journey) {
  for (int i = 0; i < JOURNEY_ASIDES; i++)
    if (journey->asides[i] && !aside_has_room(journey->asides[i])) return false;
  return true;
}

static uint64_t admission_aside_for(const struct journey *journey, enum journey_aside what) {
  return journey->asides[what] ? aside_count(journey->asides[what]) : 0;
}

uint64_t admission_aside(const struct journey *journey) {
  return admission_aside_for(journey, ASIDE_FOR_ROOM) +
         admission_aside_for(journey, ASIDE_FOR_ADDRESS);
}

/* A share of the slots, at least one; no more than what share of the memory the last that came to
 * its fetch would fill as often. */
static size_t admission_share(const struct journey *journey, size_t of) {
  size_t slots = journey->config.jobs_max;
  size_t fit = journey->fetch_bytes ? journey->budget.limit / 2 / journey->fetch_bytes : slots;
  size_t share = (fit < slots ? fit : slots) / of;
  return share ? share : 1;
}

/* Whether so many wait in all that another one would take a slot, or memory, from those who could
 * get on. */
static bool admission_is_full(const struct journey *journey, size_t of_all) {
  struct fetcher *fetcher = journey->config.fetcher;
  return fetcher_waiting(fetcher) + fetcher_resting(fetcher) >= of_all;
}

/* Likewise for one address, or for those near it. */
static bool admission_is_crowded(const struct journey *journey, const union address *address,
                                 size_t of_near, size_t of_one) {
  struct fetcher *fetcher = journey->config.fetcher;
  return fetcher_waiting_near(fetcher, address) >= of_near ||
         fetcher_waiting_at(fetcher, address) >= of_one;
}

/* Likewise for one mail host, of those that all threads have told of. */
static bool admission_is_mail_crowded(const struct journey *journey, uint64_t host, size_t share) {
  size_t most = 1 + journey->config.deployed_max / share;
  return host && hosts_waiting(journey->config.hosts, host) >= most;
}

/* When they return there is half of what made them wait, so that they do not come in vain. */
static bool admission_is_full_for_return(const struct journey *journey) {
  return journey->budget.used > journey->budget.limit / 4 * 3 || admission_is_deployed(journey) ||
         admission_is_full(journey, 1 + admission_share(journey, 2 * ADMISSION_WAIT_SHARE));
}

static bool job_is_large(const struct job *job) {
  return job->arena.total > ADMISSION_LARGE;
}

void admission_put_aside(struct job *job, enum journey_aside what) {
  struct aside_name name = job_name(job);
  name.large = job_is_large(job);
  name.has_address = job->deployment && job->deployment->address_count;
  if (name.has_address) name.address = job->deployment->addresses[0];
  name.mail_host = job->mail_host;
  enum err err = aside_put(job->journey->asides[what], &name);
  if (err != ERR_NONE) job->journey->config.fail(job->journey->config.data, err);
  job_drop(job);
}

/* Who was aside has had his turn of waiting for the same: he stays. */
bool admission_defers_record(struct job *job) {
  struct journey *journey = job->journey;
  if (journey->asides[ASIDE_FOR_ROOM] && !job->returned && admission_is_deployed(journey)) {
    admission_put_aside(job, ASIDE_FOR_ROOM);
    return true;
  }
  journey->deployed++;
  job->deployed = true;
  return false;
}

static bool job_is_at_crowd(const struct job *job) {
  const struct journey *journey = job->journey;
  const union address *address = job->deployment->addresses;
  if (job_is_large(job)) return fetcher_waiting_at(journey->config.fetcher, address) > 0;
  return !job->waited &&
         admission_is_crowded(journey, address, admission_share(journey, ADMISSION_NEAR_SHARE),
                              admission_share(journey, ADMISSION_SHARE));
}

/* Whether too many wait for one of its mail hosts. */
static bool job_is_at_mail_crowd(struct job *job) {
  const struct journey *journey = job->journey;
  struct span hosts[RESULT_MX_PROBED_MAX];
  if (!journey->config.hosts || job->waited) return false;
  size_t count = mx_tls_hosts(&job->deployment->result.mx, hosts);
  for (size_t i = 0; i < count; i++) {
    job->mail_host = hosts_key(journey->config.hosts, hosts[i]);
    if (admission_is_mail_crowded(journey, job->mail_host, ADMISSION_MAIL_SHARE)) return true;
  }
  job->mail_host = 0;
  return false;
}

/* Who is new does not go before those who wait for room. */
bool admission_defers_fetch(struct job *job) {
  struct journey *journey = job->journey;
  if (!journey->asides[ASIDE_FOR_ROOM]) return false;
  if (job_is_at_mail_crowd(job)) {
    admission_put_aside(job, ASIDE_FOR_ADDRESS);
    return true;
  }
  if (!job->deployment->address_count) return false;
  if (!job_is_large(job)) journey->fetch_bytes = job->arena.total;
  unsigned of_all = ADMISSION_WAIT_SHARE * (admission_aside_for(journey, ASIDE_FOR_ROOM) ? 2 : 1);
  if (job_is_at_crowd(job))
    admission_put_aside(job, ASIDE_FOR_ADDRESS);
  else if (!job->returned && admission_is_full(journey, admission_share(journey, of_all)))
    admission_put_aside(job, ASIDE_FOR_ROOM);
  else
    return false;
  return true;
}

static bool admission_can_return(const struct journey *journey, const struct aside_name *name) {
  if (name->large && journey->returning_large == ADMISSION_RETURNING_LARGE_MAX) return false;
  if (admission_is_mail_crowded(journey, name->mail_host, 2 * ADMISSION_MAIL_SHARE)) return false;
  if (!name->has_address) return true;
  if (name->large) return fetcher_waiting_at(journey->config.fetcher, &name->address) == 0;
  return !admission_is_crowded(journey, &name->address,
                               1 + admission_share(journey, 2 * ADMISSION_NEAR_SHARE),
                               1 + admission_share(journey, 2 * ADMISSION_SHARE) / 2);
}

static enum err admission_take(struct journey *journey, enum journey_aside what,
                               struct aside_name *name) {
  if (aside_take(journey->asides[what], name)) return ERR_NONE;
  return aside_is_lost(journey->asides[what]) ? ERR_TEMPORARY : ERR_END;
}

static enum err admission_pass_over(struct journey *journey, const struct aside_name *name) {
  enum err err = aside_put(journey->asides[ASIDE_FOR_ADDRESS], name);
  return err == ERR_NONE ? ERR_BUSY : err;
}

/* Somebody else may have come to wait at its address meanwhile. */
static enum err admission_next_for_room(struct journey *journey, struct aside_name *name) {
  enum err err = admission_take(journey, ASIDE_FOR_ROOM, name);
  if (err != ERR_NONE || admission_can_return(journey, name)) return err;
  return admission_pass_over(journey, name);
}

static enum err admission_next_for_address(struct journey *journey, struct aside_name *name) {
  uint64_t now = uv_now(journey->config.loop);
  if (now < journey->rest_end) return ERR_END;
  enum err err = admission_take(journey, ASIDE_FOR_ADDRESS, name);
  if (err != ERR_NONE) return err;
  if (admission_can_return(journey, name)) {
    journey->passed_over = 0;
    name->waited = true;
    return ERR_NONE;
  }
  uint64_t left = admission_aside_for(journey, ASIDE_FOR_ADDRESS);
  if (++journey->passed_over > left) {
    journey->passed_over = 0;
    journey->rest_end = now + ADMISSION_REST_MS + left / ADMISSION_REST_EACH;
  }
  return admission_pass_over(journey, name);
}

enum err admission_next(struct journey *journey, struct aside_name *name) {
  if (!admission_has_slot(journey) || journey->returning == ADMISSION_RETURNING_MAX ||
      admission_is_full_for_return(journey))
    return ERR_END;
  enum err err = admission_next_for_room(journey, name);
  return err == ERR_END ? admission_next_for_address(journey, name) : err;
}
