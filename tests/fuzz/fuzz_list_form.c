/* A list of any form, CSV and zone files above all: read twice it says the same, its lines are
 * counted, and what is taken from a row lies inside what was given.
 *
 * The first byte chooses the form that is wished. */
#include "file.h"

#include "scanner/run/list_rows.h"

static void fuzz_form_hear(void *data, const char *text) {
  unsigned *told = data;
  FUZZ_REQUIRE(text[0]);
  ++*told;
}

struct fuzz_form_sum {
  uint64_t lines, entries, octets;
};

static void fuzz_form_row(const struct list_rows_row *row, struct fuzz_form_sum *sum) {
  struct result_label at[RESULT_LABELS_MAX];
  FUZZ_REQUIRE(row->lines >= 1 && row->lines <= LIST_ROWS_JOINED_MAX);
  sum->lines += row->lines;
  if (!row->here) return;
  sum->entries++;
  sum->octets += row->entry.name.len + row->entry.text.len + row->entry.carried.len;
  FUZZ_REQUIRE(row->entry.carried.len <= CARRIED_MAX);
  for (size_t i = 0; i < row->entry.name.len; i++)
    sum->octets += (unsigned char)row->entry.name.ptr[i];
  struct result_labels labels = carried_labels(row->entry.carried, at);
  for (size_t i = 0; i < labels.count; i++)
    FUZZ_REQUIRE(labels.at[i].name.len && labels.at[i].value.len);
}

static struct fuzz_form_sum fuzz_form_read(const struct fuzz_file *file,
                                           const struct list_form_wish *wish) {
  struct fuzz_form_sum sum = {0};
  unsigned told = 0;
  char why[LIST_ROWS_TEXT_MAX];
  struct list_rows_config config = {.wish = *wish, .tell = fuzz_form_hear, .data = &told};
  struct list_file *list;
  struct list_rows *rows = NULL;
  struct list_rows_row row;
  FUZZ_REQUIRE(list_file_open(&list, file->path, -1) == ERR_NONE);
  enum err err = list_rows_new(&rows, list, &config, why);
  FUZZ_REQUIRE(err == ERR_NONE || err == ERR_SYNTAX);
  while (err == ERR_NONE && (err = list_rows_next(rows, &row)) == ERR_NONE)
    fuzz_form_row(&row, &sum);
  FUZZ_REQUIRE(err == ERR_END || err == ERR_SYNTAX);
  if (err == ERR_END) list_rows_has_domains(rows);
  FUZZ_REQUIRE(told < 16);
  list_rows_free(rows);
  list_file_close(list);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  struct fuzz_file *file = fuzz_file_new();
  struct list_form_wish wish = {.format = (enum list_entry_format)((data[0] & 0x7f) % 5)};
  if (data[0] & 0x80) {
    wish.column = "2";
    wish.labels[wish.label_count++] = "1";
  }
  fuzz_file_put(file, fuzz_text(data + 1, size - 1));
  struct fuzz_form_sum one = fuzz_form_read(file, &wish), two = fuzz_form_read(file, &wish);
  FUZZ_REQUIRE(memcmp(&one, &two, sizeof one) == 0);
  return 0;
}
