#include "output/stats/aggregate.h"

#include "output/base/temporary_file.h"
#include "output/record/record_read.h"
#include "output/record/record_write.h"
#include "output/results/line_set.h"
#include "output/stats/newest.h"
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* What all threads share. */
struct crew {
  const struct aggregate_config *config;
  const struct managed *sizes; /* NULL: not needed */
  struct aggregate *aggregate;
  struct aggregate_files *files;
  int cause; /* errno of what failed beside the files */
};

struct worker {
  struct crew *crew;
  pthread_t thread;
  bool started;
  struct tally *tally;
  struct group_by groups;
  struct split split;
  struct newest *newest; /* NULL: every record is given */
  struct record_read *reading;
  struct line_block *page;
  char *line; /* a copy of the record, when records are listed */
  size_t line_size;
  uint64_t records;
  uint64_t labels;         /* those asked for that a record has, a bit each */
  FILE *spool;             /* what may be listed, each with a NUL behind it */
  uint64_t queued;         /* how many */
  struct line_set *listed; /* which of them are */
};

static bool in_order(const struct aggregate_config *config) {
  return config->each || config->list != AGGREGATE_LIST_NONE;
}

static struct dimension_domain worker_domain(const struct worker *worker,
                                             const struct domain_facts *facts) {
  return (struct dimension_domain){
      .result = record_read_result(worker->reading),
      .facts = facts,
      .tally = worker->tally,
      .sizes = worker->crew->sizes,
      .limits = worker->crew->config->limits,
  };
}

/* Behind what is queued already: whether it is the newest of its domain shows at the end. */
static enum err worker_queue(struct worker *worker, const struct dimension_domain *domain,
                             size_t len) {
  const struct aggregate_config *config = worker->crew->config;
  struct span text = {worker->line, len};
  if (config->list == AGGREGATE_LIST_NAMES) text = domain->result->domain;
  if (config->list == AGGREGATE_LIST_COLUMNS) {
    columns_row(worker->spool, &config->columns, config->form, domain, config->list_code);
  } else {
    fwrite(text.ptr, 1, text.len, worker->spool);
    fputc('\n', worker->spool);
  }
  worker->queued++;
  return fputc(0, worker->spool) != EOF && !ferror(worker->spool) ? ERR_NONE : ERR_IO;
}

static enum err worker_list(struct worker *worker, const struct newest_record *record,
                            const struct dimension_domain *domain, size_t len) {
  const struct aggregate_config *config = worker->crew->config;
  bool wanted =
      config->list_code == FOUND_COUNT || domain_facts_has_code(domain->facts, config->list_code);
  bool named = record->domain.len || config->list == AGGREGATE_LIST_RECORDS;
  wanted = wanted && named && filter_holds(config->where, domain);
  enum err err = wanted ? worker_queue(worker, domain, len) : ERR_NONE;
  if (err == ERR_NONE && record->domain.len)
    return newest_add_number(worker->newest, record, wanted ? worker->queued : 0);
  return err == ERR_NONE && wanted ? line_set_set(worker->listed, worker->queued) : err;
}

/* What is kept of the record, behind what is queued already. */
static enum err worker_keep(struct worker *worker, const struct result *result,
                            struct domain_facts *facts) {
  struct result kept = *result;
  if (!worker->crew->config->keep(result, &kept)) return ERR_NONE;
  for (;;) {
    struct json_writer json = json_writer_into(worker->line, worker->line_size);
    record_write(&json, &kept);
    if (!json_writer_overflow(&json)) {
      fwrite(worker->line, 1, json_writer_text(&json).len, worker->spool);
      facts->entry = ++worker->queued;
      return fputc(0, worker->spool) != EOF && !ferror(worker->spool) ? ERR_NONE : ERR_IO;
    }
    char *grown = realloc(worker->line, json.need);
    if (!grown) return ERR_MEMORY;
    worker->line = grown;
    worker->line_size = json.need;
  }
}

static enum err worker_count(struct worker *worker, const struct domain_facts *facts) {
  if (!(facts->flags & DOMAIN_FACTS_CHOSEN)) return tally_pass(worker->tally, facts);
  enum err err = facts->entry ? line_set_set(worker->listed, facts->entry) : ERR_NONE;
  if (err != ERR_NONE) return err;
  if (worker->split.label.len)
    err = split_count(&worker->split, facts->group, facts);
  else
    group_by_count(&worker->groups, facts->group, facts);
  return err == ERR_NONE ? tally_count(worker->tally, facts) : err;
}

static enum err worker_take(struct worker *worker, unsigned file, size_t len) {
  const struct aggregate_config *config = worker->crew->config;
  const struct result *result = record_read_result(worker->reading);
  struct newest_record record = {result->domain, file, result->n, result->at};
  struct domain_facts facts;
  worker->labels |= labels_asked_among(&worker->crew->aggregate->labels, &result->labels);
  if (config->each) return config->each(config->context, result);
  enum err err = tally_facts(worker->tally, result, &facts);
  if (err != ERR_NONE) return err;
  struct dimension_domain domain = worker_domain(worker, &facts);
  if (config->list != AGGREGATE_LIST_NONE) return worker_list(worker, &record, &domain, len);
  if (filter_holds(config->where, &domain)) {
    facts.flags |= DOMAIN_FACTS_CHOSEN;
    err = worker->split.label.len ? split_row(&worker->split, result, &facts.group)
                                  : group_by_row(&worker->groups, &domain, &facts.group);
  }
  if (err == ERR_NONE && config->keep) err = worker_keep(worker, result, &facts);
  if (err != ERR_NONE) return err;
  if (result->domain.len) return newest_add(worker->newest, &record, &facts);
  return worker_count(worker, &facts);
}

/* Reading changes the line. */
static enum err worker_copy(struct worker *worker, const char *line, size_t len) {
  if (worker->crew->config->list != AGGREGATE_LIST_RECORDS) return ERR_NONE;
  if (len > worker->line_size) {
    char *grown = realloc(worker->line, len);
    if (!grown) return ERR_MEMORY;
    worker->line = grown;
    worker->line_size = len;
  }
  if (len) memcpy(worker->line, line, len);
  return ERR_NONE;
}

static void sample_take(struct aggregate_file *part, struct span line) {
  if (part->sample[0]) return;
  for (size_t i = 0; i < line.len; i++)
    part->sample[i] = line.ptr[i] >= ' ' && line.ptr[i] <= '~' ? line.ptr[i] : '.';
  part->sample[line.len] = 0;
}

/* A line that is no record: a torn tail, a blank line, or a bad one. */
static enum err worker_bad(struct worker *worker, unsigned file, struct aggregate_file *part,
                           struct span begin, size_t len) {
  if (len == 0) return ERR_NONE;
  sample_take(part, begin);
  if (line_block_line_open(worker->page) && span_starts(begin, SPAN("{"))) {
    part->torn += len;
    return ERR_NONE;
  }
  part->bad++;
  bool ours = aggregate_files_ours(worker->crew->files, file);
  return part->bad >= AGGREGATE_FOREIGN_LINES && !ours ? ERR_SYNTAX : ERR_NONE;
}

static enum err worker_line(struct worker *worker, unsigned file, struct aggregate_file *part,
                            char *line, size_t len) {
  char begin[AGGREGATE_FILE_SAMPLE_MAX]; /* reading changes the line */
  size_t begin_len = len < sizeof begin ? len : sizeof begin;
  memcpy(begin, line, begin_len);
  enum err err = worker_copy(worker, line, len);
  if (err == ERR_NONE) err = record_read_line(worker->reading, line, len);
  if (err == ERR_SYNTAX || err == ERR_LIMIT)
    return worker_bad(worker, file, part, (struct span){begin, begin_len}, len);
  if (err != ERR_NONE) return err;
  if (part->records++ == 0) aggregate_files_set_ours(worker->crew->files, file);
  part->later += record_read_version(worker->reading) > RESULT_VERSION;
  part->strange += record_read_strange(worker->reading);
  aggregate_file_see(part, record_read_result(worker->reading)->at);
  return worker_take(worker, file, len);
}

/* Reads pages of one file until its end. */
static enum err worker_read(struct worker *worker, unsigned file, struct results_reader *reader,
                            struct aggregate_file *part) {
  char *line;
  size_t len;
  enum err err;
  while ((err = results_reader_next(reader, worker->page)) == ERR_NONE)
    while (line_block_line(worker->page, &line, &len)) {
      err = worker_line(worker, file, part, line, len);
      if (err != ERR_NONE) return err;
    }
  return err;
}

static void *worker_run(void *context) {
  struct worker *worker = context;
  struct aggregate_files *files = worker->crew->files;
  struct results_reader *reader;
  unsigned file;
  while (aggregate_files_enter(files, &file, &reader)) {
    struct aggregate_file part = {0};
    enum err err = worker_read(worker, file, reader, &part);
    worker->records += part.records;
    aggregate_files_leave(files, file, &part, err, errno);
  }
  return NULL;
}

static void worker_free(struct worker *worker) {
  tally_free(worker->tally);
  group_by_free(&worker->groups);
  split_free(&worker->split);
  newest_free(worker->newest);
  record_read_free(worker->reading);
  line_block_free(worker->page);
  line_set_free(worker->listed);
  if (worker->spool) fclose(worker->spool);
  free(worker->line);
}

static enum err worker_make_spool(struct worker *worker) {
  int fd = temporary_file_open();
  worker->spool = fd < 0 ? NULL : fdopen(fd, "w+");
  return worker->spool ? line_set_new(&worker->listed) : ERR_IO;
}

static struct group_by groups_of(const struct aggregate_config *config) {
  struct group_by groups = {.dimension_count = config->by_count};
  memcpy(groups.dimensions, config->by, sizeof groups.dimensions);
  memcpy(groups.names, config->by_names, sizeof groups.names);
  return groups;
}

static enum err worker_make(struct worker *worker, struct crew *crew) {
  const struct aggregate_config *config = crew->config;
  *worker =
      (struct worker){.crew = crew, .groups = groups_of(config), .split = {.label = config->split}};
  enum err err = tally_new(&worker->tally);
  if (err == ERR_NONE) err = record_read_new(&worker->reading);
  if (err == ERR_NONE) err = line_block_new(&worker->page);
  if (err == ERR_NONE && !config->each) err = newest_new(&worker->newest);
  bool spools = config->list != AGGREGATE_LIST_NONE || config->keep;
  if (err == ERR_NONE && spools) err = worker_make_spool(worker);
  if (err == ERR_IO) crew->cause = errno;
  return err;
}

static enum err settled(void *context, unsigned index, const struct domain_facts *facts,
                        uint64_t number) {
  struct worker *worker = (struct worker *)context + index;
  if (facts) return worker_count(worker, facts);
  return number ? line_set_set(worker->listed, number) : ERR_NONE;
}

/* Writes what is listed, in the order of the files. */
static enum err worker_print(struct worker *worker, char *line, size_t len, bool counts) {
  (void)counts;
  FILE *out = worker->crew->config->out;
  worker->crew->aggregate->listed++;
  return fwrite(line, 1, len, out) == len ? ERR_NONE : ERR_IO;
}

/* Gives a record that was kept: a line with its line feed. */
static enum err worker_give(struct worker *worker, char *line, size_t len, bool counts) {
  const struct aggregate_config *config = worker->crew->config;
  enum err err = record_read_line(worker->reading, line, len - 1);
  return err == ERR_NONE
             ? config->kept(config->context, record_read_result(worker->reading), counts)
             : err;
}

/* What was queued and counts, or does not. */
static enum err worker_unspool(struct worker *worker,
                               enum err (*take)(struct worker *, char *, size_t, bool),
                               bool counts) {
  char *line = NULL;
  size_t size = 0;
  ssize_t len;
  enum err err = fseeko(worker->spool, 0, SEEK_SET) == 0 ? ERR_NONE : ERR_IO;
  for (uint64_t i = 1; err == ERR_NONE && (len = getdelim(&line, &size, 0, worker->spool)) > 0;
       i++) {
    if (line_set_has(worker->listed, i) == counts)
      err = take(worker, line, (size_t)len - 1, counts);
  }
  if (err == ERR_NONE && ferror(worker->spool)) err = ERR_IO;
  int saved = errno;
  free(line);
  errno = saved;
  return err;
}

static enum err crew_unspool(struct crew *crew, struct worker *workers, unsigned count) {
  const struct aggregate_config *config = crew->config;
  bool lists = config->list != AGGREGATE_LIST_NONE;
  enum err err = ERR_NONE;
  for (unsigned i = 0; err == ERR_NONE && i < count; i++)
    err = worker_unspool(&workers[i], lists ? worker_print : worker_give, true);
  for (unsigned i = 0; err == ERR_NONE && !lists && i < count; i++)
    err = worker_unspool(&workers[i], worker_give, false);
  if (err == ERR_NONE && lists && fflush(config->out) != 0) err = ERR_IO;
  return err;
}

static enum err crew_settle(struct crew *crew, struct worker *workers, unsigned count) {
  struct newest *ledgers[AGGREGATE_THREADS_MAX];
  if (!workers[0].newest) return ERR_NONE;
  for (unsigned i = 0; i < count; i++) ledgers[i] = workers[i].newest;
  enum err err = newest_settle(ledgers, count, settled, workers, &crew->aggregate->duplicates);
  if (err == ERR_NONE && workers[0].spool) err = crew_unspool(crew, workers, count);
  if (err != ERR_NONE) crew->cause = errno;
  return err;
}

static enum err aggregate_merge(struct aggregate *aggregate, const struct worker *worker) {
  aggregate->records += worker->records;
  aggregate->labels_here |= worker->labels;
  enum err err = tally_merge(aggregate->tally, worker->tally);
  if (err == ERR_NONE) err = group_by_merge(&aggregate->groups, &worker->groups);
  return err == ERR_NONE ? split_merge(&aggregate->split, &worker->split) : err;
}

/* Runs the workers, this thread as the first of them. */
static void crew_run(struct worker *workers, unsigned count) {
  for (unsigned i = 1; i < count; i++)
    workers[i].started = pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]) == 0;
  worker_run(&workers[0]);
  for (unsigned i = 1; i < count; i++)
    if (workers[i].started) pthread_join(workers[i].thread, NULL);
}

static enum err crew_work(struct crew *crew, unsigned count) {
  struct worker *workers = calloc(count, sizeof *workers);
  enum err err = workers ? ERR_NONE : ERR_MEMORY;
  for (unsigned i = 0; err == ERR_NONE && i < count; i++) err = worker_make(&workers[i], crew);
  if (err == ERR_NONE) {
    crew_run(workers, count);
    err = aggregate_files_error(crew->files, &crew->cause);
  }
  if (err == ERR_NONE) err = crew_settle(crew, workers, count);
  for (unsigned i = 0; err == ERR_NONE && i < count; i++)
    err = aggregate_merge(crew->aggregate, &workers[i]);
  for (unsigned i = 0; workers && i < count; i++) worker_free(&workers[i]);
  free(workers);
  return err;
}

static struct labels_asked labels_of(const struct aggregate_config *config) {
  struct labels_asked asked = {0};
  static_assert(LABELS_ASKED_MAX > FILTER_CONDITIONS_MAX + GROUP_BY_DIMENSIONS + COLUMNS_MAX,
                "all labels fit");
  for (size_t i = 0; i < config->where->count; i++)
    labels_asked_add(&asked, config->where->conditions[i].label);
  for (unsigned i = 0; i < config->by_count; i++)
    labels_asked_add(&asked, dimension_label(config->by_names[i]));
  for (size_t i = 0; i < config->columns.count; i++)
    labels_asked_add(&asked, dimension_label(config->columns.names[i]));
  labels_asked_add(&asked, config->split);
  return asked;
}

static enum err aggregate_take_paths(struct aggregate *aggregate,
                                     const struct aggregate_config *config) {
  if (config->path_count > AGGREGATE_FILES_MAX) return ERR_LIMIT;
  aggregate->files = calloc(config->path_count + 1, sizeof *aggregate->files);
  if (!aggregate->files) return ERR_MEMORY;
  aggregate->file_count = config->path_count;
  for (unsigned i = 0; i < config->path_count; i++) aggregate->files[i].path = config->paths[i];
  return ERR_NONE;
}

static enum err aggregate_once(struct aggregate *aggregate, const struct aggregate_config *config,
                               const struct managed *sizes) {
  struct crew crew = {.config = config, .aggregate = aggregate, .sizes = sizes};
  unsigned threads = in_order(config) ? 1 : config->threads;
  if (threads > AGGREGATE_THREADS_MAX) threads = AGGREGATE_THREADS_MAX;
  *aggregate = (struct aggregate){
      .groups = groups_of(config), .split = {.label = config->split}, .labels = labels_of(config)};
  enum err err = aggregate_take_paths(aggregate, config);
  if (err == ERR_NONE) err = tally_new(&aggregate->tally);
  if (err == ERR_NONE)
    err = aggregate_files_new(&crew.files, aggregate->files, aggregate->file_count, config->from);
  if (err == ERR_NONE) err = crew_work(&crew, threads);
  aggregate_files_free(crew.files);
  errno = crew.cause;
  return err;
}

bool aggregate_reads_twice(const struct aggregate_config *config) {
  for (unsigned i = 0; i < config->by_count; i++)
    if (config->by[i] == DIMENSION_MANAGED) return true;
  return filter_asks(config->where, DIMENSION_MANAGED) ||
         columns_has(&config->columns, DIMENSION_MANAGED);
}

enum err aggregate_run(struct aggregate *aggregate, const struct aggregate_config *config) {
  static const struct filter everything;
  struct aggregate whole;
  if (!aggregate_reads_twice(config)) return aggregate_once(aggregate, config, NULL);
  struct aggregate_config counting = *config;
  counting.where = &everything;
  counting.by_count = 0;
  counting.split = (struct span){0};
  counting.list = AGGREGATE_LIST_NONE;
  counting.keep = NULL;
  enum err err = aggregate_once(&whole, &counting, NULL);
  if (err != ERR_NONE) {
    *aggregate = whole;
    return err;
  }
  err = aggregate_once(aggregate, config, tally_managed(whole.tally));
  int saved = errno;
  aggregate_free(&whole);
  errno = saved;
  return err;
}

void aggregate_free(struct aggregate *aggregate) {
  tally_free(aggregate->tally);
  group_by_free(&aggregate->groups);
  split_free(&aggregate->split);
  for (unsigned i = 0; i < aggregate->file_count; i++) scan_marks_free(&aggregate->files[i].marks);
  free(aggregate->files);
  *aggregate = (struct aggregate){0};
}
