#include "output/base/siphash.h"

#include <pthread.h>
#include <sys/random.h>

static struct siphash_key process_key;
static pthread_once_t process_once = PTHREAD_ONCE_INIT;

/* Without chance the hash still works, only predictably. */
static void siphash_draw(void) {
  if (getrandom(&process_key, sizeof process_key, 0) != sizeof process_key)
    process_key = (struct siphash_key){0x0706050403020100, 0x0f0e0d0c0b0a0908};
}

struct siphash_key siphash_key(void) {
  pthread_once(&process_once, siphash_draw);
  return process_key;
}

struct sip {
  uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotated(uint64_t x, int bits) {
  return x << bits | x >> (64 - bits);
}

static inline void sip_round(struct sip *s) {
  s->v0 += s->v1;
  s->v2 += s->v3;
  s->v1 = rotated(s->v1, 13) ^ s->v0;
  s->v3 = rotated(s->v3, 16) ^ s->v2;
  s->v0 = rotated(s->v0, 32) + s->v3;
  s->v2 += s->v1;
  s->v3 = rotated(s->v3, 21) ^ s->v0;
  s->v1 = rotated(s->v1, 17) ^ s->v2;
  s->v2 = rotated(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word) {
  s->v3 ^= word;
  sip_round(s);
  s->v0 ^= word;
}

static inline uint64_t little_endian(const char *at, size_t len) {
  uint64_t word = 0;
  for (size_t i = 0; i < len; i++) word |= (uint64_t)(unsigned char)at[i] << (8 * i);
  return word;
}

uint64_t siphash_text(struct siphash_key key, struct span text) {
  struct sip s = {key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,
                  key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573};
  uint64_t length = (uint64_t)text.len << 56;
  for (; text.len >= 8; text = span_skip(text, 8)) sip_word(&s, little_endian(text.ptr, 8));
  sip_word(&s, length | little_endian(text.ptr, text.len));
  s.v2 ^= 0xff;
  for (int i = 0; i < 3; i++) sip_round(&s);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
