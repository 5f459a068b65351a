/* The authoritative servers of the Internet, or a resolver in front of them: one thread, one UDP
 * socket. Ends at SIGTERM or SIGINT.
 */
#ifndef INTERNET_SERVER_H
#define INTERNET_SERVER_H

#include "bench/internet/account.h"
#include "bench/internet/message.h"
#include "bench/internet/settings.h"
#include "bench/internet/world.h"
#include <netinet/in.h>

struct server_options {
  enum message_role role; /* MESSAGE_RECURSIVE or MESSAGE_AUTHORITY */
  struct sockaddr_in listen;
  struct world world;
  struct settings settings;
  struct changes changes;
};

/* Runs till the end. Returns false, with a word on standard error, if it cannot begin. The account
 * is the caller's. */
bool server_run(const struct server_options *options, struct account *account);

#endif
