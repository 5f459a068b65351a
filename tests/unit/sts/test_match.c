#include "scanner/sts/match.h"

#include "judged.h"
#include "output/base/mx_pattern.h"

enum { NAMES_MAX = 4 };

static const psl_ctx_t *psl;

static struct spans names_of(const char *const names[NAMES_MAX], struct span at[NAMES_MAX]) {
  struct spans set = {at, 0};
  while (set.count < NAMES_MAX && names[set.count]) {
    at[set.count] = span_of(names[set.count]);
    set.count++;
  }
  return set;
}

static void tells_how_a_mismatch_looks(void **state) {
  static const struct {
    const char *patterns[NAMES_MAX], *host;
    enum result_kind kind;
    const char *closest;
  } vectors[] = {
      /* at most three edits, below the same top level */
      {{"mail.example.com"}, "mial.example.com", KIND_TYPO, "mail.example.com"},
      {{"mail.example.com"}, "mail1.example.com", KIND_TYPO, "mail.example.com"},
      {{"mail.example.com"}, "mailabc.example.com", KIND_TYPO, "mail.example.com"},
      {{"mail.example.com"}, "mailabcd.example.com", KIND_SUBDOMAIN, "mail.example.com"},
      {{"mail.exmaple.com"}, "mail.example.com", KIND_TYPO, "mail.exmaple.com"},
      {{"mail.example.con"}, "mail.example.com", KIND_TLD, "mail.example.con"},
      {{"MAIL.EXAMPLE.COM"}, "mial.example.com", KIND_TYPO, "MAIL.EXAMPLE.COM"},
      /* one registrable domain */
      {{"mta-sts.example.co.uk"}, "mail.example.co.uk", KIND_SUBDOMAIN, "mta-sts.example.co.uk"},
      {{"mail.first.co.uk"}, "mail.another.co.uk", KIND_DOMAIN, "mail.first.co.uk"},
      {{"example.com"}, "mail.example.com", KIND_SUBDOMAIN, "example.com"},
      {{"mail.example.com"}, "mail.example.net", KIND_TLD, "mail.example.com"},
      {{"mail.example.com"}, "smtp.provider.net", KIND_DOMAIN, "mail.example.com"},
      {{"192.0.2.1"}, "mail.example.com", KIND_DOMAIN, "192.0.2.1"},
      /* a wildcard without its first label, and the host too */
      {{"*.exmaple.com"}, "mail.example.com", KIND_TYPO, "*.exmaple.com"},
      {{"*.example.com"}, "mail.example.net", KIND_TLD, "*.example.com"},
      {{"*.example.com"}, "alt1.gmail.example.com", KIND_SUBDOMAIN, "*.example.com"},
      {{"*.example.com"}, "example.com", KIND_SUBDOMAIN, "*.example.com"},
      {{"*.example.com"}, "mail.provider.net", KIND_DOMAIN, "*.example.com"},
      {{"*.com"}, "example.net", KIND_DOMAIN, "*.com"},
      /* the best kind, then the smallest distance, then the first */
      {{"smtp.provider.net", "mx.long-name.example.com", "mial.example.com"},
       "mail.example.com",
       KIND_TYPO,
       "mial.example.com"},
      {{"smtp.provider.org", "mail.provider.org"},
       "mail.example.com",
       KIND_DOMAIN,
       "mail.provider.org"},
      {{"mail1.example.com", "mail2.example.com"},
       "mail3.example.com",
       KIND_TYPO,
       "mail1.example.com"},
      {{"mail.example.com"}, "", KIND_DOMAIN, "mail.example.com"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct span at[NAMES_MAX], closest = {0};
    enum result_kind kind =
        match_kind(psl, names_of(vectors[i].patterns, at), span_of(vectors[i].host), &closest);
    if (kind != vectors[i].kind)
      print_error("%s for %s: %s\n", vectors[i].patterns[0], vectors[i].host,
                  result_kind_text(kind));
    assert_int_equal(kind, vectors[i].kind);
    assert_span(closest, vectors[i].closest);
  }
}

static void does_without_the_list(void **state) {
  struct span pattern = SPAN("mta-sts.example.com"), closest;
  (void)state;
  assert_int_equal(KIND_SUBDOMAIN, match_kind(NULL, (struct spans){&pattern, 1},
                                              SPAN("mail.example.com"), &closest));
  assert_int_equal(KIND_DOMAIN, match_kind(NULL, (struct spans){&pattern, 1},
                                           SPAN("mail.provider.com"), &closest));
}

struct coverage {
  enum result_mode mode;
  const char *patterns[NAMES_MAX], *hosts[NAMES_MAX];
  const char *covered; /* one letter a host */
  const char *codes;
};

static void assert_coverage(const struct coverage *vector, struct judged *judged) {
  struct span patterns[NAMES_MAX];
  struct result_mx hosts[NAMES_MAX];
  struct result_policy policy = {.mode = vector->mode, .mx = names_of(vector->patterns, patterns)};
  struct result_mx_set mx = {.at = hosts};
  for (; mx.count < NAMES_MAX && vector->hosts[mx.count]; mx.count++)
    hosts[mx.count] = (struct result_mx){.host = span_of(vector->hosts[mx.count])};
  match_judge(psl, (struct span){0}, &policy, &mx, &judged->findings);
  assert_codes(judged, vector->codes, vector->hosts[0]);
  for (size_t i = 0; i < mx.count; i++) {
    assert_true(hosts[i].judged);
    assert_int_equal(hosts[i].covered, vector->covered[i] == 'Y');
  }
}

static void tells_a_missing_final_dot(void **state) {
  static const struct {
    const char *domain, *patterns[NAMES_MAX], *host;
    bool lacks;
  } vectors[] = {
      {"example.com", {"mail.example.com"}, "mail.example.com.example.com", true},
      {"example.com", {"mail.example.com"}, "example.com.example.com", true},
      {"example.com", {"mail.example.com"}, "mx1.provider.net.example.com", true},
      {"sub.example.com", {"mail.example.com"}, "mx1.provider.net.example.com", true},
      {"example.com", {"*.provider.net"}, "mx1.provider.net.example.com", true},
      {"example.com", {"provider.net"}, "provider.net.example.com", true},
      {"example.com", {"mx.internal"}, "mx.internal.example.com", true},
      /* two labels may be a host and a place; no top level is called so */
      {"example.com", {"mail.example.com"}, "mx.eu.example.com", false},
      {"example.com", {"mail.example.com"}, "mx1.site.prod-a.example.com", false},
      /* ... or a part of a network, though a top level is called so too */
      {"example.com", {"mail.example.com"}, "mx1.eu.cloud.example.com", false},
      {"example.com", {"mail.example.com"}, "mx1.fra.de.example.com", false},
      {"example.com", {"mail.example.com"}, "a.b.dev.example.com", false},
      {"example.de", {"mail.example.de"}, "mx1.provider.de.example.de", true},
      {"example.com", {"mail.example.com"}, "mx1.provider.co.uk.example.com", true},
      {"example.com", {"mail.example.com"}, "mx1.co.uk.example.com", false},
      {"example.com", {"*.fra.de"}, "mx1.fra.de.example.com", true},
      {"example.com", {"mail.example.com"}, "mx1.provider.net", false},
      {"example.com", {"mail.example.com"}, "mx1.provider.net.example.org", false},
      {"example.com", {"mail.example.com"}, "com.com", false},
      {"", {"mx1.provider.net"}, "mx1.provider.net.example.com", true},
      {"", {"mail.example.com"}, "mx1.provider.net.example.com", false},
      {"", {"mail.example.com"}, "mail.example.com.au", false},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct span at[NAMES_MAX];
    bool lacks = match_lacks_dot(span_of(vectors[i].domain), names_of(vectors[i].patterns, at),
                                 span_of(vectors[i].host));
    if (lacks != vectors[i].lacks) print_error("%s of %s\n", vectors[i].host, vectors[i].domain);
    assert_int_equal(lacks, vectors[i].lacks);
  }
}

static void judges_the_mx_set(void **state) {
  static const struct coverage vectors[] = {
      {MODE_ENFORCE, {"a.example"}, {"a.example"}, "Y", ""},
      {MODE_ENFORCE, {"*.a.example"}, {"x.a.example", "y.a.example"}, "YY", ""},
      {MODE_ENFORCE, {"a.example", "b.example"}, {"a.example"}, "Y", "policy-mx-unused"},
      {MODE_ENFORCE, {"a.example"}, {"a.example", "b.example"}, "Yn", "mx-partial-mismatch"},
      {MODE_ENFORCE,
       {"c.example"},
       {"a.example", "b.example"},
       "nn",
       "mx-mismatch policy-mx-unused"},
      {MODE_TESTING, {"c.example"}, {"a.example"}, "n", "mx-mismatch policy-mx-unused"},
      {MODE_TESTING, {"a.example"}, {"a.example", "b.example"}, "Yn", "mx-partial-mismatch"},
      {MODE_NONE, {"a.example"}, {"a.example", "b.example"}, "Yn", ""},
      {MODE_NONE, {"c.example"}, {"a.example"}, "n", "policy-mx-unused"},
      /* a policy without a mode that counts is judged all the same */
      {MODE_COUNT, {"c.example"}, {"a.example"}, "n", "mx-mismatch policy-mx-unused"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    assert_coverage(&vectors[i], judged_begin(&judged));
    judged_end(&judged);
  }
}

static void names_the_first_and_tells_all(void **state) {
  static const struct coverage vector = {
      MODE_ENFORCE,
      {"mail.example.com", "old.example.net"},
      {"mail.example.com", "mial.example.com", "mx.provider.org"},
      "Ynn",
      "mx-partial-mismatch policy-mx-unused",
  };
  struct judged judged;
  (void)state;
  assert_coverage(&vector, judged_begin(&judged));
  const struct finding *finding = judged_find(&judged, FOUND_MX_PARTIAL_MISMATCH);
  assert_span(finding->host, "mial.example.com");
  assert_span(finding->pattern, "mail.example.com");
  assert_true(finding->has_kind);
  assert_int_equal(finding->kind, KIND_TYPO);
  assert_holds(finding->detail,
               "mial.example.com is not covered; closest is mail.example.com (typo)");
  assert_holds(finding->detail, "mx.provider.org is not covered");
  assert_span(judged_find(&judged, FOUND_POLICY_MX_UNUSED)->pattern, "old.example.net");
  judged_end(&judged);
}

/* As many hosts as an answer may hold against as many patterns as a policy may. */
static void stands_a_flood_of_names(void **state) {
  enum { HOSTS = 256, PATTERNS = 8192, ARENA_BYTES = 128 * 1024 };
  static struct result_mx hosts[HOSTS];
  static struct span patterns[PATTERNS];
  static char names[HOSTS][8];
  struct judged judged;
  (void)state;
  for (size_t i = 0; i < PATTERNS; i++) patterns[i] = SPAN("a.bc");
  for (size_t i = 0; i < HOSTS; i++) {
    snprintf(names[i], sizeof names[i], "h%03zu.d", i);
    hosts[i] = (struct result_mx){.host = span_of(names[i])};
  }
  struct result_policy policy = {.mode = MODE_ENFORCE, .mx = {patterns, PATTERNS}};
  struct result_mx_set mx = {.at = hosts, .count = HOSTS};
  judged_begin(&judged);
  match_judge(psl, (struct span){0}, &policy, &mx, &judged.findings);
  assert_codes(&judged, "mx-mismatch policy-mx-unused", "a flood");
  assert_true(hosts[HOSTS - 1].judged);
  assert_true(judged.arena.total <= ARENA_BYTES);
  judged_end(&judged);
}

/* What a host finds in the index is what mx_pattern_covers() says of each pattern. */
static void index_says_what_each_pattern_says(void **state) {
  static const char *const parts[] = {"a", "A", "b", "*", "ab", "", "*a"};
  enum { ROUNDS = 2000, PATTERNS = 12, HOSTS = 6, PARTS = sizeof parts / sizeof *parts };
  static char names[PATTERNS + HOSTS][16];
  unsigned seed = 1;
  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    struct span patterns[PATTERNS];
    struct result_mx hosts[HOSTS];
    struct judged judged;
    for (int i = 0; i < PATTERNS + HOSTS; i++) {
      names[i][0] = 0;
      seed = seed * 1103515245 + 12345;
      for (unsigned j = 0, left = seed >> 16; j <= (seed >> 8) % 3; j++, left /= PARTS) {
        if (j) strcat(names[i], ".");
        strcat(names[i], parts[left % PARTS]);
      }
      if (i >= PATTERNS && (seed >> 12) % 4 == 0) strcat(names[i], ".");
      if (i < PATTERNS)
        patterns[i] = span_of(names[i]);
      else
        hosts[i - PATTERNS] = (struct result_mx){.host = span_of(names[i])};
    }
    struct result_policy policy = {.mode = MODE_NONE, .mx = {patterns, PATTERNS}};
    struct result_mx_set mx = {.at = hosts, .count = HOSTS};
    judged_begin(&judged);
    match_judge(psl, (struct span){0}, &policy, &mx, &judged.findings);
    for (int i = 0; i < HOSTS; i++)
      if (hosts[i].covered != match_any(policy.mx, hosts[i].host))
        fail_msg("round %d: %s", round, names[PATTERNS + i]);
    bool all_used = true;
    for (int i = 0; i < PATTERNS; i++) {
      bool used = false;
      for (int j = 0; j < HOSTS; j++) used |= mx_pattern_covers(patterns[i], hosts[j].host);
      all_used &= used;
    }
    assert_int_equal(finding_list_has(&judged.findings, FOUND_POLICY_MX_UNUSED), !all_used);
    judged_end(&judged);
  }
}

/* The last of the patterns is a typo, if it is still compared. */
static enum result_kind kind_behind(size_t count) {
  enum { LEN = 250 };
  static char far[LEN], near[LEN], host[LEN];
  static struct span patterns[MATCH_CELLS_MAX / (LEN * LEN) + 2];
  struct span closest;
  memset(far, 'x', LEN);
  memset(near, 'y', LEN);
  memset(host, 'y', LEN);
  near[0] = 'z';
  memcpy(far + LEN - 4, ".com", 4);
  memcpy(near + LEN - 4, ".com", 4);
  memcpy(host + LEN - 4, ".com", 4);
  for (size_t i = 0; i < count; i++) patterns[i] = (struct span){far, LEN};
  patterns[count] = (struct span){near, LEN};
  return match_kind(psl, (struct spans){patterns, count + 1}, (struct span){host, LEN}, &closest);
}

static void distances_are_bounded(void **state) {
  const size_t most = MATCH_CELLS_MAX / (250 * 250);
  (void)state;
  assert_int_equal(KIND_TYPO, kind_behind(most - 2));
  assert_int_equal(KIND_TYPO, kind_behind(most - 1));
  assert_int_equal(KIND_DOMAIN, kind_behind(most));
}

static void stands_names_of_any_length(void **state) {
  static char bytes[65536];
  struct span pattern = SPAN("x.com"), closest;
  (void)state;
  memset(bytes, 'x', sizeof bytes);
  for (size_t len = 252; len <= 254; len++) {
    assert_int_equal(KIND_DOMAIN, match_kind(psl, (struct spans){&pattern, 1},
                                             (struct span){bytes, len}, &closest));
    assert_int_equal(KIND_DOMAIN, match_kind(psl, (struct spans){&(struct span){bytes, len}, 1},
                                             SPAN("x.com"), &closest));
  }
  assert_int_equal(KIND_DOMAIN, match_kind(psl, (struct spans){&pattern, 1},
                                           (struct span){bytes, sizeof bytes}, &closest));
}

/* RFC 7505: a null MX beside others is a fault, and does not keep mail away. */
static void takes_no_mail_when_all_are_null(void **state) {
  struct result_mx at[] = {{.host = SPAN(".")}, {.host = SPAN("mx.example")}};
  (void)state;
  assert_false(match_takes_no_mail(&(struct result_mx_set){.at = at, .count = 0}));
  assert_true(match_takes_no_mail(&(struct result_mx_set){.at = at, .count = 1}));
  assert_false(match_takes_no_mail(&(struct result_mx_set){.at = at, .count = 2}));
  assert_false(match_takes_no_mail(&(struct result_mx_set){.at = at + 1, .count = 1}));
}

int main(void) {
  psl = psl_builtin();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_how_a_mismatch_looks),
      cmocka_unit_test(does_without_the_list),
      cmocka_unit_test(tells_a_missing_final_dot),
      cmocka_unit_test(judges_the_mx_set),
      cmocka_unit_test(names_the_first_and_tells_all),
      cmocka_unit_test(stands_a_flood_of_names),
      cmocka_unit_test(stands_names_of_any_length),
      cmocka_unit_test(index_says_what_each_pattern_says),
      cmocka_unit_test(distances_are_bounded),
      cmocka_unit_test(takes_no_mail_when_all_are_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
