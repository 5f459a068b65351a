/* The records of a worker on their way to the results file: written into a block, and handed over
 * as a whole.
 *
 * While the results file has no room, the block grows, by what is in flight at most.
 */
#ifndef SCANNER_RUN_RECORD_BLOCK_H
#define SCANNER_RUN_RECORD_BLOCK_H

#include "output/record/result.h"
#include "output/results/gzip_block.h"
#include "output/results/results_file.h"

struct record_block {
  struct gzip_block *gzip; /* the worker's to make and to free */
  struct results_file *results;
  uint64_t unsealed; /* records in it */
  uint64_t flushed_ms;
};

/* ERR_MEMORY, or an error of gzip_block_room(). */
enum err record_block_add(struct record_block *block, const struct result *result);

/* Hands over what there is, unless the results have no room. ERR_MEMORY, or an error of
 * results_file_give(). */
enum err record_block_flush(struct record_block *block, uint64_t now_ms);

#endif
