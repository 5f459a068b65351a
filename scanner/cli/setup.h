/* From the options to what the network parts need: addresses of the resolvers, the block list, the
 * fetcher's settings. What is wrong is said on standard error; ERR_SYNTAX and ERR_LIMIT are bad
 * usage, any other error is a failure. */
#ifndef SCANNER_CLI_SETUP_H
#define SCANNER_CLI_SETUP_H

#include "scanner/cli/options.h"
#include "scanner/https/fetcher.h"
#include "scanner/net/block_list.h"
#include "scanner/net/source_address.h"
#include "scanner/run/mail_probing.h"
#include "scanner/run/nameservers.h"
#include "scanner/sts/ask.h"

/* Without block list and limits. */
struct fetcher_config setup_fetcher(const struct options *options);

/* The file that names the resolvers, or NULL. */
const char *setup_resolver_file(const struct options *options);

enum err setup_nameservers(const struct options *options, const char *command,
                           struct nameservers *servers);

/* All zero: none was given. Every name server can be asked from it. */
enum err setup_source(const struct options *options, const char *command,
                      const struct nameservers *servers, struct source_address *source);

/* *block NULL: no list was given. */
enum err setup_block(const struct options *options, const char *command, struct block_list **block);

/* Unix time in ms. */
int64_t setup_now(void);

/* Worker threads: as asked for, else as many as processors. */
unsigned setup_threads(const struct options *options);

/* How often a name may be asked for while answers are being lost: as often as was asked for, else
 * more often than --dns-tries is by default. */
unsigned setup_tries_on_loss(const struct options *options);

/* How mail servers are asked; its ehlo is empty without --probe-mx. */
enum err setup_mail(const struct options *options, const char *command, struct mail_options *mail);

/* Adds what --ask asks for. */
enum err setup_ask(const struct options *options, const char *command, struct ask *ask);

/* What such an error means for the program's end: done, bad usage or failed. */
int setup_exit_status(enum err err);

#endif
