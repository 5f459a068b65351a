#include "bench/internet/account.h"
#include <inttypes.h>

void account_print(const struct account *account, uint64_t seed, FILE *out) {
  fprintf(out,
          "{\"seed\":%" PRIu64 ",\"queries\":%" PRIu64 ",\"questions\":%" PRIu64
          ",\"answers\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"over\":%" PRIu64 ",\"full\":%" PRIu64
          ",\"unread\":%" PRIu64 ",\"pending_peak\":%zu,\"seconds\":[",
          seed, account->queries, account->questions, account->answers, account->lost,
          account->over, account->full, account->unread, account->pending_peak);
  for (size_t i = 0; i < account->seconds; i++)
    fprintf(out, "%s[%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]", i ? "," : "",
            account->second[i].queries, account->second[i].answers, account->second[i].names);
  fprintf(out, "]}\n");
}
