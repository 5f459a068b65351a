#include "scanner/cli/show.h"

#include "output/base/json_writer.h"
#include "output/record/record_read.h"
#include "output/results/results_reader.h"
#include "scanner/cli/diagnosis.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/help.h"
#include "scanner/cli/options.h"
#include "scanner/cli/print_result.h"
#include "scanner/cli/result_operands.h"
#include "scanner/sts/domain.h"
#include "scanner/sts/list_entry.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct show {
  const char *command;
  bool json;
  struct span domain; /* lower case, A-labels */
  struct record_read *record;
  struct line_block *block;
  char *newest; /* its line, as it was read */
  size_t newest_len;
  int64_t at; /* of the newest */
};

/* Keeps the line if it is a record of the domain and none kept is newer. Reading changes a line. */
static enum err show_take(struct show *show, char *line, size_t len) {
  if (!memmem(line, len, show->domain.ptr, show->domain.len)) return ERR_NONE;
  char *copy = malloc(len + 1);
  if (!copy) return ERR_MEMORY;
  memcpy(copy, line, len);
  enum err err = record_read_line(show->record, line, len);
  const struct result *result = record_read_result(show->record);
  bool newer = err == ERR_NONE && span_equal(result->domain, show->domain) &&
               (!show->newest || result->at >= show->at);
  if (newer) {
    free(show->newest);
    show->newest = copy;
    show->newest_len = len;
    show->at = result->at;
  } else {
    free(copy);
  }
  return err == ERR_MEMORY ? err : ERR_NONE; /* what is no record is none of the domain */
}

static enum err show_read_lines(struct show *show, struct results_reader *reader) {
  enum err err;
  char *line;
  size_t len;
  while ((err = results_reader_next(reader, show->block)) == ERR_NONE)
    while (line_block_line(show->block, &line, &len)) {
      err = show_take(show, line, len);
      if (err != ERR_NONE) return err;
    }
  return err == ERR_END ? ERR_NONE : err;
}

static enum err show_read(struct show *show, const char *path) {
  struct results_reader *reader;
  enum err err = results_reader_open(&reader, path);
  if (err == ERR_NONE) {
    err = show_read_lines(show, reader);
    struct results_reader_account account = results_reader_account(reader);
    if (account.damaged || account.torn)
      help_complain(show->command, "%s: damaged: what could be read counts", path);
    results_reader_close(reader);
  }
  if (err != ERR_NONE)
    help_complain(show->command, "%s: %s", path, err == ERR_IO ? strerror(errno) : err_text(err));
  return err;
}

static int show_print(struct show *show) {
  if (!show->newest) {
    help_complain(show->command, "%.*s: no record of it is in the results", SPAN_ARG(show->domain));
    return EXIT_FAILED;
  }
  if (record_read_line(show->record, show->newest, show->newest_len) != ERR_NONE) {
    help_complain(show->command, "%s", err_text(ERR_MEMORY));
    return EXIT_FAILED;
  }
  const struct result *result = record_read_result(show->record);
  struct explain_style style = print_result_style(show->domain);
  if (show->json) {
    if (print_result_record(stdout, result) != ERR_NONE) return EXIT_FAILED;
  } else {
    char at[JSON_WRITER_TIME_SIZE];
    at[json_writer_time_text(result->at, at)] = '\0';
    if (result->at) printf("Found by a scan at %s:\n\n", at);
    diagnosis_print(stdout, &style, result);
  }
  return diagnosis_is_wrong(result) ? EXIT_WRONG : EXIT_DONE;
}

static int show_files(struct show *show, const struct result_paths *paths) {
  enum err err = record_read_new(&show->record);
  if (err == ERR_NONE) err = line_block_new(&show->block);
  if (err != ERR_NONE) help_complain(show->command, "%s", err_text(err));
  for (size_t i = 0; err == ERR_NONE && i < paths->count; i++) err = show_read(show, paths->at[i]);
  int status = err == ERR_NONE ? show_print(show) : EXIT_FAILED;
  record_read_free(show->record);
  line_block_free(show->block);
  free(show->newest);
  return status;
}

/* A URL or an address is taken by its host, as check does. */
static enum err show_domain(struct show *show, const char *text, struct arena *arena) {
  struct list_entry entry = {.text = span_of(text), .name = span_of(text)};
  struct domain domain;
  const char *why = NULL;
  list_entry_host(&entry);
  enum err err = domain_parse(entry.name, arena, &domain, &why);
  if (err == ERR_NONE)
    show->domain = domain.ascii;
  else
    help_complain(show->command, "\"%s\" is not a domain name: %s", text,
                  why ? why : err_text(err));
  return err;
}

int show_main(int argc, char **argv) {
  struct options options;
  switch (options_parse(&options, ON_SHOW, argc, argv)) {
  case OPTIONS_HELP: return EXIT_DONE;
  case OPTIONS_BAD: return EXIT_USAGE;
  case OPTIONS_RUN: break;
  }
  struct show show = {.command = argv[0], .json = options.json};
  struct result_paths paths = {0};
  struct arena arena = {.limit = ARENA_LIMIT_DEFAULT};
  int status = EXIT_USAGE;
  if (options.operand_count == 0)
    help_complain(argv[0], "no domain is given (see stscan show --help)");
  else if (show_domain(&show, options.operands[0], &arena) == ERR_NONE &&
           result_operands_take(&paths, argv[0], options.operands + 1, options.operand_count - 1))
    status = show_files(&show, &paths);
  result_paths_free(&paths);
  arena_free(&arena);
  return status;
}
