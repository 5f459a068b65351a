#include "output/results/result_paths.h"

#include "output/results/results_reader.h"
#include "output/results/scan_id.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_BEGIN SPAN("{\"v\":")

static enum err paths_put(struct result_paths *paths, const char *path) {
  if (paths->count == RESULT_PATHS_MAX) return ERR_LIMIT;
  if (paths->count == paths->room) {
    size_t room = paths->room ? 2 * paths->room : 16;
    char **grown = reallocarray(paths->at, room, sizeof *grown);
    if (!grown) return ERR_MEMORY;
    paths->at = grown;
    paths->room = room;
  }
  paths->at[paths->count] = strdup(path);
  return paths->at[paths->count] ? (paths->count++, ERR_NONE) : ERR_MEMORY;
}

static bool begins_with_record(const char *path) {
  struct results_reader *reader = NULL;
  struct line_block *block = NULL;
  char *line;
  size_t len;
  bool found = false;
  if (results_reader_open(&reader, path) == ERR_NONE && line_block_new(&block) == ERR_NONE &&
      results_reader_next(reader, block) == ERR_NONE && line_block_line(block, &line, &len))
    found = span_starts((struct span){line, len}, RECORD_BEGIN);
  line_block_free(block);
  results_reader_close(reader);
  return found;
}

/* A scan that has no record yet, or none for its shard. */
static bool begins_with_head(const char *path) {
  char first[SCAN_ID_MEMBER_EXTRA + sizeof SCAN_ID_MAGIC];
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ssize_t got = fd < 0 ? -1 : read(fd, first, sizeof first);
  if (fd >= 0) close(fd);
  return got > 0 && scan_id_is_torn((struct span){first, (size_t)got});
}

static enum err folder_take(struct result_paths *paths, const char *folder, const char *name) {
  char *path = NULL;
  struct stat st;
  size_t len = strlen(folder);
  if (asprintf(&path, "%s%s%s", folder, len && folder[len - 1] == '/' ? "" : "/", name) < 0)
    return ERR_MEMORY;
  bool ours = stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
              (begins_with_head(path) || begins_with_record(path));
  enum err err = ours ? paths_put(paths, path) : ERR_NONE;
  free(path);
  return err;
}

static enum err folder_add(struct result_paths *paths, const char *folder) {
  struct dirent **entries = NULL;
  size_t before = paths->count;
  int count = scandir(folder, &entries, NULL, alphasort);
  enum err err = count < 0 ? ERR_IO : ERR_NONE;
  for (int i = 0; i < count; i++) {
    if (err == ERR_NONE && entries[i]->d_name[0] != '.')
      err = folder_take(paths, folder, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return err == ERR_NONE && paths->count == before ? ERR_NOT_FOUND : err;
}

enum err result_paths_add(struct result_paths *paths, const char *operand) {
  struct stat st;
  bool is_folder = strcmp(operand, "-") != 0 && stat(operand, &st) == 0 && S_ISDIR(st.st_mode);
  return is_folder ? folder_add(paths, operand) : paths_put(paths, operand);
}

void result_paths_free(struct result_paths *paths) {
  for (size_t i = 0; i < paths->count; i++) free(paths->at[i]);
  free(paths->at);
  *paths = (struct result_paths){0};
}
