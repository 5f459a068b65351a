/* A result file, read for statistics and as the journal of a scan that is resumed: every line comes
 * once, and what a resume leaves of the file is whole, with the same records.
 *
 * The first byte chooses: plain, a member for each paragraph, or the bytes as they are, which may
 * look like gzip; and whether the last octets are torn off. */
#include "file.h"

#include "output/results/results_reader.h"
#include "output/results/resume_index.h"
#include "output/results/scan_id.h"

enum { FORM_PLAIN, FORM_MEMBERS, FORM_RAW, FORMS, TORN = 0x80, TORN_MAX = 16 };

static struct line_block *page;

static uint64_t fuzz_results_read(const struct fuzz_file *file) {
  struct results_reader *reader;
  uint64_t size = 0;
  enum err err;
  FUZZ_REQUIRE(results_reader_open(&reader, file->path) == ERR_NONE);
  while ((err = results_reader_next(reader, page)) == ERR_NONE) {
    char *line;
    size_t len;
    while (line_block_line(page, &line, &len)) {
      FUZZ_REQUIRE(!memchr(line, '\n', len));
      size += len + !line_block_line_open(page);
    }
  }
  FUZZ_REQUIRE(err == ERR_END || err == ERR_LIMIT);
  struct results_reader_account account = results_reader_account(reader);
  FUZZ_REQUIRE(account.torn <= account.bytes);
  results_reader_close(reader);
  return size;
}

static void fuzz_results_resume(const struct fuzz_file *file) {
  struct resume_index journal, again;
  enum err err = resume_index_read(&journal, file->path, true);
  FUZZ_REQUIRE(err == ERR_NONE || err == ERR_NOT_FOUND || err == ERR_SYNTAX || err == ERR_LIMIT);
  FUZZ_REQUIRE((err == ERR_LIMIT) <= journal.damaged); /* no tail here is too long */
  FUZZ_REQUIRE(journal.whole <= journal.size && line_set_count(journal.done) <= journal.records);
  if (err == ERR_NONE || err == ERR_LIMIT) {
    FUZZ_REQUIRE(ftruncate(file->fd, (off_t)journal.whole) == 0);
    FUZZ_REQUIRE(resume_index_check(&again, file->path, true) == ERR_NONE &&
                 again.whole == again.size);
    FUZZ_REQUIRE(resume_index_read(&again, file->path, true) == ERR_NONE);
    FUZZ_REQUIRE(again.size == journal.whole && again.whole == journal.whole);
    FUZZ_REQUIRE(again.records == journal.records);
    FUZZ_REQUIRE(line_set_count(again.done) == line_set_count(journal.done));
    resume_index_free(&again);
  }
  resume_index_free(&journal);
}

static void fuzz_results_put_members(struct fuzz_file *file, struct span text) {
  char *head;
  size_t size;
  FUZZ_REQUIRE(scan_id_member(SPAN(SCAN_ID_MAGIC "lists 1\n"), &head, &size) == ERR_NONE);
  fuzz_file_put(file, (struct span){head, size});
  free(head);
  while (text.len) {
    const char *end = memmem(text.ptr, text.len, "\n\n", 2);
    size_t len = end ? (size_t)(end - text.ptr) + 1 : text.len;
    fuzz_file_put_gzip(file, span_first(text, len));
    text = span_skip(text, len + (end != NULL));
  }
}

static void fuzz_results_tear(struct fuzz_file *file, unsigned octets) {
  off_t size = lseek(file->fd, 0, SEEK_END);
  FUZZ_REQUIRE(ftruncate(file->fd, size > octets ? size - octets : 0) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_file *file = fuzz_file_new();
  if (!page) FUZZ_REQUIRE(line_block_new(&page) == ERR_NONE);
  if (size == 0) return 0;
  struct span text = fuzz_text(data + 1, size - 1);
  unsigned form = (data[0] & 0x7f) % FORMS;
  if (form == FORM_MEMBERS)
    fuzz_results_put_members(file, text);
  else
    fuzz_file_put(file, text);
  if (data[0] & TORN) fuzz_results_tear(file, 1 + data[0] % TORN_MAX);
  uint64_t read = fuzz_results_read(file);
  bool plain = form == FORM_PLAIN && !(data[0] & TORN) && !span_starts(text, SPAN("\x1f\x8b")) &&
               span_find(text, 0) == text.len; /* several NULs are one hole */
  if (plain) FUZZ_REQUIRE(read == text.len);
  fuzz_results_resume(file);
  return 0;
}
