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

/* help [COMMAND] */
static int main_help(const char *name) {
  const struct command *command = name ? command_find(name) : NULL;
  if (name && !command) {
    command_complain(name);
    return EXIT_USAGE;
  }
  if (command)
    options_help(stdout, (enum options_command)command->options);
  else
    command_help(stdout);
  return main_flush(NULL, EXIT_DONE, true);
}

static bool main_is(const char *word, const char *name) {
  return strcmp(word, name) == 0 ||
         (word[0] == '-' && word[1] == '-' && strcmp(word + 2, name) == 0);
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
  if (main_is(argv[1], "help") || strcmp(argv[1], "-h") == 0) return main_help(argv[2]);
  if (main_is(argv[1], "version")) {
    versions_print(stdout);
    return main_flush(NULL, EXIT_DONE, true);
  }
  return main_run(argc, argv);
}
