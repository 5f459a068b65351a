#include "scanner/sts/list_form.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct vector {
  const char *text; /* the first lines */
  enum list_entry_format wish;
  const char *column, *label;
  const char *says; /* what is told of the form, or what is wrong */
  enum err err;
  unsigned at, rank;
};

#define MAJESTIC                                                                                   \
  "GlobalRank,TldRank,Domain,TLD,RefSubNets,RefIPs,IDN_Domain,IDN_TLD,PrevGlobalRank,"             \
  "PrevTldRank,PrevRefSubNets,PrevRefIPs\n"                                                        \
  "1,1,google.com,com,487267,2092532,google.com,com,1,1,486939,2088993\n"

static const struct vector vectors[] = {
    {"example.com\nexample.org\n", LIST_ENTRY_AUTO, 0, 0, "names, one a line", ERR_NONE, 0, 0},
    {"\"example.com\"\n", LIST_ENTRY_AUTO, 0, 0, "names, one a line", ERR_NONE, 0, 0},
    {"", LIST_ENTRY_AUTO, "domain", 0, "", ERR_NONE, 0, 0},
    {"1,google.com\r\n2,microsoft.com\r\n", LIST_ENTRY_AUTO, 0, 0,
     "rank,domain CSV: column 2, rank 1", ERR_NONE, 2, 1},
    {MAJESTIC, LIST_ENTRY_AUTO, 0, 0, "Majestic CSV: column Domain, rank GlobalRank", ERR_NONE, 3,
     1},
    {"origin,rank\nhttps://www.example.com,1000\n", LIST_ENTRY_AUTO, 0, 0,
     "CrUX CSV: column origin, rank rank", ERR_NONE, 1, 2},
    {"domain\nexample.com\n", LIST_ENTRY_AUTO, 0, 0, "Cloudflare Radar CSV: column domain",
     ERR_NONE, 1, 0},
    {"rank,domain,categories\n1,google.com,\"Search Engines;Technology\"\n", LIST_ENTRY_AUTO, 0, 0,
     "Cloudflare Radar CSV: column domain, rank rank", ERR_NONE, 2, 1},
    {"customer;Domain\nacme;example.com\n", LIST_ENTRY_AUTO, 0, "customer",
     "CSV with ;: column Domain, label customer", ERR_NONE, 2, 0},
    {"name\twww\nx\texample.com\n", LIST_ENTRY_AUTO, "www", 0, "CSV with tabs: column www",
     ERR_NONE, 2, 0},
    {"kunde,webauftritt\nx,example.com\n", LIST_ENTRY_AUTO, 0, 0, "CSV: column webauftritt",
     ERR_NONE, 2, 0},
    {"acme,example.com,7\n", LIST_ENTRY_AUTO, 0, "1", "CSV: column 2, label 1", ERR_NONE, 2, 0},
    {"acme,example.com,7\n", LIST_ENTRY_AUTO, "2", "3", "CSV: column 2, label 3", ERR_NONE, 2, 0},
    {"\"note\nof two lines\",domain\nx,example.com\n", LIST_ENTRY_AUTO, 0, 0, "CSV: column domain",
     ERR_NONE, 2, 0},
    {"com.\t900\tin\tsoa\ta. b. 1 2 3 4 5\n", LIST_ENTRY_AUTO, 0, 0, "a zone file", ERR_NONE, 0, 0},
    {"; a comment\n;\n$ORIGIN com.\n", LIST_ENTRY_AUTO, 0, 0, "a zone file", ERR_NONE, 0, 0},
    {"{\"v\":1,\"n\":1,\"domain\":\"a.example\"}\n", LIST_ENTRY_AUTO, 0, 0, "results of a scan",
     ERR_NONE, 0, 0},
    {"{\"v\":1,\"n\":1,\"domain\":\"a.example\"}\n", LIST_ENTRY_AUTO, 0, "customer",
     "results of a scan", ERR_NONE, 0, 0},
    {"# note\n\n1,a.example\n", LIST_ENTRY_AUTO, 0, 0, "rank,domain CSV: column 2, rank 1",
     ERR_NONE, 2, 1},
    {"\xef\xbb\xbf"
     "domain,customer\na.example,x\n",
     LIST_ENTRY_AUTO, 0, "customer", "CSV: column domain, label customer", ERR_NONE, 1, 0},
    {"sep=;\r\nKunde;Domain\r\nx;a.example\r\n", LIST_ENTRY_AUTO, 0, "Kunde",
     "CSV with ;: column Domain, label Kunde", ERR_NONE, 2, 0},
    {"\tdomain\tx\n0\ta.example\ty\n", LIST_ENTRY_AUTO, 0, "x",
     "CSV with tabs: column domain, label x", ERR_NONE, 2, 0},
    {"\ta.example\nb.example\n", LIST_ENTRY_AUTO, 0, 0, "names, one a line", ERR_NONE, 0, 0},
    {"1,example.com\n", LIST_ENTRY_LINES, 0, 0, "names, one a line", ERR_NONE, 0, 0},
    /* what is wished and cannot be */
    {"domain,customer\na.example,x\n", LIST_ENTRY_AUTO, "host", 0,
     "--column host is not in the first row, which has: domain, customer", ERR_SYNTAX, 0, 0},
    {"domain,customer\na.example,x\n", LIST_ENTRY_AUTO, "3", 0,
     "--column 3: the first row has columns 1 to 2", ERR_SYNTAX, 3, 0},
    {"domain,customer\na.example,x\n", LIST_ENTRY_AUTO, "0", 0,
     "--column 0: the first row has columns 1 to 2", ERR_SYNTAX, 0, 0},
    {"domain,customer\na.example,x\n", LIST_ENTRY_AUTO, 0, "tier",
     "--label tier is not in the first row, which has: domain, customer", ERR_SYNTAX, 1, 0},
    {"domain,a,domain\na.example,x,y\n", LIST_ENTRY_AUTO, 0, 0,
     "the header has the same name twice, in columns 1 and 3: give --column and the number",
     ERR_SYNTAX, 1, 0},
    {"domain,a,a\na.example,x,y\n", LIST_ENTRY_AUTO, 0, "a",
     "--label a stands twice in the header, as columns 2 and 3: give the number", ERR_SYNTAX, 1, 0},
    {"domain,a,a\na.example,x,y\n", LIST_ENTRY_AUTO, 0, 0, "CSV: column domain", ERR_NONE, 1, 0},
    {"a,b\n1,2\n", LIST_ENTRY_CSV, 0, 0,
     "no column of its first rows has domain names: give --column", ERR_SYNTAX, 0, 0},
    {"$ORIGIN com.\n", LIST_ENTRY_AUTO, "domain", 0,
     "--column domain: it is a zone file, which has no columns", ERR_SYNTAX, 0, 0},
    {"a.example\n", LIST_ENTRY_LINES, 0, "x",
     "--label x: it is names, one a line, which has no columns", ERR_SYNTAX, 0, 0},
};

static void recognises_forms(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    const struct vector *v = &vectors[i];
    struct list_form form;
    struct list_form_wish wish = {.format = v->wish, .column = v->column};
    if (v->label) wish.labels[wish.label_count++] = v->label;
    enum err err = list_form_recognise(&form, &wish, span_of(v->text), true);
    assert_string_equal(form.text, v->says);
    assert_int_equal(err, v->err);
    assert_int_equal(form.column, v->at);
    assert_int_equal(form.rank, v->rank);
  }
}

/* A line that is not whole is not looked at, and what is there is enough. */
static void waits_for_a_whole_line(void **state) {
  (void)state;
  static const struct list_form_wish wish = {0};
  static const char *const few[] = {"", "\n", "# note\n", "1,google.com", "; zone\n", "\n\na.exa"};
  struct list_form form;
  for (size_t i = 0; i < sizeof few / sizeof *few; i++)
    assert_int_equal(list_form_recognise(&form, &wish, span_of(few[i]), false), ERR_NOT_FOUND);
  assert_int_equal(list_form_recognise(&form, &wish, SPAN("1,google.com\n2,mic"), false), ERR_NONE);
  assert_int_equal(form.column, 2);
}

static void tells_a_label_twice(void **state) {
  (void)state;
  struct list_form_wish wish = {.labels = {"customer", "2"}, .label_count = 2};
  struct list_form form;
  assert_int_equal(list_form_recognise(&form, &wish, SPAN("domain,customer\na.example,x\n"), true),
                   ERR_SYNTAX);
  assert_non_null(strstr(form.text, "given twice"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(recognises_forms),
      cmocka_unit_test(waits_for_a_whole_line),
      cmocka_unit_test(tells_a_label_twice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
