#include "scanner/sts/dmarc.h"

#include "judged.h"

enum { TXT_MAX = 3 };

#define V "v=DMARC1; "

struct vector {
  const char *txt[TXT_MAX]; /* all TXT at the domain */
  const char *codes;
  const char *p;      /* NULL: none */
  const char *reason; /* of the record; NULL: none */
  const char *word;   /* the reason of dmarc-syntax; NULL: no such finding */
};

static struct spans txt_of(const char *const txt[TXT_MAX], struct span at[TXT_MAX]) {
  struct spans set = {at, 0};
  for (; set.count < TXT_MAX && txt[set.count]; set.count++)
    at[set.count] = span_of(txt[set.count]);
  return set;
}

static void assert_word(const struct judged *judged, const char *word, const char *input) {
  const struct finding *found = judged_find(judged, FOUND_DMARC_SYNTAX);
  const char *got = found && found->reason ? reason_info(found->reason)->word : "";
  if (strcmp(got, word ? word : "") != 0) print_error("input: %s\n", input);
  assert_string_equal(got, word ? word : "");
}

static void assert_vectors(const struct vector *vectors, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const struct vector *vector = &vectors[i];
    const char *input = vector->txt[0] ? vector->txt[0] : "(no TXT)";
    struct judged judged;
    struct span at[TXT_MAX];
    struct result_dmarc dmarc = {0};
    judged_begin(&judged);
    struct dmarc_place place = {SPAN("x.example"), txt_of(vector->txt, at)};
    dmarc_judge(&place, 1, &dmarc, &judged.findings);
    assert_codes(&judged, vector->codes, input);
    if (span_here(dmarc.p) != (vector->p != NULL)) print_error("input: %s\n", input);
    assert_span(dmarc.p, vector->p);
    assert_span(dmarc.reason, vector->reason);
    assert_span(dmarc.domain, dmarc.txt.count ? "x.example" : NULL);
    assert_word(&judged, vector->word, input);
    judged_end(&judged);
  }
}

/* RFC 7489 appendix B.2, and what the ABNF of section 6.4 has besides. */
static void reads_sound_records(void **state) {
  static const struct vector vectors[] = {
      {{V "p=none; rua=mailto:dmarc-feedback@example.com"}, "", "none", NULL, NULL},
      {{V "p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@example.com"},
       "",
       "none",
       NULL,
       NULL},
      {{V "p=none; ruf=mailto:auth-reports@thirdparty.example.net"}, "", "none", NULL, NULL},
      {{V "p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example."
          "net!10m; pct=25"},
       "",
       "quarantine",
       NULL,
       NULL},
      {{V "p=reject"}, "", "reject", NULL, NULL},
      {{"v=DMARC1;p=reject;"}, "", "reject", NULL, NULL},
      {{"V = DMARC1 ; P = Reject ; SP=NONE; adkim=s; aspf=r; fo=0:1:d:s; rf=afrf; ri=86400 ;"},
       "",
       "reject",
       NULL,
       NULL},
      {{V "p=none; unknown=any thing; np=reject"}, "", "none", NULL, NULL},
      {{V "p=none; rua=https://reports.example/x"}, "", "none", NULL, NULL},
      {{V "p=none; rf=iodef-x2:afrf"}, "", "none", NULL, NULL},
      {{V "p=none; rua=ftp:x"}, "", "none", NULL, NULL},
      {{V "p=none; pct=0"}, "", "none", NULL, NULL},
      {{V "p=none; pct=100"}, "", "none", NULL, NULL},
      /* section 6.6.3: what does not begin with the version is discarded */
      {{"v=DMARC2; p=none", V "p=reject", "other"}, "", "reject", NULL, NULL},
      {{"v=spf1 -all"}, "", NULL, NULL, NULL},
      {{NULL}, "", NULL, NULL, NULL},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void tells_what_is_wrong(void **state) {
  static const struct vector vectors[] = {
      {{V "p=none", V "p=reject"}, "dmarc-multiple", NULL, "multiple", NULL},
      {{"v=dmarc1; p=none"}, "dmarc-syntax", NULL, "version", "version"},
      {{" v=DMARC1; p=none"}, "dmarc-syntax", NULL, "version", "version"},
      {{"v=DMARC1 p=none"}, "dmarc-syntax", NULL, "version", "version"},
      {{"v=DMARC1"}, "dmarc-syntax", NULL, "no-policy", "missing"},
      {{V "rua=mailto:a@x.example"}, "dmarc-syntax", NULL, "no-policy", "missing"},
      {{V "p=monitor"}, "dmarc-syntax", NULL, "no-policy", "policy"},
      {{V "p="}, "dmarc-syntax", NULL, "no-policy", "policy"},
      {{V "rua=mailto:a@x.example; p=none"}, "dmarc-syntax", "none", NULL, "order"},
      {{V "p=none; sp=drop"}, "dmarc-syntax", "none", NULL, "policy"},
      {{V "p=none; pct=101"}, "dmarc-syntax", "none", NULL, "percent"},
      {{V "p=none; pct=0100"}, "dmarc-syntax", "none", NULL, "percent"},
      {{V "p=none; pct=50%"}, "dmarc-syntax", "none", NULL, "percent"},
      {{V "p=none; rua=a@x.example"}, "dmarc-syntax", "none", NULL, "uri"},
      {{V "p=none; rua=mailto:a@x.example!10x"}, "dmarc-syntax", "none", NULL, "uri"},
      {{V "p=none; ruf=mailto:a@x.example,"}, "", "none", NULL, NULL},
      {{V "p=none; ruf=,mailto:a@x.example"}, "dmarc-syntax", "none", NULL, "uri"},
      {{V "p=none; adkim=strict"}, "dmarc-syntax", "none", NULL, "value"},
      {{V "p=none; fo=0,1"}, "dmarc-syntax", "none", NULL, "value"},
      {{V "p=none; fo=01"}, "dmarc-syntax", "none", NULL, "value"},
      {{V "p=none; fo=x"}, "dmarc-syntax", "none", NULL, "value"},
      {{V "p=none; fo=0::1"}, "dmarc-syntax", "none", NULL, "value"},
      {{V "p=none; rf=a_b"}, "dmarc-syntax", "none", NULL, "value"},
      {{V "p=none; rf=:afrf"}, "dmarc-syntax", "none", NULL, "value"},
      {{V "p=none; ri=day"}, "dmarc-syntax", "none", NULL, "value"},
      {{V "p=none; p=reject"}, "dmarc-syntax", "none", NULL, "repeated"},
      {{V "p=none;; pct=1"}, "dmarc-syntax", "none", NULL, "empty-field"},
      {{V "p=none; reject"}, "dmarc-syntax", "none", NULL, "no-equals-sign"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void fills_all_facts(void **state) {
  struct judged judged;
  struct result_dmarc dmarc = {0};
  struct span text =
      SPAN(V "p=Quarantine; sp=reject; pct=07; rua= mailto:a@x.example!5m , mailto:b@x.example");
  struct dmarc_place place = {SPAN("x.example"), {&text, 1}};
  (void)state;
  judged_begin(&judged);
  dmarc_judge(&place, 1, &dmarc, &judged.findings);
  assert_span(dmarc.p, "quarantine");
  assert_span(dmarc.sp, "reject");
  assert_true(dmarc.has_pct);
  assert_int_equal(dmarc.pct, 7);
  assert_int_equal(dmarc.rua.count, 2);
  assert_span(dmarc.rua.at[0], "mailto:a@x.example!5m");
  assert_span(dmarc.rua.at[1], "mailto:b@x.example");
  judged_end(&judged);
}

/* Section 6.6.3: the organizational domain counts where the domain has no record, several included.
 */
static void goes_to_the_organizational_domain(void **state) {
  struct span record = SPAN(V "p=none"), other = SPAN(V "p=reject"), none = SPAN("v=spf1 -all");
  struct span attempt = SPAN("v=dmarc1; p=none");
  struct span twice[] = {record, record};
  const struct {
    struct spans own, organizational;
    const char *domain, *p, *codes;
  } vectors[] = {
      {{&record, 1}, {&other, 1}, "mail.x.example", "none", ""},
      {{&none, 1}, {&other, 1}, "x.example", "reject", ""},
      {{NULL, 0}, {&other, 1}, "x.example", "reject", ""},
      {{&attempt, 1}, {&other, 1}, "x.example", "reject", ""},
      {{twice, 2}, {&other, 1}, "mail.x.example", NULL, "dmarc-multiple"},
      {{&none, 1}, {&attempt, 1}, "x.example", NULL, "dmarc-syntax"},
      {{NULL, 0}, {&none, 1}, NULL, NULL, ""},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    struct result_dmarc dmarc = {0};
    struct dmarc_place places[] = {{SPAN("mail.x.example"), vectors[i].own},
                                   {SPAN("x.example"), vectors[i].organizational}};
    judged_begin(&judged);
    dmarc_judge(places, 2, &dmarc, &judged.findings);
    assert_codes(&judged, vectors[i].codes, "");
    assert_span(dmarc.domain, vectors[i].domain);
    assert_span(dmarc.p, vectors[i].p);
    judged_end(&judged);
  }
}

static void finds_the_organizational_domain(void **state) {
  static const char *const vectors[][2] = {
      {"example.com", "example.com"},
      {"a.b.example.com", "example.com"},
      {"a.example.co.uk", "example.co.uk"},
      {"co.uk", "co.uk"},
      {"com", "com"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
  };
  psl_ctx_t *psl = psl_latest(NULL);
  (void)state;
  if (!psl) skip();
  for (size_t i = 0; i < COUNT(vectors); i++)
    assert_span(dmarc_organizational(psl, span_of(vectors[i][0])), vectors[i][1]);
  assert_span(dmarc_organizational(NULL, SPAN("a.example.com")), "a.example.com");
  /* A name in DNS is 255 octets at most (RFC 1035 section 3.1): a longer one is left whole. */
  char name[257];
  memset(name, 'a', sizeof name);
  for (size_t len = 254; len <= 256; len++) {
    memcpy(name + len - 12, ".example.com", 12);
    size_t organizational = len <= 255 ? strlen("example.com") : len;
    assert_int_equal(dmarc_organizational(psl, (struct span){name, len}).len, organizational);
  }
  psl_free(psl);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_sound_records),
      cmocka_unit_test(tells_what_is_wrong),
      cmocka_unit_test(fills_all_facts),
      cmocka_unit_test(goes_to_the_organizational_domain),
      cmocka_unit_test(finds_the_organizational_domain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
