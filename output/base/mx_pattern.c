#include "output/base/mx_pattern.h"

bool mx_pattern_covers(struct span pattern, struct span host) {
  if (span_ends(host, SPAN("."))) host.len--;
  if (!span_starts(pattern, SPAN("*."))) return host.len && span_equal_nocase(pattern, host);
  size_t first = span_find(host, '.');
  return first > 0 && first < host.len &&
         span_equal_nocase(span_skip(pattern, 1), span_skip(host, first));
}
