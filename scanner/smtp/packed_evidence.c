#include "scanner/smtp/packed_evidence.h"

#include <stdalign.h>

/* What stands at the beginning; the rest follows. */
struct packed_evidence {
  const char *was; /* where it stood when its pointers were made */
  struct result_mx_tls tls;
};

enum walk_purpose { WALK_MEASURES, WALK_PACKS, WALK_MOVES };

/* Goes through every pointer of the evidence, in one order. */
struct walk {
  enum walk_purpose purpose;
  char *at; /* where it stands now */
  const char *was;
  size_t used;
};

static void walk_octets(struct walk *walk, const void **octets, size_t size) {
  const size_t align = alignof(max_align_t);
  if (!*octets) return;
  if (walk->purpose == WALK_MOVES) {
    *octets = walk->at + ((uintptr_t)*octets - (uintptr_t)walk->was);
    return;
  }
  if (walk->purpose == WALK_PACKS) {
    memcpy(walk->at + walk->used, *octets, size);
    *octets = walk->at + walk->used;
  }
  walk->used += (size + align) / align * align; /* an empty text has a place, too */
}

static void walk_span(struct walk *walk, struct span *span) {
  const void *octets = span->ptr;
  walk_octets(walk, &octets, span->len);
  if (walk->purpose != WALK_MEASURES) span->ptr = octets;
}

/* Where the array stands, to go through what its elements lead to. */
static void *walk_array(struct walk *walk, void *array, size_t count, size_t size) {
  const void *octets = array;
  walk_octets(walk, &octets, count * size);
  return (void *)octets;
}

static void walk_spans(struct walk *walk, struct spans *spans) {
  struct span *at = walk_array(walk, spans->at, spans->count, sizeof *at);
  for (size_t i = 0; at && i < spans->count; i++) walk_span(walk, &at[i]);
  if (walk->purpose != WALK_MEASURES) spans->at = at;
}

static void walk_attempts(struct walk *walk, struct result_attempts *attempts) {
  struct result_attempt *at = walk_array(walk, attempts->at, attempts->count, sizeof *at);
  for (size_t i = 0; at && i < attempts->count; i++) walk_span(walk, &at[i].address);
  if (walk->purpose != WALK_MEASURES) attempts->at = at;
}

static struct finding *walk_finding(struct walk *walk, struct finding *from) {
  struct finding *finding = walk_array(walk, from, 1, sizeof *finding);
  walk_span(walk, &finding->erratum);
  walk_span(walk, &finding->detail);
  walk_span(walk, &finding->host);
  walk_span(walk, &finding->pattern);
  return finding;
}

static void walk_findings(struct walk *walk, const struct finding **first) {
  struct finding *last = NULL;
  for (struct finding *from = (struct finding *)*first; from;) {
    struct finding *finding = walk_finding(walk, from);
    from = finding->next;
    if (walk->purpose == WALK_MEASURES) continue;
    if (last)
      last->next = finding;
    else
      *first = finding;
    last = finding;
  }
}

static void walk_certificate(struct walk *walk, struct result_certificate *certificate) {
  walk_span(walk, &certificate->subject);
  walk_span(walk, &certificate->issuer);
  walk_spans(walk, &certificate->names);
  walk_span(walk, &certificate->sha256);
  walk_span(walk, &certificate->key);
}

static void walk_tls(struct walk *walk, struct result_mx_tls *tls) {
  walk_findings(walk, &tls->findings);
  walk_spans(walk, &tls->cname);
  walk_spans(walk, &tls->addresses);
  walk_span(walk, &tls->address);
  walk_span(walk, &tls->greeting_text);
  walk_span(walk, &tls->version);
  walk_certificate(walk, &tls->certificate);
  walk_attempts(walk, &tls->attempts);
  walk_span(walk, &tls->tlsa.base);
  walk_spans(walk, &tls->tlsa.records);
}

struct span packed_evidence_make(const struct result_mx_tls *tls, struct arena *arena) {
  struct packed_evidence evidence = {.tls = *tls};
  struct walk walk = {.purpose = WALK_MEASURES};
  walk_array(&walk, &evidence, 1, sizeof evidence);
  walk_tls(&walk, &evidence.tls);
  size_t size = walk.used;
  walk = (struct walk){.purpose = WALK_PACKS, .at = arena_alloc(arena, size)};
  if (!walk.at) return (struct span){0};
  struct packed_evidence *packed = walk_array(&walk, &evidence, 1, sizeof evidence);
  walk_tls(&walk, &packed->tls);
  packed->was = walk.at;
  return (struct span){walk.at, size};
}

const struct result_mx_tls *packed_evidence_open(struct span packed) {
  struct packed_evidence *evidence = (struct packed_evidence *)(void *)(char *)packed.ptr;
  struct walk walk = {.purpose = WALK_MOVES, .at = (char *)packed.ptr, .was = evidence->was};
  walk_tls(&walk, &evidence->tls);
  evidence->was = packed.ptr;
  return &evidence->tls;
}
