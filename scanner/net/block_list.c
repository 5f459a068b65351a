#include "scanner/net/block_list.h"

#include "scanner/net/cidr_set.h"
#include "scanner/sts/domain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  BLOCK_LIST_NAMES_FIRST = 64,
  BLOCK_LIST_NAME_ROOM = 256, /* what an arena needs for the longest name */
};

struct block_list {
  struct arena arena;   /* of the names */
  struct arena scratch; /* of one line */
  struct span *names;   /* sorted */
  size_t name_count, name_size;
  struct cidr_set prefixes;
};

static int block_list_compare(const void *left, const void *right) {
  const struct span *a = left, *b = right;
  int order = memcmp(a->ptr, b->ptr, a->len < b->len ? a->len : b->len);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

static enum err block_list_add_name(struct block_list *block, struct span name) {
  if (block->name_count == BLOCK_LIST_NAMES_MAX) return ERR_LIMIT;
  if (block->name_count == block->name_size) {
    size_t size = block->name_size ? 2 * block->name_size : BLOCK_LIST_NAMES_FIRST;
    struct span *grown = reallocarray(block->names, size, sizeof *grown);
    if (!grown) return ERR_MEMORY;
    block->names = grown;
    block->name_size = size;
  }
  block->names[block->name_count++] = arena_copy(&block->arena, name);
  return block->arena.err;
}

static enum err block_list_add(struct block_list *block, struct span text) {
  struct cidr prefix;
  struct domain domain;
  const char *why;
  if (cidr_parse(text, &prefix)) return cidr_set_add(&block->prefixes, &prefix);
  arena_reset(&block->scratch);
  enum err err = domain_parse(text, &block->scratch, &domain, &why);
  return err == ERR_NONE ? block_list_add_name(block, domain.ascii) : err;
}

/* ERR_END behind the last line; ERR_SYNTAX for one over BLOCK_LIST_LINE_MAX. */
static enum err block_list_next(FILE *file, char *buffer, struct span *line) {
  size_t len = 0;
  int c;
  while ((c = getc_unlocked(file)) != EOF && c != '\n') {
    if (len == BLOCK_LIST_LINE_MAX) return ERR_SYNTAX;
    buffer[len++] = (char)c;
  }
  *line = (struct span){buffer, len};
  if (c == EOF && ferror(file)) return ERR_IO;
  return c == EOF && len == 0 ? ERR_END : ERR_NONE;
}

/* What is left of a line without comment, line end and blanks. */
static struct span block_list_entry(struct span line, bool is_first) {
  const struct span facts = SPAN("\xef\xbb\xbf");
  if (is_first && span_starts(line, facts)) line = span_skip(line, facts.len);
  if (span_ends(line, SPAN("\r"))) line.len--;
  return span_trim(span_first(line, span_find(line, '#')));
}

static enum err block_list_read(struct block_list *block, FILE *file, unsigned *number) {
  char buffer[BLOCK_LIST_LINE_MAX];
  enum err err = ERR_NONE;
  while (err == ERR_NONE) {
    struct span line;
    ++*number;
    err = block_list_next(file, buffer, &line);
    if (err != ERR_NONE) break;
    struct span entry = block_list_entry(line, *number == 1);
    if (entry.len) err = block_list_add(block, entry);
  }
  return err == ERR_END ? ERR_NONE : err;
}

static void block_list_sort(struct block_list *block) {
  if (block->name_count)
    qsort(block->names, block->name_count, sizeof *block->names, block_list_compare);
  cidr_set_sort(&block->prefixes);
}

enum err block_list_load(struct block_list **block, const char *path, unsigned *line) {
  *line = 0;
  struct block_list *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->arena.limit = (size_t)BLOCK_LIST_NAMES_MAX * BLOCK_LIST_NAME_ROOM;
  FILE *file = fopen(path, "re");
  enum err err = file ? block_list_read(made, file, line) : ERR_IO;
  int cause = errno;
  if (file) fclose(file);
  arena_free(&made->scratch);
  if (err == ERR_NONE) {
    block_list_sort(made);
    *block = made;
  } else {
    block_list_free(made);
  }
  errno = cause;
  return err;
}

void block_list_free(struct block_list *block) {
  if (!block) return;
  arena_free(&block->arena);
  cidr_set_free(&block->prefixes);
  free(block->names);
  free(block);
}

bool block_list_has_name(const struct block_list *block, struct span name) {
  if (!block || block->name_count == 0) return false;
  while (name.len) {
    if (bsearch(&name, block->names, block->name_count, sizeof name, block_list_compare))
      return true;
    span_cut(&name, '.');
  }
  return false;
}

bool block_list_has_address(const struct block_list *block, const union address *address) {
  return block && cidr_set_holds(&block->prefixes, address);
}
