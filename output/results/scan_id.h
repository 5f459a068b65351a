/* The head of a scan's results: what tells which scan they are of, so that only that one is
 * resumed.
 *
 * The identity is lines of "key value", the first of them SCAN_ID_MAGIC. In gzip results it is a
 * subfield "St" of the extra field of an empty member (RFC 1952 section 2.3.1.1) in front of the
 * scan's records: every reader passes over that, while a comment is refused by DuckDB, and by Go's
 * when it is long. For plain results it stands in a file of its own beside them, NAME.resume,
 * behind a line "from N": the size that the results had when the scan began. So every line of the
 * results stays a record.
 *
 * A scan that ended leaves a closing member, as empty, whose subfield says "end complete, lines N,
 * records M"; for plain results that line stands at the end of NAME.resume.
 */
#ifndef OUTPUT_RESULTS_SCAN_ID_H
#define OUTPUT_RESULTS_SCAN_ID_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdint.h>

#define SCAN_ID_MAGIC       "stscan-resume 1\n"
#define SCAN_ID_FILE_SUFFIX ".resume"

enum {
  SCAN_ID_SUBFIELD_HEAD = 4, /* its two letters, and its length */
  SCAN_ID_EXTRA_MAX = 65535, /* of the extra field */
  SCAN_ID_IDENTITY_MAX = SCAN_ID_EXTRA_MAX - SCAN_ID_SUBFIELD_HEAD,
  SCAN_ID_MEMBER_EXTRA = 26, /* octets of the member besides the identity */
  SCAN_ID_PATH_MAX = 4096,
  SCAN_ID_BEGIN = 12, /* octets of a member in front of its extra field */
};

/* How a scan ended. */
struct scan_id_end {
  bool here;               /* it did */
  uint64_t lines, records; /* of the lists; of the scan */
};

/* The empty member, in memory that is to be freed. The identity holds no NUL. */
enum err scan_id_member(struct span identity, char **bytes, size_t *size);

/* The identity in a member's extra field; empty: there is none. */
struct span scan_id_identity(struct span extra);

/* Whether these are the first octets of such a member, and no whole one: all there is of a head
 * that was torn. */
bool scan_id_is_torn(struct span bytes);

/* Whether NAME.resume can be written. path: of the results. ERR_REFUSED: there is something that is
 * not ours, and force does not allow to replace it; ERR_IO with errno. */
enum err scan_id_check(const char *path, bool force);

/* Writes it, whole or not at all; fails likewise. end may be NULL. */
enum err scan_id_save(const char *path, struct span identity, uint64_t from,
                      const struct scan_id_end *end, bool force);

/* The closing member, likewise. */
enum err scan_id_end_member(const struct scan_id_end *end, char **bytes, size_t *size);

/* Whether a member's extra field says that a scan ended. */
bool scan_id_end(struct span extra, struct scan_id_end *end);

/* Where the first octets of such a member, head or closing, stand; NULL: nowhere. Whether the bytes
 * may be their beginning; and how far its extra field goes, 0 when that does not show yet. */
const char *scan_id_find(struct span bytes);
bool scan_id_may_begin(struct span bytes);
size_t scan_id_extra_end(struct span bytes);

/* Reads it; *identity is to be freed. ERR_NOT_FOUND: there is none; ERR_SYNTAX: it is something
 * else; ERR_IO with errno. */
enum err scan_id_load(const char *path, char **identity, uint64_t *from, struct scan_id_end *end);

#endif
