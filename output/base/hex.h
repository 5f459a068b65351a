/* Bytes as lower-case hexadecimal digits. */
#ifndef OUTPUT_BASE_HEX_H
#define OUTPUT_BASE_HEX_H

#include <stddef.h>

/* Writes 2 * count digits, and no NUL behind them. */
static inline void hex_put(char *digits, const unsigned char *bytes, size_t count) {
  static const char all[] = "0123456789abcdef";
  for (size_t i = 0; i < count; i++) {
    digits[2 * i] = all[bytes[i] >> 4];
    digits[2 * i + 1] = all[bytes[i] & 15];
  }
}

#endif
