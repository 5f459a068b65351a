#include "scanner/sts/record.h"

#include "judged.h"

enum { TXT_MAX = 4 };

struct vector {
  const char *txt[TXT_MAX];
  const char *codes;
  const char *id; /* NULL: none can be told */
};

static struct spans txt_of(const char *const txt[TXT_MAX], struct span at[TXT_MAX]) {
  struct spans set = {at, 0};
  while (set.count < TXT_MAX && txt[set.count]) {
    at[set.count] = span_of(txt[set.count]);
    set.count++;
  }
  return set;
}

static void assert_vectors(const struct vector *vectors, size_t count,
                           enum record_presence presence) {
  for (size_t i = 0; i < count; i++) {
    struct judged judged;
    struct span at[TXT_MAX], id;
    const char *input = vectors[i].txt[0] ? vectors[i].txt[0] : "(no TXT)";
    judged_begin(&judged);
    enum record_presence got = record_judge(txt_of(vectors[i].txt, at), &judged.findings, &id);
    assert_codes(&judged, vectors[i].codes, input);
    if (got != presence) print_error("input: %s\n", input);
    assert_int_equal(got, presence);
    assert_span(id, vectors[i].id);
    judged_end(&judged);
  }
}

/* Every octet that sts-ext-value has. */
static const char all_of_a_value[] = "v=STSv1; id=a; extension-1_2.3="
                                     "!\"#$%&'()*+,-./0123456789:<>?@"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                                     "abcdefghijklmnopqrstuvwxyz{|}~";

static void accepts_sound_records(void **state) {
  static const struct vector vectors[] = {
      {{"v=STSv1; id=20160831085700Z;"}, "", "20160831085700Z"},
      {{"v=STSv1;id=20160831085700Z;"}, "", "20160831085700Z"},
      {{"v=STSv1; id=20160831085700Z"}, "", "20160831085700Z"},
      {{"v=STSv1; \t id=20160831085700Z  \t;"}, "", "20160831085700Z"},
      {{"v=STSv1;        id=20160831085700Z   ;   "}, "", "20160831085700Z"},
      {{"v=STSv1; id=a"}, "", "a"},
      {{"v=STSv1;id=xyz"}, "", "xyz"},
      {{"v=STSv1; id=a; more=a; ext=2"}, "", "a"},
      {{"v=STSv1; more=a; id=a; ext=2;"}, "", "a"},
      {{"v=STSv1; id=abc; future=value"}, "", "abc"},
      {{"v=STSv1; id=20190429T010101;"}, "", "20190429T010101"},
      {{"v=STSv1; id=" A32}, "", A32},
      {{"v=STSv1; id=a; " A32 "=1"}, "", "a"},
      {{all_of_a_value}, "", "a"},
      /* A key in another case is an extension: names are case-sensitive (%s"id="). */
      {{"v=STSv1; id=a; ID=b; V=c"}, "", "a"},
      {{"v=spf1 -all", "v=STSv1; id=aaa"}, "record-unrelated-txt", "aaa"},
      {{"v=STSv1; id=1", "bogus"}, "record-unrelated-txt", "1"},
      {{"verification=abc", "v=STSv1; id=policy1;", "x", ""}, "record-unrelated-txt", "policy1"},
      /* Another attempt beside exactly one record is discarded, as section 3.1 says. */
      {{"v=STSv1; id=1", "v=stsv1; id=2"}, "record-unrelated-txt", "1"},
      {{"v=STSv1; id=1", "v=STSv1"}, "record-unrelated-txt", "1"},
      {{"v=STSv1 ; id=2", "v=STSv1; id=1"}, "record-unrelated-txt", "1"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors), RECORD_SOUND);
}

/* Erratum 6285: the ABNF has blanks before the first ";", the prose discards such a record; eleven
 * of thirteen senders accept it. */
static void accepts_the_contested_form_and_says_so(void **state) {
  static const struct vector vectors[] = {
      {{"v=STSv1 ; id=xyz"}, "record-contested", "xyz"},
      {{"v=STSv1  ;    id=foo"}, "record-contested", "foo"},
      {{"v=STSv1  ;    id=foo; unrelated=1"}, "record-contested", "foo"},
      {{"v=STSv1 \t; \tid=policy1 \t;"}, "record-contested", "policy1"},
      {{"v=STSv1 ; id=1", "v=spf1 -all"}, "record-unrelated-txt record-contested", "1"},
      {{"v=STSv1", "v=STSv1 ; id=1"}, "record-unrelated-txt record-contested", "1"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors), RECORD_SOUND);

  struct judged judged;
  struct span txt = SPAN("v=STSv1 ;id=a"), id;
  judged_begin(&judged);
  record_judge((struct spans){&txt, 1}, &judged.findings, &id);
  assert_true(judged.findings.first->contested);
  assert_span(judged.findings.first->erratum, "erratum 6285");
  judged_end(&judged);
}

/* Section 3.2: of a field that stands twice the first counts. None of thirteen senders that were
 * compared does so; each of these vectors is refused by some. */
static void takes_the_first_of_two(void **state) {
  static const struct vector vectors[] = {
      {{"v=STSv1; id=foo; id=bar"}, "record-duplicate-field", "foo"},
      {{"v=STSv1; id=abc; id=b-a-d"}, "record-duplicate-field", "abc"},
      {{"v=STSv1; id=abc; id="}, "record-duplicate-field", "abc"},
      {{"v=STSv1; v=STSv1; id=abc"}, "record-duplicate-field", "abc"},
      {{"v=STSv1; v=STSv2; id=abc"}, "record-duplicate-field", "abc"},
      {{"v=STSv1; id=a; more=1; more=2"}, "record-duplicate-field", "a"},
      {{"v=STSv1; id=a; more=1; more="}, "record-duplicate-field", "a"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors), RECORD_SOUND);
}

static void refuses_what_the_grammar_does_not_have(void **state) {
  static const struct vector vectors[] = {
      {{"v=STSv1;"}, "record-id-missing", NULL},
      {{"v=STSv1; "}, "record-id-missing", NULL},
      {{"v=STSv1; ext=1"}, "record-id-missing", NULL},
      {{"v=STSv1; xyz=foo"}, "record-id-missing", NULL},
      {{"v=STSv1; x-note=ok;"}, "record-id-missing", NULL},
      {{"v=STSv1; ID=a"}, "record-id-missing", NULL},
      /* section 3.1 requires the id, though one checker holds the version alone for valid */
      {{"v=STSv1"}, "record-id-missing", NULL},
      {{"v=STSv1; v=STSv1"}, "record-id-missing record-duplicate-field", NULL},
      {{"v=STSv1; id="}, "record-id-invalid", ""},
      {{"v=STSv1; id=;"}, "record-id-invalid", ""},
      {{"v=STSv1; id=" A33}, "record-id-invalid", A33},
      {{"v=STSv1; id=test-123"}, "record-id-invalid", "test-123"},
      {{"v=STSv1; id=abc_def"}, "record-id-invalid", "abc_def"},
      {{"v=STSv1; id=abc.def"}, "record-id-invalid", "abc.def"},
      {{"v=STSv1; id=policy_will_fail;"}, "record-id-invalid", "policy_will_fail"},
      {{"v=STSv1; id=###;"}, "record-id-invalid", "###"},
      {{"v=STSv1; id=*"}, "record-id-invalid", "*"},
      {{"v=STSv1; id=a b"}, "record-id-invalid", "a b"},
      {{"v=STSv1; id= a"}, "record-id-invalid", " a"},
      {{"v=STSv1; id=bad-value"}, "record-id-invalid", "bad-value"},
      {{"v=STSv1; id=123v=STSv1"}, "record-id-invalid", "123v=STSv1"},
      {{"v=STSv1;    id=foo include=foo.com"}, "record-id-invalid", "foo include=foo.com"},
      {{"v=STSv1;    id=foo include"}, "record-id-invalid", "foo include"},
      {{"v=STSv1; id=a; more="}, "record-extension-invalid", "a"},
      {{"v=STSv1; id=a; " A33 "=1"}, "record-extension-invalid", "a"},
      {{"v=STSv1; id=a; 1%=a"}, "record-extension-invalid", "a"},
      {{"v=STSv1; id=a; _x=a"}, "record-extension-invalid", "a"},
      {{"v=STSv1; id=a; =a"}, "record-extension-invalid", "a"},
      {{"v=STSv1; id=a; test=="}, "record-extension-invalid", "a"},
      {{"v=STSv1; id=a; note=has space"}, "record-extension-invalid", "a"},
      {{"v=STSv1; id=a; note=caf\xc3\xa9"}, "record-extension-invalid", "a"},
      {{"v=STSv1; key=\xc2\xa3;"}, "record-id-missing record-extension-invalid", NULL},
      {{"v=STSv1; $$=@@"}, "record-id-missing record-extension-invalid", NULL},
      {{"v=STSv1; id = xyz"}, "record-id-missing record-extension-invalid", NULL},
      {{"v=STSv1; bogus"}, "record-id-missing record-syntax", NULL},
      {{"v=STSv1; id"}, "record-id-missing record-syntax", NULL},
      {{"v=STSv1; id=a;;"}, "record-syntax", "a"},
      {{"v=STSv1; id=a; ;"}, "record-syntax", "a"},
      {{"v=STSv1;; id=a"}, "record-syntax", "a"},
      {{"v=STSv1; id=20160831085700Z;;;"}, "record-syntax", "20160831085700Z"},
      {{"v=STSv1; id=policy1 "}, "record-syntax", "policy1"},
      {{"v=STSv1;        id=20160831085700Z   "}, "record-syntax", "20160831085700Z"},
      {{"v=STSv1 "}, "record-id-missing record-syntax", NULL},
      {{"v=STSv1; id=a-b; c; d="},
       "record-id-invalid record-extension-invalid record-syntax",
       "a-b"},
      {{"v=STSv1 ; id=a;;"}, "record-syntax record-contested", "a"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors), RECORD_ATTEMPT);
}

static void refuses_several(void **state) {
  static const struct vector vectors[] = {
      {{"v=STSv1; id=1", "v=STSv1; id=2"}, "record-multiple", NULL},
      {{"v=STSv1; id=1234", "v=STSv1; id=5678", "v=spf1 -all"},
       "record-multiple record-unrelated-txt",
       NULL},
      {{"v=STSv1; id=a", "v=STSv1;"}, "record-multiple", NULL},
      {{"v=STSv1 ; id=a", "v=STSv1\t;id=b"}, "record-multiple", NULL},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors), RECORD_ATTEMPT);
}

static void tells_attempts(void **state) {
  static const struct vector vectors[] = {
      {{"v=STSv0"}, "record-version", NULL},
      {{"v=STSv10"}, "record-version", NULL},
      {{"v=STSv2"}, "record-version", NULL},
      {{"v=STSv;"}, "record-version", NULL},
      {{"v=stsv1"}, "record-version", NULL},
      {{"v=STSx; id=abc"}, "record-version", NULL},
      {{"v=STSv2;id=foo;include=foo.com"}, "record-version", NULL},
      {{"v=STSv12;id=20180907T090909;"}, "record-version", NULL},
      {{"v=STSv1 id=a"}, "record-version", NULL},
      {{"v=STSv1 id=021120211155"}, "record-version", NULL},
      {{"v=STSv1, id=a"}, "record-version", NULL},
      {{"id=abc; v=STSv1"}, "record-version", NULL},
      {{"id=20180907T090909; v=STSv1;"}, "record-version", NULL},
      {{"v = STSv1; id=xyz"}, "record-version", NULL},
      {{"v = STSv1 ; id = xyz123"}, "record-version", NULL},
      {{"   v=STSv1; id=abc123"}, "record-version", NULL},
      {{"V=STSv1; ID=xyz"}, "record-version", NULL},
      {{"v=stsv1; id=abc"}, "record-version", NULL},
      {{"\"v=STSv1; id=a;\""}, "record-version", NULL},
      {{"\xef\xbb\xbfv=STSv1; id=a;"}, "record-version", NULL},
      {{"v=STSv1\\; id=a\\;"}, "record-version", NULL},
      {{"v=stsv1; id=a", "v=spf1 -all"}, "record-version record-unrelated-txt", NULL},
      {{"v=STSv1", "v=STSv2"}, "record-version record-id-missing", NULL},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors), RECORD_ATTEMPT);
}

static void finds_none_where_nobody_tried(void **state) {
  static const struct vector vectors[] = {
      {{NULL}, "record-absent", NULL},
      {{""}, "record-absent record-unrelated-txt", NULL},
      {{"   "}, "record-absent record-unrelated-txt", NULL},
      {{" ;   ;  "}, "record-absent record-unrelated-txt", NULL},
      {{"bogus", "more"}, "record-absent record-unrelated-txt", NULL},
      {{"abc", "def"}, "record-absent record-unrelated-txt", NULL},
      {{"id=foo"}, "record-absent record-unrelated-txt", NULL},
      {{"id=19840507T234501;"}, "record-absent record-unrelated-txt", NULL},
      {{"unrelated=foo"}, "record-absent record-unrelated-txt", NULL},
      {{"syntax error"}, "record-absent record-unrelated-txt", NULL},
      {{"azazaza;asdasdasdasd"}, "record-absent record-unrelated-txt", NULL},
      {{"v=spf1 -all"}, "record-absent record-unrelated-txt", NULL},
      {{"v=spf1 a -all"}, "record-absent record-unrelated-txt", NULL},
      {{"totally bogus"}, "record-absent record-unrelated-txt", NULL},
      /* no "v=sts" in it, so it is no attempt */
      {{"v-STSv1 id=19840507T234501"}, "record-absent record-unrelated-txt", NULL},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors), RECORD_NONE);
}

static void names_the_cause(void **state) {
  static const struct {
    const char *txt;
    enum finding_code code;
    const char *part;
  } vectors[] = {
      {"\"v=STSv1; id=a;\"", FOUND_RECORD_VERSION, "holds a quotation mark"},
      {"\xe2\x80\x9cv=STSv1; id=a\xe2\x80\x9d", FOUND_RECORD_VERSION, "typographic quotation mark"},
      {"v=STSv1\\; id=a\\;", FOUND_RECORD_VERSION, "a backslash before a semicolon"},
      {"\xef\xbb\xbfv=STSv1; id=a", FOUND_RECORD_VERSION, "a byte order mark"},
      {" v=STSv1; id=a", FOUND_RECORD_VERSION, "a blank before"},
      {"v=stsv1; id=a", FOUND_RECORD_VERSION, "not in the case of"},
      {"v=STSv2; id=a", FOUND_RECORD_VERSION, "another version"},
      {"v=stsv2; id=a", FOUND_RECORD_VERSION, "another version"},
      {"v=STSv1 id=a", FOUND_RECORD_VERSION, "no \";\" behind"},
      {"id=a; v=STSv1", FOUND_RECORD_VERSION, "does not begin with"},
      {"v=spf1 -allv=STSv1; id=a", FOUND_RECORD_VERSION, "another record joined before"},
      {"v=STSv1; id=a\\n", FOUND_RECORD_ID_INVALID, "\\n as two letters"},
      {"v=STSv1; id=\"a\"", FOUND_RECORD_ID_INVALID, "a quotation mark"},
      {"v=STSv1; id=" A33, FOUND_RECORD_ID_INVALID, "over 32"},
      {"v=STSv1; id=1v=STSv1; id=2", FOUND_RECORD_ID_INVALID, "two records joined"},
      {"v=STSv1; id=1v=spf1 -all", FOUND_RECORD_ID_INVALID, "two records joined"},
      {"v=STSv1; id=1;v=STSv1; id=2;", FOUND_RECORD_DUPLICATE_FIELD, "two records joined"},
      {"v=STSv1; id=", FOUND_RECORD_ID_INVALID, "the id is empty"},
      {"v=STSv1; id=a;;", FOUND_RECORD_SYNTAX, "an empty field"},
      {"v=STSv1; id=a ", FOUND_RECORD_SYNTAX, "a blank at the end"},
      {"v=STSv1; id=a; x", FOUND_RECORD_SYNTAX, "without \"=\": x"},
      {"v=STSv1; id=a; x=\xc2\xa0", FOUND_RECORD_EXTENSION_INVALID, "a no-break space"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    struct span txt = span_of(vectors[i].txt), id;
    judged_begin(&judged);
    record_judge((struct spans){&txt, 1}, &judged.findings, &id);
    assert_detail_holds(&judged, vectors[i].code, vectors[i].part);
    judged_end(&judged);
  }
}

static void quotes_each_of_several(void **state) {
  struct judged judged;
  struct span txt[] = {SPAN("v=STSv1; id=1"), SPAN("v=STSv1; id=2")}, id;
  (void)state;
  judged_begin(&judged);
  record_judge((struct spans){txt, 2}, &judged.findings, &id);
  assert_detail_holds(&judged, FOUND_RECORD_MULTIPLE, "id=1");
  assert_detail_holds(&judged, FOUND_RECORD_MULTIPLE, "id=2");
  judged_end(&judged);
}

static void stands_a_nul(void **state) {
  struct judged judged;
  struct span txt = SPAN("v=STSv1; id=a\0b; x\0=1"), id;
  (void)state;
  judged_begin(&judged);
  assert_int_equal(RECORD_ATTEMPT, record_judge((struct spans){&txt, 1}, &judged.findings, &id));
  assert_codes(&judged, "record-id-invalid record-extension-invalid", "NUL");
  assert_detail_holds(&judged, FOUND_RECORD_ID_INVALID, "a NUL");
  assert_int_equal(id.len, 3);
  judged_end(&judged);
}

/* The largest TXT that DNS can bring costs a bounded piece of the arena, however many its faults.
 */
static void stands_a_flood_of_faults(void **state) {
  enum { TXT_BYTES = 65535, ARENA_BYTES = 32 * 1024 };
  static const char *const units[] = {";", "a;", "a=;", "id=;", "v=1;", "=", "a=1;", "\xff;"};
  static char text[TXT_BYTES];
  (void)state;
  for (size_t u = 0; u < COUNT(units); u++) {
    size_t unit = strlen(units[u]), len = sizeof "v=STSv1;" - 1;
    memcpy(text, "v=STSv1;", len);
    for (; len + unit <= sizeof text; len += unit) memcpy(text + len, units[u], unit);
    struct judged judged;
    struct span txt = {text, len}, id;
    judged_begin(&judged);
    record_judge((struct spans){&txt, 1}, &judged.findings, &id);
    assert_true(judged.arena.total <= ARENA_BYTES);
    for (const struct finding *f = judged.findings.first; f; f = f->next)
      assert_true(f->detail.len <= FINDING_LIST_DETAIL_MAX);
    judged_end(&judged);
  }
}

/* What cannot be said for want of memory shows in the arena. */
static void tells_a_failed_allocation(void **state) {
  struct arena arena = {.limit = 1};
  struct finding_list findings = {.arena = &arena};
  struct span txt = SPAN("v=STSv1"), id;
  (void)state;
  record_judge((struct spans){&txt, 1}, &findings, &id);
  assert_int_equal(arena.err, ERR_LIMIT);
  arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accepts_sound_records),
      cmocka_unit_test(accepts_the_contested_form_and_says_so),
      cmocka_unit_test(takes_the_first_of_two),
      cmocka_unit_test(refuses_what_the_grammar_does_not_have),
      cmocka_unit_test(refuses_several),
      cmocka_unit_test(tells_attempts),
      cmocka_unit_test(finds_none_where_nobody_tried),
      cmocka_unit_test(names_the_cause),
      cmocka_unit_test(quotes_each_of_several),
      cmocka_unit_test(stands_a_nul),
      cmocka_unit_test(stands_a_flood_of_faults),
      cmocka_unit_test(tells_a_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
