/* A page: some whole lines of a result file, in memory of its own, that one thread reads.
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
  PAGE_SIZE_MIN = 512 * 1024,       /* of text; a member of ours and its last line fit in */
  PAGE_SIZE_MAX = 64 * 1024 * 1024, /* a line or a member that needs more is not one of ours */
};

struct page;

enum err page_new(struct page **page);
void page_free(struct page *page);

/* The next line without its line feed, and with a byte behind it that may be written to; false:
 * there is none. */
bool page_line(struct page *page, char **line, size_t *len);

/* Whether the line given last was the last, and had no line feed: the end of the file, or a tear.
 */
bool page_line_open(const struct page *page);

/* For the reader. Forgets all text. */
void page_clear(struct page *page);

/* Room for at least size more bytes of text, or NULL: no memory, or over PAGE_SIZE_MAX; then
 * page_added() of them. */
char *page_room(struct page *page, size_t size);
void page_added(struct page *page, size_t size);

/* All text, and how much of it are whole lines. */
struct span page_text(const struct page *page);
size_t page_whole(const struct page *page);

/* Cuts the text off there. */
void page_cut(struct page *page, size_t len);

/* Room for size bytes of gzip members, or NULL; then page_inflate() makes text of them. *whole
 * tells how many of the bytes were whole members. ERR_END: the last member is not whole;
 * ERR_SYNTAX: bytes that are not gzip, or damaged; in both cases what was inflated until then
 * stands in the page. */
char *page_gzip_room(struct page *page, size_t size);
enum err page_inflate(struct page *page, size_t size, size_t *whole);

#endif
