/* A block of whole lines of a result file, in memory of its own, that one thread reads.
 *
 * Filled by output/results/results_reader.h with text, or with gzip members that it inflates
 * itself, so that threads inflate side by side. Made to be used again; its memory grows with the
 * longest line.
 */
#ifndef OUTPUT_RESULTS_LINE_BLOCK_H
#define OUTPUT_RESULTS_LINE_BLOCK_H

#include "output/base/err.h"
#include "output/base/span.h"

enum {
  LINE_BLOCK_SIZE_MIN = 512 * 1024, /* of text; a member of ours and its last line fit in */
  LINE_BLOCK_SIZE_MAX =
      64 * 1024 * 1024, /* a line or a member that needs more is not one of ours */
};

struct line_block;

enum err line_block_new(struct line_block **block);
void line_block_free(struct line_block *block);

/* The next line without its line feed, and with a byte behind it that may be written to; false:
 * there is none. */
bool line_block_line(struct line_block *block, char **line, size_t *len);

/* Whether the line given last was the last, and had no line feed: the end of the file, or a tear.
 */
bool line_block_line_open(const struct line_block *block);

/* For the reader. Forgets all text. */
void line_block_clear(struct line_block *block);

/* Room for at least size more bytes of text, or NULL: no memory, or over LINE_BLOCK_SIZE_MAX; then
 * line_block_added() of them. */
char *line_block_room(struct line_block *block, size_t size);
void line_block_added(struct line_block *block, size_t size);

/* All text, and how much of it are whole lines. */
struct span line_block_text(const struct line_block *block);
size_t line_block_whole(const struct line_block *block);

/* Cuts the text off there. */
void line_block_cut(struct line_block *block, size_t len);

/* Room for size bytes of gzip members, or NULL; then line_block_inflate() makes text of them.
 * *whole tells how many of the bytes were whole members. ERR_END: the last member is not whole;
 * ERR_SYNTAX: bytes that are not gzip, or damaged; in both cases what was inflated until then
 * stands in the block. */
char *line_block_gzip_room(struct line_block *block, size_t size);
enum err line_block_inflate(struct line_block *block, size_t size, size_t *whole);

#endif
