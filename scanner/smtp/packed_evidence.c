#include "scanner/smtp/packed_evidence.h"

enum { PACK_DIGIT_BITS = 7, PACK_DIGIT_MORE = 1 << PACK_DIGIT_BITS };

/* Goes through all members in one order, whether they are written or read. */
struct pack {
  struct arena *arena; /* set: it reads, and arrays go there */
  char *out;           /* NULL: it measures */
  struct span in;
  size_t used;
};

static void pack_put(struct pack *pack, const void *octets, size_t len) {
  if (pack->out && len) memcpy(pack->out + pack->used, octets, len);
  pack->used += len;
}

static struct span pack_take(struct pack *pack, size_t len) {
  struct span taken = span_first(span_skip(pack->in, pack->used), len);
  pack->used += taken.len;
  return taken;
}

/* Digits of seven bits, the least first; the number itself, or the one that is read. */
static uint64_t pack_number(struct pack *pack, uint64_t number) {
  unsigned char digit = PACK_DIGIT_MORE;
  if (!pack->arena) {
    for (uint64_t left = number; digit & PACK_DIGIT_MORE; left >>= PACK_DIGIT_BITS) {
      digit = (unsigned char)(left & (PACK_DIGIT_MORE - 1));
      if (left >= PACK_DIGIT_MORE) digit |= PACK_DIGIT_MORE;
      pack_put(pack, &digit, 1);
    }
    return number;
  }
  number = 0;
  for (unsigned shift = 0; digit & PACK_DIGIT_MORE; shift += PACK_DIGIT_BITS) {
    struct span taken = pack_take(pack, 1);
    digit = taken.len ? (unsigned char)*taken.ptr : 0;
    number |= (uint64_t)(digit & (PACK_DIGIT_MORE - 1)) << shift;
  }
  return number;
}

#define PACK_NUMBER(pack, member)                                                                  \
  ((member) = (__typeof__(member))pack_number((pack), (uint64_t)(member)))

/* One that is not there differs from an empty one. */
static void pack_span(struct pack *pack, struct span *span) {
  uint64_t size = pack_number(pack, span_here(*span) ? span->len + 1 : 0);
  if (!pack->arena)
    pack_put(pack, span->ptr, span->len);
  else
    *span = size ? pack_take(pack, size - 1) : (struct span){0};
}

/* No memory: all that is still to be read is nothing. */
static void *pack_alloc(struct pack *pack, size_t count, size_t size) {
  void *made = arena_array(pack->arena, count, size);
  if (!made) pack->in = (struct span){0};
  return made;
}

/* The array that is written, or a new one to read into. */
static void *pack_array(struct pack *pack, void *array, size_t *count, size_t size) {
  PACK_NUMBER(pack, *count);
  if (!pack->arena || !*count) return array;
  array = pack_alloc(pack, *count, size);
  if (!array) *count = 0;
  return array;
}

static void pack_spans(struct pack *pack, struct spans *spans) {
  spans->at = pack_array(pack, spans->at, &spans->count, sizeof *spans->at);
  for (size_t i = 0; i < spans->count; i++) pack_span(pack, &spans->at[i]);
}

static void pack_attempts(struct pack *pack, struct result_attempts *attempts) {
  attempts->at = pack_array(pack, attempts->at, &attempts->count, sizeof *attempts->at);
  for (size_t i = 0; i < attempts->count; i++) {
    struct result_attempt *attempt = &attempts->at[i];
    pack_span(pack, &attempt->address);
    PACK_NUMBER(pack, attempt->code);
    PACK_NUMBER(pack, attempt->ms);
  }
}

static void pack_finding(struct pack *pack, struct finding *finding) {
  PACK_NUMBER(pack, finding->code);
  PACK_NUMBER(pack, finding->reason);
  PACK_NUMBER(pack, finding->reasons);
  PACK_NUMBER(pack, finding->lenient);
  PACK_NUMBER(pack, finding->contested);
  pack_span(pack, &finding->erratum);
  pack_span(pack, &finding->detail);
  pack_span(pack, &finding->host);
  pack_span(pack, &finding->pattern);
  PACK_NUMBER(pack, finding->has_kind);
  PACK_NUMBER(pack, finding->kind);
  PACK_NUMBER(pack, finding->line);
  PACK_NUMBER(pack, finding->http_status);
  PACK_NUMBER(pack, finding->smtp_status);
  PACK_NUMBER(pack, finding->has_rcode);
  PACK_NUMBER(pack, finding->rcode);
}

/* Before each stands whether there is one. */
static void pack_put_findings(struct pack *pack, const struct finding *first) {
  for (const struct finding *from = first; from; from = from->next) {
    struct finding finding = *from;
    pack_number(pack, true);
    pack_finding(pack, &finding);
  }
  pack_number(pack, false);
}

static void pack_take_findings(struct pack *pack, const struct finding **first) {
  struct finding *last = NULL;
  while (pack_number(pack, 0)) {
    struct finding *finding = pack_alloc(pack, 1, sizeof *finding);
    if (!finding) return;
    pack_finding(pack, finding);
    if (last)
      last->next = finding;
    else
      *first = finding;
    last = finding;
  }
}

static void pack_tlsa(struct pack *pack, struct result_tlsa *tlsa) {
  PACK_NUMBER(pack, tlsa->here);
  if (!tlsa->here) return;
  pack_span(pack, &tlsa->base);
  PACK_NUMBER(pack, tlsa->has_rcode);
  PACK_NUMBER(pack, tlsa->rcode);
  PACK_NUMBER(pack, tlsa->ad);
  pack_spans(pack, &tlsa->records);
  PACK_NUMBER(pack, tlsa->dane);
}

static void pack_tls(struct pack *pack, struct result_mx_tls *tls) {
  PACK_NUMBER(pack, tls->verdict);
  for (size_t i = 0; i < FINDING_CODES_WORDS; i++) PACK_NUMBER(pack, tls->codes.bits[i]);
  if (pack->arena)
    pack_take_findings(pack, &tls->findings);
  else
    pack_put_findings(pack, tls->findings);
  pack_spans(pack, &tls->cname);
  pack_spans(pack, &tls->addresses);
  pack_span(pack, &tls->address);
  PACK_NUMBER(pack, tls->step);
  PACK_NUMBER(pack, tls->greeting);
  pack_span(pack, &tls->greeting_text);
  PACK_NUMBER(pack, tls->ehlo);
  PACK_NUMBER(pack, tls->helo);
  PACK_NUMBER(pack, tls->starttls);
  pack_span(pack, &tls->version);
  PACK_NUMBER(pack, tls->has_trusted);
  PACK_NUMBER(pack, tls->trusted);
  pack_attempts(pack, &tls->attempts);
  pack_tlsa(pack, &tls->tlsa);
  PACK_NUMBER(pack, tls->at);
  PACK_NUMBER(pack, tls->ms);
}

static void pack_certificate(struct pack *pack, struct result_certificate *certificate) {
  PACK_NUMBER(pack, certificate->here);
  if (!certificate->here) return;
  pack_span(pack, &certificate->subject);
  pack_span(pack, &certificate->issuer);
  pack_spans(pack, &certificate->names);
  PACK_NUMBER(pack, certificate->names_count);
  PACK_NUMBER(pack, certificate->has_not_before);
  PACK_NUMBER(pack, certificate->has_not_after);
  PACK_NUMBER(pack, certificate->not_before);
  PACK_NUMBER(pack, certificate->not_after);
  pack_span(pack, &certificate->sha256);
  pack_span(pack, &certificate->key);
  PACK_NUMBER(pack, certificate->chain);
}

struct host_evidence packed_evidence_make(const struct result_mx_tls *tls, struct arena *arena) {
  struct result_mx_tls copy = *tls;
  struct pack measure = {0};
  pack_tls(&measure, &copy);
  size_t own = measure.used;
  pack_certificate(&measure, &copy.certificate);
  struct pack pack = {.out = arena_alloc(arena, measure.used)};
  if (!pack.out) return (struct host_evidence){0};
  pack_tls(&pack, &copy);
  pack_certificate(&pack, &copy.certificate);
  struct span all = {pack.out, pack.used};
  return (struct host_evidence){.own = span_first(all, own), .shared = span_skip(all, own)};
}

const struct result_mx_tls *packed_evidence_open(struct host_evidence packed, struct arena *arena) {
  struct result_mx_tls *tls = arena_alloc(arena, sizeof *tls);
  if (!tls) return NULL;
  struct pack pack = {.arena = arena, .in = packed.own};
  pack_tls(&pack, tls);
  pack = (struct pack){.arena = arena, .in = packed.shared};
  if (arena->err == ERR_NONE) pack_certificate(&pack, &tls->certificate);
  return arena->err == ERR_NONE ? tls : NULL;
}
