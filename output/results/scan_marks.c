#include "output/results/scan_marks.h"

#include "output/base/siphash.h"
#include "output/results/scan_id.h"
#include <stdio.h>
#include <stdlib.h>

static struct scan_mark *marks_add(struct scan_marks *marks) {
  if (marks->count == SCAN_MARKS_MAX) marks->err = ERR_LIMIT;
  if (marks->err != ERR_NONE) return NULL;
  if (marks->count == marks->room) {
    size_t room = marks->room ? 2 * marks->room : 4;
    struct scan_mark *grown = reallocarray(marks->at, room, sizeof *grown);
    if (!grown) {
      marks->err = ERR_MEMORY;
      return NULL;
    }
    marks->at = grown;
    marks->room = room;
  }
  struct scan_mark *mark = &marks->at[marks->count++];
  *mark = (struct scan_mark){.shards = 1};
  return mark;
}

/* "list-1 1234 octets, sha256 ...", "all-lists ...", "lists 2". */
static bool is_list(struct span key) {
  return span_starts(key, SPAN("list")) || span_equal(key, SPAN("all-lists"));
}

static enum err mark_take(struct scan_mark *mark, struct span identity) {
  struct siphash_key key = siphash_key();
  mark->identity = strndup(identity.ptr, identity.len);
  if (!mark->identity) return ERR_MEMORY;
  while (identity.len) {
    struct span line = span_cut(&identity, '\n'), value = line, name = span_cut(&value, ' ');
    if (span_equal(name, SPAN("--shard"))) {
      uint64_t shard, shards;
      struct span first = span_cut(&value, '/');
      if (!span_number(first, &shard) || !span_number(value, &shards)) continue;
      if (shard >= shards || shards > UINT32_MAX) continue;
      mark->shard = (unsigned)shard;
      mark->shards = (unsigned)shards;
    } else if (is_list(name)) {
      mark->lists = mark->lists * 31 + siphash_text(key, line);
      if (span_equal(name, SPAN("lists")) || mark->list[0]) continue;
      value = span_first(value, SCAN_MARKS_LIST_MAX);
      memcpy(mark->list, value.ptr, value.len);
    }
  }
  return ERR_NONE;
}

/* A whole extra field. */
static void marks_take(struct scan_marks *marks, struct span extra) {
  struct span identity = scan_id_identity(extra);
  struct scan_id_end end;
  if (identity.len) {
    struct scan_mark *mark = marks_add(marks);
    if (mark) marks->err = mark_take(mark, identity);
  } else if (marks->count && scan_id_end(extra, &end)) {
    struct scan_mark *last = &marks->at[marks->count - 1];
    last->ended = true;
    last->lines = end.lines;
    last->records = end.records;
  }
}

/* Keeps the octets for the next piece. */
static void marks_hold(struct scan_marks *marks, struct span bytes) {
  if (bytes.len > marks->held_room) {
    char *grown = malloc(bytes.len);
    if (!grown) {
      marks->err = ERR_MEMORY;
      return;
    }
    memcpy(grown, bytes.ptr, bytes.len);
    free(marks->held);
    marks->held = grown;
    marks->held_room = bytes.len;
  } else if (bytes.len) {
    memmove(marks->held, bytes.ptr, bytes.len);
  }
  marks->held_len = bytes.len;
}

/* How much at the end could be the beginning of a mark's first octets. */
static size_t open_end(struct span bytes) {
  for (size_t len = SCAN_ID_BEGIN - 1; len; len--)
    if (bytes.len >= len && scan_id_may_begin(span_skip(bytes, bytes.len - len))) return len;
  return 0;
}

/* Gives what is to be held. */
static struct span marks_search(struct scan_marks *marks, struct span bytes) {
  for (;;) {
    const char *at = scan_id_find(bytes);
    if (!at) return span_skip(bytes, bytes.len - open_end(bytes));
    bytes = span_skip(bytes, (size_t)(at - bytes.ptr));
    size_t size = scan_id_extra_end(bytes);
    if (size == 0 || size > bytes.len) return bytes;
    marks_take(marks, span_skip(span_first(bytes, size), SCAN_ID_BEGIN));
    bytes = span_skip(bytes, SCAN_ID_BEGIN);
  }
}

void scan_marks_feed(struct scan_marks *marks, struct span bytes) {
  while (marks->held_len && bytes.len && marks->err == ERR_NONE) {
    /* A mark that goes on: as much as it can need. */
    size_t more = bytes.len < SCAN_ID_EXTRA_MAX + SCAN_ID_BEGIN ? bytes.len
                                                                : SCAN_ID_EXTRA_MAX + SCAN_ID_BEGIN;
    struct span joined = {malloc(marks->held_len + more), marks->held_len + more};
    if (!joined.ptr) {
      marks->err = ERR_MEMORY;
      return;
    }
    memcpy((char *)joined.ptr, marks->held, marks->held_len);
    memcpy((char *)joined.ptr + marks->held_len, bytes.ptr, more);
    struct span rest = marks_search(marks, joined);
    bytes = span_skip(bytes, more);
    marks_hold(marks, rest);
    free((char *)joined.ptr);
  }
  if (bytes.len && marks->err == ERR_NONE) marks_hold(marks, marks_search(marks, bytes));
}

void scan_marks_beside(struct scan_marks *marks, const char *path) {
  struct scan_id_end end;
  char *identity = NULL;
  uint64_t from;
  if (scan_id_load(path, &identity, &from, &end) != ERR_NONE) return;
  struct scan_mark *mark = marks_add(marks);
  if (mark) {
    marks->err = mark_take(mark, span_of(identity));
    mark->ended = end.here;
    mark->lines = end.lines;
    mark->records = end.records;
  }
  free(identity);
}

void scan_marks_free(struct scan_marks *marks) {
  for (size_t i = 0; i < marks->count; i++) free(marks->at[i].identity);
  free(marks->at);
  free(marks->held);
  *marks = (struct scan_marks){0};
}
