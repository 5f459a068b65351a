#include "scanner/https/budget.h"

struct budget budget_for(size_t body_max) {
  uint64_t more = body_max / BUDGET_RECORD_OCTETS;
  return (struct budget){
      .limit = {[BUDGET_OCTETS] = BUDGET_OCTETS_BASE + BUDGET_OCTETS_FACTOR * (uint64_t)body_max,
                [BUDGET_RECORDS] = BUDGET_RECORDS_BASE + more,
                [BUDGET_READS] = BUDGET_READS_BASE + 2 * more}};
}

bool budget_spend(struct budget *budget, enum budget_kind kind, uint64_t count) {
  budget->spent[kind] += count;
  return budget->spent[kind] <= budget->limit[kind];
}

enum budget_kind budget_over(const struct budget *budget) {
  unsigned kind = 0;
  while (kind < BUDGET_COUNT && budget->spent[kind] <= budget->limit[kind]) kind++;
  return (enum budget_kind)kind;
}

const char *budget_kind_text(enum budget_kind kind) {
  switch (kind) {
  case BUDGET_OCTETS: return "octets";
  case BUDGET_RECORDS: return "TLS records";
  case BUDGET_READS: return "reads from the socket";
  case BUDGET_COUNT: break;
  }
  return "";
}
