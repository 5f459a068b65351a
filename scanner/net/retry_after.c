#include "scanner/net/retry_after.h"

#include <curl/curl.h>

enum { RETRY_AFTER_DATE_MAX = 64 };

static bool retry_after_number(struct span text, unsigned *seconds) {
  *seconds = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
    *seconds = *seconds * 10 + (unsigned)(text.ptr[i] - '0');
    if (*seconds > RETRY_AFTER_MAX) *seconds = RETRY_AFTER_MAX;
  }
  return text.len > 0;
}

/* curl_getdate() reads the three forms of RFC 9110 section 5.6.7. */
static bool retry_after_date(struct span text, int64_t now, unsigned *seconds) {
  char date[RETRY_AFTER_DATE_MAX + 1];
  if (text.len == 0 || text.len > RETRY_AFTER_DATE_MAX) return false;
  memcpy(date, text.ptr, text.len);
  date[text.len] = '\0';
  time_t at = curl_getdate(date, NULL);
  if (at == -1) return false;
  int64_t wait = ((int64_t)at * 1000 - now + 999) / 1000;
  *seconds = wait <= 0 ? 0 : wait < RETRY_AFTER_MAX ? (unsigned)wait : RETRY_AFTER_MAX;
  return true;
}

bool retry_after_parse(struct span value, int64_t now, unsigned *seconds) {
  struct span text = span_trim(value);
  if (retry_after_number(text, seconds)) return true;
  *seconds = 0;
  return retry_after_date(text, now, seconds);
}
