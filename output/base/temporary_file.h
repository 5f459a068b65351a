/* A temporary file without a name: it goes with its descriptor, however the program ends. */
#ifndef OUTPUT_BASE_TEMPORARY_FILE_H
#define OUTPUT_BASE_TEMPORARY_FILE_H

/* $TMPDIR, else /var/tmp. */
const char *temporary_file_folder(void);

/* Made in $TMPDIR, else in /var/tmp, which is on a disk. -1 with errno. */
int temporary_file_open(void);

#endif
