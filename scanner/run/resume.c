#include "scanner/run/resume.h"

#include "output/stats/input.h"
#include "scanner/run/notice.h"
#include "scanner/run/scan_identity.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static const char *resume_why(enum err err) {
  return err == ERR_IO ? strerror(errno) : err_text(err);
}

static enum err resume_identity(const struct scan_config *config, char **identity) {
  const char *bad = NULL;
  enum err err = scan_identity_make(config, identity, &bad);
  if (err == ERR_IO)
    notice("%s: %s", bad, strerror(errno));
  else if (err != ERR_NONE)
    notice("%s", err_text(err));
  return err;
}

static enum err resume_write_head_member(struct results_file *results, struct span identity) {
  char *bytes;
  size_t size;
  enum err err = scan_id_member(identity, &bytes, &size);
  if (err != ERR_NONE) return err;
  err = results_file_append(results, (struct span){bytes, size});
  int saved = errno;
  free(bytes);
  errno = saved;
  return err;
}

static enum err resume_write_head(const struct scan_config *config, struct results_file *results,
                                  const char *identity) {
  struct span text = span_of(identity);
  enum err err = config->gzip ? resume_write_head_member(results, text)
                              : scan_id_save(config->output, text, results_file_file_size(results),
                                             NULL, config->mode == RESULTS_FILE_TRUNCATE);
  if (err != ERR_NONE)
    notice("output %s%s: %s", config->output, config->gzip ? "" : SCAN_ID_FILE_SUFFIX,
           resume_why(err));
  return err;
}

static void resume_tell_difference(const char *output, const struct scan_identity_difference *of) {
  if (span_here(of->was) && span_here(of->is))
    notice("output %s is not resumed: it was begun with %.*s \"%.*s\", and now it is \"%.*s\"",
           output, SPAN_ARG(of->key), SPAN_ARG(of->was), SPAN_ARG(of->is));
  else
    notice("output %s is not resumed: it was begun with%s \"%.*s\"", output,
           span_here(of->was) ? "" : "out", SPAN_ARG(of->key));
}

static void resume_tell_foreign(const char *output, const char *what) {
  notice("output %s is not %s: there are lines in it that are no records of a scan", output, what);
}

static void resume_tell_unreadable(const char *output, enum err err,
                                   const struct resume_index *index) {
  if (err == ERR_NOT_FOUND)
    notice(
        "output %s is not resumed: it does not hold, or not beside it, what tells which scan it is "
        "of",
        output);
  else if (err == ERR_REFUSED)
    notice("output %s is not resumed: by %s" SCAN_ID_FILE_SUFFIX " the scan begins at byte %" PRIu64
           ", where no record does",
           output, output, index->begin);
  else if (err == ERR_SYNTAX)
    resume_tell_foreign(output, "resumed");
  else if (err == ERR_LIMIT)
    notice("output %s is not resumed: it is damaged at byte %" PRIu64 ", and %" PRIu64
           " bytes follow (truncate -s %" PRIu64 " drops them)",
           output, index->whole, index->size - index->whole, index->whole);
  else
    notice("output %s: %s", output, resume_why(err));
}

static enum err resume_read(const struct scan_config *config, const char *identity,
                            struct resume_index *index) {
  struct scan_identity_difference difference = {0};
  enum err err = resume_index_read(index, config->output, config->gzip);
  if (err != ERR_NONE) {
    resume_tell_unreadable(config->output, err, index);
  } else if (index->identity && !scan_identity_same(index->identity, identity, &difference)) {
    resume_tell_difference(config->output, &difference);
    err = ERR_REFUSED;
  }
  return err;
}

static enum err resume_go_on(const struct scan_config *config, struct results_file *results,
                             const char *identity, struct resume_index *index) {
  enum err err = resume_read(config, identity, index);
  if (err != ERR_NONE) return err;
  uint64_t torn = index->size - index->whole;
  if (torn) err = results_file_cut(results, index->whole);
  if (err != ERR_NONE) {
    notice("output %s: %s", config->output, resume_why(err));
    return err;
  }
  if (torn)
    notice("output %s: discarded %" PRIu64 " bytes of an incomplete final record", config->output,
           torn);
  if (!index->identity) return resume_write_head(config, results, identity);
  notice("output %s: %" PRIu64 " records are there", config->output, index->records);
  return ERR_NONE;
}

static void resume_tell_torn(const char *output, const struct resume_index *index) {
  notice("output %s is not appended to: it is whole up to byte %" PRIu64 ", and %" PRIu64
         " bytes of an incomplete end follow: --resume it with the same lists first, or truncate "
         "-s %" PRIu64 " %s",
         output, index->whole, index->size - index->whole, index->whole, output);
}

/* What is appended behind a torn end cannot be read. */
static enum err resume_check_append(const char *output, bool gzip) {
  struct resume_index index;
  enum err err = resume_index_check(&index, output, gzip);
  if (err == ERR_NONE && index.whole == index.size) return ERR_NONE;
  if (err == ERR_NONE)
    resume_tell_torn(output, &index);
  else if (err == ERR_NOT_FOUND)
    notice("output %s is not appended to: it holds no whole %s of a scan", output,
           gzip ? "gzip member" : "record");
  else if (err == ERR_SYNTAX)
    resume_tell_foreign(output, "appended to");
  else
    notice("output %s: %s", output, resume_why(err));
  return ERR_REFUSED;
}

static enum err resume_begin(const struct scan_config *config, struct results_file *results,
                             const char *identity) {
  enum err err = ERR_NONE;
  if (config->mode == RESULTS_FILE_APPEND) err = resume_check_append(config->output, config->gzip);
  return err == ERR_NONE ? resume_write_head(config, results, identity) : err;
}

enum err resume_check(const struct scan_config *config) {
  if (config->gzip || strcmp(config->output, "-") == 0) return ERR_NONE;
  enum err err = scan_id_check(config->output, config->mode == RESULTS_FILE_TRUNCATE);
  if (err == ERR_REFUSED)
    notice("%s" SCAN_ID_FILE_SUFFIX " exists and is not of a scan: not overwritten (--force does)",
           config->output);
  else if (err != ERR_NONE)
    notice("output %s" SCAN_ID_FILE_SUFFIX ": %s", config->output, resume_why(err));
  return err;
}

enum err resume_prepare(const struct scan_config *config, struct results_file *results,
                        struct resume_index *index) {
  char *identity = NULL;
  *index = (struct resume_index){0};
  if (!results_file_is_named(results)) {
    if (!config->resume) return ERR_NONE;
    notice("output %s is not resumed: it is not a file", config->output);
    return ERR_REFUSED;
  }
  enum err err = resume_identity(config, &identity);
  if (err != ERR_NONE) return err;
  err = config->resume ? resume_go_on(config, results, identity, index)
                       : resume_begin(config, results, identity);
  free(identity);
  return err;
}

static void finish_gzip(const struct scan_config *config, const struct scan_id_end *end) {
  struct results_file *results;
  char *bytes;
  size_t size;
  if (scan_id_end_member(end, &bytes, &size) != ERR_NONE) return;
  if (results_file_open(&results, config->output, RESULTS_FILE_APPEND) == ERR_NONE) {
    results_file_append(results, (struct span){bytes, size});
    results_file_close(results);
  }
  free(bytes);
}

static void finish_plain(const struct scan_config *config, const struct scan_id_end *end) {
  struct scan_id_end earlier;
  char *identity;
  uint64_t from;
  if (scan_id_load(config->output, &identity, &from, &earlier) != ERR_NONE) return;
  scan_id_save(config->output, span_of(identity), from, end, false);
  free(identity);
}

void resume_finish(const struct scan_config *config, const struct resume_index *index,
                   const struct scan_id_end *end) {
  if (index->ended && index->records == end->records) return;
  (config->gzip ? finish_gzip : finish_plain)(config, end);
}

static void resume_note(void *context, const char *path, const char *text) {
  (void)context;
  notice("output %s: %s", path, text);
}

enum err resume_count(const struct scan_config *config, uint64_t from, struct tally **tally) {
  static const struct filter everything;
  char *path = (char *)(size_t)config->output; /* census takes paths as argv holds them */
  struct aggregate aggregate;
  struct aggregate_config counting = {
      .paths = &path,
      .path_count = 1,
      .from = from,
      .threads = config->threads,
      .where = &everything,
  };
  enum err err = aggregate_run(&aggregate, &counting);
  if (err == ERR_NONE) {
    aggregate.duplicates = 0; /* a list may have a name twice */
    input_notes(&aggregate, resume_note, NULL);
    *tally = aggregate.tally;
    aggregate.tally = NULL;
  } else if (aggregate.file_count && aggregate.files[0].err != ERR_NONE) {
    input_failure(&aggregate.files[0], resume_note, NULL);
  } else {
    notice("output %s: %s", config->output, resume_why(err));
  }
  aggregate_free(&aggregate);
  return err;
}
