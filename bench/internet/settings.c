#include "bench/internet/settings.h"
#include "bench/internet/pending.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct setting {
  const char *name;
  size_t offset;
  double usual, least, most;
  const char *help;
};

static const struct setting table[] = {
    {"loss", offsetof(struct settings, loss), 0, 0, 100, "percent of the datagrams lost, each way"},
    {"rate", offsetof(struct settings, rate), 0, 0, 1e6, "queries/s at most; 0: no limit"},
    {"over", offsetof(struct settings, over), 0, 0, 2, "more are 0 dropped, 1 refused, 2 queued"},
    {"queue", offsetof(struct settings, queue), 1000, 1, PENDING_MAX, "how many wait, with over=2"},
    {"pending", offsetof(struct settings, pending), PENDING_MAX, 1, PENDING_MAX,
     "names being resolved at once; further ones are dropped"},
    {"slower", offsetof(struct settings, slower), 1, 0.001, 1000, "every delay times this"},
    {"hit", offsetof(struct settings, hit), 0.1, 0, 60000, "ms of an answer from the cache"},
    {"referral", offsetof(struct settings, referral), 5, 0, 60000, "ms of an answer from the root"},
    {"stall", offsetof(struct settings, stall), 0, 0, 999,
     "ms of each second in which nothing is answered, then all at once"},
    {"silent", offsetof(struct settings, silent), 0, 0, 1, "1: answers nothing"},
    {"rcode", offsetof(struct settings, rcode), -1, -1, 15, "answers this to everything; -1: not"},
    {"lie", offsetof(struct settings, lie), 0, 0, 1, "1: names that do not exist have data"},
};

enum { TABLE_COUNT = sizeof table / sizeof *table };

static double *settings_field(struct settings *settings, size_t which) {
  return (double *)(void *)((char *)settings + table[which].offset);
}

void settings_init(struct settings *settings) {
  for (size_t i = 0; i < TABLE_COUNT; i++) *settings_field(settings, i) = table[i].usual;
}

static bool settings_read(const char *name, size_t len, const char *value, size_t *which,
                          double *read) {
  for (size_t i = 0; i < TABLE_COUNT; i++) {
    if (strlen(table[i].name) != len || memcmp(table[i].name, name, len)) continue;
    char *end;
    *which = i;
    *read = strtod(value, &end);
    return *value && !*end && *read >= table[i].least && *read <= table[i].most;
  }
  return false;
}

bool settings_set(struct settings *settings, const char *name, const char *value) {
  size_t which;
  double read;
  if (!settings_read(name, strlen(name), value, &which, &read)) return false;
  *settings_field(settings, which) = read;
  return true;
}

bool changes_add(struct changes *changes, const char *text) {
  struct change change;
  char *end;
  change.seconds = strtod(text, &end);
  if (end == text || *end != ':' || !(change.seconds >= 0)) return false;
  const char *name = end + 1, *equals = strchr(name, '=');
  if (!equals || changes->count == CHANGES_MAX) return false;
  if (!settings_read(name, (size_t)(equals - name), equals + 1, &change.which, &change.value))
    return false;
  size_t at = changes->count++;
  for (; at && changes->at[at - 1].seconds > change.seconds; at--)
    changes->at[at] = changes->at[at - 1];
  changes->at[at] = change;
  return true;
}

double changes_apply(struct changes *changes, struct settings *settings, double seconds) {
  for (; changes->done < changes->count; changes->done++) {
    const struct change *change = &changes->at[changes->done];
    if (change->seconds > seconds) return change->seconds;
    *settings_field(settings, change->which) = change->value;
  }
  return INFINITY;
}

void settings_help(FILE *out) {
  for (size_t i = 0; i < TABLE_COUNT; i++)
    fprintf(out, "      --%-8s N   %s (%g)\n", table[i].name, table[i].help, table[i].usual);
}
