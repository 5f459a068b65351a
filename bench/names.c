#include "bench/names.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static const char prefix[] = "_mta-sts.";

static void names_die(const char *what) {
  perror(what);
  exit(1);
}

static void names_add(struct names *names, const char *line, size_t len) {
  size_t size = sizeof prefix - 1 + len;
  char *name = malloc(size + 1);
  if (!name) names_die("malloc");
  memcpy(name, prefix, sizeof prefix - 1);
  memcpy(name + sizeof prefix - 1, line, len);
  name[size] = '\0';
  if (!(names->count & (names->count - 1))) {
    size_t room = names->count ? 2 * names->count : 1;
    names->at = realloc(names->at, room * sizeof *names->at);
    if (!names->at) names_die("realloc");
  }
  names->at[names->count++] = (struct span){name, size};
}

struct names names_read(const char *path) {
  struct names names = {NULL, 0};
  FILE *file = fopen(path, "r");
  if (!file) names_die(path);
  char *line = NULL;
  size_t size = 0;
  ssize_t len;
  while ((len = getline(&line, &size, file)) > 0) {
    while (len && (line[len - 1] == '\n' || line[len - 1] == '\r')) len--;
    if (len) names_add(&names, line, (size_t)len);
  }
  free(line);
  fclose(file);
  return names;
}

void names_free(struct names *names) {
  for (size_t i = 0; i < names->count; i++) free((char *)(uintptr_t)names->at[i].ptr);
  free(names->at);
}

static double names_seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void names_report(const char *what, size_t names, size_t answered, uint64_t queries,
                  double seconds) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double user = names_seconds(usage.ru_utime) / (double)names * 1e6;
  double system = names_seconds(usage.ru_stime) / (double)names * 1e6;
  printf("%s: %zu names, %zu answered, %llu queries, %.3f s, %.0f names/s, "
         "%.2f us a name (%.2f user + %.2f system)\n",
         what, names, answered, (unsigned long long)queries, seconds, (double)answered / seconds,
         user + system, user, system);
}
