#include "output/base/utf8.h"

/* The lengths by the first byte; the second byte's range keeps overlong forms, surrogates and what
 * is beyond U+10FFFF out (RFC 3629 section 4). */
static size_t utf8_length(unsigned char lead, unsigned char *low, unsigned char *high) {
  *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t utf8_next(struct span text, unsigned *character) {
  static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  const unsigned char *at = (const unsigned char *)text.ptr;
  unsigned char low, high;
  size_t len = utf8_length(at[0], &low, &high);
  if (len == 0 || len > text.len) return 0;
  if (len > 1 && (at[1] < low || at[1] > high)) return 0;
  *character = at[0] & lead_bits[len];
  for (size_t i = 1; i < len; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
    *character = *character << 6 | (at[i] & 0x3f);
  }
  return len;
}
