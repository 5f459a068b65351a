#include "scanner/run/remainder.h"

#include "scanner/run/list_rows.h"
#include "scanner/sts/domain.h"
#include "scanner/sts/shard.h"
#include <sys/stat.h>

static bool remainder_is_file(const char *path) {
  struct stat st;
  return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Whether an entry is of this part of the scan, as the journey tells it. */
static bool remainder_is_ours(const struct scan_config *config, const struct list_entry *entry,
                              struct arena *arena) {
  struct domain domain;
  const char *why;
  if (config->shards <= 1) return true;
  bool good = !entry->reason && domain_parse(entry->name, arena, &domain, &why) == ERR_NONE;
  unsigned shard = shard_of(good ? domain.ascii : entry->text, config->shards);
  arena_free(arena);
  return shard == config->shard;
}

/* The scan will tell it. */
static void remainder_hear_nothing(void *data, const char *text) {
  (void)data;
  (void)text;
}

static enum err remainder_look_list(const struct scan_config *config, const struct line_set *done,
                                    struct list_file *list, bool *left, uint64_t *lines) {
  struct list_rows_config reading = {
      .wish = config->wish, .where = config->where, .tell = remainder_hear_nothing};
  struct arena arena = {0};
  struct list_rows *rows = NULL;
  struct list_rows_row row;
  char why[LIST_ROWS_TEXT_MAX];
  enum err err = list_rows_new(&rows, list, &reading, why);
  while (err == ERR_NONE && !*left && (err = list_rows_next(rows, &row)) == ERR_NONE) {
    *left = row.here && !line_set_has(done, *lines + 1) &&
            remainder_is_ours(config, &row.entry, &arena);
    *lines += row.lines;
  }
  list_rows_free(rows);
  *left |= err != ERR_END; /* what is wrong with it, the scan will tell */
  return err == ERR_MEMORY ? err : ERR_NONE;
}

enum err remainder_look(const struct scan_config *config, const struct line_set *done, bool *left,
                        uint64_t *lines) {
  enum err err = ERR_NONE;
  *left = config->list_count == 0;
  *lines = 0;
  for (int i = 0; i < config->list_count && !*left && err == ERR_NONE; i++) {
    struct list_file *list;
    *left = !remainder_is_file(config->lists[i]);
    if (*left || list_file_open(&list, config->lists[i], -1) != ERR_NONE) {
      *left = true;
      break;
    }
    err = remainder_look_list(config, done, list, left, lines);
    list_file_close(list);
  }
  return err;
}
