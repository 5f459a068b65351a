#include "scanner/sts/tlsrpt.h"

#include "judged.h"

enum { TXT_MAX = 4 };

#define V "v=TLSRPTv1; "

struct vector {
  const char *txt[TXT_MAX];
  const char *codes;
  const char *rua; /* all of them, a blank between; "": none */
};

static struct spans txt_of(const char *const txt[TXT_MAX], struct span at[TXT_MAX]) {
  struct spans set = {at, 0};
  while (set.count < TXT_MAX && txt[set.count]) {
    at[set.count] = span_of(txt[set.count]);
    set.count++;
  }
  return set;
}

static void assert_vectors(const struct vector *vectors, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct judged judged;
    struct span at[TXT_MAX];
    char rua[512] = "";
    size_t len = 0;
    judged_begin(&judged);
    struct result_tlsrpt tlsrpt = {.txt = txt_of(vectors[i].txt, at)};
    tlsrpt_judge(&tlsrpt, &judged.findings);
    assert_codes(&judged, vectors[i].codes, vectors[i].txt[0] ? vectors[i].txt[0] : "(no TXT)");
    for (size_t j = 0; j < tlsrpt.rua.count; j++)
      len += (size_t)snprintf(rua + len, sizeof rua - len, "%s%.*s", j ? " " : "",
                              SPAN_ARG(tlsrpt.rua.at[j]));
    assert_string_equal(rua, vectors[i].rua);
    judged_end(&judged);
  }
}

static void accepts_sound_records(void **state) {
  static const struct vector vectors[] = {
      {{V "rua=mailto:tlsrpt@mox.example;"}, "", "mailto:tlsrpt@mox.example"},
      {{V "rua=mailto:tlsrpt@mox.example , \t\t https://mox.example/tlsrpt;"},
       "",
       "mailto:tlsrpt@mox.example https://mox.example/tlsrpt"},
      {{V "rua=mailto:tlsrpt@mox.example; ext=yes"}, "", "mailto:tlsrpt@mox.example"},
      {{V "rua=https://tlsrpt.mimecast.com/v1.app?val=1"},
       "",
       "https://tlsrpt.mimecast.com/v1.app?val=1"},
      {{"v=TLSRPTv1;rua=mailto:reports@example.com"}, "", "mailto:reports@example.com"},
      {{"v=TLSRPTv1;rua=https://reporting.example.com/v1/tlsrpt"},
       "",
       "https://reporting.example.com/v1/tlsrpt"},
      {{V "rua=mailto:reports%2Btls@example.com"}, "", "mailto:reports%2Btls@example.com"},
      {{V "rua=MAILTO:a@b.example"}, "", "MAILTO:a@b.example"},
      /* the ABNF has the rua field any number of times, though one checker refuses two */
      {{V "rua=mailto:x@x.example; rua=mailto:y@x.example"},
       "",
       "mailto:x@x.example mailto:y@x.example"},
      /* a host needs no dot (RFC 3986), though one test has it invalid */
      {{V "rua=https://tlsrpt-mimecast-com/v1"}, "", "https://tlsrpt-mimecast-com/v1"},
      /* as in MTA-STS, most take a blank before the first ";" */
      {{"v=TLSRPTv1 ; rua=mailto:x@x.example"}, "", "mailto:x@x.example"},
      /* what does not begin v=TLSRPTv1; is discarded */
      {{V "rua=mailto:x@x.example", "other"}, "", "mailto:x@x.example"},
      {{"v=tlsrptv1; rua=bad", V "rua=mailto:x@x.example"}, "", "mailto:x@x.example"},
      {{"v=TLSRPTv1 ; rua=mailto:y@x.example", V "rua=mailto:x@x.example"},
       "",
       "mailto:x@x.example"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void refuses_what_the_grammar_does_not_have(void **state) {
  static const struct vector vectors[] = {
      {{"v=TLSRPTv0"}, "tlsrpt-syntax", ""},
      {{"v=TLSRPTv10"}, "tlsrpt-syntax", ""},
      {{"v=TLSRPTv2; rua=mailto:x@x.example"}, "tlsrpt-syntax", ""},
      {{"v=TLSRPTv; rua=mailto:x@x.example"}, "tlsrpt-syntax", ""},
      {{"v=tlsrptv1; rua=mailto:x@x.example"}, "tlsrpt-syntax", ""},
      {{" v=TLSRPTv1; rua=mailto:x@x.example"}, "tlsrpt-syntax", ""},
      {{"v=TLSRPTv1"}, "tlsrpt-syntax", ""},
      {{"v=TLSRPTv1;"}, "tlsrpt-syntax", ""},
      {{V "ext=1"}, "tlsrpt-syntax", ""},
      {{V "xyz=foo"}, "tlsrpt-syntax", ""},
      {{V "bad"}, "tlsrpt-syntax", ""},
      {{V "rua="}, "tlsrpt-syntax", ""},
      {{V "rua=noscheme"}, "tlsrpt-syntax", "noscheme"},
      {{V "rua=john@example.com"}, "tlsrpt-syntax", "john@example.com"},
      {{V "rua=not_a_valid_uri"}, "tlsrpt-syntax", "not_a_valid_uri"},
      {{V "rua=,, ,"}, "tlsrpt-syntax", ""},
      {{V "rua=mailto:x@x.example,"}, "tlsrpt-syntax", "mailto:x@x.example"},
      {{V "rua= mailto:x@x.example"}, "tlsrpt-syntax", "mailto:x@x.example"},
      {{V "rua=mailto:x@x.example  "}, "tlsrpt-syntax", "mailto:x@x.example"},
      {{V "rua=mailto:x@x.example other"}, "tlsrpt-syntax", "mailto:x@x.example other"},
      {{V "rua=mailto:"}, "tlsrpt-syntax", "mailto:"},
      {{V "rua=mailto:tlsrpt.mimecast.com"}, "tlsrpt-syntax", "mailto:tlsrpt.mimecast.com"},
      {{V "rua=http://bad/%"}, "tlsrpt-syntax", "http://bad/%"},
      {{V "rua=ftp://reports.example.com"}, "tlsrpt-syntax", "ftp://reports.example.com"},
      {{V "rua=http://reports.example.com"}, "tlsrpt-syntax", "http://reports.example.com"},
      {{V "rua=mailto:x@x.example; more="}, "tlsrpt-syntax", "mailto:x@x.example"},
      {{V "rua=mailto:x@x.example; " A33 "=1"}, "tlsrpt-syntax", "mailto:x@x.example"},
      {{V "rua=mailto:x@x.example; 1%=a"}, "tlsrpt-syntax", "mailto:x@x.example"},
      {{V "rua=mailto:x@x.example; test=="}, "tlsrpt-syntax", "mailto:x@x.example"},
      {{V "rua=mailto:x@x.example;;"}, "tlsrpt-syntax", "mailto:x@x.example"},
      /* one checker only warns of it; the grammar has no field without "=" */
      {{V "rua=mailto:x@x.example;foo=bar;test"}, "tlsrpt-syntax", "mailto:x@x.example"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void tells_none_and_several(void **state) {
  static const struct vector vectors[] = {
      {{NULL}, "tlsrpt-absent", ""},
      {{""}, "tlsrpt-absent", ""},
      {{"v=spf1 -all"}, "tlsrpt-absent", ""},
      {{"rua=mailto:x@x.example"}, "tlsrpt-absent", ""},
      {{"v-TLSRPTv1 rua=mailto:x@x.example"}, "tlsrpt-absent", ""},
      {{V "rua=mailto:x@x.example", V "rua=mailto:x@x.example"}, "tlsrpt-multiple", ""},
      {{V "rua=mailto:x@x.example", V, "other"}, "tlsrpt-multiple", ""},
      {{"v=TLSRPTv1 ; rua=mailto:x@x.example", "v=TLSRPTv1 ; rua=mailto:y@x.example"},
       "tlsrpt-multiple",
       ""},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void names_the_cause(void **state) {
  static const struct {
    const char *txt, *part;
  } vectors[] = {
      {"v=tlsrptv1; rua=mailto:a@b", "does not begin with \"v=TLSRPTv1;\""},
      {"\"" V "rua=mailto:a@b\"", "a quotation mark"},
      {V "rua=http://a", "other than mailto and https: http://a"},
      {V "rua=mailto:a@b,", "a comma at the end"},
      {V "rua= mailto:a@b", "a blank before the URI"},
      {V "rua=mailto:a@b ", "a blank at the end"},
      {V, "no rua field: v="},
      {V "rua=mailto:a@b;;", "an empty field"},
      {V "rua=mailto:a@b; x", "without \"=\": x"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    struct span txt = span_of(vectors[i].txt);
    struct result_tlsrpt tlsrpt = {.txt = {&txt, 1}};
    judged_begin(&judged);
    tlsrpt_judge(&tlsrpt, &judged.findings);
    assert_detail_holds(&judged, FOUND_TLSRPT_SYNTAX, vectors[i].part);
    judged_end(&judged);
  }
}

/* URIs alone grow with the record, and the largest TXT that DNS can bring fits the arena. */
static void stands_a_flood(void **state) {
  enum { TXT_BYTES = 65535 };
  static const char *const units[] = {";", ",", "a,", "rua=;", "rua=a;", "\xff;", "="};
  static char text[TXT_BYTES];
  (void)state;
  for (size_t u = 0; u < COUNT(units); u++) {
    size_t unit = strlen(units[u]), len = sizeof V "rua=" - 1;
    memcpy(text, V "rua=", len);
    for (; len + unit <= sizeof text; len += unit) memcpy(text + len, units[u], unit);
    struct judged judged;
    struct span txt = {text, len};
    struct result_tlsrpt tlsrpt = {.txt = {&txt, 1}};
    judged_begin(&judged);
    tlsrpt_judge(&tlsrpt, &judged.findings);
    assert_codes(&judged, "tlsrpt-syntax", units[u]);
    assert_true(judged.arena.total <= ARENA_LIMIT_DEFAULT / 2);
    judged_end(&judged);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accepts_sound_records),
      cmocka_unit_test(refuses_what_the_grammar_does_not_have),
      cmocka_unit_test(tells_none_and_several),
      cmocka_unit_test(names_the_cause),
      cmocka_unit_test(stands_a_flood),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
