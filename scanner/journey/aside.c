#include "scanner/journey/aside.h"

#include "output/base/temporary_file.h"
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

struct aside_block {
  TAILQ_ENTRY(aside_block) link;
  size_t used, next; /* octets in it, and read of it */
  char bytes[ASIDE_BLOCK_SIZE];
};

TAILQ_HEAD(aside_list, aside_block);

/* The order of age: front, the file that is read, the file that is written, back. */
struct aside {
  uv_loop_t *loop;
  struct aside_list front, back;
  unsigned front_count, back_count;
  int fd[2];                  /* -1: not made yet */
  unsigned reading;           /* which of them is read; the other is written */
  uint64_t read_at, read_end; /* octets of the one that is read */
  uint64_t written;           /* of the other */
  struct aside_block *in, *out;
  uv_fs_t in_request, out_request; /* under way while there is a block */
  uint64_t count;
  bool broken; /* nothing can be written to the files any more */
  bool lost;   /* nor read */
  bool closing;
};

/* What comes before the name in a block. */
struct aside_head {
  uint64_t n, rank, mail_host;
  unsigned char octets[16];
  uint8_t address_len, has_rank, large, len;
  uint16_t carried_len;
  uint8_t has_first; /* a struct aside_first stands behind the head */
};

struct aside_first {
  struct finding_codes codes;
  int64_t at;
  uint64_t due;
};

enum err aside_new(struct aside **aside, uv_loop_t *loop) {
  struct aside *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->loop = loop;
  TAILQ_INIT(&made->front);
  TAILQ_INIT(&made->back);
  made->fd[0] = made->fd[1] = -1;
  *aside = made;
  return ERR_NONE;
}

static void aside_free_list(struct aside_list *list) {
  struct aside_block *block;
  while ((block = TAILQ_FIRST(list))) {
    TAILQ_REMOVE(list, block, link);
    free(block);
  }
}

static void aside_free(struct aside *aside) {
  aside_free_list(&aside->front);
  aside_free_list(&aside->back);
  for (int i = 0; i < 2; i++)
    if (aside->fd[i] >= 0) close(aside->fd[i]);
  free(aside);
}

void aside_close(struct aside *aside) {
  if (!aside) return;
  aside->closing = true;
  aside->count = 0;
  if (!aside->in && !aside->out) aside_free(aside);
}

/* After a request. False: it was the last that aside_close() waited for. */
static bool aside_goes_on(struct aside *aside, struct aside_block *ended) {
  if (!aside->closing) return true;
  free(ended);
  if (!aside->in && !aside->out) aside_free(aside);
  return false;
}

static void aside_to_front(struct aside *aside, struct aside_block *block) {
  TAILQ_INSERT_TAIL(&aside->front, block, link);
  aside->front_count++;
}

static struct aside_block *aside_take_back(struct aside *aside) {
  struct aside_block *block = TAILQ_FIRST(&aside->back);
  if (!block) return NULL;
  TAILQ_REMOVE(&aside->back, block, link);
  aside->back_count--;
  return block;
}

/* Of the files nothing is left to be read. */
static bool aside_files_are_empty(const struct aside *aside) {
  return !aside->in && !aside->out && aside->read_at == aside->read_end && aside->written == 0;
}

static void aside_read(struct aside *aside);
static void aside_write(struct aside *aside);

/* Everything is at the front again, or on its way there. */
static void aside_move(struct aside *aside) {
  struct aside_block *block;
  aside_write(aside);
  aside_read(aside);
  if (!aside_files_are_empty(aside)) return;
  while ((block = TAILQ_FIRST(&aside->back))) {
    bool full = TAILQ_NEXT(block, link); /* else it is still filled, unless it is all there is */
    if (aside->front_count >= (full ? ASIDE_BLOCKS : 1)) break;
    aside_to_front(aside, aside_take_back(aside));
  }
}

static void aside_on_written(uv_fs_t *request) {
  struct aside *aside = request->data;
  struct aside_block *block = aside->out;
  bool whole = request->result == ASIDE_BLOCK_SIZE;
  uv_fs_req_cleanup(request);
  aside->out = NULL;
  if (!aside_goes_on(aside, block)) return;
  aside->broken |= !whole;
  if (whole) {
    aside->written += ASIDE_BLOCK_SIZE;
    free(block);
  } else {
    aside_to_front(aside, block); /* out of turn, but not lost */
  }
  aside_move(aside);
}

/* Writes the oldest full block at the back, if the front has no room for it. */
static void aside_write(struct aside *aside) {
  struct aside_block *block = TAILQ_FIRST(&aside->back);
  unsigned writing = !aside->reading;
  if (aside->out || aside->broken || !block || !TAILQ_NEXT(block, link)) return;
  if (aside_files_are_empty(aside) && aside->front_count < ASIDE_BLOCKS) return;
  if (aside->fd[writing] < 0) aside->fd[writing] = temporary_file_open();
  aside->broken = aside->fd[writing] < 0;
  if (aside->broken) return;
  aside->out = aside_take_back(aside);
  aside->out_request.data = aside;
  uv_buf_t buffer = uv_buf_init(aside->out->bytes, ASIDE_BLOCK_SIZE);
  if (uv_fs_write(aside->loop, &aside->out_request, aside->fd[writing], &buffer, 1,
                  (int64_t)aside->written, aside_on_written) == 0)
    return;
  aside->broken = true;
  aside_to_front(aside, aside->out);
  aside->out = NULL;
}

static void aside_on_dropped(uv_fs_t *request) {
  uv_fs_req_cleanup(request);
  free(request);
}

/* What has been read takes no room any more; to free it can take time. */
static void aside_drop_file(struct aside *aside) {
  int *fd = &aside->fd[aside->reading];
  uv_fs_t *request = malloc(sizeof *request);
  if (!request || uv_fs_close(aside->loop, request, *fd, aside_on_dropped) != 0) {
    free(request);
    close(*fd);
  }
  *fd = -1;
  aside->read_at = aside->read_end = 0;
}

static void aside_on_read(uv_fs_t *request) {
  struct aside *aside = request->data;
  struct aside_block *block = aside->in;
  bool whole = request->result == ASIDE_BLOCK_SIZE;
  uv_fs_req_cleanup(request);
  aside->in = NULL;
  if (!aside_goes_on(aside, block)) return;
  if (!whole) { /* what was written cannot be read: there is no disk under us any more */
    free(block);
    aside->lost = aside->broken = true;
    return;
  }
  aside->read_at += ASIDE_BLOCK_SIZE;
  if (aside->read_at == aside->read_end) aside_drop_file(aside);
  block->used = ASIDE_BLOCK_SIZE;
  aside_to_front(aside, block);
  aside_move(aside);
}

/* Turns to the file that was written when there is none to read, and reads its next block. */
static void aside_read(struct aside *aside) {
  if (aside->in || aside->lost || aside->front_count >= ASIDE_BLOCKS / 2) return;
  if (aside->read_at == aside->read_end) {
    if (aside->out || aside->written == 0) return;
    aside->reading = !aside->reading;
    aside->read_end = aside->written;
    aside->written = 0;
  }
  aside->in = calloc(1, sizeof *aside->in);
  if (!aside->in) return; /* later */
  aside->in_request.data = aside;
  uv_buf_t buffer = uv_buf_init(aside->in->bytes, ASIDE_BLOCK_SIZE);
  if (uv_fs_read(aside->loop, &aside->in_request, aside->fd[aside->reading], &buffer, 1,
                 (int64_t)aside->read_at, aside_on_read) == 0)
    return;
  free(aside->in);
  aside->in = NULL;
}

/* The block at the end, with so much room. */
static struct aside_block *aside_last(struct aside *aside, size_t size) {
  struct aside_block *last = TAILQ_LAST(&aside->back, aside_list);
  if (last && ASIDE_BLOCK_SIZE - last->used >= size) return last;
  struct aside_block *block = calloc(1, sizeof *block);
  if (!block) return NULL;
  TAILQ_INSERT_TAIL(&aside->back, block, link);
  aside->back_count++;
  return block;
}

static void aside_block_add(struct aside_block *block, const void *octets, size_t len) {
  memcpy(block->bytes + block->used, octets, len);
  block->used += len;
}

static void aside_block_get(struct aside_block *block, void *octets, size_t len) {
  memcpy(octets, block->bytes + block->next, len);
  block->next += len;
}

enum err aside_put(struct aside *aside, const struct aside_name *name) {
  struct span address = {0};
  if (name->has_address) address = address_octets(&name->address);
  struct aside_head head = {
      .n = name->n,
      .rank = name->rank,
      .mail_host = name->mail_host,
      .has_rank = name->has_rank,
      .large = name->large,
      .address_len = (uint8_t)address.len,
      .len = (uint8_t)name->len,
      .carried_len = (uint16_t)name->carried_len,
      .has_first = name->first.at != 0,
  };
  const struct aside_first first = {name->first.codes, name->first.at, name->due};
  size_t first_len = head.has_first ? sizeof first : 0;
  size_t size = sizeof head + first_len + name->len + name->carried_len;
  struct aside_block *block = aside_last(aside, size);
  if (!block) return ERR_MEMORY;
  if (address.len) memcpy(head.octets, address.ptr, address.len);
  aside_block_add(block, &head, sizeof head);
  aside_block_add(block, &first, first_len);
  aside_block_add(block, name->name, name->len);
  aside_block_add(block, name->carried, name->carried_len);
  aside->count++;
  aside_move(aside);
  return ERR_NONE;
}

/* False: the block is at its end. */
static bool aside_block_read(struct aside_block *block, struct aside_name *name) {
  struct aside_head head;
  struct aside_first first = {0};
  if (ASIDE_BLOCK_SIZE - block->next < sizeof head) return false;
  aside_block_get(block, &head, sizeof head);
  if (head.len == 0) return false;
  aside_block_get(block, &first, head.has_first ? sizeof first : 0);
  struct span octets = {(const char *)head.octets, head.address_len};
  *name = (struct aside_name){
      .n = head.n,
      .has_rank = head.has_rank,
      .rank = head.rank,
      .mail_host = head.mail_host,
      .large = head.large,
      .has_address = head.address_len,
      .first = {.codes = first.codes, .at = first.at},
      .due = first.due,
      .len = head.len,
      .carried_len = head.carried_len,
  };
  if (name->has_address) name->address = address_from_octets(octets, 0);
  aside_block_get(block, name->name, head.len);
  aside_block_get(block, name->carried, head.carried_len);
  return true;
}

bool aside_take(struct aside *aside, struct aside_name *name) {
  struct aside_block *block;
  aside_move(aside);
  while ((block = TAILQ_FIRST(&aside->front))) {
    if (aside_block_read(block, name)) {
      aside->count--;
      return true;
    }
    TAILQ_REMOVE(&aside->front, block, link);
    aside->front_count--;
    free(block);
    aside_move(aside);
  }
  return false;
}

uint64_t aside_count(const struct aside *aside) {
  return aside->count;
}

bool aside_has_room(const struct aside *aside) {
  if (aside->broken) return aside->front_count + aside->back_count < ASIDE_BLOCKS;
  return aside->back_count < ASIDE_BLOCKS && aside->written < ASIDE_FILE_MAX;
}

bool aside_is_broken(const struct aside *aside) {
  return aside->broken;
}

bool aside_is_lost(const struct aside *aside) {
  return aside->lost;
}
