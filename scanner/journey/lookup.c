#include "scanner/journey/job.h"

struct result_lookup job_lookup_facts(const struct lookup *lookup) {
  bool answered = lookup->end == LOOKUP_ANSWERED;
  return (struct result_lookup){
      .asked = true,
      .ad = answered && lookup->answer.ad,
      .rcode = answered ? lookup->answer.rcode : -1,
      .tries = lookup->tries,
      .ms = lookup->ms,
      .cname = lookup->answer.cname,
      .ede = lookup->answer.ede,
  };
}

bool job_lookup_answered(const struct lookup *lookup) {
  return lookup->end == LOOKUP_ANSWERED &&
         (lookup->answer.rcode == DNS_NOERROR || lookup->answer.rcode == DNS_NXDOMAIN);
}

struct spans job_data(struct job *job, const struct dns_answer *answer) {
  struct spans data = {arena_array(&job->arena, answer->count, sizeof *data.at), answer->count};
  if (!data.at) return (struct spans){0};
  for (size_t i = 0; i < answer->count; i++) data.at[i] = answer->records[i].data;
  return data;
}

/* Its place among those that each job has. */
static struct lookup *beside_lookup(struct job *job, enum beside which) {
  unsigned before = job->journey->beside & ((1U << which) - 1);
  return &job->beside[__builtin_popcount(before)];
}

void job_ask_beside(struct job *job, enum beside which, struct span name, enum dns_type type) {
  struct lookup *lookup = beside_lookup(job, which);
  if (!lookup->arena) job_ask(job, lookup, name, type);
}

const struct lookup *job_beside(struct job *job, enum beside which) {
  if (!(job->journey->beside >> which & 1)) return NULL;
  const struct lookup *lookup = beside_lookup(job, which);
  return lookup->arena ? lookup : NULL;
}

struct deployment *job_facts(struct job *job) {
  return job->deployment ? job->deployment : &job->journey->plain;
}

static enum finding_code lookup_code(const struct lookup *lookup,
                                     const struct job_lookup_codes *codes) {
  if (lookup->end == LOOKUP_TIMEOUT) return codes->timeout;
  if (lookup->end != LOOKUP_ANSWERED) return codes->malformed;
  switch (lookup->answer.rcode) {
  case DNS_SERVFAIL: return codes->servfail;
  case DNS_REFUSED:
  case DNS_NOTIMP:
  case DNS_NOTAUTH: return codes->refused;
  default: return codes->malformed;
  }
}

static const char *lookup_type_text(enum dns_type type) {
  switch (type) {
  case DNS_TYPE_A: return "A";
  case DNS_TYPE_AAAA: return "AAAA";
  case DNS_TYPE_MX: return "MX";
  case DNS_TYPE_NS: return "NS";
  case DNS_TYPE_TXT: return "TXT";
  case DNS_TYPE_CNAME: return "CNAME";
  case DNS_TYPE_PTR: return "PTR";
  case DNS_TYPE_TLSA: return "TLSA";
  }
  return "?";
}

/* What the resolver says of a failure, in its words and IANA's. */
static struct span lookup_ede_text(struct arena *arena, const struct result_ede *ede) {
  const char *name = result_ede_text(ede->code);
  struct span text = arena_format(arena, ": extended DNS error %u%s%s%s", ede->code,
                                  name ? " (" : "", name ? name : "", name ? ")" : "");
  if (ede->text.len == 0) return text;
  return arena_join(arena, arena_join(arena, text, SPAN(": ")), ede->text);
}

struct finding job_lookup_finding(struct arena *arena, const struct lookup *lookup,
                                  const struct job_lookup_codes *codes) {
  struct finding finding = {.code = lookup_code(lookup, codes), .host = lookup->name};
  const char *what = "no answer";
  char number[24];
  if (lookup->end == LOOKUP_MALFORMED) what = "an answer that cannot be read";
  if (lookup->end == LOOKUP_ANSWERED) {
    finding.has_rcode = true;
    finding.rcode = lookup->answer.rcode;
    what = result_rcode_text(finding.rcode);
    snprintf(number, sizeof number, "rcode %d", finding.rcode);
    if (!what) what = number;
  }
  finding.detail = arena_format(arena, "%.*s %s: %s after %u %s", SPAN_ARG(lookup->name),
                                lookup_type_text(lookup->type), what, lookup->tries,
                                lookup->tries == 1 ? "try" : "tries");
  if (lookup->end == LOOKUP_ANSWERED && lookup->answer.ede.here)
    finding.detail = arena_join(arena, finding.detail, lookup_ede_text(arena, &lookup->answer.ede));
  return finding;
}
