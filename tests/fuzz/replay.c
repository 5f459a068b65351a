/* Calls a fuzz target once with each file of the folders given: the seeds run with every compiler,
 * in every run of the tests. */
#include "fuzz.h"

#include <dirent.h>

static bool replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return false;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  /* of the exact size: a sanitizer sees a read beyond the end */
  uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
  bool whole = data && size >= 0 && fread(data, 1, (size_t)size, file) == (size_t)size;
  if (whole) LLVMFuzzerTestOneInput(data, (size_t)size);
  free(data);
  fclose(file);
  return whole;
}

/* How many files were replayed; -1: one could not be read. */
static int replay_folder(const char *folder) {
  DIR *dir = opendir(folder);
  if (!dir) return -1;
  int count = 0;
  for (struct dirent *entry; count >= 0 && (entry = readdir(dir));) {
    char path[4096];
    if (entry->d_name[0] == '.') continue;
    int len = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    count = len > 0 && (size_t)len < sizeof path && replay_file(path) ? count + 1 : -1;
  }
  closedir(dir);
  return count;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    int count = replay_folder(argv[i]);
    printf("%s: %d inputs\n", argv[i], count);
    if (count <= 0) return 1;
  }
  return argc > 1 ? 0 : 2;
}
