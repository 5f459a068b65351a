/* What one transfer brought, judged: facts and findings of one attempt at one address. */
#ifndef SCANNER_HTTPS_ATTEMPT_H
#define SCANNER_HTTPS_ATTEMPT_H

#include "scanner/https/request.h"

struct attempt {
  bool here;
  enum outcome_step step;       /* how far it got */
  enum finding_code code;       /* its first error; FOUND_COUNT: none */
  bool tries_next;              /* whether a sender would go on to the next address */
  bool overload;                /* the address is to be left alone for a while */
  unsigned retry_after;         /* seconds that an overloaded server asks for; 0: it does not say */
  struct finding_list findings; /* its findings, in the arena */
  struct result_fetch fetch;    /* without attempts */
  struct result_certificate certificate;
  bool has_header; /* whole */
  bool has_body;
  struct span body;
};

/* What the certificate of a policy host is judged by. */
extern const struct certificate_codes attempt_certificate_codes;

/* transfer has ended. now: milliseconds since 1970. All texts are copied to arena. */
struct attempt attempt_judge(const struct request *request, int64_t now, struct arena *arena);

#endif
