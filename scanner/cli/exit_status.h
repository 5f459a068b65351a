/* The exit statuses that all commands share. */
#ifndef SCANNER_CLI_EXIT_STATUS_H
#define SCANNER_CLI_EXIT_STATUS_H

enum exit_status {
  EXIT_DONE = 0,
  EXIT_WRONG = 1, /* something is wrong or changed; of scan and stats: it failed */
  EXIT_USAGE = 2,
  EXIT_FAILED = 2,  /* of check, show, lint and diff, as of diff(1) and grep(1) */
  EXIT_STOPPED = 3, /* can be resumed */
};

#endif
