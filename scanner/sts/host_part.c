#include "scanner/sts/host_part.h"

#include <string.h>

static struct span host_part_behind_scheme(struct span text) {
  if (span_starts(text, SPAN("//"))) return span_skip(text, 2);
  size_t colon = span_find(text, ':');
  if (colon && span_starts(span_skip(text, colon), SPAN("://"))) return span_skip(text, colon + 3);
  if (text.len >= 7 && span_equal_nocase(span_first(text, 7), SPAN("mailto:")))
    return span_skip(text, 7);
  return text;
}

static struct span host_part_before_path(struct span text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.ptr[i] == '/' || text.ptr[i] == '?' || text.ptr[i] == '#') return span_first(text, i);
  return text;
}

static struct span host_part_before_port(struct span text) {
  size_t at = text.len;
  while (at && text.ptr[at - 1] >= '0' && text.ptr[at - 1] <= '9') at--;
  return at && text.ptr[at - 1] == ':' ? span_first(text, at - 1) : text;
}

static bool host_part_is_plain(struct span text) {
  for (size_t i = 0; i < text.len; i++)
    if (memchr("/:@?#", text.ptr[i], 5)) return false;
  return true;
}

struct span host_part(struct span text) {
  if (host_part_is_plain(text)) return text;
  struct span host = host_part_before_path(host_part_behind_scheme(text));
  const char *at = host.len ? memrchr(host.ptr, '@', host.len) : NULL;
  if (at) host = span_skip(host, (size_t)(at - host.ptr) + 1);
  host = span_trim(host);
  if (host.len && host.ptr[host.len - 1] == '>') host.len--; /* Name <user@host> */
  return host_part_before_port(host);
}
