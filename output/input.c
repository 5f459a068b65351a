#include "output/input.h"

#include "output/number.h"
#include "output/reader.h"
#include <string.h>

enum { NOTE_SIZE = 256 };

static void write_file(struct json *json, const struct census_file *file) {
  json_open(json, NULL, '{');
  json_string(json, "path", span_of(file->path));
  json_uint(json, "bytes", file->bytes);
  json_uint(json, "records", file->records);
  if (file->first) {
    json_time(json, "from", file->first);
    json_time(json, "to", file->last);
  }
  if (file->later) json_uint(json, "later", file->later);
  if (file->strange) json_uint(json, "unknown_codes", file->strange);
  if (file->bad) json_uint(json, "bad_lines", file->bad);
  if (file->damaged) json_uint(json, "damaged", file->damaged);
  if (file->torn) json_uint(json, "torn_bytes", file->torn);
  json_close(json, '}');
}

void input_write(struct json *json, const struct census *census) {
  json_open(json, "input", '{');
  json_open(json, "files", '[');
  for (unsigned i = 0; i < census->file_count; i++) write_file(json, &census->files[i]);
  json_close(json, ']');
  json_uint(json, "records", census->records);
  json_uint(json, "duplicates", census->duplicates);
  json_close(json, '}');
}

static void note_bad(const struct census_file *file, input_tell *tell, void *context) {
  char note[NOTE_SIZE], number[NUMBER_SIZE];
  if (file->bad == 0) return;
  snprintf(note, sizeof note, "%s lines are no records and were left out; one begins \"%s\"",
           number_text(file->bad, number), file->sample);
  tell(context, file->path, note);
}

static void note_count(const struct census_file *file, uint64_t count, const char *text,
                       input_tell *tell, void *context) {
  char note[NOTE_SIZE], number[NUMBER_SIZE];
  if (count == 0) return;
  snprintf(note, sizeof note, "%s %s", number_text(count, number), text);
  tell(context, file->path, note);
}

static void note_file(const struct census_file *file, input_tell *tell, void *context) {
  if (file->bytes == 0)
    tell(context, file->path, "empty: it holds no records");
  else if (file->records == 0)
    tell(context, file->path, "it holds no whole record");
  note_count(file, file->torn,
             "bytes of a torn tail: what the scan did not write whole at the end was left out",
             tell, context);
  note_count(file, file->damaged, "places are damaged; the records there were left out", tell,
             context);
  note_bad(file, tell, context);
  note_count(file, file->later,
             "records are of a later version; members unknown to this one were left out", tell,
             context);
  note_count(file, file->strange, "findings have codes unknown to this version and were left out",
             tell, context);
}

void input_notes(const struct census *census, input_tell *tell, void *context) {
  char note[NOTE_SIZE], number[NUMBER_SIZE];
  for (unsigned i = 0; i < census->file_count; i++) note_file(&census->files[i], tell, context);
  if (census->duplicates == 0) return;
  snprintf(note, sizeof note,
           "%s records were left out: another file has a newer one of the same domain",
           number_text(census->duplicates, number));
  tell(context, NULL, note);
}

void input_failure(const struct census_file *file, input_tell *tell, void *context) {
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
             PAGE_SIZE_MAX);
    break;
  case ERR_IO: snprintf(note, sizeof note, "%s", strerror(file->cause)); break;
  default: snprintf(note, sizeof note, "%s", err_text(file->err)); break;
  }
  tell(context, file->path, note);
}
