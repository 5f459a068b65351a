#include "output/stats/aggregate_files.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A file while it is read. */
struct source {
  struct results_reader *reader;
  unsigned users; /* threads that read it */
  bool done;
  atomic_bool ours; /* some line of it is a record */
};

struct aggregate_files {
  pthread_mutex_t lock; /* for all but ours */
  struct aggregate_file *told;
  struct source *sources;
  unsigned count;
  uint64_t from;
  enum err err; /* the first */
  int cause;
};

enum err aggregate_files_new(struct aggregate_files **files, struct aggregate_file *told,
                             unsigned count, uint64_t from) {
  struct aggregate_files *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->told = told;
  made->count = count;
  made->from = from;
  made->sources = calloc(count + 1, sizeof *made->sources);
  pthread_mutex_init(&made->lock, NULL);
  *files = made;
  return made->sources ? ERR_NONE : ERR_MEMORY;
}

void aggregate_files_free(struct aggregate_files *files) {
  if (!files) return;
  for (unsigned i = 0; files->sources && i < files->count; i++)
    results_reader_close(files->sources[i].reader);
  free(files->sources);
  pthread_mutex_destroy(&files->lock);
  free(files);
}

/* The file that fewest threads read, or -1. */
static int files_choose(const struct aggregate_files *files) {
  int chosen = -1;
  for (unsigned i = 0; i < files->count; i++) {
    const struct source *source = &files->sources[i];
    if (!source->done && (chosen < 0 || source->users < files->sources[chosen].users))
      chosen = (int)i;
    if (chosen >= 0 && files->sources[chosen].users == 0) break;
  }
  return chosen;
}

bool aggregate_files_enter(struct aggregate_files *files, unsigned *number,
                           struct results_reader **reader) {
  pthread_mutex_lock(&files->lock);
  int chosen = files->err == ERR_NONE ? files_choose(files) : -1;
  if (chosen >= 0) {
    struct source *source = &files->sources[chosen];
    struct aggregate_file *told = &files->told[chosen];
    if (!source->reader)
      told->err = results_reader_open_at(&source->reader, told->path, files->from);
    *reader = source->reader;
    if (told->err == ERR_NONE) {
      source->users++;
    } else {
      files->cause = told->cause = errno;
      files->err = told->err;
      chosen = -1;
    }
  }
  pthread_mutex_unlock(&files->lock);
  *number = (unsigned)chosen;
  return chosen >= 0;
}

static void file_see(struct aggregate_file *file, int64_t first, int64_t last) {
  if (first == 0) return;
  if (file->first == 0 || first < file->first) file->first = first;
  if (last > file->last) file->last = last;
}

void aggregate_file_see(struct aggregate_file *file, int64_t at) {
  file_see(file, at, at);
}

static void file_add(struct aggregate_file *file, const struct aggregate_file *part) {
  file_see(file, part->first, part->last);
  file->records += part->records;
  file->later += part->later;
  file->strange += part->strange;
  file->bad += part->bad;
  file->torn += part->torn;
  if (!file->sample[0]) memcpy(file->sample, part->sample, sizeof file->sample);
}

/* The last of its readers has left. */
static void file_end(struct aggregate_file *file, struct source *source) {
  struct results_reader_account account = results_reader_account(source->reader);
  file->gzip = account.gzip;
  file->bytes = account.bytes;
  file->damaged = account.damaged;
  file->torn += account.torn;
  if (file->records == 0 && (file->bad || file->damaged)) file->err = ERR_SYNTAX;
  file->marks = results_reader_take_marks(source->reader);
  if (!file->gzip && strcmp(file->path, "-") != 0) scan_marks_beside(&file->marks, file->path);
  results_reader_close(source->reader);
  source->reader = NULL;
}

void aggregate_files_leave(struct aggregate_files *files, unsigned number,
                           const struct aggregate_file *part, enum err err, int cause) {
  pthread_mutex_lock(&files->lock);
  struct source *source = &files->sources[number];
  struct aggregate_file *file = &files->told[number];
  file_add(file, part);
  source->done = true;
  if (err != ERR_END && file->err == ERR_NONE) {
    file->err = err;
    file->cause = cause;
  }
  if (--source->users == 0) file_end(file, source);
  if (file->err != ERR_NONE && files->err == ERR_NONE) {
    files->err = file->err;
    files->cause = file->cause;
  }
  pthread_mutex_unlock(&files->lock);
}

void aggregate_files_set_ours(struct aggregate_files *files, unsigned number) {
  atomic_store_explicit(&files->sources[number].ours, true, memory_order_relaxed);
}

bool aggregate_files_ours(const struct aggregate_files *files, unsigned number) {
  return atomic_load_explicit(&files->sources[number].ours, memory_order_relaxed);
}

enum err aggregate_files_error(const struct aggregate_files *files, int *cause) {
  *cause = files->cause;
  return files->err;
}
