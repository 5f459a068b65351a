#include "scanner/sts/verdict.h"

#include "judged.h"

enum { CODES_MAX = 3, MX_MAX = 4 };

struct vector {
  enum finding_code codes[CODES_MAX]; /* FOUND_RECORD_ABSENT, which is 0, ends them */
  enum record_presence presence;
  bool untrusted, no_body;
  enum result_mode mode;
  size_t patterns;
  enum result_status status;
  enum result_effect effect;
};

/* An MX for each letter: c covered, n not; behind each, if the host was probed, s secure, r
 * refused, u unknown; "." null MX, i implicit. */
static size_t read_mx(const char *text, struct result_mx mx[MX_MAX]) {
  static const struct result_mx_tls secure = {.verdict = VERDICT_SECURE},
                                    refused = {.verdict = VERDICT_REFUSED},
                                    unknown = {.verdict = VERDICT_UNKNOWN};
  size_t count = 0;
  for (; *text; text++) {
    switch (*text) {
    case 's': mx[count - 1].tls = &secure; break;
    case 'r': mx[count - 1].tls = &refused; break;
    case 'u': mx[count - 1].tls = &unknown; break;
    case '.': mx[count++] = (struct result_mx){.host = SPAN(".")}; break;
    case 'i': mx[count++] = (struct result_mx){.host = SPAN("a.example"), .implicit = true}; break;
    default:
      mx[count++] =
          (struct result_mx){.host = SPAN("m.a.example"), .judged = true, .covered = *text == 'c'};
      break;
    }
  }
  return count;
}

/* The MX that a scan has found when it raises these codes. */
static const char *mx_of_codes(const struct judged *judged) {
  if (judged_find(judged, FOUND_MX_PARTIAL_MISMATCH)) return "cn";
  return judged_find(judged, FOUND_MX_MISMATCH) ? "nn" : "";
}

static void assert_vector(const struct vector *vector, size_t number, bool known) {
  struct judged judged;
  struct result_mx mx[MX_MAX];
  judged_begin(&judged);
  for (size_t i = 0; i < CODES_MAX && vector->codes[i]; i++)
    finding_list_add(&judged.findings, (struct finding){.code = vector->codes[i]});
  struct result result = {
      .findings = judged.findings.first,
      .fetch = {.asked = true, .trusted = !vector->untrusted},
      .mx = {.at = mx, .count = read_mx(mx_of_codes(&judged), mx)},
      .policy = {.here = !vector->no_body, .mode = vector->mode, .mx.count = vector->patterns},
  };
  verdict_judge(&result, known, vector->presence);
  if (result.status != vector->status || result.effect != vector->effect)
    print_error("vector %zu: %s, %s\n", number, result_status_text(result.status),
                result_effect_text(result.effect));
  assert_int_equal(result.status, vector->status);
  assert_true(result.has_effect);
  assert_int_equal(result.effect, vector->effect);
  judged_end(&judged);
}

#define SOUND      .presence = RECORD_SOUND, .patterns = 1
#define IS(s, e)   .status = STATUS_##s, .effect = EFFECT_##e
#define FOUND(...) .codes = {__VA_ARGS__}

static void judges_sound_deployments(void **state) {
  static const struct vector vectors[] = {
      {SOUND, .mode = MODE_ENFORCE, IS(VALID, ENFORCED)},
      {SOUND, .mode = MODE_TESTING, IS(VALID, TESTING)},
      {SOUND, .mode = MODE_NONE, IS(VALID, NONE)},
      {.presence = RECORD_SOUND, .mode = MODE_NONE, IS(VALID, NONE)},
      /* warnings and notes change nothing */
      {SOUND, FOUND(FOUND_POLICY_MAX_AGE_SHORT, FOUND_TLSRPT_SYNTAX, FOUND_POLICY_CONTESTED),
       .mode = MODE_ENFORCE, IS(VALID, ENFORCED)},
      {SOUND, FOUND(FOUND_POLICY_HTTP_CONTENT_TYPE, FOUND_POLICY_TLS_EXPIRES_SOON),
       .mode = MODE_ENFORCE, IS(VALID, ENFORCED)},
      /* null MX and no MX: as if covered */
      {SOUND, FOUND(FOUND_MX_NULL), .mode = MODE_ENFORCE, IS(VALID, ENFORCED)},
      {SOUND, FOUND(FOUND_MX_ABSENT), .mode = MODE_ENFORCE, IS(VALID, ENFORCED)},
      {SOUND, FOUND(FOUND_MX_IMPLICIT), .mode = MODE_ENFORCE, IS(VALID, ENFORCED)},
      /* a failed MX lookup is a warning, and leaves the effect open */
      {SOUND, FOUND(FOUND_MX_DNS_SERVFAIL), .mode = MODE_ENFORCE, IS(VALID, UNKNOWN)},
      {SOUND, FOUND(FOUND_MX_DNS_TIMEOUT), .mode = MODE_ENFORCE, IS(VALID, UNKNOWN)},
      {SOUND, FOUND(FOUND_MX_DNS_REFUSED), .mode = MODE_ENFORCE, IS(VALID, UNKNOWN)},
      {SOUND, FOUND(FOUND_MX_DNS_MALFORMED), .mode = MODE_ENFORCE, IS(VALID, UNKNOWN)},
      {SOUND, FOUND(FOUND_MX_DNS_SERVFAIL), .mode = MODE_TESTING, IS(VALID, TESTING)},
      {SOUND, FOUND(FOUND_MX_DNS_SERVFAIL), .mode = MODE_NONE, IS(VALID, NONE)},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) assert_vector(&vectors[i], i, true);
}

static void judges_broken_deployments(void **state) {
  static const struct vector vectors[] = {
      {SOUND, FOUND(FOUND_MX_MISMATCH), .mode = MODE_ENFORCE, IS(BROKEN, UNDELIVERABLE)},
      {SOUND, FOUND(FOUND_MX_PARTIAL_MISMATCH), .mode = MODE_ENFORCE, IS(BROKEN, AT_RISK)},
      {SOUND, FOUND(FOUND_MX_MISMATCH), .mode = MODE_TESTING, IS(BROKEN, TESTING)},
      {SOUND, FOUND(FOUND_MX_PARTIAL_MISMATCH), .mode = MODE_TESTING, IS(BROKEN, TESTING)},
      /* a sound mx beside a malformed one still counts for the effect */
      {SOUND, FOUND(FOUND_POLICY_MX_INVALID), .mode = MODE_ENFORCE, IS(BROKEN, ENFORCED)},
      {SOUND, FOUND(FOUND_POLICY_MX_INVALID, FOUND_MX_PARTIAL_MISMATCH), .mode = MODE_ENFORCE,
       IS(BROKEN, AT_RISK)},
      {.presence = RECORD_SOUND,
       FOUND(FOUND_POLICY_MX_INVALID),
       .mode = MODE_ENFORCE,
       IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_MX_INVALID, FOUND_POLICY_SYNTAX), .mode = MODE_ENFORCE,
       IS(BROKEN, OPPORTUNISTIC)},
      /* nothing that a sender would use */
      {SOUND, FOUND(FOUND_POLICY_SYNTAX), .mode = MODE_ENFORCE, IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_MAX_AGE), .mode = MODE_ENFORCE, IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_VERSION), .mode = MODE_NONE, IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_MODE), .mode = MODE_COUNT, IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_EMPTY), .mode = MODE_COUNT, IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_TLS_EXPIRED), .untrusted = true, .mode = MODE_ENFORCE,
       IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_TLS_EXPIRED, FOUND_MX_MISMATCH), .untrusted = true,
       .mode = MODE_ENFORCE, IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_HTTP_STATUS), .no_body = true, .mode = MODE_ENFORCE,
       IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_HTTP_TRUNCATED), .mode = MODE_ENFORCE, IS(BROKEN, OPPORTUNISTIC)},
      {SOUND, FOUND(FOUND_POLICY_DNS_NXDOMAIN), .untrusted = true, .no_body = true,
       .mode = MODE_COUNT, IS(BROKEN, OPPORTUNISTIC)},
      /* an attempt, or an invalid record, whatever the policy */
      {.presence = RECORD_ATTEMPT,
       FOUND(FOUND_RECORD_VERSION),
       .mode = MODE_ENFORCE,
       .patterns = 1,
       IS(BROKEN, OPPORTUNISTIC)},
      {.presence = RECORD_ATTEMPT,
       FOUND(FOUND_RECORD_MULTIPLE, FOUND_MX_MISMATCH),
       .mode = MODE_ENFORCE,
       .patterns = 1,
       IS(BROKEN, OPPORTUNISTIC)},
      {.presence = RECORD_ATTEMPT,
       FOUND(FOUND_RECORD_ID_INVALID),
       .mode = MODE_NONE,
       IS(BROKEN, OPPORTUNISTIC)},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) assert_vector(&vectors[i], i, true);
}

/* RFC 8461 section 5, each MX being one that a sender takes, refuses, or of which it is not known.
 */
static void judges_mail_servers(void **state) {
  static const struct {
    const char *mx;
    enum result_effect effect;
  } rows[] = {
      {"", EFFECT_ENFORCED},          {".", EFFECT_ENFORCED},
      {"c", EFFECT_ENFORCED},         {"cs", EFFECT_ENFORCED},
      {"cscs", EFFECT_ENFORCED},      {"cscu", EFFECT_ENFORCED},
      {"cucs", EFFECT_ENFORCED},      {"cucucs", EFFECT_ENFORCED},
      {"cu", EFFECT_UNKNOWN},         {"cucu", EFFECT_UNKNOWN},
      {".cu", EFFECT_UNKNOWN},        {"cr", EFFECT_UNDELIVERABLE},
      {"crcr", EFFECT_UNDELIVERABLE}, {"crns", EFFECT_UNDELIVERABLE},
      {"nucr", EFFECT_UNDELIVERABLE}, {"nsnr", EFFECT_UNDELIVERABLE},
      {".cr", EFFECT_UNDELIVERABLE},  {"crcs", EFFECT_AT_RISK},
      {"cscr", EFFECT_AT_RISK},       {"crcu", EFFECT_AT_RISK},
      {"nscs", EFFECT_AT_RISK},       {"nrcu", EFFECT_AT_RISK},
      {"crcucs", EFFECT_AT_RISK},     {"cnr", EFFECT_AT_RISK},
      {"i", EFFECT_ENFORCED},         {"is", EFFECT_ENFORCED},
      {"iu", EFFECT_UNKNOWN},         {"ir", EFFECT_UNDELIVERABLE},
  };
  static const struct finding refused = {.code = FOUND_MX_TLS_EXPIRED};
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct result_mx mx[MX_MAX];
    struct result result = {
        .fetch = {.asked = true, .trusted = true},
        .findings = strchr(rows[i].mx, 'r') ? &refused : NULL,
        .policy = {.here = true, .mode = MODE_ENFORCE, .mx.count = 1},
        .mx = {.at = mx, .count = read_mx(rows[i].mx, mx)},
    };
    verdict_judge(&result, true, RECORD_SOUND);
    if (result.effect != rows[i].effect) fail_msg("\"%s\"", rows[i].mx);
    assert_int_equal(result.findings ? STATUS_BROKEN : STATUS_VALID, result.status);
    result.policy.mode = MODE_TESTING;
    verdict_judge(&result, true, RECORD_SOUND);
    assert_int_equal(EFFECT_TESTING, result.effect);
  }
}

/* Each alone keeps a sender from the policy, whether or not a finding says so as well. */
static void needs_record_trust_body_and_mode(void **state) {
  static const struct vector vectors[] = {
      {SOUND, .mode = MODE_ENFORCE, IS(VALID, ENFORCED)},
      {.presence = RECORD_ATTEMPT, .patterns = 1, .mode = MODE_ENFORCE, IS(VALID, OPPORTUNISTIC)},
      {SOUND, .untrusted = true, .mode = MODE_ENFORCE, IS(VALID, OPPORTUNISTIC)},
      {SOUND, .no_body = true, .mode = MODE_ENFORCE, IS(VALID, OPPORTUNISTIC)},
      {SOUND, .mode = MODE_COUNT, IS(VALID, OPPORTUNISTIC)},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) assert_vector(&vectors[i], i, true);
}

static void judges_where_there_is_no_record(void **state) {
  static const struct vector absent = {
      .presence = RECORD_NONE, .no_body = true, .mode = MODE_COUNT, IS(ABSENT, NONE)};
  static const struct vector unknown = {FOUND(FOUND_RECORD_DNS_SERVFAIL), .presence = RECORD_NONE,
                                        .no_body = true, .mode = MODE_COUNT, IS(UNKNOWN, UNKNOWN)};
  (void)state;
  assert_vector(&absent, 0, true);
  assert_vector(&unknown, 0, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(judges_sound_deployments),
      cmocka_unit_test(judges_broken_deployments),
      cmocka_unit_test(judges_mail_servers),
      cmocka_unit_test(needs_record_trust_body_and_mode),
      cmocka_unit_test(judges_where_there_is_no_record),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
