/* What reading a list costs, by its form: lines a second from the file to the workers' batches, and
 * the most memory that the program took.
 *
 * usage: list_bench [LINES]   (2,000,000; files are made in TMPDIR, or /tmp, and removed)
 */
#include "scanner/run/list_reader.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { LINE_SIZE = 512, LINES_DEFAULT = 2000000 };

static void make_names(char *line, uint64_t i) {
  snprintf(line, LINE_SIZE, "domain%" PRIu64 ".example\n", i);
}

static void make_csv(char *line, uint64_t i) {
  snprintf(line, LINE_SIZE,
           i ? "%" PRIu64 ",%" PRIu64 ",domain%" PRIu64
               ".example,example,\"Customer, Inc.\",note %" PRIu64 "\n"
             : "rank,number,domain,tld,customer,note\n",
           i, i, i, i);
}

/* Of three lines one is an NS record. */
static void make_zone(char *line, uint64_t i) {
  static const char *const rests[] = {"ns\tns1.example.net.", "ds\t12345 13 2 aabbccdd",
                                      "a\t192.0.2.1"};
  if (i == 0)
    snprintf(line, LINE_SIZE, "com.\t900\tin\tsoa\ta.gtld-servers.net. n. 1 1800 900 604800 900\n");
  else
    snprintf(line, LINE_SIZE, "domain%" PRIu64 ".com.\t172800\tin\t%s\n", i / 3, rests[i % 3]);
}

static void make_results(char *line, uint64_t i) {
  snprintf(line, LINE_SIZE,
           "{\"v\":1,\"n\":%" PRIu64 ",\"domain\":\"domain%" PRIu64 ".example\",\"rank\":%" PRIu64
           ",\"status\":\"absent\",\"effect\":\"none\",\"findings\":[{\"code\":\"record-absent\","
           "\"severity\":"
           "\"info\",\"stage\":\"record\"}],\"record\":{\"rcode\":\"NXDOMAIN\",\"ad\":false,"
           "\"tries\":1,\"ms\":2},"
           "\"at\":\"2026-11-23T10:00:00.123Z\",\"ms\":2}\n",
           i + 1, i, i + 1);
}

struct form {
  const char *name;
  void (*make)(char *line, uint64_t i);
  bool gzip;
  unsigned labels;
};

static const struct form forms[] = {
    {"names", make_names, false, 0},
    {"CSV, six columns", make_csv, false, 0},
    {"CSV, six columns, a label", make_csv, false, 1},
    {"zone file, gzip, a third NS", make_zone, true, 0},
    {"results, gzip", make_results, true, 0},
};

static void write_list(const char *path, const struct form *form, uint64_t lines) {
  char line[LINE_SIZE];
  gzFile file = gzopen(path, form->gzip ? "wb1" : "wbT");
  if (!file) exit(1);
  gzbuffer(file, 1024 * 1024);
  for (uint64_t i = 0; i < lines; i++) {
    form->make(line, i);
    if (gzputs(file, line) < 0) exit(1);
  }
  if (gzclose(file) != Z_OK) exit(1);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static unsigned wakes;

static void wake(void *data) {
  (void)data;
  pthread_mutex_lock(&lock);
  wakes++;
  pthread_cond_signal(&woken);
  pthread_mutex_unlock(&lock);
}

static void wait_for_more(void) {
  pthread_mutex_lock(&lock);
  while (wakes == 0) pthread_cond_wait(&woken, &lock);
  wakes = 0;
  pthread_mutex_unlock(&lock);
}

static uint64_t read_list(char *path, const struct form *form, uint64_t *entries) {
  const char *bad;
  char why[LIST_ROWS_TEXT_MAX];
  struct list_reader *reader;
  struct list_reader_config config = {.paths = &path, .path_count = 1, .workers = 1, .wake = wake};
  for (unsigned i = 0; i < form->labels; i++)
    config.wish.labels[config.wish.label_count++] = "customer";
  if (list_reader_new(&reader, &config, &bad, why) || list_reader_start(reader, NULL)) exit(1);
  enum err err = ERR_NONE;
  while (err == ERR_NONE) {
    struct list_reader_batch *batch = list_reader_take(reader, &err);
    if (!batch && err == ERR_NONE) wait_for_more();
    if (!batch) continue;
    *entries += batch->count;
    list_reader_give(reader, batch);
  }
  struct list_reader_progress progress;
  list_reader_progress(reader, &progress);
  list_reader_free(reader);
  if (err != ERR_END) exit(1);
  return progress.lines;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  uint64_t lines = argc > 1 ? strtoull(argv[1], NULL, 10) : LINES_DEFAULT;
  const char *folder = getenv("TMPDIR");
  char path[4096];
  printf("%-30s %12s %12s %14s %12s\n", "form", "lines", "domains", "lines/s", "peak MB");
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    snprintf(path, sizeof path, "%s/list_bench.XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0) return 1;
    close(fd);
    write_list(path, &forms[i], lines);
    uint64_t entries = 0;
    double begin = seconds();
    uint64_t read = read_list(path, &forms[i], &entries);
    double took = seconds() - begin;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    unlink(path);
    printf("%-30s %12" PRIu64 " %12" PRIu64 " %14.0f %12.1f\n", forms[i].name, read, entries,
           (double)read / took, (double)usage.ru_maxrss / 1024);
  }
  return 0;
}
