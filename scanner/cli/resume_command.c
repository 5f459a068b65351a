#include "scanner/cli/resume_command.h"

#include "output/base/shell_word.h"
#include "output/base/terminal_text.h"
#include <sys/stat.h>
#include <unistd.h>

/* What decides over an output that exists; shortest: what getopt takes for it. */
static const struct {
  struct span name;
  size_t shortest;
} resume_command_modes[] = {
    {{"--append", 8}, sizeof "--ap" - 1},
    {{"--force", 7}, sizeof "--forc" - 1},
    {{"--resume", 8}, sizeof "--resu" - 1},
};

static bool resume_command_is_mode(struct span word) {
  for (size_t i = 0; i < sizeof resume_command_modes / sizeof *resume_command_modes; i++)
    if (word.len >= resume_command_modes[i].shortest &&
        span_starts(resume_command_modes[i].name, word))
      return true;
  return false;
}

void resume_command_print(FILE *out, int argc, char *const *argv) {
  bool operands = false; /* behind -- */
  fprintf(out, "stscan %s --resume", argv[0]);
  for (int i = 1; i < argc; i++) {
    struct span word = span_of(argv[i]);
    operands |= span_equal(word, SPAN("--"));
    if (!operands && resume_command_is_mode(word)) continue;
    fputc(' ', out);
    shell_word_print(out, word);
  }
  fputc('\n', out);
}

static bool resume_command_is_stream(const char *path) {
  struct stat st;
  bool standard = strcmp(path, "-") == 0;
  return (standard ? fstat(STDIN_FILENO, &st) : stat(path, &st)) == 0 && !S_ISREG(st.st_mode);
}

void resume_command_print_streams(FILE *out, int count, char *const *lists) {
  static char *const standard[] = {"-"};
  if (count == 0) lists = standard;
  for (int i = 0; i < (count ? count : 1); i++) {
    bool is_standard = strcmp(lists[i], "-") == 0;
    if (!resume_command_is_stream(lists[i])) {
      if (is_standard) fputs("stscan: with the same list on standard input\n", out);
      continue;
    }
    fputs("stscan: the same list must come again, from its first line, on ", out);
    terminal_text_print(out, span_of(is_standard ? "standard input" : lists[i]));
    fputc('\n', out);
  }
}
