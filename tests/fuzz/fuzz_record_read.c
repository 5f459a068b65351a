/* A line of a result file: what is read from it and written is a record, and reads back as the same
 * one; and it can be counted. */
#include "fuzz.h"

#include "output/record/record_read.h"
#include "output/record/record_write.h"
#include "output/stats/tally.h"

enum { WRITTEN_SIZE = 1024 * 1024 };

static struct record_read *reading;
static struct tally *tally;
static char first[WRITTEN_SIZE], second[WRITTEN_SIZE];

/* Reads the line and writes it into out without its line feed. */
static enum err fuzz_reading_again(struct span text, char *out, size_t *len) {
  char *line =
      malloc(text.len + 1); /* exact, for the address sanitizer; one byte is the reader's */
  FUZZ_REQUIRE(line);
  if (text.len) memcpy(line, text.ptr, text.len);
  enum err err = record_read_line(reading, line, text.len);
  if (err == ERR_NONE) {
    struct json_writer json = json_writer_into(out, WRITTEN_SIZE);
    FUZZ_REQUIRE(tally_add(tally, record_read_result(reading)) == ERR_NONE);
    record_write(&json, record_read_result(reading));
    FUZZ_REQUIRE(!json_writer_overflow(&json));
    *len = json_writer_text(&json).len - 1;
  }
  free(line);
  return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t len, again;
  if (!reading)
    FUZZ_REQUIRE(record_read_new(&reading) == ERR_NONE && tally_new(&tally) == ERR_NONE);
  if (fuzz_reading_again(fuzz_text(data, size), first, &len) != ERR_NONE) return 0;
  FUZZ_REQUIRE(fuzz_reading_again((struct span){first, len}, second, &again) == ERR_NONE);
  FUZZ_REQUIRE(again == len && memcmp(first, second, len) == 0);
  return 0;
}
