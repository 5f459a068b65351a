/* A name that is accepted is accepted again in its A-labels, unchanged, and fits DNS. */
#include "fuzz.h"

#include "scanner/dns/message.h"
#include "scanner/sts/domain.h"

static void fuzz_domain_accepted(struct arena *arena, const struct domain *domain) {
  unsigned char query[DNS_QUERY_SIZE_MAX];
  struct domain again;
  const char *why;
  FUZZ_REQUIRE(domain->ascii.len > 0 && domain->ascii.len <= DOMAIN_LENGTH_MAX);
  for (size_t i = 0; i < domain->ascii.len; i++) {
    char c = domain->ascii.ptr[i];
    FUZZ_REQUIRE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                 c == '.');
  }
  FUZZ_REQUIRE(domain_parse(domain->ascii, arena, &again, &why) == ERR_NONE);
  FUZZ_REQUIRE(span_equal(again.ascii, domain->ascii));
  struct span name = arena_join(arena, SPAN("_mta-sts."), domain->ascii);
  FUZZ_REQUIRE(message_query(query, 1, name, DNS_TYPE_TXT, true) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct domain domain = {0};
  const char *why = NULL;
  struct span text = fuzz_text(data, size);
  if (domain_is_hostname(text)) FUZZ_REQUIRE(domain_is_rfc5321(text));
  enum err err = domain_parse(text, &arena, &domain, &why);
  if (err == ERR_NONE) fuzz_domain_accepted(&arena, &domain);
  if (err == ERR_SYNTAX) FUZZ_REQUIRE(why);
  arena_free(&arena);
  return 0;
}
