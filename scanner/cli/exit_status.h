/* The exit statuses that all commands share. */
#ifndef SCANNER_CLI_EXIT_STATUS_H
#define SCANNER_CLI_EXIT_STATUS_H

enum exit_status {
  EXIT_DONE = 0,
  EXIT_WRONG = 1, /* something is wrong or changed; or it could not be done */
  EXIT_USAGE = 2,
  EXIT_STOPPED = 3, /* can be resumed */
};

#endif
