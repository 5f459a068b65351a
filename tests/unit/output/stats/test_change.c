/* Two states of a domain, and what changed between them. */
#include "output/stats/change.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY_MS ((int64_t)86400000)

static const struct siphash_key key = {1, 2};

/* What matters of a record. */
struct sample {
  enum result_status status;
  enum result_effect effect;
  enum result_mode mode;
  const char *id, *policy, *certificate;
  enum finding_code codes[2]; /* FOUND_COUNT: none */
  int day;
};

#define UNSEEN                                                                                     \
  { STATUS_COUNT, EFFECT_COUNT, MODE_COUNT, NULL, NULL, NULL, {NONE, NONE}, 0 }
#define NONE FOUND_COUNT
#define SOUND(mode)                                                                                \
  { STATUS_VALID, EFFECT_ENFORCED, mode, "i", "p", "c", {NONE, NONE}, 0 }

static struct state state_for(const struct sample *sample) {
  struct finding findings[2] = {0};
  struct result result = {
      .status = sample->status,
      .has_effect = true,
      .effect = sample->effect,
      .record = {.id = span_of(sample->id)},
      .policy = {.here = sample->mode != MODE_COUNT,
                 .mode = sample->mode,
                 .has_max_age = true,
                 .max_age = 604800,
                 .sha256 = span_of(sample->policy)},
      .certificate = {.here = true, .sha256 = span_of(sample->certificate)},
      .at = sample->day * DAY_MS,
  };
  if (sample->status == STATUS_COUNT) return state_unseen();
  for (int i = 0; i < 2 && sample->codes[i] != NONE; i++) {
    findings[i] =
        (struct finding){.next = (struct finding *)result.findings, .code = sample->codes[i]};
    result.findings = &findings[i];
  }
  return state_of(&result, key);
}

#define BIT(change) ((uint32_t)1 << CHANGE_##change)

static const struct {
  struct sample before, after;
  uint32_t changes;
} rows[] = {
    {SOUND(MODE_ENFORCE), SOUND(MODE_ENFORCE), 0},
    {UNSEEN, SOUND(MODE_ENFORCE), BIT(NEW)},
    {SOUND(MODE_ENFORCE), UNSEEN, BIT(GONE)},
    {UNSEEN, UNSEEN, 0},
    {{STATUS_ABSENT, EFFECT_NONE, MODE_COUNT, NULL, NULL, NULL, {NONE, NONE}, 0},
     SOUND(MODE_ENFORCE),
     BIT(NEW)},
    {{STATUS_UNKNOWN, EFFECT_UNKNOWN, MODE_COUNT, NULL, NULL, NULL, {NONE, NONE}, 0},
     SOUND(MODE_ENFORCE),
     BIT(KNOWN)},
    {SOUND(MODE_ENFORCE),
     {STATUS_UNKNOWN, EFFECT_UNKNOWN, MODE_COUNT, NULL, NULL, NULL, {NONE, NONE}, 1},
     BIT(UNKNOWN)},
    {SOUND(MODE_ENFORCE),
     {STATUS_BLOCKED, EFFECT_NONE, MODE_COUNT, NULL, NULL, NULL, {NONE, NONE}, 1},
     BIT(GONE)},
    /* max_age is seven days */
    {SOUND(MODE_ENFORCE),
     {STATUS_ABSENT, EFFECT_NONE, MODE_COUNT, NULL, NULL, NULL, {NONE, NONE}, 6},
     BIT(REMOVED_CACHED)},
    {SOUND(MODE_ENFORCE),
     {STATUS_ABSENT, EFFECT_NONE, MODE_COUNT, NULL, NULL, NULL, {NONE, NONE}, 7},
     BIT(REMOVED)},
    {{STATUS_VALID, EFFECT_TESTING, MODE_TESTING, "i", "p", "c", {NONE, NONE}, 0},
     {STATUS_ABSENT, EFFECT_NONE, MODE_COUNT, NULL, NULL, NULL, {NONE, NONE}, 1},
     BIT(REMOVED)},
    {SOUND(MODE_ENFORCE),
     {STATUS_BROKEN,
      EFFECT_ENFORCED,
      MODE_ENFORCE,
      "i",
      "p",
      "c",
      {FOUND_POLICY_MX_INVALID, NONE},
      1},
     BIT(NEWLY_BROKEN)},
    {SOUND(MODE_ENFORCE),
     {STATUS_BROKEN,
      EFFECT_AT_RISK,
      MODE_ENFORCE,
      "i",
      "p",
      "c",
      {FOUND_MX_PARTIAL_MISMATCH, NONE},
      1},
     BIT(NEWLY_BROKEN) | BIT(AT_RISK)},
    {SOUND(MODE_ENFORCE),
     {STATUS_BROKEN,
      EFFECT_UNDELIVERABLE,
      MODE_ENFORCE,
      "i",
      "p",
      "c",
      {FOUND_MX_MISMATCH, NONE},
      1},
     BIT(NEWLY_BROKEN) | BIT(UNDELIVERABLE)},
    {{STATUS_BROKEN,
      EFFECT_UNDELIVERABLE,
      MODE_ENFORCE,
      "i",
      "p",
      "c",
      {FOUND_MX_MISMATCH, NONE},
      0},
     {STATUS_BROKEN,
      EFFECT_AT_RISK,
      MODE_ENFORCE,
      "i",
      "p",
      "c",
      {FOUND_MX_PARTIAL_MISMATCH, NONE},
      1},
     BIT(MORE_ERRORS)},
    {{STATUS_BROKEN,
      EFFECT_OPPORTUNISTIC,
      MODE_COUNT,
      "i",
      NULL,
      "c",
      {FOUND_POLICY_TLS_EXPIRED, FOUND_POLICY_EMPTY},
      0},
     {STATUS_BROKEN,
      EFFECT_OPPORTUNISTIC,
      MODE_COUNT,
      "i",
      NULL,
      "c",
      {FOUND_POLICY_EMPTY, NONE},
      1},
     BIT(FEWER_ERRORS)},
    {{STATUS_BROKEN,
      EFFECT_OPPORTUNISTIC,
      MODE_COUNT,
      "i",
      NULL,
      "c",
      {FOUND_POLICY_EMPTY, NONE},
      0},
     SOUND(MODE_ENFORCE),
     BIT(MENDED)},
    {UNSEEN,
     {STATUS_BROKEN,
      EFFECT_OPPORTUNISTIC,
      MODE_COUNT,
      "i",
      NULL,
      "c",
      {FOUND_POLICY_EMPTY, NONE},
      1},
     BIT(NEW) | BIT(NEWLY_BROKEN)},
    {SOUND(MODE_ENFORCE), SOUND(MODE_TESTING), BIT(WEAKER)},
    {SOUND(MODE_TESTING), SOUND(MODE_NONE), BIT(WEAKER)},
    {SOUND(MODE_NONE), SOUND(MODE_ENFORCE), BIT(STRICTER)},
    {SOUND(MODE_ENFORCE),
     {STATUS_VALID, EFFECT_ENFORCED, MODE_ENFORCE, "i", "q", "c", {NONE, NONE}, 1},
     BIT(UNANNOUNCED)},
    {SOUND(MODE_ENFORCE),
     {STATUS_VALID, EFFECT_ENFORCED, MODE_ENFORCE, "j", "q", "c", {NONE, NONE}, 1},
     BIT(POLICY)},
    {SOUND(MODE_ENFORCE),
     {STATUS_VALID, EFFECT_ENFORCED, MODE_ENFORCE, "j", "p", "c", {NONE, NONE}, 1},
     BIT(ID_ONLY)},
    {SOUND(MODE_ENFORCE),
     {STATUS_VALID, EFFECT_ENFORCED, MODE_ENFORCE, "i", "p", "d", {NONE, NONE}, 1},
     BIT(CERTIFICATE)},
    {SOUND(MODE_ENFORCE),
     {STATUS_VALID, EFFECT_ENFORCED, MODE_ENFORCE, "i", "p", NULL, {NONE, NONE}, 1},
     0},
    {SOUND(MODE_ENFORCE),
     {STATUS_VALID,
      EFFECT_ENFORCED,
      MODE_ENFORCE,
      "i",
      "p",
      "c",
      {FOUND_POLICY_TLS_EXPIRES_SOON, NONE},
      1},
     BIT(EXPIRES_SOON)},
    {{STATUS_VALID,
      EFFECT_ENFORCED,
      MODE_ENFORCE,
      "i",
      "p",
      "c",
      {FOUND_POLICY_TLS_EXPIRES_SOON, NONE},
      0},
     {STATUS_VALID,
      EFFECT_ENFORCED,
      MODE_ENFORCE,
      "i",
      "p",
      "c",
      {FOUND_POLICY_TLS_EXPIRES_SOON, NONE},
      1},
     0},
};

static void test_changes_are_what_they_are(void **state) {
  uint32_t seen = 0;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct state before = state_for(&rows[i].before), after = state_for(&rows[i].after);
    uint32_t changes = change_between(&before, &after);
    if (changes != rows[i].changes) print_error("row %zu: %x\n", i, changes);
    assert_int_equal(rows[i].changes, changes);
    seen |= changes;
  }
  assert_int_equal(((uint64_t)1 << CHANGE_COUNT) - 1, seen); /* every change stands in some row */
}

static void test_nothing_changes_to_itself(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct state same = state_for(&rows[i].after);
    assert_int_equal(0, change_between(&same, &same));
  }
}

/* Reports rest on it. */
static void test_the_worst_come_first(void **state) {
  (void)state;
  for (int i = 1; i < CHANGE_COUNT; i++)
    assert_true(change_info((enum change)i)->trend >= change_info((enum change)(i - 1))->trend);
  assert_int_equal(CHANGE_WORSE, change_info(0)->trend);
  assert_int_equal(CHANGE_BETTER, change_info(CHANGE_COUNT - 1)->trend);
}

static const struct {
  enum finding_code codes[2];
  enum result_effect effect;          /* of the probed side */
  enum result_status status;          /* of it, without what the probe found */
  enum result_effect effect_unprobed; /* likewise */
} probed_rows[] = {
    {{FOUND_MX_TLS_EXPIRED, NONE}, EFFECT_UNDELIVERABLE, STATUS_VALID, EFFECT_ENFORCED},
    {{FOUND_MX_TLS_EXPIRED, NONE}, EFFECT_AT_RISK, STATUS_VALID, EFFECT_ENFORCED},
    {{FOUND_MX_SMTP_LATER, NONE}, EFFECT_UNKNOWN, STATUS_VALID, EFFECT_ENFORCED},
    {{FOUND_MX_TLS_EXPIRED, NONE}, EFFECT_TESTING, STATUS_VALID, EFFECT_TESTING},
    {{FOUND_MX_TLS_EXPIRED, FOUND_MX_MISMATCH},
     EFFECT_UNDELIVERABLE,
     STATUS_BROKEN,
     EFFECT_UNDELIVERABLE},
    {{FOUND_MX_TLS_EXPIRED, FOUND_MX_PARTIAL_MISMATCH},
     EFFECT_UNDELIVERABLE,
     STATUS_BROKEN,
     EFFECT_AT_RISK},
    {{FOUND_MX_TLS_EXPIRED, FOUND_POLICY_SYNTAX},
     EFFECT_OPPORTUNISTIC,
     STATUS_BROKEN,
     EFFECT_OPPORTUNISTIC},
};

/* A probe finds old faults out; what was there without it is compared. */
static void test_a_probe_of_one_side_alone_changes_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof probed_rows / sizeof *probed_rows; i++) {
    const struct sample sample = {STATUS_BROKEN,
                                  probed_rows[i].effect,
                                  MODE_ENFORCE,
                                  "i",
                                  "p",
                                  "c",
                                  {probed_rows[i].codes[0], probed_rows[i].codes[1]},
                                  1};
    const struct sample was = {probed_rows[i].status,
                               probed_rows[i].effect_unprobed,
                               MODE_ENFORCE,
                               "i",
                               "p",
                               "c",
                               {probed_rows[i].codes[1], NONE},
                               0};
    struct state probed = state_for(&sample), before = state_for(&was), after = probed;
    after.probed = 1;
    change_align(&before, &after);
    if (change_between(&before, &after)) fail_msg("row %zu", i);
    assert_int_equal(probed_rows[i].status, after.status);
    assert_int_equal(probed_rows[i].effect_unprobed, after.effect);
    /* the other way round it is no better either */
    after = probed;
    after.probed = 1;
    change_align(&after, &before);
    assert_int_equal(0, change_between(&after, &before));
    /* both probed: it counts */
    after = probed;
    before.probed = after.probed = 1;
    change_align(&before, &after);
    assert_memory_equal(after.codes, probed.codes, sizeof after.codes);
    assert_int_equal(STATUS_BROKEN, after.status);
    /* of a domain that was not deployed nothing could be probed */
    struct state unseen = state_unseen();
    after = probed;
    after.probed = 1;
    change_align(&unseen, &after);
    assert_int_equal(STATUS_BROKEN, after.status);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_changes_are_what_they_are),
      cmocka_unit_test(test_nothing_changes_to_itself),
      cmocka_unit_test(test_the_worst_come_first),
      cmocka_unit_test(test_a_probe_of_one_side_alone_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
