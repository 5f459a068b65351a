#include "output/findings/finding.h"

static const struct finding_info finding_table[FOUND_COUNT] = {
#define FINDING(name, code, severity, stage, type, class, passing, title, meaning, sender,         \
                diagnose, fix, reference)                                                          \
  [FOUND_##name] = {code,          FINDING_##severity, STAGE_##stage, RESULT_TYPE_##type,          \
                    CLASS_##class, FINDING_##passing,  title,         meaning,                     \
                    sender,        diagnose,           fix,           reference},
#include "output/findings/finding.def"
#undef FINDING
};

const struct finding_info *finding_info(enum finding_code code) {
  return &finding_table[code];
}

enum finding_code finding_by_name(struct span name) {
  enum finding_code code = 0;
  while (code < FOUND_COUNT && !span_equal(name, span_of(finding_table[code].name))) code++;
  return code;
}

void finding_codes_add(struct finding_codes *codes, enum finding_code code) {
  codes->bits[code / 64] |= (uint64_t)1 << (code % 64);
}

bool finding_codes_has(const struct finding_codes *codes, enum finding_code code) {
  return codes->bits[code / 64] >> (code % 64) & 1;
}

bool finding_codes_equal(const struct finding_codes *one, const struct finding_codes *other) {
  return memcmp(one, other, sizeof *one) == 0;
}

const char *finding_severity_text(enum finding_severity severity) {
  static const char *const texts[] = {
#define X(name, text) text,
      FINDING_SEVERITY_MAP(X)
#undef X
  };
  return texts[severity];
}

static const struct {
  const char *text, *about, *causes;
} finding_stages[STAGE_COUNT] = {
#define X(name, text, about, causes) {text, about, causes},
    FINDING_STAGE_MAP(X)
#undef X
};

const char *finding_stage_text(enum finding_stage stage) {
  return finding_stages[stage].text;
}

const char *finding_stage_about(enum finding_stage stage) {
  return finding_stages[stage].about;
}

const char *finding_stage_causes(enum finding_stage stage) {
  return finding_stages[stage].causes;
}

bool finding_stage_has_errors(enum finding_stage stage) {
  for (int code = 0; code < FOUND_COUNT; code++)
    if (finding_table[code].stage == stage && finding_table[code].severity == FINDING_ERROR)
      return true;
  return false;
}

const char *finding_result_type_text(enum finding_result_type type) {
  static const char *const texts[] = {
#define X(name, text) text,
      FINDING_RESULT_TYPE_MAP(X)
#undef X
  };
  return texts[type];
}

const char *finding_class_text(enum finding_class class) {
  static const char *const texts[] = {
#define X(name, text) text,
      FINDING_CLASS_MAP(X)
#undef X
  };
  return texts[class];
}

const char *finding_passing_text(enum finding_passing passing) {
  static const char *const texts[] = {
#define X(name, text) text,
      FINDING_PASSING_MAP(X)
#undef X
  };
  return texts[passing];
}
