#include "scanner/run/list_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct list_reader {
  struct list_reader_config config;
  pthread_t thread;
  bool started;
  int wake_pipe[2]; /* ends a read that waits */
  pthread_mutex_t lock;
  pthread_cond_t room;
  /* under lock */
  struct list_reader_batch *full, **full_tail;
  struct list_reader_batch *empty;
  unsigned batches; /* made so far */
  bool stopped;
  bool read_all; /* every list to its end */
  enum err end;  /* ERR_NONE while there is more to come */
  int end_errno;
  const char *bad;
  const char *changed;
  char why[LIST_ROWS_TEXT_MAX];
  struct list_reader_progress progress;
  char *said[LIST_READER_SAID_MAX]; /* a ring; what comes while it is full is dropped */
  size_t said_from, said_count;
  bool domains; /* some list has some */
  /* the reader's own */
  const char *path;
  const struct line_set *done;
  struct list_reader_batch *deal[LIST_READER_DEAL]; /* filled from the first on; NULL: not begun */
  size_t deal_next;
  uint64_t n;
  uint64_t read_before; /* bytes of the lists that are done */
};

static char *const list_reader_stdin[] = {"-"};

static void list_reader_hear_nothing(void *data, const char *text) {
  (void)data;
  (void)text;
}

/* Whether the list can be read as is wished. */
static enum err list_reader_look_at(const struct list_reader *source, const char *path,
                                    char why[LIST_ROWS_TEXT_MAX]) {
  struct list_rows_config config = {
      .wish = source->config.wish, .where = source->config.where, .tell = list_reader_hear_nothing};
  struct list_file_file *list;
  struct list_rows *rows = NULL;
  enum err err = list_file_open(&list, path, -1);
  if (err != ERR_NONE) return err;
  err = list_rows_new(&rows, list, &config, why);
  if (err == ERR_SYNTAX && !why[0]) list_rows_why(list, path, why);
  int saved = errno;
  list_rows_free(rows);
  list_file_close(list);
  errno = saved;
  return err;
}

static enum err list_reader_look(struct list_reader *source, const char **bad,
                                 char why[LIST_ROWS_TEXT_MAX]) {
  bool known = true;
  for (int i = 0; i < source->config.path_count; i++) {
    struct stat st;
    *bad = source->config.paths[i];
    if (strcmp(*bad, "-") == 0) {
      known = false;
      continue;
    }
    if (stat(*bad, &st) != 0) return ERR_IO;
    if (S_ISDIR(st.st_mode)) {
      errno = EISDIR;
      return ERR_IO;
    }
    if (!S_ISREG(st.st_mode)) {
      known = false; /* opening a FIFO now would take it from the reader */
      continue;
    }
    enum err err = list_reader_look_at(source, *bad, why);
    if (err != ERR_NONE) return err;
    source->progress.total_bytes += (uint64_t)st.st_size;
  }
  if (!known) source->progress.total_bytes = 0;
  return ERR_NONE;
}

enum err list_reader_new(struct list_reader **source, const struct list_reader_config *config,
                         const char **bad, char why[LIST_ROWS_TEXT_MAX]) {
  *bad = "-";
  why[0] = 0;
  struct list_reader *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  if (config->path_count == 0) {
    made->config.paths = list_reader_stdin;
    made->config.path_count = 1;
  }
  made->full_tail = &made->full;
  pthread_mutex_init(&made->lock, NULL);
  pthread_cond_init(&made->room, NULL);
  enum err err = ERR_IO;
  if (pipe2(made->wake_pipe, O_CLOEXEC) != 0) {
    made->wake_pipe[0] = made->wake_pipe[1] = -1;
    goto done;
  }
  err = list_reader_look(made, bad, why);
done:
  if (err == ERR_NONE)
    *source = made;
  else
    list_reader_free(made);
  return err;
}

/* An empty batch, as soon as there is one; NULL: stopped, or no memory (source->end is set). */
static struct list_reader_batch *list_reader_empty(struct list_reader *source) {
  struct list_reader_batch *batch = NULL;
  unsigned most = LIST_READER_BATCHES + source->config.workers;
  pthread_mutex_lock(&source->lock);
  while (!source->stopped && !source->empty && source->batches >= most)
    pthread_cond_wait(&source->room, &source->lock);
  if (!source->stopped && source->empty) {
    batch = source->empty;
    source->empty = batch->next;
  } else if (!source->stopped) {
    batch = malloc(sizeof *batch);
    if (batch)
      source->batches++;
    else
      source->end = ERR_MEMORY;
  }
  pthread_mutex_unlock(&source->lock);
  if (batch) {
    batch->next = NULL;
    batch->count = batch->used = 0;
  }
  return batch;
}

/* Hands over what was dealt, and tells how far the reader is. */
static void list_reader_publish(struct list_reader *source, const struct list_file_file *list) {
  pthread_mutex_lock(&source->lock);
  source->progress.lines = source->n;
  source->progress.read_bytes = source->read_before + (list ? list_file_read_bytes(list) : 0);
  for (size_t i = 0; i < LIST_READER_DEAL && source->deal[i]; i++) {
    *source->full_tail = source->deal[i];
    source->full_tail = &source->deal[i]->next;
    source->deal[i] = NULL;
  }
  pthread_mutex_unlock(&source->lock);
  source->deal_next = 0;
  source->config.wake(source->config.data);
}

static struct span batch_put(struct list_reader_batch *batch, struct span text, size_t max) {
  char *at = batch->bytes + batch->used;
  text = span_first(text, max);
  if (text.len) memcpy(at, text.ptr, text.len);
  batch->used += text.len;
  return (struct span){at, text.len};
}

static bool batch_is_part(struct span part, struct span of) {
  return of.ptr && part.ptr >= of.ptr && part.ptr + part.len <= of.ptr + of.len;
}

static void batch_add(struct list_reader_batch *batch, uint64_t n, const struct list_entry *entry) {
  struct list_reader_line *line = &batch->lines[batch->count++];
  *line = (struct list_reader_line){n, *entry};
  struct span text = span_first(entry->text, LIST_FILE_LINE_MAX);
  line->entry.text = batch_put(batch, text, LIST_FILE_LINE_MAX);
  if (batch_is_part(entry->name, text)) {
    line->entry.name.ptr = line->entry.text.ptr + (entry->name.ptr - entry->text.ptr);
  } else {
    line->entry.name = batch_put(batch, entry->name, LIST_READER_NAME_MAX);
    if (entry->name.len > LIST_READER_NAME_MAX) line->entry.reason = "long-name";
  }
  line->entry.carried = batch_put(batch, entry->carried, CARRIED_MAX);
}

static bool batch_full(const struct list_reader_batch *batch) {
  return batch->count == LIST_READER_BATCH_LINES ||
         batch->used + LIST_READER_ENTRY_MAX > sizeof batch->bytes;
}

/* The batch whose turn it is, NULL: stopped, or no memory. */
static struct list_reader_batch *list_reader_turn(struct list_reader *source,
                                                  const struct list_file_file *list) {
  struct list_reader_batch *batch = source->deal[source->deal_next];
  if (batch && batch_full(batch)) {
    list_reader_publish(source, list);
    batch = NULL;
  }
  if (!batch) batch = source->deal[source->deal_next] = list_reader_empty(source);
  return batch;
}

static enum err list_reader_deal(struct list_reader *source, const struct list_file_file *list,
                                 uint64_t n, const struct list_entry *entry) {
  struct list_reader_batch *batch = list_reader_turn(source, list);
  if (!batch) return ERR_REFUSED;
  batch_add(batch, n, entry);
  source->deal_next = (source->deal_next + 1) % LIST_READER_DEAL;
  return ERR_NONE;
}

/* Keeps a line for people, with the list's name. */
static void list_reader_tell(void *data, const char *text) {
  struct list_reader *source = data;
  size_t size = strlen(source->path) + strlen(text) + sizeof "list : ";
  char *line = malloc(size);
  if (!line) return;
  snprintf(line, size, "list %s: %s", source->path, text);
  pthread_mutex_lock(&source->lock);
  bool room = source->said_count < LIST_READER_SAID_MAX;
  if (room) source->said[(source->said_from + source->said_count++) % LIST_READER_SAID_MAX] = line;
  pthread_mutex_unlock(&source->lock);
  if (!room) free(line);
  if (source->config.news) source->config.news(source->config.data);
}

/* What was dealt goes out when a batch is full, or when the list's next line is not there yet. */
static enum err list_reader_read_rows(struct list_reader *source, struct list_file_file *list,
                                      struct list_rows *rows) {
  enum err err = ERR_NONE;
  while (err == ERR_NONE) {
    struct list_rows_row row;
    if (source->deal[0] && list_file_would_wait(list)) list_reader_publish(source, list);
    err = list_rows_next(rows, &row);
    if (err != ERR_NONE) break;
    uint64_t n = source->n + 1;
    source->n += row.lines;
    if (row.here && !line_set_has(source->done, n))
      err = list_reader_deal(source, list, n, &row.entry);
  }
  return err;
}

static enum err list_reader_read_list(struct list_reader *source, struct list_file_file *list) {
  struct list_rows_config config = {.wish = source->config.wish,
                                    .where = source->config.where,
                                    .tell = list_reader_tell,
                                    .data = source};
  struct list_rows *rows = NULL;
  enum err err = list_rows_new(&rows, list, &config, source->why);
  if (err == ERR_NONE) {
    if (list_rows_form(rows)[0]) list_reader_tell(source, list_rows_form(rows));
    err = list_reader_read_rows(source, list, rows);
  }
  int saved = errno;
  if (err == ERR_SYNTAX && !source->why[0]) list_rows_why(list, source->path, source->why);
  if (err == ERR_END && list_rows_has_domains(rows)) source->domains = true;
  list_rows_free(rows);
  list_reader_publish(source, list);
  source->read_before += list_file_read_bytes(list);
  errno = saved;
  return err;
}

static void list_reader_note_changed(struct list_reader *source, const char *path) {
  pthread_mutex_lock(&source->lock);
  if (!source->changed) source->changed = path;
  pthread_mutex_unlock(&source->lock);
}

static void *list_reader_main(void *data) {
  struct list_reader *source = data;
  enum err err = ERR_END;
  const char *path = NULL;
  for (int i = 0; i < source->config.path_count && err == ERR_END; i++) {
    struct list_file_file *list = NULL;
    source->path = path = source->config.paths[i];
    err = list_file_open(&list, path, source->wake_pipe[0]);
    if (err == ERR_NONE) err = list_reader_read_list(source, list);
    int saved = errno;
    if (err == ERR_END && list_file_changed(list)) list_reader_note_changed(source, path);
    list_file_close(list);
    errno = saved;
  }
  pthread_mutex_lock(&source->lock);
  source->end_errno = errno;
  source->bad = path;
  source->read_all = err == ERR_END;
  if (source->end == ERR_NONE) source->end = err == ERR_REFUSED ? ERR_END : err;
  pthread_mutex_unlock(&source->lock);
  source->config.wake(source->config.data);
  return NULL;
}

enum err list_reader_start(struct list_reader *source, const struct line_set *done) {
  source->done = done;
  if (pthread_create(&source->thread, NULL, list_reader_main, source) != 0) return ERR_MEMORY;
  source->started = true;
  return ERR_NONE;
}

static void batches_free(struct list_reader_batch *batch) {
  while (batch) {
    struct list_reader_batch *next = batch->next;
    free(batch);
    batch = next;
  }
}

void list_reader_free(struct list_reader *source) {
  if (!source) return;
  if (source->started) {
    list_reader_stop(source);
    pthread_join(source->thread, NULL);
  }
  batches_free(source->full);
  batches_free(source->empty);
  for (size_t i = 0; i < source->said_count; i++)
    free(source->said[(source->said_from + i) % LIST_READER_SAID_MAX]);
  if (source->wake_pipe[0] >= 0) close(source->wake_pipe[0]);
  if (source->wake_pipe[1] >= 0) close(source->wake_pipe[1]);
  pthread_cond_destroy(&source->room);
  pthread_mutex_destroy(&source->lock);
  free(source);
}

struct list_reader_batch *list_reader_take(struct list_reader *source, enum err *err) {
  pthread_mutex_lock(&source->lock);
  struct list_reader_batch *batch = source->stopped ? NULL : source->full;
  if (batch) {
    source->full = batch->next;
    if (!source->full) source->full_tail = &source->full;
  }
  *err = batch ? ERR_NONE : source->stopped ? ERR_END : source->end;
  pthread_mutex_unlock(&source->lock);
  return batch;
}

void list_reader_give(struct list_reader *source, struct list_reader_batch *batch) {
  pthread_mutex_lock(&source->lock);
  batch->next = source->empty;
  source->empty = batch;
  pthread_cond_signal(&source->room);
  pthread_mutex_unlock(&source->lock);
}

void list_reader_stop(struct list_reader *source) {
  pthread_mutex_lock(&source->lock);
  bool first = !source->stopped;
  source->stopped = true;
  pthread_cond_broadcast(&source->room);
  pthread_mutex_unlock(&source->lock);
  if (first && write(source->wake_pipe[1], "", 1) < 0) return; /* an empty pipe takes a byte */
}

enum err list_reader_end(struct list_reader *source) {
  pthread_mutex_lock(&source->lock);
  enum err err = source->end;
  pthread_mutex_unlock(&source->lock);
  return err;
}

bool list_reader_is_done(struct list_reader *source) {
  pthread_mutex_lock(&source->lock);
  bool done = source->read_all && !source->full;
  pthread_mutex_unlock(&source->lock);
  return done;
}

const char *list_reader_bad(struct list_reader *source) {
  pthread_mutex_lock(&source->lock);
  const char *bad = source->bad;
  pthread_mutex_unlock(&source->lock);
  return bad;
}

const char *list_reader_changed(struct list_reader *source) {
  pthread_mutex_lock(&source->lock);
  const char *changed = source->changed;
  pthread_mutex_unlock(&source->lock);
  return changed;
}

const char *list_reader_why(struct list_reader *source) {
  return source->why;
}

bool list_reader_said(struct list_reader *source, char text[LIST_ROWS_TEXT_MAX]) {
  char *line = NULL;
  pthread_mutex_lock(&source->lock);
  if (source->said_count) {
    line = source->said[source->said_from];
    source->said_from = (source->said_from + 1) % LIST_READER_SAID_MAX;
    source->said_count--;
  }
  pthread_mutex_unlock(&source->lock);
  if (line) snprintf(text, LIST_ROWS_TEXT_MAX, "%s", line);
  free(line);
  return line != NULL;
}

bool list_reader_is_foreign(struct list_reader *source) {
  return !source->domains;
}

int list_reader_errno(struct list_reader *source) {
  pthread_mutex_lock(&source->lock);
  int number = source->end_errno;
  pthread_mutex_unlock(&source->lock);
  return number;
}

void list_reader_progress(struct list_reader *source, struct list_reader_progress *progress) {
  pthread_mutex_lock(&source->lock);
  *progress = source->progress;
  pthread_mutex_unlock(&source->lock);
}
