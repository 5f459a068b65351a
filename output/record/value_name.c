#include "output/record/value_name.h"

#include "output/findings/finding.h"
#include "output/record/result.h"

const char *value_name_status(int value) {
  return result_status_text((enum result_status)value);
}

const char *value_name_effect(int value) {
  return result_effect_text((enum result_effect)value);
}

const char *value_name_mode(int value) {
  return result_mode_text((enum result_mode)value);
}

const char *value_name_kind(int value) {
  return result_kind_text((enum result_kind)value);
}

const char *value_name_verdict(int value) {
  return result_verdict_text((enum result_verdict)value);
}

const char *value_name_step(int value) {
  return result_step_text((enum result_step)value);
}

const char *value_name_dane(int value) {
  return result_dane_text((enum result_dane)value);
}

const char *value_name_stage(int value) {
  return finding_stage_text((enum finding_stage)value);
}

const char *value_name_code(int value) {
  return finding_info((enum finding_code)value)->name;
}
