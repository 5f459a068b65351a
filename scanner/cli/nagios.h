/* `check --nagios`: one line as monitoring plugins print it, with performance data, and their exit
 * status. By the Monitoring Plugins' development guidelines.
 */
#ifndef SCANNER_CLI_NAGIOS_H
#define SCANNER_CLI_NAGIOS_H

#include "output/record/result.h"
#include <stdio.h>

enum nagios_state { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

enum { NAGIOS_TOLD_MAX = 5 /* domains that are named */, NAGIOS_NAME_MAX = 253 };

/* Initialise with zeroes. */
struct nagios {
  enum nagios_state state; /* the worst */
  unsigned domains, errors, warnings;
  bool has_expires;
  int64_t expires; /* days left of the certificate that ends first */
  int64_t ms;
  unsigned troubled; /* domains that are not OK */
  struct {
    char name[NAGIOS_NAME_MAX + 1], why[64];
  } told[NAGIOS_TOLD_MAX];
};

void nagios_add(struct nagios *nagios, const struct result *result);

/* Something that is not a result went wrong: UNKNOWN, and the exit status. */
int nagios_fail(FILE *out, const char *why);

/* Prints the line and gives the exit status. */
int nagios_print(FILE *out, const struct nagios *nagios);

#endif
