#include "scanner/journey/lookup.h"

#include <stdio.h>

struct result_lookup lookup_facts(const struct lookup *lookup) {
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

bool lookup_answered(const struct lookup *lookup) {
  return lookup->end == LOOKUP_ANSWERED &&
         (lookup->answer.rcode == DNS_NOERROR || lookup->answer.rcode == DNS_NXDOMAIN);
}

static enum finding_code lookup_code(const struct lookup *lookup,
                                     const struct lookup_codes *codes) {
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

struct finding lookup_finding(struct arena *arena, const struct lookup *lookup,
                              const struct lookup_codes *codes) {
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
