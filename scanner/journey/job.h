/* A job: one domain on its journey. The slot of an absent domain is all that it costs; what a
 * domain with a record needs beyond (struct deployment) comes from the job's arena.
 *
 * Jobs belong to a journey (one a worker) and never leave its thread.
 */
#ifndef SCANNER_JOURNEY_JOB_H
#define SCANNER_JOURNEY_JOB_H

#include "scanner/https/fetcher.h"
#include "scanner/journey/aside.h"
#include "scanner/journey/journey_config.h"
#include "scanner/journey/lookup.h"
#include "scanner/journey/lookup_hold.h"
#include "scanner/journey/second_look.h"
#include "scanner/journey/visits.h"
#include "scanner/net/loop_clock.h"
#include "scanner/resolver/resolver.h"
#include "scanner/sts/carried.h"
#include "scanner/sts/domain.h"
#include "scanner/sts/finding_list.h"
#include "scanner/sts/record.h"

/* Lookups of what stands beside MTA-STS (--ask), which a domain without a record gets, too. */
enum beside {
  BESIDE_MX,
  BESIDE_NS,
  BESIDE_SPF,
  BESIDE_DMARC,
  BESIDE_DMARC_ORGANIZATIONAL,
  BESIDE_COUNT
};

/* What a domain with a record, or an attempt at one, gets. */
struct deployment {
  enum record_presence presence;
  struct finding_list findings;
  struct result result;
  struct lookup host_v6, host_v4;
  struct lookup mx;
  struct lookup self_v6, self_v4; /* the implicit MX */
  struct lookup tlsrpt;
  struct lookup *dkim; /* one for each selector */
  union address addresses[2 * FETCHER_ADDRESS_MAX];
  size_t address_count;
  struct fetch fetch;
  struct wrong_paths *wrong_paths; /* NULL: not asked */
  struct mx_wait *mx_waits;        /* NULL: no mail host is asked */
  size_t mx_wait_count;
};

#define JOB_RECORD_PREFIX "_mta-sts."

enum {
  /* Of the policy's size: text, the buffer it grows in, pattern spans, copies in findings. */
  JOB_POLICY_COPIES = 8,
};

struct job {
  struct job *next;          /* of the free ones */
  struct job *newer, *older; /* of the busy ones */
  struct journey *journey;
  uint64_t n;
  bool has_rank;
  uint64_t rank;
  struct span domain; /* the end of name */
  struct span unicode;
  struct span carried;       /* scanner/sts/carried.h; its own memory */
  int64_t at;                /* wall clock, milliseconds since 1970 */
  uint64_t started;          /* uv_now() */
  unsigned round;            /* of the journey's table */
  unsigned waiting;          /* for so many callbacks */
  bool returned;             /* it was put aside before */
  bool waited;               /* likewise, until there was room at its address or mail host */
  bool large;                /* likewise, for what it holds */
  bool deployed;             /* and counted as such */
  bool returning;            /* and is counted as on its way to where it was */
  uint64_t mail_host;        /* hosts_key() of one that too many wait for, or 0 */
  struct result_first first; /* .at is 0: this is the first look */
  struct lookup txt;
  struct deployment *deployment;
  struct arena arena;
  char name[sizeof JOB_RECORD_PREFIX + DOMAIN_LENGTH_MAX];
  struct lookup *beside; /* behind the job: those that the journey asks for, and no others */
};

/* Why a name was put aside. Who waits for room goes before those who wait for an address or a mail
 * host. */
enum journey_aside { ASIDE_FOR_ROOM, ASIDE_FOR_ADDRESS, JOURNEY_ASIDES };

struct journey {
  struct journey_config config;
  struct arena_budget budget;
  size_t fetch_bytes; /* that the last one held before its fetch, but for large ones */
  struct aside *asides[JOURNEY_ASIDES]; /* NULL: everybody waits in his slot */
  size_t returning, returning_large;
  uint64_t passed_over; /* of those at an address, since one could return */
  uint64_t rest_end;    /* uv_now() until which none of these can */
  struct visits visits;
  size_t deployed;           /* domains with a record */
  struct second_look *looks; /* NULL: what is found first is told */
  struct loop_clock *clock;  /* that they wait by */
  struct job *unused;
  struct job *busy; /* newest first */
  size_t in_flight;
  struct lookup_hold hold;
  struct result_label labels[RESULT_LABELS_MAX]; /* of the record that is emitted just now */
  struct arena scratch;                          /* for names while they are read */
  unsigned beside;                               /* lookups of each job: bits of enum beside */
  struct deployment plain; /* what is told of a domain without one, until it is emitted */
};

/* Milliseconds since 1970. */
int64_t journey_wall_clock(void);

/* A job that has a slot, with nothing set but its time; NULL: no memory. */
struct job *job_take(struct journey *journey);
/* Gives its slot back. What it waits for must not call back any more. */
void job_drop(struct job *job);
/* Copies what its list gave to be carried along, out of the arena, which may give up what it holds
 * before the domain is put aside. False: no memory. */
bool job_carry(struct job *job, struct span piece);
/* It is where it was when it was put aside, or is dropped before. */
void job_has_arrived(struct job *job);
/* All that is kept of it without a slot. */
struct aside_name job_name(const struct job *job);

/* Gives the job's result to the journey's emit, or has the domain wait for its second look. */
void job_emit_deployment(struct job *job);
/* Of one without a deployment: no TXT at all, or DNS did not answer. */
void job_emit_record_only(struct job *job);
/* Of one that sent more than a domain may hold: it does not stop the others' scan. */
void job_emit_overfull(struct job *job);

/* Starts a lookup that the job then waits for. A name that DNS cannot hold ends it at once, as
 * malformed. name must live as long as the job. */
void job_ask(struct job *job, struct lookup *lookup, struct span name, enum dns_type type);

/* One of the things that the job waited for has come: with the last of them it goes on. */
void job_wake(struct job *job);

/* The data of the records, TXT or hosts, as an array in the arena. */
struct spans job_data(struct job *job, const struct dns_answer *answer);

/* As job_ask(), once: of a lookup that the job has, whatever becomes of the domain. */
void job_ask_beside(struct job *job, enum beside which, struct span name, enum dns_type type);
/* The lookup, or NULL: it was not asked. */
const struct lookup *job_beside(struct job *job, enum beside which);
/* Where a stage of the first round tells what it found, whether there is a record or not. */
struct deployment *job_facts(struct job *job);

/* The stages, in the order of travel: one file each. ask starts what is to be waited for, judge
 * is called when all of the round has come back. */
void stage_record_ask(struct job *job);
void stage_record_judge(struct job *job);
/* Of a domain without a deployment: why there is none. */
struct finding stage_record_finding(struct job *job);
void stage_policy_host_ask(struct job *job);
void stage_policy_host_judge(struct job *job);
void stage_mx_ask(struct job *job);
/* Before it is known whether there is a record: --ask mx. */
void stage_mx_ask_early(struct job *job);
void stage_mx_judge_early(struct job *job);
void stage_ns_ask(struct job *job);
void stage_ns_judge(struct job *job);
void stage_spf_ask(struct job *job);
void stage_spf_judge(struct job *job);
void stage_dmarc_ask(struct job *job);
void stage_dmarc_judge(struct job *job);
void stage_dkim_ask(struct job *job);
void stage_dkim_judge(struct job *job);
void stage_mx_judge(struct job *job);
void stage_tlsrpt_ask(struct job *job);
void stage_tlsrpt_judge(struct job *job);
void stage_policy_ask(struct job *job);
void stage_policy_judge(struct job *job);
void stage_implicit_mx_ask(struct job *job);
void stage_implicit_mx_judge(struct job *job);
void stage_match_judge(struct job *job);
/* `check` alone: after a 404, where a policy is put by mistake. */
void stage_wrong_paths_ask(struct job *job);
void stage_wrong_paths_judge(struct job *job);
void stage_mx_tls_ask(struct job *job);
void stage_mx_tls_judge(struct job *job);
/* The evidence of one of its hosts is there (hosts_take()). */
void stage_mx_tls_told(struct mx_wait *wait);
/* The job is dropped. */
void stage_mx_tls_leave(struct job *job);

/* The visits of mail hosts (scanner/journey/visits.h). Without hosts in the journey's config there
 * is nothing to do. ERR_MEMORY. */
enum err visits_new(struct journey *journey);
/* The resolver and the prober are closed. What is under way is abandoned. */
void visits_close(struct journey *journey);
/* The host of the wait is ours to visit: begins, or waits for its turn. */
void visits_order(struct journey *journey, struct mx_wait *wait);
/* Its domain waits no more; if it was its turn to visit, somebody else will. */
void visits_leave(struct journey *journey, struct mx_wait *wait);
/* Now and then: whether what is parked can be told. */
void visits_tick(struct journey *journey);

#endif
