#include "scanner/https/address_plan.h"

static bool address_plan_has(const struct address_plan *plan, const union address *address) {
  bool found = false;
  for (size_t i = 0; i < plan->address_count && !found; i++)
    found = address_same_ip(plan->addresses[i], address);
  return found;
}

void address_plan_choose(struct address_plan *plan, const union address *addresses, size_t count,
                         const struct address_filter *filter, struct arena *arena) {
  struct span detail = {0};
  enum finding_code code = FOUND_POLICY_ADDRESS_NOT_PUBLIC;
  for (size_t i = 0; i < count; i++) {
    char ip[ADDRESS_TEXT_MAX];
    const char *objection = address_filter_objects(filter, &addresses[i]);
    if (!objection) {
      if (!address_plan_has(plan, &addresses[i]))
        plan->addresses[plan->address_count++] = &addresses[i];
      continue;
    }
    if (block_list_has_address(filter->block, &addresses[i])) code = FOUND_POLICY_HOST_BLOCKED;
    address_ip_text(&addresses[i], ip);
    detail = arena_format(arena, "%.*s%s%s is %s", SPAN_ARG(detail), detail.len ? ", " : "", ip,
                          objection);
  }
  if (plan->address_count) return;
  plan->best.findings.arena = arena;
  finding_list_add(&plan->best.findings, (struct finding){.code = code, .detail = detail});
}

const union address *address_plan_address(const struct address_plan *plan) {
  return plan->addresses[plan->next];
}

uint64_t address_plan_limit(const struct address_plan *plan, enum outcome_step step,
                            uint64_t connect_ns) {
  uint64_t share = plan->left_ns / (plan->address_count - plan->next);
  switch (step) {
  case OUTCOME_CONNECTING: return connect_ns < share ? connect_ns : share;
  case OUTCOME_SHAKING_HANDS:
  case OUTCOME_ASKING: return share;
  default: return plan->left_ns;
  }
}

void address_plan_keep(struct address_plan *plan, const struct attempt *attempt,
                       uint64_t spent_ns) {
  plan->left_ns -= spent_ns < plan->left_ns ? spent_ns : plan->left_ns;
  plan->attempts[plan->attempt_count++] =
      (struct result_attempt){attempt->fetch.address, attempt->code, attempt->fetch.ms};
  if (!plan->best.here || attempt->step >= plan->best.step) plan->best = *attempt;
}

enum address_plan_turn address_plan_turn(struct address_plan *plan, const struct attempt *attempt,
                                         uint64_t pause_ns) {
  bool another = plan->next + 1 < plan->address_count;
  if (attempt->tries_next && another && plan->left_ns) {
    plan->next++;
    return ADDRESS_PLAN_GOES_ON;
  }
  if (!attempt->overload || plan->again == ADDRESS_PLAN_AGAIN_MAX || pause_ns >= plan->left_ns)
    return ADDRESS_PLAN_ENDS;
  plan->left_ns -= pause_ns;
  plan->again++;
  return ADDRESS_PLAN_PAUSES;
}
