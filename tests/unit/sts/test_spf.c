#include "scanner/sts/spf.h"

#include "judged.h"

enum { TXT_MAX = 4 };

#define V "v=spf1 "

struct vector {
  const char *txt[TXT_MAX]; /* all TXT of the domain */
  const char *codes;
  const char *all;    /* NULL: none */
  const char *reason; /* of the record; NULL: none */
  const char *word;   /* the reason of spf-syntax; NULL: no such finding */
};

static void assert_word(const struct judged *judged, enum finding_code code, const char *word,
                        const char *input) {
  const struct finding *found = judged_find(judged, code);
  const char *got = found && found->reason ? reason_info(found->reason)->word : NULL;
  if (!got != !word || (word && strcmp(got, word) != 0))
    print_error("%s: %s, not %s\n", input, got ? got : "nothing", word ? word : "nothing");
  assert_true(word ? got && strcmp(got, word) == 0 : !got);
}

static struct spans txt_of(const char *const txt[TXT_MAX], struct span at[TXT_MAX]) {
  struct spans set = {at, 0};
  for (; set.count < TXT_MAX && txt[set.count]; set.count++)
    at[set.count] = span_of(txt[set.count]);
  return set;
}

static void assert_vectors(const struct vector *vectors, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const struct vector *vector = &vectors[i];
    const char *input = vector->txt[0] ? vector->txt[0] : "(no TXT)";
    struct judged judged;
    struct span at[TXT_MAX];
    struct result_spf spf = {0};
    judged_begin(&judged);
    spf_judge(txt_of(vector->txt, at), &spf, &judged.findings);
    assert_codes(&judged, vector->codes, input);
    if (span_here(spf.all) != (vector->all != NULL)) print_error("input: %s\n", input);
    assert_span(spf.all, vector->all);
    assert_span(spf.reason, vector->reason);
    assert_word(&judged, FOUND_SPF_SYNTAX, vector->word, input);
    judged_end(&judged);
  }
}

/* Examples of RFC 7208, mostly its appendix A and section 5. */
static void reads_the_examples_of_the_rfc(void **state) {
  static const struct vector vectors[] = {
      {{V "+all"}, "", "+", NULL, NULL},
      {{V "a -all"}, "", "-", NULL, NULL},
      {{V "a:example.org -all"}, "", "-", NULL, NULL},
      {{V "mx -all"}, "", "-", NULL, NULL},
      {{V "mx mx:example.org -all"}, "", "-", NULL, NULL},
      {{V "mx/30 mx:example.org/30 -all"}, "", "-", NULL, NULL},
      {{V "ptr -all"}, "", "-", NULL, NULL},
      {{V "ip4:192.0.2.128/28 -all"}, "", "-", NULL, NULL},
      {{V "include:example.com include:example.net -all"}, "", "-", NULL, NULL},
      {{V "redirect=example.org"}, "", "redirect", NULL, NULL},
      {{V "redirect=_spf.example.com"}, "", "redirect", NULL, NULL},
      {{V "include:_spf.%{d} ?all"}, "", "?", NULL, NULL},
      {{V "exists:%{ir}.%{l1r+-}._spf.%{d} -all"}, "", "-", NULL, NULL},
      {{V "mx -all exp=explain._spf.%{d}"}, "", "-", NULL, NULL},
      {{V "a mx -all"}, "", "-", NULL, NULL},
      {{V "-ip4:192.0.2.0/24 +all"}, "", "+", NULL, NULL},
      {{V "mx -exists:%{l}._spf.%{d} ~all"}, "", "~", NULL, NULL},
      {{V "ip6:2001:db8::/32 ip6:::1 -all"}, "", "-", NULL, NULL},
      {{V "a:mail.example.net//64 a/24//64 mx:%{d2}//0 ?all"}, "", "?", NULL, NULL},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void takes_what_the_grammar_has(void **state) {
  static const struct vector vectors[] = {
      {{"v=spf1"}, "", NULL, "no-all", NULL},
      {{"V=SPF1 MX -ALL"}, "", "-", NULL, NULL},
      {{V "  mx   -all  "}, "", "-", NULL, NULL},
      {{V "all"}, "", "+", NULL, NULL},
      {{V "mx"}, "", NULL, "no-all", NULL},
      /* section 5.1: redirect is ignored beside all, and so is what stands behind it */
      {{V "redirect=x.example -all"}, "", "-", NULL, NULL},
      {{V "~all -all mx"}, "", "~", NULL, NULL},
      /* section 6: unknown modifiers are ignored */
      {{V "moo=cow%%%_%- x-y.z=a=b/c:d -all"}, "", "-", NULL, NULL},
      {{V "include:example.com. -all"}, "", "-", NULL, NULL},
      {{V "a:xn--bcher-kva.example.1-2 -all"}, "", "-", NULL, NULL},
      {{V "exists:%{L3R.,/_=}.x.example -all"}, "", "-", NULL, NULL},
      {{V "exists:x.%{i} -all"}, "", "-", NULL, NULL},
      /* other TXT stand at a domain as well */
      {{"google-site-verification=x", V "-all", "v=spf10 -all"}, "", "-", NULL, NULL},
      {{"google-site-verification=x"}, "", NULL, NULL, NULL},
      {{NULL}, "", NULL, NULL, NULL},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void refuses_what_it_has_not(void **state) {
  static const struct vector vectors[] = {
      {{V "-all", V "~all"}, "spf-multiple", NULL, "multiple", NULL},
      {{"v=spf1-all"}, "spf-syntax", NULL, "version", "version"},
      {{" v=spf1 -all"}, "spf-syntax", NULL, "version", "version"},
      {{"\"v=spf1 -all\""}, "spf-syntax", NULL, "version", "version"},
      {{"v=spf1\tmx"}, "spf-syntax", NULL, "version", "version"},
      {{V "mx, -all"}, "spf-syntax", "-", NULL, "mechanism"},
      {{V "ipv4:192.0.2.1 -all"}, "spf-syntax", "-", NULL, "mechanism"},
      {{V "- all"}, "spf-syntax", "+", NULL, "mechanism"},
      {{V "-all;"}, "spf-syntax", NULL, "syntax", "mechanism"},
      {{V "-all:x.example"}, "spf-syntax", NULL, "syntax", "argument"},
      {{V "include -all"}, "spf-syntax", "-", NULL, "empty"},
      {{V "include: -all"}, "spf-syntax", "-", NULL, "empty"},
      {{V "ip4 -all"}, "spf-syntax", "-", NULL, "empty"},
      {{V "redirect="}, "spf-syntax", "redirect", NULL, "empty"},
      {{V "include:localhost -all"}, "spf-syntax", "-", NULL, "domain"},
      {{V "a:192.0.2.1 -all"}, "spf-syntax", "-", NULL, "domain"},
      {{V "a:x.example- -all"}, "spf-syntax", "-", NULL, "domain"},
      {{V "a:x.%{d}y -all"}, "spf-syntax", "-", NULL, "domain"},
      {{V "exists:%{x}.example -all"}, "spf-syntax", "-", NULL, "macro"},
      {{V "exists:%{d0}.example -all"}, "spf-syntax", "-", NULL, "macro"},
      {{V "exists:%(d).example -all"}, "spf-syntax", "-", NULL, "macro"},
      {{V "exists:%{c}.example -all"}, "spf-syntax", "-", NULL, "macro"},
      {{V "exists:%{d.example -all"}, "spf-syntax", "-", NULL, "macro"},
      {{V "exists:x.example% -all"}, "spf-syntax", "-", NULL, "macro"},
      {{V "a/33 -all"}, "spf-syntax", "-", NULL, "prefix-length"},
      {{V "a/024 -all"}, "spf-syntax", "-", NULL, "prefix-length"},
      {{V "mx//129 -all"}, "spf-syntax", "-", NULL, "prefix-length"},
      {{V "a/ -all"}, "spf-syntax", "-", NULL, "prefix-length"},
      {{V "ip4:192.0.2.0/33 -all"}, "spf-syntax", "-", NULL, "prefix-length"},
      {{V "ip6:2001:db8::/129 -all"}, "spf-syntax", "-", NULL, "prefix-length"},
      {{V "ip4:192.0.2 -all"}, "spf-syntax", "-", NULL, "address"},
      {{V "ip4:192.0.2.256 -all"}, "spf-syntax", "-", NULL, "address"},
      {{V "ip4:2001:db8::1 -all"}, "spf-syntax", "-", NULL, "address"},
      {{V "ip6:192.0.2.1 -all"}, "spf-syntax", "-", NULL, "address"},
      {{V "redirect=a.example redirect=b.example"}, "spf-syntax", "redirect", NULL, "repeated"},
      {{V "exp=a.example exp=b.example -all"}, "spf-syntax", "-", NULL, "repeated"},
      {{V "include:b\xc3\xbc.example -all"}, "spf-syntax", "-", NULL, "character"},
      {{V "x=\t -all"}, "spf-syntax", "-", NULL, "character"},
      {{V "mx,"}, "spf-syntax", NULL, "syntax", "mechanism"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

/* Section 4.6.4: below, at and over the limit; ip4, ip6 and all need no lookup. */
static void counts_lookups(void **state) {
#define NINE                                                                                       \
  "include:a.example a mx ptr exists:b.example a:c.example mx:d.example ptr:e.example a/24 "
  static const struct vector vectors[] = {
      {{V NINE "-all"}, "", "-", NULL, NULL},
      {{V NINE "mx ip4:192.0.2.1 ip6:::1 -all"}, "", "-", NULL, NULL},
      {{V NINE "redirect=f.example mx"}, "spf-lookups", "redirect", NULL, NULL},
      {{V NINE "mx a -all"}, "spf-lookups", "-", NULL, NULL},
      {{V NINE "mx -all a redirect=f.example"}, "", "-", NULL, NULL},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_examples_of_the_rfc),
      cmocka_unit_test(takes_what_the_grammar_has),
      cmocka_unit_test(refuses_what_it_has_not),
      cmocka_unit_test(counts_lookups),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
