/* The file descriptors of the process. */
#ifndef SCANNER_RUN_DESCRIPTOR_LIMIT_H
#define SCANNER_RUN_DESCRIPTOR_LIMIT_H

/* Raises the soft limit to what is needed, as far as the hard limit allows. Returns how many there
 * are then (at least needed when all is well). */
unsigned descriptor_limit_raise(unsigned needed);

#endif
