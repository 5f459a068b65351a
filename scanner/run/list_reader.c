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
static enum err list_reader_look_at(const struct list_reader *reader, const char *path,
                                    char why[LIST_ROWS_TEXT_MAX]) {
  struct list_rows_config config = {
      .wish = reader->config.wish, .where = reader->config.where, .tell = list_reader_hear_nothing};
  struct list_file *list;
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

static enum err list_reader_look(struct list_reader *reader, const char **bad,
                                 char why[LIST_ROWS_TEXT_MAX]) {
  bool known = true;
  for (int i = 0; i < reader->config.path_count; i++) {
    struct stat st;
    *bad = reader->config.paths[i];
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
    enum err err = list_reader_look_at(reader, *bad, why);
    if (err != ERR_NONE) return err;
    reader->progress.total_bytes += (uint64_t)st.st_size;
  }
  if (!known) reader->progress.total_bytes = 0;
  return ERR_NONE;
}

enum err list_reader_new(struct list_reader **reader, const struct list_reader_config *config,
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
    *reader = made;
  else
    list_reader_free(made);
  return err;
}

/* An empty batch, as soon as there is one; NULL: stopped, or no memory (reader->end is set). */
static struct list_reader_batch *list_reader_empty(struct list_reader *reader) {
  struct list_reader_batch *batch = NULL;
  unsigned most = LIST_READER_BATCHES + reader->config.workers;
  pthread_mutex_lock(&reader->lock);
  while (!reader->stopped && !reader->empty && reader->batches >= most)
    pthread_cond_wait(&reader->room, &reader->lock);
  if (!reader->stopped && reader->empty) {
    batch = reader->empty;
    reader->empty = batch->next;
  } else if (!reader->stopped) {
    batch = malloc(sizeof *batch);
    if (batch)
      reader->batches++;
    else
      reader->end = ERR_MEMORY;
  }
  pthread_mutex_unlock(&reader->lock);
  if (batch) {
    batch->next = NULL;
    batch->count = batch->used = 0;
  }
  return batch;
}

/* Hands over what was dealt, and tells how far the reader is. */
static void list_reader_publish(struct list_reader *reader, const struct list_file *list) {
  pthread_mutex_lock(&reader->lock);
  reader->progress.lines = reader->n;
  reader->progress.read_bytes = reader->read_before + (list ? list_file_read_bytes(list) : 0);
  for (size_t i = 0; i < LIST_READER_DEAL && reader->deal[i]; i++) {
    *reader->full_tail = reader->deal[i];
    reader->full_tail = &reader->deal[i]->next;
    reader->deal[i] = NULL;
  }
  pthread_mutex_unlock(&reader->lock);
  reader->deal_next = 0;
  reader->config.wake(reader->config.data);
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
static struct list_reader_batch *list_reader_turn(struct list_reader *reader,
                                                  const struct list_file *list) {
  struct list_reader_batch *batch = reader->deal[reader->deal_next];
  if (batch && batch_full(batch)) {
    list_reader_publish(reader, list);
    batch = NULL;
  }
  if (!batch) batch = reader->deal[reader->deal_next] = list_reader_empty(reader);
  return batch;
}

static enum err list_reader_deal(struct list_reader *reader, const struct list_file *list,
                                 uint64_t n, const struct list_entry *entry) {
  struct list_reader_batch *batch = list_reader_turn(reader, list);
  if (!batch) return ERR_REFUSED;
  batch_add(batch, n, entry);
  reader->deal_next = (reader->deal_next + 1) % LIST_READER_DEAL;
  return ERR_NONE;
}

/* Keeps a line for people, with the list's name. */
static void list_reader_tell(void *data, const char *text) {
  struct list_reader *reader = data;
  size_t size = strlen(reader->path) + strlen(text) + sizeof "list : ";
  char *line = malloc(size);
  if (!line) return;
  snprintf(line, size, "list %s: %s", reader->path, text);
  pthread_mutex_lock(&reader->lock);
  bool room = reader->said_count < LIST_READER_SAID_MAX;
  if (room) reader->said[(reader->said_from + reader->said_count++) % LIST_READER_SAID_MAX] = line;
  pthread_mutex_unlock(&reader->lock);
  if (!room) free(line);
  if (reader->config.news) reader->config.news(reader->config.data);
}

/* What was dealt goes out when a batch is full, or when the list's next line is not there yet. */
static enum err list_reader_read_rows(struct list_reader *reader, struct list_file *list,
                                      struct list_rows *rows) {
  enum err err = ERR_NONE;
  while (err == ERR_NONE) {
    struct list_rows_row row;
    if (reader->deal[0] && list_file_would_wait(list)) list_reader_publish(reader, list);
    err = list_rows_next(rows, &row);
    if (err != ERR_NONE) break;
    uint64_t n = reader->n + 1;
    reader->n += row.lines;
    if (row.here && !line_set_has(reader->done, n))
      err = list_reader_deal(reader, list, n, &row.entry);
  }
  return err;
}

static enum err list_reader_read_list(struct list_reader *reader, struct list_file *list) {
  struct list_rows_config config = {.wish = reader->config.wish,
                                    .where = reader->config.where,
                                    .tell = list_reader_tell,
                                    .data = reader};
  struct list_rows *rows = NULL;
  enum err err = list_rows_new(&rows, list, &config, reader->why);
  if (err == ERR_NONE) {
    if (list_rows_form(rows)[0]) list_reader_tell(reader, list_rows_form(rows));
    err = list_reader_read_rows(reader, list, rows);
  }
  int saved = errno;
  if (err == ERR_SYNTAX && !reader->why[0]) list_rows_why(list, reader->path, reader->why);
  if (err == ERR_END && list_rows_has_domains(rows)) reader->domains = true;
  list_rows_free(rows);
  list_reader_publish(reader, list);
  reader->read_before += list_file_read_bytes(list);
  errno = saved;
  return err;
}

static void list_reader_note_changed(struct list_reader *reader, const char *path) {
  pthread_mutex_lock(&reader->lock);
  if (!reader->changed) reader->changed = path;
  pthread_mutex_unlock(&reader->lock);
}

static void *list_reader_main(void *data) {
  struct list_reader *reader = data;
  enum err err = ERR_END;
  const char *path = NULL;
  for (int i = 0; i < reader->config.path_count && err == ERR_END; i++) {
    struct list_file *list = NULL;
    reader->path = path = reader->config.paths[i];
    err = list_file_open(&list, path, reader->wake_pipe[0]);
    if (err == ERR_NONE) err = list_reader_read_list(reader, list);
    int saved = errno;
    if (err == ERR_END && list_file_changed(list)) list_reader_note_changed(reader, path);
    list_file_close(list);
    errno = saved;
  }
  pthread_mutex_lock(&reader->lock);
  reader->end_errno = errno;
  reader->bad = path;
  reader->read_all = err == ERR_END;
  if (reader->end == ERR_NONE) reader->end = err == ERR_REFUSED ? ERR_END : err;
  pthread_mutex_unlock(&reader->lock);
  reader->config.wake(reader->config.data);
  return NULL;
}

enum err list_reader_start(struct list_reader *reader, const struct line_set *done) {
  reader->done = done;
  if (pthread_create(&reader->thread, NULL, list_reader_main, reader) != 0) return ERR_MEMORY;
  reader->started = true;
  return ERR_NONE;
}

static void batches_free(struct list_reader_batch *batch) {
  while (batch) {
    struct list_reader_batch *next = batch->next;
    free(batch);
    batch = next;
  }
}

void list_reader_free(struct list_reader *reader) {
  if (!reader) return;
  if (reader->started) {
    list_reader_stop(reader);
    pthread_join(reader->thread, NULL);
  }
  batches_free(reader->full);
  batches_free(reader->empty);
  for (size_t i = 0; i < reader->said_count; i++)
    free(reader->said[(reader->said_from + i) % LIST_READER_SAID_MAX]);
  if (reader->wake_pipe[0] >= 0) close(reader->wake_pipe[0]);
  if (reader->wake_pipe[1] >= 0) close(reader->wake_pipe[1]);
  pthread_cond_destroy(&reader->room);
  pthread_mutex_destroy(&reader->lock);
  free(reader);
}

struct list_reader_batch *list_reader_take(struct list_reader *reader, enum err *err) {
  pthread_mutex_lock(&reader->lock);
  struct list_reader_batch *batch = reader->stopped ? NULL : reader->full;
  if (batch) {
    reader->full = batch->next;
    if (!reader->full) reader->full_tail = &reader->full;
  }
  *err = batch ? ERR_NONE : reader->stopped ? ERR_END : reader->end;
  pthread_mutex_unlock(&reader->lock);
  return batch;
}

void list_reader_give(struct list_reader *reader, struct list_reader_batch *batch) {
  pthread_mutex_lock(&reader->lock);
  batch->next = reader->empty;
  reader->empty = batch;
  pthread_cond_signal(&reader->room);
  pthread_mutex_unlock(&reader->lock);
}

void list_reader_stop(struct list_reader *reader) {
  pthread_mutex_lock(&reader->lock);
  bool first = !reader->stopped;
  reader->stopped = true;
  pthread_cond_broadcast(&reader->room);
  pthread_mutex_unlock(&reader->lock);
  if (first && write(reader->wake_pipe[1], "", 1) < 0) return; /* an empty pipe takes a byte */
}

enum err list_reader_end(struct list_reader *reader) {
  pthread_mutex_lock(&reader->lock);
  enum err err = reader->end;
  pthread_mutex_unlock(&reader->lock);
  return err;
}

bool list_reader_is_done(struct list_reader *reader) {
  pthread_mutex_lock(&reader->lock);
  bool done = reader->read_all && !reader->full;
  pthread_mutex_unlock(&reader->lock);
  return done;
}

const char *list_reader_bad(struct list_reader *reader) {
  pthread_mutex_lock(&reader->lock);
  const char *bad = reader->bad;
  pthread_mutex_unlock(&reader->lock);
  return bad;
}

const char *list_reader_changed(struct list_reader *reader) {
  pthread_mutex_lock(&reader->lock);
  const char *changed = reader->changed;
  pthread_mutex_unlock(&reader->lock);
  return changed;
}

const char *list_reader_why(struct list_reader *reader) {
  return reader->why;
}

bool list_reader_said(struct list_reader *reader, char text[LIST_ROWS_TEXT_MAX]) {
  char *line = NULL;
  pthread_mutex_lock(&reader->lock);
  if (reader->said_count) {
    line = reader->said[reader->said_from];
    reader->said_from = (reader->said_from + 1) % LIST_READER_SAID_MAX;
    reader->said_count--;
  }
  pthread_mutex_unlock(&reader->lock);
  if (line) snprintf(text, LIST_ROWS_TEXT_MAX, "%s", line);
  free(line);
  return line != NULL;
}

bool list_reader_is_foreign(struct list_reader *reader) {
  return !reader->domains;
}

int list_reader_errno(struct list_reader *reader) {
  pthread_mutex_lock(&reader->lock);
  int number = reader->end_errno;
  pthread_mutex_unlock(&reader->lock);
  return number;
}

void list_reader_progress(struct list_reader *reader, struct list_reader_progress *progress) {
  pthread_mutex_lock(&reader->lock);
  *progress = reader->progress;
  pthread_mutex_unlock(&reader->lock);
}
