#include "scanner/https/address_plan.h"

void course_choose(struct course *course, const union address *addresses, size_t count,
                   const struct transfer_common *common, struct arena *arena) {
  struct span detail = {0};
  for (size_t i = 0; i < count; i++) {
    bool barred = block_list_has_address(common->block, &addresses[i]);
    char ip[ADDRESS_TEXT_MAX];
    if (!barred && (common->allow_private || address_is_public(&addresses[i]))) {
      course->addresses[course->address_count++] = &addresses[i];
      continue;
    }
    address_ip_text(&addresses[i], ip);
    detail = arena_format(arena, "%.*s%s%s is %s", SPAN_ARG(detail), detail.len ? ", " : "", ip,
                          barred ? "on the block list" : "not public");
  }
  if (course->address_count) return;
  course->best.faults.arena = arena;
  faults_add(&course->best.faults,
             (struct finding){.code = FOUND_POLICY_ADDRESS_NOT_PUBLIC, .detail = detail});
}

const union address *course_address(const struct course *course) {
  return course->addresses[course->next];
}

uint64_t course_limit(const struct course *course, enum outcome_step step, uint64_t connect_ns) {
  uint64_t share = course->left_ns / (course->address_count - course->next);
  switch (step) {
  case OUTCOME_CONNECTING: return connect_ns < share ? connect_ns : share;
  case OUTCOME_SHAKING_HANDS:
  case OUTCOME_ASKING: return share;
  default: return course->left_ns;
  }
}

void course_keep(struct course *course, const struct attempt *attempt, uint64_t spent_ns) {
  course->left_ns -= spent_ns < course->left_ns ? spent_ns : course->left_ns;
  course->attempts[course->attempt_count++] =
      (struct result_attempt){attempt->fetch.address, attempt->code, attempt->fetch.ms};
  if (!course->best.here || attempt->step >= course->best.step) course->best = *attempt;
}

enum course_turn course_turn(struct course *course, const struct attempt *attempt,
                             uint64_t pause_ns) {
  bool another = course->next + 1 < course->address_count;
  if (attempt->tries_next && another && course->left_ns) {
    course->next++;
    return COURSE_GOES_ON;
  }
  if (!attempt->overload || course->again == COURSE_AGAIN_MAX || pause_ns >= course->left_ns)
    return COURSE_ENDS;
  course->left_ns -= pause_ns;
  course->again++;
  return COURSE_PAUSES;
}
