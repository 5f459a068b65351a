#include "scanner/https/retry_after.h"

#include <curl/curl.h>

enum { RETRY_AFTER_DATE_MAX = 64 };

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
  uint64_t number;
  *seconds = 0;
  if (!span_number(text, &number)) return retry_after_date(text, now, seconds);
  *seconds = number < RETRY_AFTER_MAX ? (unsigned)number : RETRY_AFTER_MAX;
  return true;
}
