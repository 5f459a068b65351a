#include "output/base/number.h"

#include <inttypes.h>
#include <stdio.h>

const char *number_text(uint64_t number, char text[NUMBER_SIZE]) {
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
  char *out = text;
  for (int i = 0; i < len; i++) {
    if (i && (len - i) % 3 == 0) *out++ = ',';
    *out++ = digits[i];
  }
  *out = 0;
  return text;
}

const char *number_share(uint64_t part, uint64_t whole, char text[NUMBER_SHARE_SIZE]) {
  double share = whole ? 100.0 * (double)part / (double)whole : 0;
  if (whole == 0)
    snprintf(text, NUMBER_SHARE_SIZE, "-");
  else if (part && share < 0.005)
    snprintf(text, NUMBER_SHARE_SIZE, "<0.01%%");
  else
    snprintf(text, NUMBER_SHARE_SIZE, "%.*f%%", share < 1 && part ? 2 : 1, share);
  return text;
}
