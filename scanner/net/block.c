#include "scanner/net/block.h"

#include "scanner/sts/domain.h"
#include <stdio.h>
#include <stdlib.h>

struct cidr {
  unsigned char octets[16]; /* IPv4 as IPv4-mapped, so that both forms are blocked */
  unsigned bits;
};

struct block {
  struct arena arena; /* of the names */
  struct span *names; /* sorted */
  size_t name_count, name_size;
  struct cidr *cidrs;
  size_t cidr_count, cidr_size;
};

static int block_compare(const void *left, const void *right) {
  const struct span *a = left, *b = right;
  int order = memcmp(a->ptr, b->ptr, a->len < b->len ? a->len : b->len);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

static enum err block_room(void **at, size_t count, size_t *size, size_t each) {
  if (count < *size) return ERR_NONE;
  size_t wanted = *size ? *size * 2 : 64;
  void *grown = reallocarray(*at, wanted, each);
  if (!grown) return ERR_MEMORY;
  *at = grown;
  *size = wanted;
  return ERR_NONE;
}

static void cidr_octets(const union address *address, unsigned char out[16]) {
  struct span octets = address_octets(address);
  memset(out, 0, 16);
  if (octets.len == 4) out[10] = out[11] = 0xff;
  memcpy(out + 16 - octets.len, octets.ptr, octets.len);
}

static bool cidr_parse(struct span text, struct cidr *cidr) {
  struct span rest = text;
  struct span ip = span_cut(&rest, '/');
  union address address;
  if (ip.len && ip.ptr[0] == '[') return false;
  if (address_parse(ip, 1, &address) != ERR_NONE || address_port(&address) != 1) return false;
  unsigned most = address.any.sa_family == AF_INET ? 32 : 128, bits = most;
  if (ip.len < text.len) {
    bits = 0;
    if (rest.len == 0 || rest.len > 3) return false;
    for (size_t i = 0; i < rest.len; i++) {
      if (rest.ptr[i] < '0' || rest.ptr[i] > '9') return false;
      bits = bits * 10 + (unsigned)(rest.ptr[i] - '0');
    }
    if (bits > most) return false;
  }
  cidr_octets(&address, cidr->octets);
  cidr->bits = bits + 128 - most;
  return true;
}

static bool cidr_holds(const struct cidr *cidr, const unsigned char octets[16]) {
  unsigned whole = cidr->bits / 8, rest = cidr->bits % 8;
  if (memcmp(cidr->octets, octets, whole) != 0) return false;
  return rest == 0 || (cidr->octets[whole] ^ octets[whole]) >> (8 - rest) == 0;
}

static enum err block_add(struct block *block, struct span text) {
  struct cidr cidr;
  if (cidr_parse(text, &cidr)) {
    void *at = block->cidrs;
    enum err err = block_room(&at, block->cidr_count, &block->cidr_size, sizeof cidr);
    block->cidrs = at;
    if (err == ERR_NONE) block->cidrs[block->cidr_count++] = cidr;
    return err;
  }
  struct domain domain;
  const char *why;
  enum err err = domain_parse(text, &block->arena, &domain, &why);
  if (err != ERR_NONE) return err;
  void *at = block->names;
  err = block_room(&at, block->name_count, &block->name_size, sizeof *block->names);
  block->names = at;
  if (err == ERR_NONE) block->names[block->name_count++] = domain.ascii;
  return err;
}

static enum err block_read(struct block *block, FILE *file, unsigned *number) {
  char *line = NULL;
  size_t size = 0;
  ssize_t len;
  enum err err = ERR_NONE;
  while (err == ERR_NONE && (len = getline(&line, &size, file)) >= 0) {
    struct span text = {line, (size_t)len};
    if (++*number == 1 && span_starts(text, SPAN("\xef\xbb\xbf"))) text = span_skip(text, 3);
    text = span_first(text, span_find(text, '#'));
    while (text.len && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
      text.len--;
    text = span_trim(text);
    if (text.len) err = block_add(block, text);
  }
  if (err == ERR_NONE && ferror(file)) err = ERR_IO;
  free(line);
  return err;
}

enum err block_load(struct block **block, const char *path, unsigned *line) {
  *line = 0;
  FILE *file = fopen(path, "re");
  if (!file) return ERR_IO;
  struct block *made = calloc(1, sizeof *made);
  enum err err = ERR_MEMORY;
  if (!made) goto done;
  made->arena.limit = BLOCK_NAMES_MAX;
  err = block_read(made, file, line);
  if (err == ERR_NONE && made->name_count)
    qsort(made->names, made->name_count, sizeof *made->names, block_compare);
done:
  fclose(file);
  if (err == ERR_NONE)
    *block = made;
  else
    block_free(made);
  return err;
}

void block_free(struct block *block) {
  if (!block) return;
  arena_free(&block->arena);
  free(block->names);
  free(block->cidrs);
  free(block);
}

bool block_has_name(const struct block *block, struct span name) {
  if (!block || block->name_count == 0) return false;
  while (name.len) {
    if (bsearch(&name, block->names, block->name_count, sizeof name, block_compare)) return true;
    span_cut(&name, '.');
  }
  return false;
}

bool block_has_address(const struct block *block, const union address *address) {
  if (!block) return false;
  unsigned char octets[16];
  cidr_octets(address, octets);
  for (size_t i = 0; i < block->cidr_count; i++)
    if (cidr_holds(&block->cidrs[i], octets)) return true;
  return false;
}
