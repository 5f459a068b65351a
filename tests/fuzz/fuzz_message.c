/* Bytes from the network as the answer to one question, for each type that is asked for. */
#include "fuzz.h"

#include "scanner/dns/message.h"

static void fuzz_message_data(enum dns_type type, struct span data) {
  FUZZ_REQUIRE(span_here(data));
  if (type == DNS_TYPE_A) FUZZ_REQUIRE(data.len == 4);
  if (type == DNS_TYPE_AAAA) FUZZ_REQUIRE(data.len == 16);
  if (type != DNS_TYPE_MX) return;
  for (size_t i = 0; i < data.len; i++) FUZZ_REQUIRE(data.ptr[i] > 0x20 && data.ptr[i] < 0x7f);
}

static void fuzz_message_as(struct span packet, enum dns_type type) {
  struct arena arena = {0};
  struct dns_answer answer = {0};
  if (message_read(packet, SPAN("_mta-sts.example.com"), type, &arena, &answer) == ERR_NONE) {
    FUZZ_REQUIRE(answer.count <= DNS_RECORD_MAX);
    FUZZ_REQUIRE(answer.cname.count <= DNS_CNAME_MAX);
    FUZZ_REQUIRE(!answer.truncated || answer.count == 0);
    for (size_t i = 0; i < answer.count; i++) fuzz_message_data(type, answer.records[i].data);
  }
  arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const enum dns_type types[] = {DNS_TYPE_A, DNS_TYPE_MX, DNS_TYPE_TXT, DNS_TYPE_AAAA};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    fuzz_message_as(fuzz_text(data, size), types[i]);
  return 0;
}
