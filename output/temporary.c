#include "output/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEMPORARY_FOLDER "/var/tmp"

enum { TEMPORARY_PATH_MAX = 4096 };

int temporary_open(void) {
  char path[TEMPORARY_PATH_MAX];
  const char *folder = getenv("TMPDIR");
  if (!folder || !*folder) folder = TEMPORARY_FOLDER;
  if (snprintf(path, sizeof path, "%s/stscan.XXXXXX", folder) >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int fd = mkostemp(path, O_CLOEXEC);
  if (fd >= 0) unlink(path);
  return fd;
}
