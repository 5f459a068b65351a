#include "output/stats/input.h"

#include "output/base/number.h"
#include "output/results/results_reader.h"
#include "output/results/scan_id.h"
#include <string.h>

enum { NOTE_SIZE = 256 };

static void write_file(struct json_writer *json, const struct aggregate_file *file) {
  json_writer_open(json, NULL, '{');
  json_writer_string(json, "path", span_of(file->path));
  json_writer_uint(json, "bytes", file->bytes);
  json_writer_uint(json, "records", file->records);
  if (file->first) {
    json_writer_time(json, "from", file->first);
    json_writer_time(json, "to", file->last);
  }
  if (file->later) json_writer_uint(json, "later", file->later);
  if (file->strange) json_writer_uint(json, "unknown_codes", file->strange);
  if (file->bad) json_writer_uint(json, "bad_lines", file->bad);
  if (file->damaged) json_writer_uint(json, "damaged", file->damaged);
  if (file->torn) json_writer_uint(json, "torn_bytes", file->torn);
  json_writer_close(json, '}');
}

void input_write(struct json_writer *json, const struct aggregate *aggregate) {
  json_writer_open(json, "input", '{');
  json_writer_open(json, "files", '[');
  for (unsigned i = 0; i < aggregate->file_count; i++) write_file(json, &aggregate->files[i]);
  json_writer_close(json, ']');
  json_writer_uint(json, "records", aggregate->records);
  json_writer_uint(json, "duplicates", aggregate->duplicates);
  json_writer_close(json, '}');
}

/* The lines of a head behind its magic. */
static struct span head_lines(const struct scan_mark *mark) {
  return span_skip(span_of(mark->identity), sizeof SCAN_ID_MAGIC - 1);
}

struct span input_head(const struct scan_mark *mark, struct span key) {
  struct span rest = head_lines(mark);
  while (rest.len) {
    struct span value = span_cut(&rest, '\n');
    if (span_equal(span_cut(&value, ' '), key)) return value;
  }
  return (struct span){0};
}

static void write_head_options(struct json_writer *json, const struct scan_mark *mark) {
  struct span rest = head_lines(mark), dashes = SPAN("--");
  json_writer_open(json, "options", '{');
  while (rest.len) {
    struct span value = span_cut(&rest, '\n'), key = span_cut(&value, ' ');
    if (!span_starts(key, dashes)) continue;
    json_writer_key(json, span_skip(key, dashes.len));
    json_writer_string(json, NULL, value);
  }
  json_writer_close(json, '}');
}

/* "list-1 ...", "list-2 ...", or one fingerprint of many: "all-lists ...". */
static void write_head_lists(struct json_writer *json, const struct scan_mark *mark) {
  struct span rest = head_lines(mark);
  json_writer_open(json, "lists", '[');
  while (rest.len) {
    struct span value = span_cut(&rest, '\n'), key = span_cut(&value, ' ');
    if (span_starts(key, SPAN("list-")) || span_equal(key, SPAN("all-lists")))
      json_writer_string(json, NULL, value);
  }
  json_writer_close(json, ']');
}

static void write_scan(struct json_writer *json, const char *path, const struct scan_mark *mark) {
  static const char *const keys[] = {"version", "libraries", "began"};
  json_writer_open(json, NULL, '{');
  json_writer_string(json, "path", span_of(path));
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    struct span value = input_head(mark, span_of(keys[i]));
    if (value.len) json_writer_string(json, keys[i], value);
  }
  json_writer_uint(json, "shard", mark->shard);
  json_writer_uint(json, "shards", mark->shards);
  json_writer_bool(json, "ended", mark->ended);
  if (mark->ended) json_writer_uint(json, "lines", mark->lines);
  if (mark->ended) json_writer_uint(json, "records", mark->records);
  write_head_options(json, mark);
  write_head_lists(json, mark);
  json_writer_close(json, '}');
}

void input_write_scans(struct json_writer *json, const struct aggregate *aggregate) {
  json_writer_open(json, "scan", '[');
  for (unsigned i = 0; i < aggregate->file_count; i++)
    for (size_t j = 0; j < aggregate->files[i].marks.count; j++)
      write_scan(json, aggregate->files[i].path, &aggregate->files[i].marks.at[j]);
  json_writer_close(json, ']');
}

/* How many of something, with what is said of one and of several; and of none, nothing. */
static void note_count(const struct aggregate_file *file, uint64_t count, const char *one,
                       const char *several, input_tell *tell, void *context) {
  char note[2 * NOTE_SIZE], number[NUMBER_SIZE];
  if (count == 0) return;
  snprintf(note, sizeof note, "%s %s", number_text(count, number), count == 1 ? one : several);
  tell(context, file->path, note);
}

static void note_bad(const struct aggregate_file *file, input_tell *tell, void *context) {
  char one[NOTE_SIZE], several[NOTE_SIZE];
  snprintf(one, sizeof one, "line is no record and was left out; it begins \"%s\"", file->sample);
  snprintf(several, sizeof several, "lines are no records and were left out; one begins \"%s\"",
           file->sample);
  note_count(file, file->bad, one, several, tell, context);
}

static void note_file(const struct aggregate_file *file, input_tell *tell, void *context) {
  if (file->bytes == 0)
    tell(context, file->path, "empty: it holds no records");
  else if (file->records == 0)
    tell(context, file->path, "it holds no whole record");
  note_count(file, file->torn, "byte of an incomplete end was left out",
             "bytes of an incomplete end were left out: the scan was stopped while it wrote them",
             tell, context);
  note_count(file, file->damaged, "place is damaged; the records there were left out",
             "places are damaged; the records there were left out", tell, context);
  note_bad(file, tell, context);
  note_count(
      file, file->later, "record is of a later version; members unknown to this one were left out",
      "records are of a later version; members unknown to this one were left out", tell, context);
  note_count(file, file->strange, "finding has a code unknown to this version and was left out",
             "findings have codes unknown to this version and were left out", tell, context);
}

static void note_labels(const struct aggregate *aggregate, input_tell *tell, void *context) {
  const char *path = aggregate->file_count == 1 ? aggregate->files[0].path : NULL;
  char note[2 * NOTE_SIZE];
  for (unsigned i = 0; aggregate->records && i < aggregate->labels.count; i++) {
    if (aggregate->labels_here >> i & 1) continue;
    snprintf(note, sizeof note, "no record has a label \"%.*s\"",
             SPAN_ARG(span_first(aggregate->labels.names[i], NOTE_SIZE)));
    tell(context, path, note);
  }
}

void input_notes(const struct aggregate *aggregate, input_tell *tell, void *context) {
  char note[NOTE_SIZE], number[NUMBER_SIZE];
  for (unsigned i = 0; i < aggregate->file_count; i++)
    note_file(&aggregate->files[i], tell, context);
  note_labels(aggregate, tell, context);
  if (aggregate->duplicates == 0) return;
  snprintf(note, sizeof note, "%s %s left out: there is a newer one of the same domain",
           number_text(aggregate->duplicates, number),
           aggregate->duplicates == 1 ? "record was" : "records were");
  tell(context, NULL, note);
}

void input_failure(const struct aggregate_file *file, input_tell *tell, void *context) {
  char note[NOTE_SIZE];
  switch (file->err) {
  case ERR_SYNTAX:
    if (file->sample[0])
      snprintf(note, sizeof note, "not a result file of stscan: a line begins \"%s\"",
               file->sample);
    else
      snprintf(note, sizeof note, "not a result file of stscan, or damaged: no record in it");
    break;
  case ERR_LIMIT:
    snprintf(note, sizeof note, "a line is longer than %d bytes: not a result file of stscan",
             LINE_BLOCK_SIZE_MAX);
    break;
  case ERR_IO: snprintf(note, sizeof note, "%s", strerror(file->cause)); break;
  default: snprintf(note, sizeof note, "%s", err_text(file->err)); break;
  }
  tell(context, file->path, note);
}
