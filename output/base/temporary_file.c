#include "output/base/temporary_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEMPORARY_FILE_FOLDER "/var/tmp"

enum { TEMPORARY_FILE_PATH_MAX = 4096 };

const char *temporary_file_folder(void) {
  const char *folder = getenv("TMPDIR");
  return folder && *folder ? folder : TEMPORARY_FILE_FOLDER;
}

int temporary_file_open(void) {
  char path[TEMPORARY_FILE_PATH_MAX];
  const char *folder = temporary_file_folder();
  if (snprintf(path, sizeof path, "%s/stscan.XXXXXX", folder) >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int fd = mkostemp(path, O_CLOEXEC);
  if (fd >= 0) unlink(path);
  return fd;
}
