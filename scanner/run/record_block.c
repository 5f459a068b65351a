#include "scanner/run/record_block.h"

#include "output/record/record_write.h"

enum { RECORD_BLOCK_ROOM = 4096 };

static enum err record_block_write(struct record_block *block, const struct result *result) {
  size_t size = RECORD_BLOCK_ROOM;
  for (;;) {
    char *room = gzip_block_room(block->gzip, size);
    if (!room) return ERR_MEMORY;
    struct json_writer json = json_writer_into(room, size);
    record_write(&json, result);
    if (!json_writer_overflow(&json)) {
      gzip_block_added(block->gzip, json_writer_text(&json).len);
      return ERR_NONE;
    }
    size = json.need;
  }
}

enum err record_block_add(struct record_block *block, const struct result *result) {
  enum err err = record_block_write(block, result);
  block->unsealed += err == ERR_NONE;
  return err;
}

enum err record_block_flush(struct record_block *block, uint64_t now_ms) {
  struct span bytes;
  if (gzip_block_pending(block->gzip) > 0 && !results_file_has_room(block->results))
    return ERR_NONE;
  block->flushed_ms = now_ms;
  if (gzip_block_pending(block->gzip) == 0) return ERR_NONE;
  enum err err = gzip_block_seal(block->gzip, &bytes);
  if (err == ERR_NONE) err = results_file_give(block->results, bytes, block->unsealed);
  block->unsealed = 0;
  return err;
}
