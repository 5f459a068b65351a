/* The message queue of a worker's loop: what other threads have for it.
 *
 * A message is part of whatever it is about, and is in one inbox at a time. Any thread posts; the
 * loop's thread alone opens, a bounded number of messages a turn, so that a crowd that is told at
 * once does not hold the loop up.
 */
#ifndef SCANNER_SMTP_INBOX_H
#define SCANNER_SMTP_INBOX_H

#include "output/base/err.h"
#include "scanner/base/ring.h"
#include <uv.h>

enum { INBOX_TURN_MAX = 256 }; /* messages that are opened in one turn of the loop */

struct inbox;

struct inbox_message {
  struct ring link;
};

/* open is called for each message, which then is in no inbox. ERR_MEMORY. */
enum err inbox_new(struct inbox **inbox, uv_loop_t *loop,
                   void (*open)(void *data, struct inbox_message *message), void *data);
/* Nobody may post any more; what is in it is not opened. The loop must run until then. NULL is
 * allowed. */
void inbox_close(struct inbox *inbox);

/* From any thread. */
void inbox_post(struct inbox *inbox, struct inbox_message *message);
/* On the loop's thread: takes a message back that was posted and not opened yet. */
void inbox_withdraw(struct inbox *inbox, struct inbox_message *message);

#endif
