/* The three standard descriptors, when the program starts. */
#ifndef SCANNER_CLI_DESCRIPTORS_H
#define SCANNER_CLI_DESCRIPTORS_H

#include <stdbool.h>

/* Opens those that are closed on /dev/null, for the way that nobody uses: no file that is opened
 * later is taken for one of them, and who reads or writes one gets an error (EBADF). False with
 * errno. */
bool descriptors_fill(void);

/* Whether all that was printed is written, or nobody wants it any more. False with errno. */
bool descriptors_flush(void);

#endif
