#include "scanner/journey/job.h"
#include "scanner/sts/policy.h"

/* Where policies are put by mistake. */
static const char *const wrong_paths[] = {
    "/mta-sts.txt",
    "/well-known/mta-sts.txt",
    "/.well-known/mta-sts",
    "/.well-known/mta-sts.txt.txt",
};

enum { WRONG_PATHS = sizeof wrong_paths / sizeof *wrong_paths };

/* In the arena of the job. */
struct wrong_paths {
  struct finding_list findings; /* nobody is told of these */
  struct fetch fetches[WRONG_PATHS];
};

static bool wrong_paths_are_due(const struct job *job) {
  if (!job->journey->config.wrong_paths) return false;
  const struct finding *found = job->deployment->findings.first;
  while (found && found->code != FOUND_POLICY_HTTP_STATUS) found = found->next;
  return found && found->reason == REASON_POLICY_HTTP_STATUS_MISSING;
}

static void wrong_paths_fetched(struct fetch *fetch) {
  struct job *job = fetch->data;
  if (fetch->err != ERR_NONE) job->arena.err = fetch->err;
  job_wake(job);
}

void stage_wrong_paths_ask(struct job *job) {
  const struct fetch *asked = &job->deployment->fetch;
  if (!wrong_paths_are_due(job)) return;
  struct wrong_paths *paths = arena_alloc(&job->arena, sizeof *paths);
  job->deployment->wrong_paths = paths;
  if (!paths) return;
  paths->findings.arena = &job->arena;
  for (size_t i = 0; i < WRONG_PATHS; i++) {
    struct fetch *fetch = &paths->fetches[i];
    *fetch = (struct fetch){.host = asked->host,
                            .path = span_of(wrong_paths[i]),
                            .addresses = asked->addresses,
                            .address_count = asked->address_count,
                            .findings = &paths->findings,
                            .done = wrong_paths_fetched,
                            .data = job};
    enum err err = fetcher_start(job->journey->config.fetcher, fetch);
    if (err == ERR_NONE)
      job->waiting++;
    else
      job->arena.err = err;
  }
}

/* What is no policy at all says nothing: many servers answer every path with a page. */
static bool wrong_path_has_policy(const struct fetch *fetch) {
  struct finding_list ignored = {.arena = fetch->findings->arena};
  struct result_policy policy = {0};
  if (!fetch->has_body) return false;
  policy_parse(fetch->body, &ignored, &policy);
  return span_equal(policy.version, SPAN("STSv1"));
}

void stage_wrong_paths_judge(struct job *job) {
  struct deployment *deployment = job->deployment;
  const struct wrong_paths *paths = deployment->wrong_paths;
  for (size_t i = 0; paths && i < WRONG_PATHS; i++) {
    const struct fetch *fetch = &paths->fetches[i];
    if (!wrong_path_has_policy(fetch)) continue;
    struct span detail =
        arena_format(&job->arena, "a policy lies at https://%.*s%s, where no sender looks",
                     SPAN_ARG(fetch->host), wrong_paths[i]);
    finding_list_add(&deployment->findings,
                     (struct finding){.code = FOUND_POLICY_HTTP_STATUS,
                                      .reason = REASON_POLICY_HTTP_STATUS_MISSING,
                                      .detail = detail});
  }
}
