#include "scanner/sts/zone_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct vector {
  const char *zone;
  const char *names; /* as "a.com b.com"; ! for what is no line of a zone, ? for a name without
                        origin, i for $INCLUDE, g for $GENERATE */
};

static const struct vector vectors[] = {
    /* as CZDS ships them */
    {"com.\t900\tin\tsoa\ta.gtld-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400\n"
     "com.\t172800\tin\tns\ta.gtld-servers.net.\n"
     "a.com.\t172800\tin\tns\tns1.a.com.\n"
     "a.com.\t172800\tin\tns\tns2.a.com.\n"
     "a.com.\t86400\tin\tds\t1 8 2 aa\n"
     "ns1.a.com.\t172800\tin\ta\t192.0.2.1\n"
     "b.com.\t172800\tin\tns\tns1.a.com.\n",
     "a.com b.com"},
    /* origin, relative names, blank owners, comments, parentheses, quotes */
    {"; the zone\n$ORIGIN se.\n$TTL 2d\n@ IN SOA ns.se. host.se. ( 1 ; serial\n 2 3 4 5 )\n"
     "  IN NS ns.se.\nalfa NS ns.example.\n     NS ns2.example.\nbeta 1h30m IN NS ns.example.\n"
     "gamma IN 3600 NS ns.example. ; (\nx TXT \"a ( b\"\ndelta CH NS x.\n",
     "alfa.se beta.se gamma.se delta.se"},
    /* below the apex alone */
    {"$ORIGIN example.\na NS x.\nb.c NS x.\nexample. NS x.\nother. NS x.\nxexample. NS x.\n",
     "a.example"},
    {"$ORIGIN example.\n$ORIGIN sub.example.\nd NS x.\n@ NS x.\n", "sub.example"},
    /* the root */
    {". 86400 IN SOA a. b. 1 2 3 4 5\n. 86400 IN NS a.root-servers.net.\ncom. 172800 IN NS a.\n"
     "a.com. IN NS x.\n",
     "com"},
    /* neither SOA nor origin: names are absolute */
    {"a.com.\t172800\tin\tns\tx.\na.com.\t172800\tin\tns\ty.\nb.c.com. in ns x.\n",
     "a.com b.c.com"},
    {"rel IN NS x.\na.com. IN NS x.\n", "? a.com"},
    {"  NS x.\n", "?"},
    /* once in a row, whatever the case */
    {"$ORIGIN com.\nA NS x.\na NS y.\nb NS x.\na NS x.\n", "A.com b.com a.com"},
    {"$INCLUDE other.zone\n$GENERATE 1-9 a$ NS x.\n$UNKNOWN x\n$ORIGIN\n", "i g ! !"},
    {"example.com\nexample.com,1\n\"a\"\n", "! ! !"},
    {"$ORIGIN com.\na\\.b NS x.\n", "a\\.b.com"},
    {"a.com. IN NS x.\r\n\r\nb.com. IN NS x.\r\n", "a.com b.com"},
};

static void reads_zones(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    static const char marks[] = "..!?ig";
    struct zone_line zone = {0};
    struct span rest = span_of(vectors[i].zone), name;
    char got[256];
    int len = 0;
    got[0] = 0;
    while (rest.len) {
      enum zone_line_end end = zone_line_read(&zone, span_cut(&rest, '\n'), &name);
      if (end == ZONE_LINE_NONE) continue;
      if (end != ZONE_LINE_NAME) name = (struct span){&marks[end], 1};
      len +=
          snprintf(got + len, sizeof got - (size_t)len, "%s%.*s", len ? " " : "", SPAN_ARG(name));
    }
    assert_string_equal(got, vectors[i].names);
  }
}

static void bounds_names(void **state) {
  (void)state;
  static const size_t lengths[] = {ZONE_LINE_NAME_MAX - 1, ZONE_LINE_NAME_MAX,
                                   ZONE_LINE_NAME_MAX + 1};
  for (size_t i = 0; i < 3; i++) {
    char line[ZONE_LINE_NAME_MAX + 32];
    struct zone_line zone = {0};
    struct span name;
    memset(line, 'a', lengths[i]);
    line[1] = '.';
    int len = (int)lengths[i] + sprintf(line + lengths[i], ". IN NS x.");
    enum zone_line_end end = zone_line_read(&zone, (struct span){line, (size_t)len}, &name);
    assert_int_equal(end, lengths[i] <= ZONE_LINE_NAME_MAX ? ZONE_LINE_NAME : ZONE_LINE_SYNTAX);
  }
}

static void knows_zones(void **state) {
  (void)state;
  static const struct {
    const char *line;
    bool zone;
  } rows[] = {
      {"com.\t900\tin\tsoa\ta. b. 1 2 3 4 5", true},
      {"$ORIGIN com.", true},
      {"$ttl 1d", true},
      {"a.com. IN NS ns.example.", true},
      {"example.com", false},
      {"1,example.com", false},
      {"example.com 1", false},
      {"rank\tdomain", false},
      {"a b c d", false},
      {"1\texample.com\t2\t3", false},
      {"example.com.", false},
      {"", false},
      {"{\"v\":1}", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(zone_line_is_one(span_of(rows[i].line)), rows[i].zone);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_zones),
      cmocka_unit_test(bounds_names),
      cmocka_unit_test(knows_zones),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
