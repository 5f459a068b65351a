/* A block list out of a text, for tests; to be freed by block_list_free(). */
#ifndef TESTS_UNIT_NET_BLOCK_LIST_OF_H
#define TESTS_UNIT_NET_BLOCK_LIST_OF_H

#include "scanner/net/block_list.h"
#include <stdlib.h>
#include <unistd.h>

static inline struct block_list *block_list_of(const char *text) {
  char path[] = "/tmp/block_list.XXXXXX";
  struct block_list *block = NULL;
  unsigned line;
  int fd = mkstemp(path);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
  assert_int_equal(block_list_load(&block, path, &line), ERR_NONE);
  unlink(path);
  return block;
}

#endif
