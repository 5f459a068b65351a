#include "scanner/cli/command.h"
#include "scanner/cli/descriptors.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/help.h"
#include "scanner/cli/options.h"
#include "scanner/cli/versions.h"
#include "scanner/https/memory.h"
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

/* What nobody could read was not done. plain: 1 means that and nothing else; where 2 does, the
 * command has complained already. */
static int main_flush(const char *command, int status, bool plain) {
  if (descriptors_flush() || (!plain && status == EXIT_FAILED)) return status;
  help_complain(command, "standard output could not be written: %s", strerror(errno));
  return plain ? EXIT_WRONG : EXIT_FAILED;
}

static int main_run(int argc, char **argv) {
  const struct command *command = command_find(argv[1]);
  if (!command) {
    command_complain(argv[1]);
    return EXIT_USAGE;
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is then told as EFBIG */
  if (memory_watch() != ERR_NONE) {
    help_complain(NULL, "libcurl could not be started");
    return EXIT_WRONG;
  }
  int status = command->main(argc - 1, argv + 1);
  curl_global_cleanup();
  return main_flush(command->name, status, command->options & (ON_SCAN | ON_STATS | ON_EXPLAIN));
}

static bool main_is(const char *word, const char *name) {
  return strcmp(word, name) == 0 ||
         (word[0] == '-' && word[1] == '-' && strcmp(word + 2, name) == 0);
}

static bool main_asks_help(const char *word) {
  return main_is(word, "help") || strcmp(word, "-h") == 0;
}

static int main_unexpected(const char *command, const char *word) {
  help_complain(command, "unexpected argument \"%s\" (see stscan help)", word);
  return EXIT_USAGE;
}

/* help [COMMAND]; help and version have no options, so theirs is the whole text. */
static int main_help(int argc, char **argv) {
  const char *name = argc > 2 ? argv[2] : NULL;
  const struct command *command = name ? command_find(name) : NULL;
  if (argc > 3) return main_unexpected("help", argv[3]);
  if (name && !command && !main_asks_help(name) && !main_is(name, "version")) {
    command_complain(name);
    return EXIT_USAGE;
  }
  if (command)
    options_help(stdout, (enum options_command)command->options);
  else
    command_help(stdout);
  return main_flush(NULL, EXIT_DONE, true);
}

static int main_version(int argc, char **argv) {
  if (argc > 2 && main_asks_help(argv[2])) return main_help(2, argv);
  if (argc > 2) return main_unexpected("version", argv[2]);
  versions_print(stdout);
  return main_flush(NULL, EXIT_DONE, true);
}

int main(int argc, char **argv) {
  if (!descriptors_fill()) {
    help_complain(NULL, "/dev/null: %s", strerror(errno));
    return EXIT_WRONG;
  }
  if (argc < 2) {
    command_help(stderr);
    return EXIT_USAGE;
  }
  if (main_asks_help(argv[1])) return main_help(argc, argv);
  if (main_is(argv[1], "version")) return main_version(argc, argv);
  return main_run(argc, argv);
}
