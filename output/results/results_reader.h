/* Results read back: a file or standard input, plain or gzip with any number of members, as blocks
 * of whole lines.
 *
 * Several threads may read one reader at once, each with a block of its own; which thread gets
 * which block is open. A file with members of output/results/gzip_block.c near its front is cut
 * where those begin, and each block inflates its members itself; any other gzip is inflated in one
 * stream under the reader's lock. A torn tail (a scan that was killed) is dropped and told, and
 * damage in the middle is passed over to the next member, and told.
 */
#ifndef OUTPUT_RESULTS_RESULTS_READER_H
#define OUTPUT_RESULTS_RESULTS_READER_H

#include "output/base/err.h"
#include "output/results/line_block.h"
#include "output/results/scan_marks.h"
#include <stdint.h>

struct results_reader;

/* What became of the bytes. */
struct results_reader_account {
  bool gzip;
  uint64_t bytes;   /* read */
  uint64_t torn;    /* of them at the end, in a member that is not whole; 0: none */
  uint64_t damaged; /* places where members could not be inflated */
};

/* path "-": standard input. ERR_IO: errno says why. */
enum err results_reader_open(struct results_reader **reader, const char *path);

/* Leaves out the file's first octets; a line or a member must begin behind them. */
enum err results_reader_open_at(struct results_reader **reader, const char *path, uint64_t from);
void results_reader_close(struct results_reader *reader);

/* Fills the block. ERR_END: there is nothing more. ERR_LIMIT: a line or member over
 * LINE_BLOCK_SIZE_MAX.
 */
enum err results_reader_next(struct results_reader *reader, struct line_block *block);

/* The scans that it holds, to be taken once, when every thread got ERR_END; of plain text there are
 * none. To be freed. */
struct scan_marks results_reader_take_marks(struct results_reader *reader);

/* Final once every thread got ERR_END. */
struct results_reader_account results_reader_account(struct results_reader *reader);

#endif
