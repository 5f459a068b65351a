/* "It works in my browser": why a browser shows a policy that no sender can use. Pure. */
#ifndef SCANNER_CLI_BROWSER_H
#define SCANNER_CLI_BROWSER_H

#include "output/record/result.h"

/* One sentence for the first finding that a browser hides; NULL: it hides none. */
const char *browser_sentence(const struct result *result);

#endif
