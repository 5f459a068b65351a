/* What is accepted, printed back from its parsed form, parses to the same. The texts are drawn by
 * the grammar, and some of them spoilt by a byte or two, from a fixed seed. */
#include "scanner/sts/policy.h"
#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"

#include "judged.h"

enum { DRAWS = 20000, ACCEPTED_MIN = DRAWS / 4, TEXT_MAX = 4096 };

struct draw {
  uint64_t seed;
  char text[TEXT_MAX];
  size_t len;
};

/* xorshift64 */
static size_t draw_below(struct draw *draw, size_t limit) {
  draw->seed ^= draw->seed << 13;
  draw->seed ^= draw->seed >> 7;
  draw->seed ^= draw->seed << 17;
  return (size_t)(draw->seed % limit);
}

static void draw_put(struct draw *draw, const char *text) {
  size_t len = strlen(text);
  assert_true(draw->len + len <= sizeof draw->text);
  memcpy(draw->text + draw->len, text, len);
  draw->len += len;
}

static void draw_one(struct draw *draw, const char *const texts[], size_t count) {
  draw_put(draw, texts[draw_below(draw, count)]);
}

static void draw_blanks(struct draw *draw) {
  static const char *const blanks[] = {"", "", "", " ", "\t", "  \t "};
  draw_one(draw, blanks, COUNT(blanks));
}

static void draw_delimiter(struct draw *draw) {
  draw_blanks(draw);
  draw_put(draw, ";");
  draw_blanks(draw);
}

/* Every fourth text loses, gains or changes a byte. */
static struct span draw_spoil(struct draw *draw) {
  static const char bytes[] = " \t;:=.,*-\r\n\\\"@%#aZ0\x7f\xc3";
  if (draw_below(draw, 4) == 0) {
    size_t at = draw_below(draw, draw->len);
    if (draw_below(draw, 2) == 0)
      draw->text[at] = bytes[draw_below(draw, sizeof bytes - 1)];
    else
      memmove(draw->text + at, draw->text + at + 1, --draw->len - at);
  }
  return (struct span){draw->text, draw->len};
}

static bool is_accepted(const struct judged *judged, enum finding_stage stage) {
  for (const struct finding *f = judged->findings.first; f; f = f->next) {
    const struct finding_info *info = finding_info(f->code);
    if (info->stage == stage && info->severity != FINDING_INFO) return false;
  }
  return true;
}

static struct span draw_record(struct draw *draw) {
  static const char *const ids[] = {"id=1", "id=20260408T101112", ("id=" A32), "id=aZ09"};
  static const char *const extensions[] = {"a=b", "x-y_z.1=!\"#$%&'()*+,-./:<>?@[\\]^`{|}~",
                                           (A32 "=1")};
  draw->len = 0;
  draw_put(draw, "v=STSv1");
  size_t before = draw_below(draw, 2);
  for (size_t i = 0; i < before; i++) {
    draw_delimiter(draw);
    draw_one(draw, extensions, COUNT(extensions));
  }
  draw_delimiter(draw);
  draw_one(draw, ids, COUNT(ids));
  if (draw_below(draw, 2)) draw_delimiter(draw);
  return draw_spoil(draw);
}

static bool record_round(struct span text) {
  struct judged judged, again;
  struct span id, id_again;
  char printed[256];
  bool accepted =
      record_judge((struct spans){&text, 1}, &judged_begin(&judged)->findings, &id) == RECORD_SOUND;
  if (accepted) {
    snprintf(printed, sizeof printed, "v=STSv1; id=%.*s;", SPAN_ARG(id));
    struct span back = span_of(printed);
    judged_begin(&again);
    assert_int_equal(RECORD_SOUND,
                     record_judge((struct spans){&back, 1}, &again.findings, &id_again));
    assert_codes(&again, "", printed);
    assert_true(span_equal(id, id_again));
    judged_end(&again);
  }
  judged_end(&judged);
  return accepted;
}

static struct span draw_policy(struct draw *draw) {
  static const char *const modes[] = {"enforce", "testing", "none"};
  static const char *const ages[] = {"86400", "604800", "31557600", "0000086400"};
  static const char *const patterns[] = {
      "mail.example.com", "*.example.net", "a", "MX-1.A.b", "192.0.2.1", "*.1a", (A32 ".example")};
  static const char *const ends[] = {"\n", "\r\n"};
  const char *lines[][2] = {
      {"version:", "STSv1"},
      {"mode:", modes[draw_below(draw, COUNT(modes))]},
      {"max_age:", ages[draw_below(draw, COUNT(ages))]},
      {"mx:", patterns[draw_below(draw, COUNT(patterns))]},
      {"mx:", patterns[draw_below(draw, COUNT(patterns))]},
      {"x-note.1:", "caf\xc3\xa9 au lait: {1}"},
  };
  size_t first = draw_below(draw, COUNT(lines));
  draw->len = 0;
  for (size_t i = 0; i < COUNT(lines); i++) {
    const char **line = lines[(first + i) % COUNT(lines)];
    draw_put(draw, line[0]);
    draw_blanks(draw);
    draw_put(draw, line[1]);
    draw_blanks(draw);
    if (i + 1 < COUNT(lines) || draw_below(draw, 2)) draw_one(draw, ends, COUNT(ends));
  }
  return draw_spoil(draw);
}

static struct span policy_print(const struct result_policy *policy, char *out, size_t size) {
  int len = snprintf(out, size, "version: %.*s\r\nmode: %s\r\nmax_age: %llu\r\n",
                     SPAN_ARG(policy->version), result_mode_text(policy->mode),
                     (unsigned long long)policy->max_age);
  for (size_t i = 0; i < policy->mx.count; i++)
    len += snprintf(out + len, size - (size_t)len, "mx: %.*s\r\n", SPAN_ARG(policy->mx.at[i]));
  return (struct span){out, (size_t)len};
}

static bool policy_round(struct span text) {
  struct judged judged, again;
  struct result_policy policy = {0}, back = {0};
  char printed[TEXT_MAX];
  policy_parse(text, &judged_begin(&judged)->findings, &policy);
  bool accepted = is_accepted(&judged, STAGE_POLICY_SYNTAX);
  if (accepted) {
    judged_begin(&again);
    policy_parse(policy_print(&policy, printed, sizeof printed), &again.findings, &back);
    bool contested = judged_find(&judged, FOUND_POLICY_CONTESTED) != NULL;
    assert_codes(&again, contested ? "policy-contested" : "", printed);
    assert_true(span_equal(policy.version, back.version));
    assert_int_equal(policy.mode, back.mode);
    assert_int_equal(policy.max_age, back.max_age);
    assert_int_equal(policy.mx.count, back.mx.count);
    for (size_t i = 0; i < policy.mx.count; i++)
      assert_true(span_equal(policy.mx.at[i], back.mx.at[i]));
    judged_end(&again);
  }
  judged_end(&judged);
  return accepted;
}

static struct span draw_tlsrpt(struct draw *draw) {
  static const char *const uris[] = {"mailto:a@b.example", "https://a.example/x?y=1",
                                     "mailto:a%21b@c.example", "https://[2001:db8::1]:8443/"};
  draw->len = 0;
  draw_put(draw, "v=TLSRPTv1");
  for (size_t fields = 1 + draw_below(draw, 2); fields; fields--) {
    draw_delimiter(draw);
    draw_put(draw, "rua=");
    draw_one(draw, uris, COUNT(uris));
    for (size_t more = draw_below(draw, 2); more; more--) {
      draw_blanks(draw);
      draw_put(draw, ",");
      draw_blanks(draw);
      draw_one(draw, uris, COUNT(uris));
    }
  }
  if (draw_below(draw, 2)) draw_delimiter(draw);
  return draw_spoil(draw);
}

static bool tlsrpt_round(struct span text) {
  struct judged judged, again;
  char printed[TEXT_MAX];
  struct result_tlsrpt tlsrpt = {.txt = {&text, 1}};
  tlsrpt_judge(&tlsrpt, &judged_begin(&judged)->findings);
  bool accepted = is_accepted(&judged, STAGE_TLSRPT) && tlsrpt.rua.count;
  if (accepted) {
    int len = snprintf(printed, sizeof printed, "v=TLSRPTv1; rua=");
    for (size_t i = 0; i < tlsrpt.rua.count; i++)
      len += snprintf(printed + len, sizeof printed - (size_t)len, "%s%.*s", i ? "," : "",
                      SPAN_ARG(tlsrpt.rua.at[i]));
    struct span txt = {printed, (size_t)len};
    struct result_tlsrpt back = {.txt = {&txt, 1}};
    tlsrpt_judge(&back, &judged_begin(&again)->findings);
    assert_codes(&again, "", printed);
    assert_int_equal(tlsrpt.rua.count, back.rua.count);
    for (size_t i = 0; i < back.rua.count; i++)
      assert_true(span_equal(tlsrpt.rua.at[i], back.rua.at[i]));
    judged_end(&again);
  }
  judged_end(&judged);
  return accepted;
}

/* Enough must be accepted, or the property says nothing; some must not, or nothing was spoilt. */
static void assert_rounds(struct span (*make)(struct draw *), bool (*round)(struct span)) {
  static struct draw draw;
  size_t accepted = 0;
  draw.seed = 0x5354537631;
  for (size_t i = 0; i < DRAWS; i++) accepted += round(make(&draw));
  assert_true(accepted >= ACCEPTED_MIN);
  assert_true(accepted < DRAWS);
}

static void records_print_back(void **state) {
  (void)state;
  assert_rounds(draw_record, record_round);
}

static void policies_print_back(void **state) {
  (void)state;
  assert_rounds(draw_policy, policy_round);
}

static void tlsrpt_records_print_back(void **state) {
  (void)state;
  assert_rounds(draw_tlsrpt, tlsrpt_round);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_print_back),
      cmocka_unit_test(policies_print_back),
      cmocka_unit_test(tlsrpt_records_print_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
