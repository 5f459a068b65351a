/* A temporary file without a name: it goes with its descriptor, however the program ends. */
#ifndef OUTPUT_TEMPORARY_H
#define OUTPUT_TEMPORARY_H

/* Made in $TMPDIR, else in /var/tmp, which is on a disk. -1 with errno. */
int temporary_open(void);

#endif
