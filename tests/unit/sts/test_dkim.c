#include "scanner/sts/dkim.h"

#include "judged.h"

enum { TXT_MAX = 3 };

/* RFC 6376 appendix C, RFC 8463 appendix A.2, one of 2048 bits in both forms, one of a curve. */
#define P1024                                                                                      \
  "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/"                  \
  "zYtIxN2SnFCjxOCKG9"                                                                             \
  "v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/"                                   \
  "NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWTo"                                                           \
  "IMmPSPDdQPNUYckcQ2QIDAQAB"
#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define N2048                                                                                      \
  "sMpMqSU/kbPEDLzefLf3rucArhFhF/uM/VVYf9BjVmSaKflq9VEL5uvvTddVecf+1SWy8O5HElmFQBevw+A+viNNJ/"     \
  "RLDzAy"                                                                                         \
  "nztZl4r3tGZ9xnTScW+lOXFbOl+"                                                                    \
  "neQCL8GNdJJHR2jXSbAxRCol5U3xPx8VPH1HbotLJOu9YnmHOAziruxyAmMT8oRzfTdtM"                          \
  "ko4JDVLm69WYJoTycxidHV2X3Kt5FdrKY0Oj/tNJeQJYLHDMYLENFfe/"                                       \
  "C35LUZLGpaNFuBxyygHqXZyoqa6qfN07+z7VyDZt"                                                       \
  "OCOjRijO/j6/7MZmYTcHtQ8Bj8YFwLcxjjsiULSSVGeIuEkOsiDpMQIDAQAB"
#define P2048      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" N2048
#define P2048_BARE "MIIBCgKCAQEA" N2048
#define CURVE                                                                                      \
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUMS8UqS4EGGeQOjd+f+Z8M5K7PGm7xPqe4TTtWVUH/"                 \
  "63P4tq4B3f6pGJOJk"                                                                              \
  "Ngj9NesB1yxRxVrSSVS2ilE7kww=="

struct vector {
  const char *txt[TXT_MAX];
  bool found;
  const char *codes;
  const char *type; /* NULL: none */
  unsigned bits;
  bool revoked;
  const char *word; /* the reason of dkim-syntax; NULL: no such finding */
};

static void assert_vectors(const struct vector *vectors, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const struct vector *vector = &vectors[i];
    const char *input = vector->txt[0] ? vector->txt[0] : "(no TXT)";
    struct judged judged;
    struct span at[TXT_MAX];
    struct spans texts = {at, 0};
    struct result_dkim_key key = {.selector = SPAN("s1")};
    for (; texts.count < TXT_MAX && vector->txt[texts.count]; texts.count++)
      at[texts.count] = span_of(vector->txt[texts.count]);
    judged_begin(&judged);
    assert_int_equal(dkim_judge(texts, &key, &judged.findings), vector->found);
    assert_codes(&judged, vector->codes, input);
    const struct finding *found = judged_find(&judged, FOUND_DKIM_SYNTAX);
    if ((found != NULL) != (vector->word != NULL)) print_error("input: %s\n", input);
    assert_string_equal(found ? reason_info(found->reason)->word : "",
                        vector->word ? vector->word : "");
    if (key.bits != vector->bits) print_error("input: %s\n", input);
    assert_span(key.type, vector->type);
    assert_int_equal(key.bits, vector->bits);
    assert_int_equal(key.revoked, vector->revoked);
    assert_int_equal(key.txt.count > 0, *vector->codes != 0);
    judged_end(&judged);
  }
}

static void reads_sound_keys(void **state) {
  static const struct vector vectors[] = {
      {{"v=DKIM1; p=" P1024}, true, "", "rsa", 1024, false, NULL},
      {{"v=DKIM1; k=rsa; p=" P2048}, true, "", "rsa", 2048, false, NULL},
      {{"k=rsa; p=" P2048 ";"}, true, "", "rsa", 2048, false, NULL},
      {{"p=" P2048_BARE}, true, "", "rsa", 2048, false, NULL},
      {{"v=DKIM1; k=ed25519; p=" ED25519}, true, "", "ed25519", 256, false, NULL},
      {{"v=DKIM1 ; h = sha1 : sha256 ; n=a note; s=email; t=y:s; p=" ED25519 ";k=ed25519"},
       true,
       "",
       "ed25519",
       256,
       false,
       NULL},
      {{"v=DKIM1; k=rsa; p= MIIBCgKCAQEA\r\n\t" N2048 " "}, true, "", "rsa", 2048, false, NULL},
      {{"v=DKIM1; p="}, true, "", "rsa", 0, true, NULL},
      {{"v=DKIM1; k=ed25519; p=;"}, true, "", "ed25519", 0, true, NULL},
      /* types and tags that are not known: section 3.6.1 */
      {{"v=DKIM1; k=later; x_1=y; p=AAAA"}, true, "", "later", 0, false, NULL},
      /* section 3.6.1: a record of another v is discarded */
      {{"v=spf1 -all", "v=DKIM1; p="}, true, "", "rsa", 0, true, NULL},
      {{"v=spf1 -all"}, false, "", NULL, 0, false, NULL},
      {{"v=DKIM2; p=" P1024}, false, "", NULL, 0, false, NULL},
      {{"no key"}, false, "", NULL, 0, false, NULL},
      {{NULL}, false, "", NULL, 0, false, NULL},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void tells_what_is_wrong(void **state) {
  static const struct vector vectors[] = {
      {{"v=DKIM1; p=", "v=DKIM1; p=" P1024}, true, "dkim-multiple", NULL, 0, false, NULL},
      {{"k=rsa; v=DKIM1; p=" P1024}, true, "dkim-syntax", NULL, 0, false, "order"},
      {{"v=DKIM1; k=rsa"}, true, "dkim-syntax", NULL, 0, false, "missing"},
      {{"v=DKIM1; p=!"}, true, "dkim-syntax", "rsa", 0, false, "base64"},
      {{"v=DKIM1; p=AAAAA"}, true, "dkim-syntax", "rsa", 0, false, "base64"},
      {{"v=DKIM1; p=AAA"}, true, "dkim-syntax", "rsa", 0, false, "base64"},
      {{"v=DKIM1; p=AA=A"}, true, "dkim-syntax", "rsa", 0, false, "base64"},
      {{"v=DKIM1; p=AAAA===="}, true, "dkim-syntax", "rsa", 0, false, "base64"},
      {{"v=DKIM1; p=AAAA"}, true, "dkim-syntax", "rsa", 0, false, "key"},
      {{"v=DKIM1; p=" CURVE}, true, "dkim-syntax", "rsa", 0, false, "key"},
      {{"v=DKIM1; p=MIIBCgKCAQEA"}, true, "dkim-syntax", "rsa", 0, false, "key"},
      {{"v=DKIM1; k=ed25519; p=" P1024}, true, "dkim-syntax", "ed25519", 0, false, "key"},
      {{"v=DKIM1; p=; p="}, true, "dkim-syntax", NULL, 0, false, "repeated"},
      {{"v=DKIM1; 1=2; p="}, true, "dkim-syntax", NULL, 0, false, "name"},
      {{"v=DKIM1; n=b\xc3\xbc; p="}, true, "dkim-syntax", NULL, 0, false, "character"},
      {{"v=DKIM1;; p="}, true, "dkim-syntax", NULL, 0, false, "empty-field"},
      {{"v=DKIM1; p=; note"}, true, "dkim-syntax", NULL, 0, false, "no-equals-sign"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void knows_selectors(void **state) {
  static const char label_63[] = A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  static const char label_64[] = A32 A32;
  (void)state;
  assert_true(dkim_is_selector(SPAN("s1")));
  assert_true(dkim_is_selector(SPAN("2026-a.key_1")));
  assert_true(dkim_is_selector(span_of(label_63)));
  assert_false(dkim_is_selector(span_of(label_64)));
  char labels[DKIM_SELECTOR_MAX + 1];
  for (size_t i = 0; i < sizeof labels; i++) labels[i] = i % 10 == 1 ? '.' : 'a';
  assert_true(dkim_is_selector((struct span){labels, DKIM_SELECTOR_MAX}));
  assert_false(dkim_is_selector((struct span){labels, DKIM_SELECTOR_MAX + 1}));
  assert_false(dkim_is_selector(SPAN("")));
  assert_false(dkim_is_selector(SPAN(".s")));
  assert_false(dkim_is_selector(SPAN("s.")));
  assert_false(dkim_is_selector(SPAN("s..t")));
  assert_false(dkim_is_selector(SPAN("s t")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_sound_keys),
      cmocka_unit_test(tells_what_is_wrong),
      cmocka_unit_test(knows_selectors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
