#include "scanner/sts/domain.h"

#include "judged.h"

#define L10 "aaaaaaaaaa"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "aaa"

static enum err parse(struct arena *arena, struct span text, struct domain *domain,
                      const char **why) {
  *arena = (struct arena){0};
  *why = NULL;
  return domain_parse(text, arena, domain, why);
}

static void reads_names(void **state) {
  static const struct {
    const char *text, *ascii, *unicode;
  } vectors[] = {
      {"example.com", "example.com", NULL},
      {"EXAMPLE.Com.", "example.com", NULL},
      {"com", "com", NULL},
      {"_dmarc.example.com", "_dmarc.example.com", NULL},
      {"_.a_b.example", "_.a_b.example", NULL},
      {"r3---sn.example.com", "r3---sn.example.com", NULL},
      {"1and1.de", "1and1.de", NULL},
      {"127.0.0.1.example", "127.0.0.1.example", NULL},
      {"a.1b", "a.1b", NULL},
      {L63 ".example", L63 ".example", NULL},
      {"m\xc3\xbcnchen.de", "xn--mnchen-3ya.de", "m\xc3\xbcnchen.de"},
      {"M\xc3\x9cNCHEN.DE.", "xn--mnchen-3ya.de", "m\xc3\xbcnchen.de"},
      {"mu\xcc\x88nchen.de", "xn--mnchen-3ya.de", "m\xc3\xbcnchen.de"}, /* not NFC */
      {"fa\xc3\x9f.de", "xn--fa-hia.de", "fa\xc3\x9f.de"},              /* non-transitional */
      {"x\xe3\x80\x82m\xc3\xbcnchen\xe3\x80\x82"
       "de",
       "x.xn--mnchen-3ya.de", "x.m\xc3\xbcnchen.de"},   /* ideographic full stops */
      {"\xef\xbc\xa5\xef\xbc\xb8.com", "ex.com", NULL}, /* full width */
      {"_x.m\xc3\xbcnchen.de", "_x.xn--mnchen-3ya.de", "_x.m\xc3\xbcnchen.de"},
      {"xn--mnchen-3ya.de", "xn--mnchen-3ya.de", "m\xc3\xbcnchen.de"},
      {"XN--Mnchen-3ya.DE", "xn--mnchen-3ya.de", "m\xc3\xbcnchen.de"},
      /* No IDNs, but names that DNS may hold: */
      {"xn--zzzzzz.de", "xn--zzzzzz.de", NULL},
      {"xn--a.de", "xn--a.de", NULL},           /* would be a control character */
      {"xn--ab-5da.de", "xn--ab-5da.de", NULL}, /* would be U+00AD, that UTS 46 drops */
      {"xn--ab-g4t.de", "xn--ab-g4t.de", NULL}, /* would turn the line around: U+202E */
      {"xn--n3h.net", "xn--n3h.net", NULL},     /* a symbol, which IDNA 2008 has not */
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct arena arena;
    struct domain domain;
    const char *why;
    enum err err = parse(&arena, span_of(vectors[i].text), &domain, &why);
    if (err != ERR_NONE) print_error("%s: %s\n", vectors[i].text, why);
    assert_int_equal(err, ERR_NONE);
    assert_span(domain.ascii, vectors[i].ascii);
    if (span_here(domain.unicode) != (vectors[i].unicode != NULL))
      print_error("%s: %.*s\n", vectors[i].text, SPAN_ARG(domain.unicode));
    assert_span(domain.unicode, vectors[i].unicode);
    arena_free(&arena);
  }
}

static void says_what_is_wrong(void **state) {
  const struct {
    struct span text;
    const char *why;
  } vectors[] = {
      {SPAN(""), "empty label"},
      {SPAN("."), "empty label"},
      {SPAN(".example.com"), "empty label"},
      {SPAN("example..com"), "empty label"},
      {SPAN("example.com.."), "empty label"},
      {SPAN("-a.example"), "label begins or ends with a hyphen"},
      {SPAN("a-.example"), "label begins or ends with a hyphen"},
      {SPAN("a.-"), "label begins or ends with a hyphen"},
      {SPAN(L63 "a.example"), "label over 63 octets"},
      {SPAN("192.0.2.1"), "top label is numeric"},
      {SPAN("example.123."), "top label is numeric"},
      {SPAN("2001:db8::1"), "character not allowed in a domain name"},
      {SPAN("user@example.com"), "character not allowed in a domain name"},
      {SPAN("*.example.com"), "character not allowed in a domain name"},
      {SPAN("https://example.com"), "character not allowed in a domain name"},
      {SPAN("exa mple.com"), "character not allowed in a domain name"},
      {SPAN("a\0b.example"), "character not allowed in a domain name"},
      {SPAN("a\x01.example"), "character not allowed in a domain name"},
      {SPAN("a\x7f.example"), "character not allowed in a domain name"},
      {SPAN("\xc3\xbc\0b.example"), "character not allowed in a domain name"},
      {SPAN("\xc3\xbc\xff.example"), "not UTF-8"},
      {SPAN("\xc3"), "not UTF-8"},
      {SPAN("-\xc3\xbc.de"), "label begins or ends with a hyphen"},
      {SPAN("\xc3\xbc..de"), "empty label"},
      {SPAN("\xc3\xbc b.de"), "not a valid internationalized name"},
      {SPAN("ab\xe2\x80\xae\xc3\xbc.de"), "not a valid internationalized name"},
      {SPAN("\xc3\xbc.192.0.2.1"), "top label is numeric"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct arena arena;
    struct domain domain;
    const char *why;
    enum err err = parse(&arena, vectors[i].text, &domain, &why);
    if (err != ERR_SYNTAX) print_error("vector %zu\n", i);
    assert_int_equal(err, ERR_SYNTAX);
    assert_string_equal(why, vectors[i].why);
    arena_free(&arena);
  }
}

/* A name of len octets in labels of up to 63. */
static struct span name_of(char *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) bytes[i] = i % 60 == 59 && i + 1 < len ? '.' : 'a';
  return (struct span){bytes, len};
}

static void holds_to_the_limit_of_a_name(void **state) {
  char bytes[DOMAIN_LENGTH_MAX + 2];
  struct arena arena;
  struct domain domain;
  const char *why;
  (void)state;
  for (size_t len = DOMAIN_LENGTH_MAX - 1; len <= DOMAIN_LENGTH_MAX + 1; len++) {
    enum err err = parse(&arena, name_of(bytes, len), &domain, &why);
    assert_int_equal(err, len <= DOMAIN_LENGTH_MAX ? ERR_NONE : ERR_SYNTAX);
    if (err == ERR_SYNTAX) assert_string_equal(why, "name over 244 octets");
    arena_free(&arena);
  }
  struct span dotted = name_of(bytes, DOMAIN_LENGTH_MAX);
  bytes[dotted.len++] = '.';
  assert_int_equal(ERR_NONE, parse(&arena, dotted, &domain, &why));
  assert_int_equal(domain.ascii.len, DOMAIN_LENGTH_MAX);
  arena_free(&arena);
}

/* Soft hyphens, which UTS 46 drops, make a text as long as one likes and its name short. */
static void looks_at_so_much_text_and_no_more(void **state) {
  static char text[DOMAIN_TEXT_MAX + 1];
  struct arena arena;
  struct domain domain;
  const char *why;
  (void)state;
  for (size_t len = DOMAIN_TEXT_MAX - 1; len <= DOMAIN_TEXT_MAX + 1; len++) {
    memset(text, 'b', sizeof text);
    for (size_t i = 0; i + 10 < len; i += 2) memcpy(text + i, "\xc2\xad", 2);
    memcpy(text + len - 8, ".example", 8);
    enum err err = parse(&arena, (struct span){text, len}, &domain, &why);
    assert_int_equal(err, len <= DOMAIN_TEXT_MAX ? ERR_NONE : ERR_SYNTAX);
    if (err == ERR_SYNTAX) assert_string_equal(why, "name over 244 octets");
    arena_free(&arena);
  }
}

static void tells_a_failed_allocation(void **state) {
  static const char *const texts[] = {"example.com", "m\xc3\xbcnchen.de"};
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++) {
    struct arena arena = {.limit = 1};
    struct domain domain;
    const char *why;
    assert_int_equal(ERR_LIMIT, domain_parse(span_of(texts[i]), &arena, &domain, &why));
    arena_free(&arena);
  }
}

static void tells_host_names_from_what_rfc5321_calls_a_domain(void **state) {
  static const struct {
    const char *text;
    bool hostname, rfc5321;
  } vectors[] = {
      {"mail.example.com", true, true},
      {"MAIL", true, true},
      {"a--b.example", true, true},
      {"192.0.2.1", false, true},
      {"mail.1", false, true},
      {"mail.example.com.", false, false},
      {"a_b.example", false, false},
      {"*.example", false, false},
      {"test.example-", false, false},
      {"-a.example", false, false},
      {".example.com", false, false},
      {"", false, false},
      {"m\xc3\xb8x.example", false, false},
      {"[192.0.2.1]", false, false},
      {L60 "." L60 "." L60 "." L60 ".aaaaaaaaa", true, true},
      {L60 "." L60 "." L60 "." L60 ".aaaaaaaaaa", false, false},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    assert_int_equal(domain_is_hostname(span_of(vectors[i].text)), vectors[i].hostname);
    assert_int_equal(domain_is_rfc5321(span_of(vectors[i].text)), vectors[i].rfc5321);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_names),
      cmocka_unit_test(says_what_is_wrong),
      cmocka_unit_test(holds_to_the_limit_of_a_name),
      cmocka_unit_test(looks_at_so_much_text_and_no_more),
      cmocka_unit_test(tells_a_failed_allocation),
      cmocka_unit_test(tells_host_names_from_what_rfc5321_calls_a_domain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
