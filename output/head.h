/* The head of a scan's results: what tells which scan they are of, so that only that one is
 * resumed.
 *
 * The identity is lines of "key value", the first of them HEAD_MAGIC. In gzip results it is the
 * comment of an empty member (RFC 1952 section 2.3.1: FCOMMENT) in front of the scan's records; for
 * plain results it stands in a file of its own beside them, NAME.resume, behind a line "from N":
 * the size that the results had when the scan began. So every line of the results stays a record.
 */
#ifndef OUTPUT_HEAD_H
#define OUTPUT_HEAD_H

#include "output/err.h"
#include "output/span.h"
#include <stdint.h>

#define HEAD_MAGIC       "stscan-resume 1\n"
#define HEAD_FILE_SUFFIX ".resume"

enum {
  HEAD_IDENTITY_MAX = 256 * 1024,
  HEAD_MEMBER_EXTRA = 21, /* octets of the member besides the identity */
  HEAD_PATH_MAX = 4096,
};

/* The empty member, in memory that is to be freed. The identity holds no NUL. */
enum err head_member(struct span identity, char **bytes, size_t *size);

/* Whether these are the first octets of such a member, and no whole one: all there is of a head
 * that was torn. */
bool head_is_torn(struct span bytes);

/* Writes NAME.resume, whole or not at all. path: of the results. ERR_IO with errno. */
enum err head_save(const char *path, struct span identity, uint64_t from);

/* Reads it; *identity is to be freed. ERR_NOT_FOUND: there is none; ERR_SYNTAX: it is something
 * else; ERR_IO with errno. */
enum err head_load(const char *path, char **identity, uint64_t *from);

#endif
