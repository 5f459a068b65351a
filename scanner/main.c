#include "scanner/cli/command.h"
#include "scanner/cli/help.h"
#include "scanner/cli/versions.h"
#include "scanner/net/memory.h"
#include <curl/curl.h>
#include <signal.h>
#include <string.h>

static int main_run(int argc, char **argv) {
  const struct command *command = command_find(argv[1]);
  if (!command) {
    help_complain(NULL, "\"%s\" is not a command (see stscan --help)", argv[1]);
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
  return status;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    help_program(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    help_program(stdout);
    return EXIT_DONE;
  }
  if (strcmp(argv[1], "--version") == 0) {
    versions_print(stdout);
    return EXIT_DONE;
  }
  return main_run(argc, argv);
}
