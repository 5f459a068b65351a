/* The inputs of other implementations' own tests, as they stand there, each judged by the RFC: what
 * they assert of it, and the codes it has here. Where the two differ, the reason is told. */
#include "scanner/sts/policy.h"
#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"

#include "judged.h"

enum { TXT_MAX = 4 };

enum theirs { TAKEN, REFUSED };

struct vector {
  const char *who;
  const char *text; /* a line a TXT record, or the policy; NULL: no TXT */
  enum theirs theirs;
  const char *codes;
  const char *why; /* ours differs; NULL: it does not */
};

static const char id_required[] = "section 3.1: the id is required";
static const char first_counts[] = "section 3.2: the first entry of a field counts";
static const char grammar[] = "section 3.1: not in the ABNF";
static const char policy_grammar[] = "section 3.2: not in the ABNF";
static const char unknown_ignored[] = "section 3.2: unknown fields are ignored";

#define ID33  "012345678901234567890123456789012"
#define VCHAR "!\"#$%&'()*+,-./0123456789:<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
#define LOWER "abcdefghijklmnopqrstuvwxyz{|}~"

#define ID_MISSING "record-id-missing"
#define ID_INVALID "record-id-invalid"
#define EXTENSION  "record-extension-invalid"
#define NONE       "record-absent"
#define UNRELATED  "record-absent record-unrelated-txt"

static const struct vector records[] = {
    {"mox", "v=STSv1; id=20160831085700Z;", TAKEN, "", NULL},
    {"mox", "v=STSv1; \t id=20160831085700Z  \t;", TAKEN, "", NULL},
    {"mox", "v=STSv1; id=a", TAKEN, "", NULL},
    {"mox", "v=STSv1; id=a; more=a; ext=2", TAKEN, "", NULL},
    {"mox", "v=STSv0", REFUSED, "record-version", NULL},
    {"mox", "v=STSv10", REFUSED, "record-version", NULL},
    {"mox", "v=STSv2", REFUSED, "record-version", NULL},
    {"mox", "v=STSv1", REFUSED, ID_MISSING, NULL},
    {"mox", "v=STSv1;", REFUSED, ID_MISSING, NULL},
    {"mox", "v=STSv1; ext=1", REFUSED, ID_MISSING, NULL},
    {"mox", "v=STSv1; id=", REFUSED, ID_INVALID, NULL},
    {"mox", "v=STSv1; id=" ID33, REFUSED, ID_INVALID, NULL},
    {"mox", "v=STSv1; id=test-123", REFUSED, ID_INVALID, NULL},
    {"mox", "v=STSv1; id=a; more=", REFUSED, EXTENSION, NULL},
    {"mox", "v=STSv1; id=a; a12345678901234567890123456789012=1", REFUSED, EXTENSION, NULL},
    {"mox", "v=STSv1; id=a; 1%=a", REFUSED, EXTENSION, NULL},
    {"mox", "v=STSv1; id=a; test==", REFUSED, EXTENSION, NULL},
    {"mox", "v=STSv1; id=a;;", REFUSED, "record-syntax", NULL},
    {"mox", "v=STSv1; id=1\nbogus", TAKEN, "record-unrelated-txt", NULL},
    {"mox", "v=STSv1; bogus", REFUSED, ID_MISSING " record-syntax", NULL},
    {"mox", "v=STSv1; id=1\nv=STSv1; id=2", REFUSED, "record-multiple", NULL},
    {"mox", "bogus\nmore", REFUSED, UNRELATED, NULL},
    {"go-mtasts", NULL, REFUSED, NONE, NULL},
    {"go-mtasts", "id=foo", REFUSED, UNRELATED, NULL},
    {"go-mtasts", "unrelated=foo", REFUSED, UNRELATED, NULL},
    {"go-mtasts", "syntax error", REFUSED, UNRELATED, NULL},
    {"go-mtasts", "v=STSv2;id=foo;include=foo.com", REFUSED, "record-version", NULL},
    {"go-mtasts", "v=STSv1;    id=foo include=foo.com", REFUSED, ID_INVALID, NULL},
    {"go-mtasts", "v=STSv1;    id=foo include", REFUSED, ID_INVALID, NULL},
    {"go-mtasts", "v=STSv1  ;    id=foo", TAKEN, "record-contested", NULL},
    {"go-mtasts", "v=STSv1  ;    id=foo; unrelated=1", TAKEN, "record-contested", NULL},
    {"chasquid", "abc\ndef", REFUSED, UNRELATED, NULL},
    {"chasquid", "abc\nv=STSv1; id=blah;", TAKEN, "record-unrelated-txt", NULL},
    {"Snawoot", "v=STSv1;id=20160831085700Z;", TAKEN, "", NULL},
    {"Snawoot", "v=STSv1; id=20160831085700Z", TAKEN, "", NULL},
    {"Snawoot", "v=STSv1;        id=20160831085700Z   ", TAKEN, "record-syntax", grammar},
    {"Snawoot", "   ", REFUSED, UNRELATED, NULL},
    {"Snawoot", " ;   ;  ", REFUSED, UNRELATED, NULL},
    {"Snawoot", "v=STSv1; id=20160831085700Z;;;", TAKEN, "record-syntax", grammar},
    {"Snawoot", "id=20180907T090909; v=STSv1;", REFUSED, "record-version", NULL},
    {"Snawoot", "azazaza;asdasdasdasd", REFUSED, UNRELATED, NULL},
    {"Snawoot", "v=STSv12;id=20180907T090909;", REFUSED, "record-version", NULL},
    {"checkdmarc", "v=STSv1; id=20240101T010101", TAKEN, "", NULL},
    {"checkdmarc", "v=STSv1; xyz=foo", REFUSED, ID_MISSING, NULL},
    {"checkdmarc", "v=spf1 -all", REFUSED, UNRELATED, NULL},
    {"checkdmarc", "v=STSv1; id=foo; id=bar", REFUSED, "record-duplicate-field", first_counts},
    {"EFF", "v=STSv1; id=1234\nv=STSv1; id=5678", REFUSED, "record-multiple", NULL},
    {"EFF", "v=STSv1; id=20171114T070707;", TAKEN, "", NULL},
    {"EFF", "v=STSv1; id=;", REFUSED, ID_INVALID, NULL},
    {"EFF", "v=STSv1; id=###;", REFUSED, ID_INVALID, NULL},
    {"EFF", "v=spf1 a -all", REFUSED, UNRELATED, NULL},
    {"mail-auth", "v=STSv1; id=20190429T010101", TAKEN, "", NULL},
    {"Stalwart", "v=STSv1; id=policy_will_fail;", TAKEN, ID_INVALID, grammar},
    {"KumoMTA", "v=STSv1; id=20190429T010101;", TAKEN, "", NULL},
    {"rest-mail", "v=STSv1; id=20230101Z", TAKEN, "", NULL},
    {"rest-mail", "v=STSv1;id=xyz", TAKEN, "", NULL},
    {"rest-mail", "v=STSv1 ; id=xyz", TAKEN, "record-contested", NULL},
    {"rest-mail", "v=STSv1; id=aaa; foo=bar", TAKEN, "", NULL},
    {"rest-mail", "v=spf1 -all\nv=STSv1; id=aaa", TAKEN, "record-unrelated-txt", NULL},
    {"rest-mail", "v=STSv1; id=a\nv=STSv1; id=b", REFUSED, "record-multiple", NULL},
    {"rest-mail", "id=abc; v=STSv1", REFUSED, "record-version", NULL},
    {"rest-mail", "v = STSv1; id=xyz", REFUSED, "record-version", NULL},
    {"rest-mail", "v=STSv1; id = xyz", REFUSED, ID_MISSING " " EXTENSION, NULL},
    {"rest-mail", "v=STSv2; id=xyz", REFUSED, "record-version", NULL},
    {"rest-mail", "v=STSv1; id=abc_def", REFUSED, ID_INVALID, NULL},
    {"rest-mail", "v=STSv1; id=abc.def", REFUSED, ID_INVALID, NULL},
    {"rest-mail", "v=STSv1; id=abc-def", REFUSED, ID_INVALID, NULL},
    {"rest-mail", "v=STSv1; id=" A33, REFUSED, ID_INVALID, NULL},
    {"rest-mail", "v=STSv1; v=STSv1; id=abc", REFUSED, "record-duplicate-field", first_counts},
    {"rest-mail", "v=STSv1; id=abc; id=def", REFUSED, "record-duplicate-field", first_counts},
    {"rest-mail", "totally bogus", REFUSED, UNRELATED, NULL},
    {"rest-mail", "v=STSv1; id=" A32, TAKEN, "", NULL},
    {"tlspol", "v=STSv1; id=policy1;", TAKEN, "", NULL},
    {"tlspol", "v=STSv1 \t; \tid=policy1 \t;", TAKEN, "record-contested", NULL},
    {"tlspol", "verification=abc\nv=STSv1; id=policy1;", TAKEN, "record-unrelated-txt", NULL},
    {"tlspol", "v=STSv1; x-note=ok;", REFUSED, ID_MISSING, NULL},
    {"tlspol", "v=STSv10; id=policy1;", REFUSED, "record-version", NULL},
    {"tlspol", "v=STSv1; id=bad-value", REFUSED, ID_INVALID, NULL},
    {"tlspol", "v=STSv1; id=policy1; note=has space", REFUSED, EXTENSION, NULL},
    {"tlspol", "v=STSv1; id=policy1 ", REFUSED, "record-syntax", NULL},
    {"tlspol", "v=STSv1; id=policy1; note=caf\xc3\xa9", REFUSED, EXTENSION, NULL},
    {"Mimecast", "v=STSv1; id=19840507T234501;", TAKEN, "", NULL},
    {"Mimecast", "id=19840507T234501;", REFUSED, UNRELATED, NULL},
    {"Mimecast", "v=STSv;", REFUSED, "record-version", NULL},
    {"Mimecast", "v-STSv1 id=19840507T234501", REFUSED, UNRELATED, NULL},
    {"Mimecast", "v=STSv1 id=", REFUSED, "record-version", NULL},
    {"Mimecast", "v=STSv2; id=19840507T234501;", REFUSED, "record-version", NULL},
    {"MailCheck", "v=STSv1; id=123", TAKEN, "", NULL},
    {"MailCheck", "v=STSv1", TAKEN, ID_MISSING, id_required},
    {"MailCheck", "v=STSv1; extension-1_2.3=" VCHAR LOWER, TAKEN, ID_MISSING, id_required},
    {"MailCheck", "v=STSv1; id=1; *=a", REFUSED, EXTENSION, NULL},
    {"MailCheck", "v=STSv1; id=1; " ID33 "=a", REFUSED, EXTENSION, NULL},
    {"MailCheck", "v=STSv1; key=\xc2\xa3;", REFUSED, ID_MISSING " " EXTENSION, NULL},
    {"MailCheck", "v=STSv1; id=*", REFUSED, ID_INVALID, NULL},
    {"MailCheck", "v=STSv1 id=021120211155", REFUSED, "record-version", NULL},
    {"MailCheck", "v=STSv1; $$=@@", REFUSED, ID_MISSING " " EXTENSION, NULL},
    {"MailCheck", "v=STSv1; id=123v=STSv1", REFUSED, ID_INVALID, NULL},
    {"MailCheck", "v=STSv1; v=STSv1", REFUSED, ID_MISSING " record-duplicate-field", NULL},
    {"MailCheck", "v=STSv1; id=123\nv=STSv1; id=345", REFUSED, "record-multiple", NULL},
    {"MailCheck", "v=stsv1", REFUSED, "record-version", NULL},
    {"DomainDetective", "v=STSv1; id=abc", TAKEN, "", NULL},
    {"DomainDetective", "v=STSx; id=abc", REFUSED, "record-version", NULL},
    {"DomainDetective", "id=abc", REFUSED, UNRELATED, NULL},
    {"mailrs", "   v=STSv1; id=abc123", TAKEN, "record-version", grammar},
    {"mailrs", "V=STSv1; ID=xyz", TAKEN, "record-version", grammar},
    {"mailrs", "v=stsv1; id=abc", TAKEN, "record-version", grammar},
    {"mailrs", "v = STSv1 ; id = xyz123", TAKEN, "record-version", grammar},
    {"mailrs", "v=STSv1; id=abc;", TAKEN, "", NULL},
    {"mailrs", "v=STSv1; id=abc; future=value", TAKEN, "", NULL},
    {"mailrs", "id=abc123", REFUSED, UNRELATED, NULL},
    {"mailrs", "v=STSv2; id=abc", REFUSED, "record-version", NULL},
    {"Mail-STS", "v=STSv1; id=zumsel", TAKEN, "", NULL},
    {"Mail-STS", "v=STSv1; id=123; unknown=bla", TAKEN, "", NULL},
};

#define SHORT   "policy-max-age-short"
#define SYNTAX  "policy-syntax"
#define UNKNOWN "policy-unknown-field"
#define TWICE   "policy-duplicate-field"
#define BAD_MX  "policy-mx-invalid"
#define ALL     "policy-version policy-mode policy-max-age policy-mx-missing"
#define V       "version: STSv1\n"
#define E       V "mode: enforce\n"
#define EM      E "mx: a.example\n"
#define S       EM "max_age: 86400\n"
#define EA      E "max_age: 86400\n"

static const struct vector policies[] = {
    {"mox",
     "version: STSv1\nmode: testing\nmx: mx1.example.com\nmx: mx2.example.com\n"
     "mx: mx.backup-example.com\nmax_age: 1296000\n",
     TAKEN, "", NULL},
    {"mox", "version: STSv1\nmode: enforce\t\nmx: *.example.com \nmax_age: 0 \n", TAKEN, SHORT,
     NULL},
    {"mox",
     "version:STSv1\r\nmode:\tenforce\r\nmx:  \t\t *.example.com\nmax_age: 1\n"
     "more:ext e  ns ion",
     TAKEN, UNKNOWN " " SHORT, NULL},
    {"mox", "", REFUSED, "policy-empty", NULL},
    {"mox", "version:STSv0\nmode:none\nmax_age:0", REFUSED, "policy-version " SHORT, NULL},
    {"mox", "version:STSv10\nmode:none\nmax_age:0", REFUSED, "policy-version " SHORT, NULL},
    {"mox", "version:STSv2\nmode:none\nmax_age:0", REFUSED, "policy-version " SHORT, NULL},
    {"mox", "version:STSv1\nmax_age:0", REFUSED, "policy-mode policy-mx-missing " SHORT, NULL},
    {"mox", "version:STSv1\nmode:none", REFUSED, "policy-max-age", NULL},
    {"mox", "mode:none\nmax_age:0", REFUSED, "policy-version " SHORT, NULL},
    {"mox", "version:STSv1\nmax_age:0\nmode:enforce", REFUSED, "policy-mx-missing " SHORT, NULL},
    {"mox", "version:STSv1\nmax_age:0\nmode:testing", REFUSED, "policy-mx-missing " SHORT, NULL},
    {"mox", EM "max_age:01234567890", REFUSED, "policy-max-age", NULL},
    {"mox", EM "max_age:a", REFUSED, "policy-max-age", NULL},
    {"mox", V "mode:bad\nmx: a.example\nmax_age: 86400", REFUSED, "policy-mode", NULL},
    {"mox", EA "mx:", REFUSED, BAD_MX, NULL},
    {"mox", EA "mx:*.*.example", REFUSED, BAD_MX, NULL},
    {"mox", EA "mx:**.example", REFUSED, BAD_MX, NULL},
    {"mox", EA "mx:**.example-", REFUSED, BAD_MX, NULL},
    {"mox", EA "mx:test.example-", REFUSED, BAD_MX, NULL},
    {"mox", EA "mx: m\xc3\xb8x.example", REFUSED, BAD_MX, NULL},
    {"mox", S "ext:", REFUSED, SYNTAX, NULL},
    {"mox", S A33 ":test", REFUSED, SYNTAX, NULL},
    {"mox", S "_bad:test", REFUSED, SYNTAX, NULL},
    {"go-mtasts", "version: STSv2", REFUSED, ALL, NULL},
    {"go-mtasts", "version: STSv1", REFUSED, "policy-mode policy-max-age policy-mx-missing", NULL},
    {"go-mtasts", "max_age: 8600", REFUSED, "policy-version policy-mode policy-mx-missing " SHORT,
     NULL},
    {"go-mtasts", "version: STSv1\nmax_age:", REFUSED,
     "policy-mode policy-max-age policy-mx-missing", NULL},
    {"go-mtasts", "version: STSv1\n: 8600", REFUSED,
     "policy-mode policy-max-age policy-mx-missing " SYNTAX, NULL},
    {"go-mtasts", V "mode: invalid_value\nmx: a.example\nmax_age: 86400", REFUSED, "policy-mode",
     NULL},
    {"go-mtasts", V "mode none\nmax_age: 86400", REFUSED, "policy-mode policy-mx-missing " SYNTAX,
     NULL},
    {"go-mtasts", EM, REFUSED, "policy-max-age", NULL},
    {"go-mtasts", EA, REFUSED, "policy-mx-missing", NULL},
    {"go-mtasts", "version: STSv1\nmax_age: 8600\nmode:none", TAKEN, SHORT, NULL},
    {"go-mtasts",
     "version: STSv1\nmax_age: 8600\nmode: enforce\nmx: mx0.example.org\nmx: *.example.org", TAKEN,
     SHORT, NULL},
    {"chasquid", "\n  version: STSv1\n  mode: enforce\n  mx: a.example\n  max_age: 86400\n", TAKEN,
     SYNTAX, policy_grammar},
    {"chasquid", EM "max_age: 31557600", TAKEN, "", NULL},
    {"chasquid", EM "max_age: 31557601", REFUSED, "policy-max-age", NULL},
    {"chasquid", EM "max_age: 0", REFUSED, SHORT, "section 3.2: a non-negative integer"},
    {"chasquid", "version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 86400", REFUSED,
     "policy-version", NULL},
    {"chasquid", V "mode: blah\nmx: a.example\nmax_age: 86400", REFUSED, "policy-mode", NULL},
    {"chasquid", V "mode: none\nmx: a.example\nmax_age: 86400", TAKEN, "", NULL},
    {"chasquid", V "mode: none\nmax_age: 86400", REFUSED, "",
     "section 3.2: mx is required except when mode is none"},
    {"Snawoot", "garbage", REFUSED, SYNTAX, NULL},
    {"Snawoot", EM "max_age: xxx", REFUSED, "policy-max-age", NULL},
    {"Snawoot", V "mx: a.example\nmax_age: 86400", REFUSED, "policy-mode", NULL},
    {"Snawoot", V "mode: doubt\nmx: a.example\nmax_age: 86400", REFUSED, "policy-mode", NULL},
    {"Snawoot", "version: STSv1\nmode: none\nmax_age: 86400", TAKEN, "", NULL},
    {"Snawoot", V "mode: testing\nmx: a.example\nmax_age: 86400", TAKEN, "", NULL},
    {"checkdmarc", EM "max_age: -1", REFUSED, "policy-max-age", NULL},
    {"checkdmarc", EM "max_age: 86400.5", REFUSED, "policy-max-age", NULL},
    {"checkdmarc", EM "max_age: 99999999", REFUSED, "policy-max-age", NULL},
    {"checkdmarc", EM "max_age: abc", REFUSED, "policy-max-age", NULL},
    {"checkdmarc", S "mode: enforce", REFUSED, TWICE, first_counts},
    {"checkdmarc", S "not_a_pair", REFUSED, SYNTAX, NULL},
    {"checkdmarc", S "badkey: badvalue", REFUSED, UNKNOWN, unknown_ignored},
    {"checkdmarc", "version: STSv1\r\nmode: enforce\r\n", REFUSED,
     "policy-max-age policy-mx-missing", NULL},
    {"EFF",
     "version: STSv1\nmode: enforce\nmax_age:100000\nmx: foo.example.com\nmx: bar.example.com\n",
     TAKEN, "", NULL},
    {"EFF", EA "mx: \xf0\x9f\x8c\x9f.\xf0\x9f\x90\xa2.com", TAKEN, BAD_MX,
     "section 3.2: the A-label, and not the U-label"},
    {"EFF", EM "max_age:0", REFUSED, SHORT, "section 3.2: a non-negative integer"},
    {"EFF", V "mode: start_turtles\nmx: a.example\nmax_age: 86400", REFUSED, "policy-mode", NULL},
    {"EFF", "mx: foo.example.com\nmx: bar.example.com\n", REFUSED,
     "policy-version policy-mode policy-max-age", NULL},
    {"rest-mail", V "mode: none\nmode: enforce\nmax_age: 86400", TAKEN, TWICE, NULL},
    {"rest-mail", EM "max_age: 1\nmax_age: 86400", TAKEN, TWICE " " SHORT, NULL},
    {"rest-mail", EM "max_age: 100\nmax_age: garbage", TAKEN, TWICE " " SHORT, NULL},
    {"rest-mail", S "version: STSv2", TAKEN, TWICE, NULL},
    {"rest-mail", EM "max_age: 100days", REFUSED, "policy-max-age", NULL},
    {"rest-mail", EM "max_age: 9223372037", REFUSED, "policy-max-age", NULL},
    {"rest-mail", EM "max_age: 99999999999999999999999999", REFUSED, "policy-max-age", NULL},
    {"tlspol", E "\nmx: a.example\nmax_age: 86400", REFUSED, SYNTAX, NULL},
    {"tlspol", EA "mx: 127.0.0.1", REFUSED, "policy-contested",
     "section 3.2: fits Domain, and matches nothing"},
    {"tlspol", EA "mx: *.1.2.3.4", REFUSED, "policy-contested",
     "section 3.2: fits Domain, and matches nothing"},
    {"tlspol", S "comment: a\tb", REFUSED, SYNTAX, NULL},
    {"tlspol", S "comment: a\rb", REFUSED, SYNTAX, NULL},
    {"tlspol", S "comment: a\x7f", REFUSED, SYNTAX, NULL},
    {"tlspol", S "comment: a\xff", REFUSED, SYNTAX, NULL},
    {"tlspol", S "comment:", REFUSED, SYNTAX, NULL},
    {"tlspol", S "_comment: a", REFUSED, SYNTAX, NULL},
    {"tlspol", S "-comment: a", REFUSED, SYNTAX, NULL},
    {"tlspol", S ".comment: a", REFUSED, SYNTAX, NULL},
    {"tlspol", S "bad name: a", REFUSED, SYNTAX, NULL},
    {"tlspol", S "x+comment: a", REFUSED, SYNTAX, NULL},
    {"tlspol", S "caf\xc3\xa9: a", REFUSED, SYNTAX, NULL},
    {"tlspol", S "comment: caf\xc3\xa9 au lait", TAKEN, UNKNOWN, NULL},
    {"tlspol", S "x-report: safe-value", TAKEN, UNKNOWN, NULL},
    {"tlspol", S "comment: {caf\xc3\xa9}", TAKEN, UNKNOWN, NULL},
    {"Mimecast", S, REFUSED, "", "erratum 6253: the ABNF has LF as a line's end"},
    {"Mimecast", E "mx: a.example\r\nmax_age: 86400\r\n\r\n", REFUSED, SYNTAX, NULL},
    {"Mimecast", EM "max_age: 86400", REFUSED, "", "section 3.2: the last line's end may lack"},
    {"Mimecast", "version: STSv1\rmode: enforce\rmx: a.example\rmax_age: 86400\r", TAKEN, SYNTAX,
     policy_grammar},
    {"Mimecast", S "mode: testing\nmode: none", TAKEN, TWICE, NULL},
    {"Mimecast", V "mode: testing\nmode: enforced\nmx: a.example\nmax_age: 86400", TAKEN, TWICE,
     NULL},
    {"Mimecast", V "mode: pretend\nmx: a.example\nmax_age: 86400", REFUSED, "policy-mode", NULL},
    {"Mimecast", EM "max_age:", TAKEN, "policy-max-age", policy_grammar},
    {"Mimecast", EM "max_age: twenty", REFUSED, "policy-max-age", NULL},
    {"Mimecast", EA "mx: service-alpha-inbound-*.mimecast.com", REFUSED, BAD_MX, NULL},
    {"MailCheck", S " key: v", REFUSED, SYNTAX " " UNKNOWN, NULL},
    {"MailCheck", S "key", REFUSED, SYNTAX, NULL},
    {"MailCheck", EA "mx: @@@@", REFUSED, BAD_MX, NULL},
    {"MailCheck", EA "mx: a.example.", REFUSED, BAD_MX, NULL},
    {"MailCheck", EA "mx:  a.example ", REFUSED, "", "section 3.2: blanks around a value"},
    {"MailCheck", EM "max_age: 1209500", TAKEN, "", NULL},
    {"MailCheck", V "mode: testing\nmx: a.example\nmax_age: 86300", TAKEN, SHORT, NULL},
    {"DomainDetective", S "mode: enforce", REFUSED, TWICE, first_counts},
    {"mailrs", "Version: STSv1\nMode: Enforce\nMX: a.example\nMax_Age: 86400", TAKEN,
     ALL " " UNKNOWN, policy_grammar},
    {"mailrs", "# comment\n\n" S, TAKEN, SYNTAX, policy_grammar},
    {"mailrs", EA "mx:\nmx: real.example", TAKEN, BAD_MX, policy_grammar},
    {"KumoMTA",
     "version: STSv1 \nmode: enforce\nmx: mail.example.com\r\nmx:\t*.example.net\n"
     "mx: backupmx.example.com\nmax_age: 604800",
     TAKEN, "", NULL},
    {"live", "version: STSv1\nmode: enforce\nnmx: mx0.sc-host.de\nmax_age: 604800", REFUSED,
     "policy-mx-missing " UNKNOWN, NULL},
    {"live",
     "version: STSv1\nmode: enforce\nmx: mail.pue.de\nmx: *.pue.de\nmx: mout.kundenserver.de\n"
     "mx: 212.114.86.56\nmax_age: 15552000",
     TAKEN, "policy-contested", NULL},
    {"live", EA "mx: *.mx.microsoft", TAKEN, "", NULL},
};

#define T "v=TLSRPTv1; rua="
#define R "tlsrpt-syntax"

static const char tlsrpt_grammar[] = "RFC 8460 section 3: by its ABNF";

static const struct vector reports[] = {
    {"mox", "v=TLSRPTv1; rua=mailto:tlsrpt@mox.example;", TAKEN, "", NULL},
    {"mox", T "mailto:tlsrpt@mox.example , \t\t https://mox.example/tlsrpt  ", TAKEN, R,
     tlsrpt_grammar},
    {"mox", "v=TLSRPTv1; rua=mailto:tlsrpt@mox.example; ext=yes", TAKEN, "", NULL},
    {"mox", "v=TLSRPTv1 ; rua=mailto:x@x.example; rua=mailto:y@x.example", TAKEN, "", NULL},
    {"mox", "v=TLSRPTv0", REFUSED, R, NULL},
    {"mox", "v=TLSRPTv10", REFUSED, R, NULL},
    {"mox", "v=TLSRPTv2", REFUSED, R, NULL},
    {"mox", "v=TLSRPTv1", REFUSED, R, NULL},
    {"mox", "v=TLSRPTv1;", REFUSED, R, NULL},
    {"mox", "v=TLSRPTv1; ext=1", REFUSED, R, NULL},
    {"mox", T, REFUSED, R, NULL},
    {"mox", T "noscheme", REFUSED, R, NULL},
    {"mox", T ",, ,", REFUSED, R, NULL},
    {"mox", T "mailto:x@x.example; more=", REFUSED, R, NULL},
    {"mox", T "mailto:x@x.example; " A33 "=1", REFUSED, R, NULL},
    {"mox", T "mailto:x@x.example; 1%=a", REFUSED, R, NULL},
    {"mox", T "mailto:x@x.example; test==", REFUSED, R, NULL},
    {"mox", T "mailto:x@x.example;;", REFUSED, R, NULL},
    {"mox", T "mailto:x@x.example other", REFUSED, R, NULL},
    {"mox", T "http://bad/%", REFUSED, R, NULL},
    {"mox", T "mailto:x@x.example\nother", TAKEN, "", NULL},
    {"mox", T "mailto:x@x.example\n" T "mailto:x@x.example", REFUSED, "tlsrpt-multiple", NULL},
    {"mox", "v=TLSRPTv1; bad", REFUSED, R, NULL},
    {"mox", "other", REFUSED, "tlsrpt-absent", NULL},
    {"checkdmarc", T "mailto:x@x.example", TAKEN, "", NULL},
    {"checkdmarc", T "https://x.example", TAKEN, "", NULL},
    {"checkdmarc", T "mailto:x@x.example; xyz=foo", REFUSED, "",
     "RFC 8460 section 3: extensions are ignored"},
    {"checkdmarc", T "mailto:x@x.example; rua=mailto:y@x.example", REFUSED, "", tlsrpt_grammar},
    {"checkdmarc", T "not_a_valid_uri", REFUSED, R, NULL},
    {"checkdmarc", "v=spf1 -all", REFUSED, "tlsrpt-absent", NULL},
    {"mail-auth", "v=TLSRPTv1;rua=mailto:reports@example.com", TAKEN, "", NULL},
    {"mail-auth", "v=TLSRPTv1;rua=mailto:a@x.example,https://x.example/r", TAKEN, "", NULL},
    {"Mimecast", T "https://x.example/v1.app?val=1", TAKEN, "", NULL},
    {"Mimecast", NULL, REFUSED, "tlsrpt-absent", NULL},
    {"Mimecast", "rua=mailto:x@x.example", REFUSED, "tlsrpt-absent", NULL},
    {"Mimecast", "v=TLSRPTv;", REFUSED, R, NULL},
    {"Mimecast", "v-TLSRPTv1 rua=mailto:x@x.example", REFUSED, "tlsrpt-absent", NULL},
    {"Mimecast", T "mailto:", REFUSED, R, NULL},
    {"Mimecast", T "mailto:tlsrpt.mimecast.com", REFUSED, R, NULL},
    {"Mimecast", T "https://tlsrpt-mimecast-com/v1", REFUSED, "", "RFC 3986: a host needs no dot"},
    {"Mimecast", "v=TLSRPTv2; rua=mailto:x@x.example", REFUSED, R, NULL},
    {"DomainDetective", T "ftp://reports.example.com", REFUSED, R, NULL},
    {"DomainDetective", T "mailto:reports%2Btls@example.com", TAKEN, "", NULL},
    {"DomainDetective", T "mailto:x@x.example;foo=bar;test", TAKEN, R, tlsrpt_grammar},
    {"DomainDetective", T "mailto:x@x.example\n" T "mailto:y@x.example", TAKEN, "tlsrpt-multiple",
     "RFC 8460 section 3: not exactly one is none"},
    {"Mail-STS", "v=TLSRPTv1; rua=john@example.com", TAKEN, R, tlsrpt_grammar},
};

static struct spans lines_of(const char *text, struct span at[TXT_MAX]) {
  struct span rest = span_of(text);
  struct spans txt = {at, 0};
  while (rest.len) at[txt.count++] = span_cut(&rest, '\n');
  return txt;
}

static enum theirs judge_record(const struct vector *vector, struct judged *judged) {
  struct span at[TXT_MAX], id;
  bool sound = record_judge(lines_of(vector->text, at), &judged->findings, &id) == RECORD_SOUND;
  return sound ? TAKEN : REFUSED;
}

static enum theirs judge_policy(const struct vector *vector, struct judged *judged) {
  struct result_policy policy = {0};
  policy_parse(span_of(vector->text), &judged->findings, &policy);
  return finding_list_error_at(&judged->findings, STAGE_POLICY_SYNTAX) ? REFUSED : TAKEN;
}

static enum theirs judge_reports(const struct vector *vector, struct judged *judged) {
  struct span at[TXT_MAX];
  struct result_tlsrpt tlsrpt = {.txt = lines_of(vector->text, at)};
  tlsrpt_judge(&tlsrpt, &judged->findings);
  return judged->findings.first ? REFUSED : TAKEN;
}

static void assert_vectors(const struct vector *vectors, size_t count,
                           enum theirs (*judge)(const struct vector *, struct judged *)) {
  for (size_t i = 0; i < count; i++) {
    struct judged judged;
    const struct vector *vector = &vectors[i];
    enum theirs ours = judge(vector, judged_begin(&judged));
    const char *text = vector->text ? vector->text : "(no TXT)";
    assert_codes(&judged, vector->codes, text);
    if ((ours != vector->theirs) != (vector->why != NULL))
      print_error("%s: %s: ours %s theirs\n", vector->who, text, vector->why ? "is" : "is not");
    assert_int_equal(ours != vector->theirs, vector->why != NULL);
    judged_end(&judged);
  }
}

static void judges_their_records(void **state) {
  (void)state;
  assert_vectors(records, COUNT(records), judge_record);
}

static void judges_their_policies(void **state) {
  (void)state;
  assert_vectors(policies, COUNT(policies), judge_policy);
}

static void judges_their_tlsrpt_records(void **state) {
  (void)state;
  assert_vectors(reports, COUNT(reports), judge_reports);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(judges_their_records),
      cmocka_unit_test(judges_their_policies),
      cmocka_unit_test(judges_their_tlsrpt_records),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
