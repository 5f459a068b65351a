#include "scanner/dns/message.h"
#include "scanner/dns/wire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Pieces of packets, as string literals. The question's name stands at offset 12, "test" at 14. */
#define HEAD(flags, answers, authorities, additionals)                                             \
  "\x12\x34" flags "\0\1\0" answers "\0" authorities "\0" additionals
#define ANSWERED              "\x81\x80"
#define AUTHENTIC             "\x81\xa0"
#define TRUNCATED             "\x83\x80"
#define NXDOMAIN              "\x81\x83"
#define QUESTION(type)        "\1q\4test\0\0" type "\0\1"
#define OWNER                 "\xc0\x0c"
#define TEST                  "\xc0\x0e"
#define TXT                   "\x10"
#define A                     "\1"
#define AAAA                  "\x1c"
#define MX                    "\x0f"
#define PTR                   "\x0c"
#define TLSA                  "\x34"
#define CNAME                 "\5"
#define NS                    "\2"
#define RR(owner, type, size) owner "\0" type "\0\1\0\0\1\x2c\0" size
#define OPT(upper)            "\0\0\x29\4\xd0" upper "\0\0\0\0\0"
#define SOA                   TEST "\0\6\0\1\0\0\1\x2c\0\x18\2ns" TEST "\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0"

struct row {
  const char *what;
  const char *bytes;
  size_t len;
  enum dns_type type;
  enum err err;
  int rcode;
  const char *cname;   /* the chain, joined by spaces */
  const char *records; /* in hex or as text, joined by spaces */
  bool ad, truncated, edns;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct row rows[] = {
    {.what = "NXDOMAIN", BYTES(HEAD(NXDOMAIN, "\0", "\0", "\0") QUESTION(TXT)), .rcode = 3},
    {.what = "NXDOMAIN with SOA and OPT",
     BYTES(HEAD(NXDOMAIN, "\0", "\1", "\1") QUESTION(TXT) SOA OPT("\0")),
     .rcode = 3,
     .edns = true},
    {.what = "no data", BYTES(HEAD(ANSWERED, "\0", "\1", "\0") QUESTION(TXT) SOA)},
    {.what = "extended rcode",
     BYTES(HEAD(ANSWERED, "\0", "\0", "\1") QUESTION(TXT) OPT("\1")),
     .rcode = 16,
     .edns = true},
    {.what = "two OPT",
     BYTES(HEAD(ANSWERED, "\0", "\0", "\2") QUESTION(TXT) OPT("\0") OPT("\0")),
     .err = ERR_SYNTAX},
    {.what = "the name in another case",
     BYTES(HEAD(NXDOMAIN, "\0", "\0", "\0") "\1Q\4tEsT\0\0" TXT "\0\1"),
     .rcode = 3},
    {.what = "TXT of one string",
     BYTES(HEAD(AUTHENTIC, "\1", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\4") "\3abc"),
     .records = "abc",
     .ad = true},
    {.what = "TXT of three strings, one empty",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\7") "\3abc\0\1d"),
     .records = "abcd"},
    {.what = "TXT of one empty string",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\1") "\0"),
     .records = ""},
    {.what = "TXT without a string",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\0")),
     .err = ERR_SYNTAX},
    {.what = "a string beyond its RDATA",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\3") "\3ab!!"),
     .err = ERR_SYNTAX},
    {.what = "RDATA beyond the packet",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\4") "\3ab"),
     .err = ERR_SYNTAX},
    {.what = "two TXT, in order, between others",
     BYTES(HEAD(ANSWERED, "\4", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\2") "\1b" RR(
         OWNER, A, "\4") "\1\2\3\4" RR(OWNER, TXT, "\2") "\1a" RR(TEST, TXT, "\2") "\1x"),
     .records = "b a"},
    {.what = "a record of another class",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) OWNER "\0\x10\0\3\0\0\0\0\0\2\1a")},
    {.what = "the owner spelt out, in another case",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR("\1Q\4TEST\0", TXT, "\2") "\1a"),
     .records = "a"},
    {.what = "A",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(A) RR(OWNER, A, "\4") "abcd"),
     .type = DNS_TYPE_A,
     .records = "abcd"},
    {.what = "A of five octets",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(A) RR(OWNER, A, "\5") "abcde"),
     .type = DNS_TYPE_A,
     .err = ERR_SYNTAX},
    {.what = "AAAA",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(AAAA)
               RR(OWNER, AAAA, "\x10") "0123456789abcdef"),
     .type = DNS_TYPE_AAAA,
     .records = "0123456789abcdef"},
    {.what = "AAAA of four octets",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(AAAA) RR(OWNER, AAAA, "\4") "abcd"),
     .type = DNS_TYPE_AAAA,
     .err = ERR_SYNTAX},
    {.what = "PTR",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(PTR) RR(OWNER, PTR, "\5") "\2Mx" TEST),
     .type = DNS_TYPE_PTR,
     .records = "mx.test"},
    {.what = "PTR with octets behind its host",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(PTR) RR(OWNER, PTR, "\2") "\0!"),
     .type = DNS_TYPE_PTR,
     .err = ERR_SYNTAX},
    {.what = "TLSA",
     BYTES(HEAD(AUTHENTIC, "\2", "\0", "\0") QUESTION(TLSA)
               RR(OWNER, TLSA, "\4") "311a" RR(OWNER, TLSA, "\6") "200abc"),
     .type = DNS_TYPE_TLSA,
     .records = "311a 200abc",
     .ad = true},
    {.what = "TLSA without data",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TLSA) RR(OWNER, TLSA, "\3") "311"),
     .type = DNS_TYPE_TLSA,
     .err = ERR_SYNTAX},
    {.what = "MX, compressed",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(MX) RR(OWNER, MX, "\7") "\1\2\2Mx" TEST),
     .type = DNS_TYPE_MX,
     .records = "258:mx.test"},
    {.what = "null MX",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(MX) RR(OWNER, MX, "\3") "\0\0\0"),
     .type = DNS_TYPE_MX,
     .records = "0:."},
    {.what = "two NS, one compressed",
     BYTES(HEAD(ANSWERED, "\2", "\0", "\0") QUESTION(NS)
               RR(OWNER, NS, "\5") "\2Ns" TEST RR(OWNER, NS, "\3") "\1b\0"),
     .type = DNS_TYPE_NS,
     .records = "ns.test b"},
    {.what = "NS with something behind it",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(NS) RR(OWNER, NS, "\4") "\1b\0!"),
     .type = DNS_TYPE_NS,
     .err = ERR_SYNTAX},
    {.what = "MX without a host",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(MX) RR(OWNER, MX, "\2") "\0\0"),
     .type = DNS_TYPE_MX,
     .err = ERR_SYNTAX},
    {.what = "MX with octets behind its host",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(MX) RR(OWNER, MX, "\4") "\0\0\0!"),
     .type = DNS_TYPE_MX,
     .err = ERR_SYNTAX},
    {.what = "octets that need an escape",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(MX) RR(OWNER, MX, "\7") "\0\1\3. \xff\0"),
     .type = DNS_TYPE_MX,
     .records = "1:\\046\\032\\255"},
    {.what = "a CNAME behind what it leads to",
     BYTES(HEAD(ANSWERED, "\3", "\0", "\0") QUESTION(TXT) RR("\1y" TEST, TXT, "\2") "\1a" RR(
         "\1x" TEST, CNAME, "\4") "\1y" TEST RR(OWNER, CNAME, "\4") "\1x" TEST),
     .cname = "x.test y.test",
     .records = "a"},
    {.what = "NXDOMAIN at the end of a chain",
     BYTES(HEAD(NXDOMAIN, "\1", "\1", "\0") QUESTION(TXT) RR(OWNER, CNAME, "\4") "\1x" TEST SOA),
     .rcode = 3,
     .cname = "x.test"},
    {.what = "a CNAME of another name",
     BYTES(HEAD(ANSWERED, "\2", "\0", "\0") QUESTION(TXT)
               RR("\1z" TEST, CNAME, "\4") "\1x" TEST RR("\1x" TEST, TXT, "\2") "\1a")},
    {.what = "a CNAME to itself",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR(OWNER, CNAME, "\2") OWNER),
     .err = ERR_SYNTAX},
    {.what = "a CNAME loop of two",
     BYTES(HEAD(ANSWERED, "\2", "\0", "\0") QUESTION(TXT)
               RR(OWNER, CNAME, "\4") "\1x" TEST RR("\1x" TEST, CNAME, "\2") OWNER),
     .err = ERR_SYNTAX},
    {.what = "a name that points to itself",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR("\xc0\x18", TXT, "\2") "\1a"),
     .err = ERR_SYNTAX},
    {.what = "a name that points to its own first label",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR("\1q\xc0\x18", TXT, "\2") "\1a"),
     .err = ERR_SYNTAX},
    {.what = "a name that points forward",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR("\xc0\x20", TXT, "\2") "\1a"),
     .err = ERR_SYNTAX},
    {.what = "a name that points beyond the packet",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR("\xff\xff", TXT, "\2") "\1a"),
     .err = ERR_SYNTAX},
    {.what = "a label type that is none",
     BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR("\x80q", TXT, "\2") "\1a"),
     .err = ERR_SYNTAX},
    {.what = "more answers told than there are",
     BYTES(HEAD(ANSWERED, "\2", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\2") "\1a"),
     .err = ERR_SYNTAX},
    {.what = "more authorities told than there are",
     BYTES(HEAD(NXDOMAIN, "\0", "\2", "\0") QUESTION(TXT) SOA),
     .err = ERR_SYNTAX},
    {.what = "another question's name",
     BYTES(HEAD(NXDOMAIN, "\0", "\0", "\0") "\1r\4test\0\0" TXT "\0\1"),
     .err = ERR_SYNTAX},
    {.what = "a question's name that goes on",
     BYTES(HEAD(NXDOMAIN, "\0", "\0", "\0") "\1q\4test\1x\0\0" TXT "\0\1"),
     .err = ERR_SYNTAX},
    {.what = "another question's type",
     BYTES(HEAD(NXDOMAIN, "\0", "\0", "\0") QUESTION(A)),
     .err = ERR_SYNTAX},
    {.what = "another question's class",
     BYTES(HEAD(NXDOMAIN, "\0", "\0", "\0") "\1q\4test\0\0" TXT "\0\3"),
     .err = ERR_SYNTAX},
    {.what = "two questions",
     BYTES("\x12\x34" ANSWERED "\0\2\0\0\0\0\0\0" QUESTION(TXT) QUESTION(TXT)),
     .err = ERR_SYNTAX},
    {.what = "a query", BYTES(HEAD("\1\0", "\0", "\0", "\0") QUESTION(TXT)), .err = ERR_SYNTAX},
    {.what = "another opcode",
     BYTES(HEAD("\xa9\x80", "\0", "\0", "\0") QUESTION(TXT)),
     .err = ERR_SYNTAX},
    {.what = "truncated within an answer",
     BYTES(HEAD(TRUNCATED, "\2", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\2")),
     .truncated = true},
    {.what = "nothing", BYTES(""), .err = ERR_SYNTAX},
    {.what = "half a header", BYTES("\x12\x34\x81\x80\0\1"), .err = ERR_SYNTAX},
};

static const struct span name = {"q.test", 6};

static char *text_of_chain(const struct spans *spans) {
  static char out[4096];
  size_t len = 0;
  for (size_t i = 0; i < spans->count; i++)
    len += (size_t)snprintf(out + len, sizeof out - len, "%s%.*s", i ? " " : "",
                            SPAN_ARG(spans->at[i]));
  return out;
}

static char *text_of_records(const struct dns_answer *answer, enum dns_type type) {
  static char out[4096];
  size_t len = 0;
  for (size_t i = 0; i < answer->count; i++) {
    const struct dns_record *record = &answer->records[i];
    assert_int_equal(record->ttl, 300);
    len += (size_t)snprintf(out + len, sizeof out - len, "%s", i ? " " : "");
    if (type == DNS_TYPE_MX)
      len += (size_t)snprintf(out + len, sizeof out - len, "%u:", record->preference);
    len += (size_t)snprintf(out + len, sizeof out - len, "%.*s", SPAN_ARG(record->data));
  }
  return out;
}

/* A copy whose end is the end of its memory, so that a sanitizer sees a read beyond it. */
static enum err read_exact(struct span packet, struct span question, enum dns_type type,
                           struct arena *arena, struct dns_answer *answer) {
  char *copy = malloc(packet.len ? packet.len : 1);
  assert_non_null(copy);
  memcpy(copy, packet.ptr, packet.len);
  enum err err = message_read((struct span){copy, packet.len}, question, type, arena, answer);
  free(copy);
  return err;
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    struct arena arena = {.limit = 0};
    struct dns_answer answer;
    enum dns_type type = row->type ? row->type : DNS_TYPE_TXT;
    enum err err = read_exact((struct span){row->bytes, row->len}, name, type, &arena, &answer);
    if (err != row->err) fail_msg("%s: %s", row->what, err_text(err));
    if (!err) {
      if (answer.rcode != row->rcode) fail_msg("%s: rcode %d", row->what, answer.rcode);
      if (answer.ad != row->ad || answer.truncated != row->truncated)
        fail_msg("%s: wrong flags", row->what);
      if (answer.has_edns != row->edns) fail_msg("%s: wrong EDNS", row->what);
      if (!row->cname != !answer.cname.count) fail_msg("%s: wrong chain", row->what);
      if (row->cname) assert_string_equal(text_of_chain(&answer.cname), row->cname);
      if (!row->records != !answer.count) fail_msg("%s: wrong count", row->what);
      if (row->records) assert_string_equal(text_of_records(&answer, type), row->records);
    }
    arena_free(&arena);
  }
}

/* Cut anywhere, an answer is malformed, and nothing is read beyond its end. */
static void test_cut(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].err || rows[i].truncated) continue;
    for (size_t len = 0; len < rows[i].len; len++) {
      struct arena arena = {.limit = 0};
      struct dns_answer answer;
      enum dns_type type = rows[i].type ? rows[i].type : DNS_TYPE_TXT;
      enum err err = read_exact((struct span){rows[i].bytes, len}, name, type, &arena, &answer);
      if (err != ERR_SYNTAX) fail_msg("%s cut to %zu: %s", rows[i].what, len, err_text(err));
      arena_free(&arena);
    }
  }
}

static void test_empty_answer_allocates_nothing(void **state) {
  (void)state;
  struct arena arena = {.limit = 1};
  struct dns_answer answer;
  struct span packet = {BYTES(HEAD(NXDOMAIN, "\0", "\1", "\1") QUESTION(TXT) SOA OPT("\0"))};
  assert_int_equal(message_read(packet, name, DNS_TYPE_TXT, &arena, &answer), ERR_NONE);
  assert_int_equal(answer.rcode, DNS_NXDOMAIN);
  assert_int_equal(arena.total, 0);
  assert_int_equal(arena.err, ERR_NONE);
}

static void test_no_memory(void **state) {
  (void)state;
  struct arena arena = {.limit = 1};
  struct dns_answer answer;
  struct span packet = {
      BYTES(HEAD(ANSWERED, "\1", "\0", "\0") QUESTION(TXT) RR(OWNER, TXT, "\4") "\3abc")};
  assert_int_equal(message_read(packet, name, DNS_TYPE_TXT, &arena, &answer), ERR_MEMORY);
  arena_free(&arena);
}

/* Packets too long for a table. */
struct packet {
  char bytes[65536];
  size_t len;
};

static void put(struct packet *packet, const void *bytes, size_t len) {
  assert_true(len <= sizeof packet->bytes - packet->len);
  memcpy(packet->bytes + packet->len, bytes, len);
  packet->len += len;
}

static void put_head(struct packet *packet, unsigned answers) {
  packet->len = 0;
  put(packet, BYTES(HEAD(ANSWERED, "\0", "\0", "\0") QUESTION(TXT)));
  packet->bytes[6] = (char)(answers >> 8);
  packet->bytes[7] = (char)answers;
}

static enum err read_packet(const struct packet *packet, struct dns_answer *answer) {
  struct arena arena = {.limit = 0};
  struct span bytes = {packet->bytes, packet->len};
  enum err err = read_exact(bytes, name, DNS_TYPE_TXT, &arena, answer);
  arena_free(&arena);
  return err;
}

static enum err read_chain(unsigned links, struct dns_answer *answer) {
  static struct packet packet;
  put_head(&packet, links);
  for (unsigned i = 0; i < links; i++) {
    char target[] = {1, (char)('A' + i), (char)0xc0, 0x0e};
    char owner[] = {1, (char)('A' + i - 1), (char)0xc0, 0x0e};
    put(&packet, i ? owner : OWNER, i ? sizeof owner : 2);
    put(&packet, BYTES(RR("", CNAME, "\4")));
    put(&packet, target, sizeof target);
  }
  return read_packet(&packet, answer);
}

static void test_cname_limit(void **state) {
  (void)state;
  struct dns_answer answer;
  assert_int_equal(read_chain(DNS_CNAME_MAX - 1, &answer), ERR_NONE);
  assert_int_equal(answer.cname.count, DNS_CNAME_MAX - 1);
  assert_int_equal(read_chain(DNS_CNAME_MAX, &answer), ERR_NONE);
  assert_int_equal(answer.cname.count, DNS_CNAME_MAX);
  assert_int_equal(read_chain(DNS_CNAME_MAX + 1, &answer), ERR_SYNTAX);
}

/* count TXT of the question's name, then others of another name */
static enum err read_many(unsigned count, unsigned others, struct dns_answer *answer) {
  static struct packet packet;
  put_head(&packet, count + others);
  for (unsigned i = 0; i < count; i++) put(&packet, BYTES(RR(OWNER, TXT, "\2") "\1a"));
  for (unsigned i = 0; i < others; i++) put(&packet, BYTES(RR(TEST, TXT, "\2") "\1a"));
  return read_packet(&packet, answer);
}

static void test_record_limits(void **state) {
  (void)state;
  struct dns_answer answer;
  assert_int_equal(read_many(DNS_RECORD_MAX - 1, 0, &answer), ERR_NONE);
  assert_int_equal(read_many(DNS_RECORD_MAX, 0, &answer), ERR_NONE);
  assert_int_equal(answer.count, DNS_RECORD_MAX);
  assert_int_equal(read_many(DNS_RECORD_MAX + 1, 0, &answer), ERR_SYNTAX);
  assert_int_equal(read_many(1, DNS_ANSWER_MAX - 2, &answer), ERR_NONE);
  assert_int_equal(read_many(1, DNS_ANSWER_MAX - 1, &answer), ERR_NONE);
  assert_int_equal(answer.count, 1);
  assert_int_equal(read_many(1, DNS_ANSWER_MAX, &answer), ERR_SYNTAX);
}

/* A CNAME to a name of 192 + rest octets on the wire, in labels of 63 and a last one, then "test".
 */
static enum err read_long_name(size_t rest) {
  static struct packet packet;
  static const char label[64] = {63};
  struct dns_answer answer;
  char last[64] = {(char)(rest - 7)};
  char size = (char)(3 * 64 + rest - 4);
  put_head(&packet, 1);
  put(&packet, BYTES(OWNER "\0" CNAME "\0\1\0\0\1\x2c\0"));
  put(&packet, &size, 1);
  for (int i = 0; i < 3; i++) put(&packet, label, sizeof label);
  put(&packet, last, rest - 6);
  put(&packet, BYTES(TEST));
  return read_packet(&packet, &answer);
}

static void test_name_limit(void **state) {
  (void)state;
  assert_int_equal(read_long_name(254 - 192), ERR_NONE);
  assert_int_equal(read_long_name(255 - 192), ERR_NONE);
  assert_int_equal(read_long_name(256 - 192), ERR_SYNTAX);
}

/* An answer whose owner leads to the question's name over so many pointers, which stand in the data
 * of a record of another name. */
static enum err read_pointers(unsigned count, struct dns_answer *answer) {
  static struct packet packet;
  unsigned size = 2 * (count - 1), at = 0x0c;
  char head[] = {(char)(size >> 8), (char)size};
  put_head(&packet, 2);
  put(&packet, BYTES(TEST "\0" TXT "\0\1\0\0\1\x2c"));
  put(&packet, head, sizeof head);
  for (unsigned i = 0; i < count; i++) {
    char pointer[] = {(char)(0xc0 | at >> 8), (char)at};
    at = (unsigned)packet.len;
    put(&packet, pointer, sizeof pointer); /* the last begins the next record */
  }
  put(&packet, BYTES("\0" TXT "\0\1\0\0\1\x2c\0\2\1a"));
  return read_packet(&packet, answer);
}

static void test_pointer_limit(void **state) {
  (void)state;
  struct dns_answer answer;
  assert_int_equal(read_pointers(WIRE_POINTERS_MAX - 1, &answer), ERR_NONE);
  assert_int_equal(read_pointers(WIRE_POINTERS_MAX, &answer), ERR_NONE);
  assert_int_equal(answer.count, 1);
  assert_int_equal(read_pointers(WIRE_POINTERS_MAX + 1, &answer), ERR_SYNTAX);
}

static void test_query(void **state) {
  (void)state;
  static const char plain[] = "\xab\xcd\1\x20\0\1\0\0\0\0\0\0" QUESTION(TXT);
  static const char edns[] = "\xab\xcd\1\x20\0\1\0\0\0\0\0\1" QUESTION(TXT) OPT("\0");
  unsigned char out[DNS_QUERY_SIZE_MAX];
  size_t len = message_query(out, 0xabcd, name, DNS_TYPE_TXT, false);
  assert_int_equal(len, sizeof plain - 1);
  assert_memory_equal(out, plain, len);
  len = message_query(out, 0xabcd, name, DNS_TYPE_TXT, true);
  assert_int_equal(len, sizeof edns - 1);
  assert_memory_equal(out, edns, len);
}

static size_t query_size(struct span asked) {
  unsigned char out[DNS_QUERY_SIZE_MAX];
  return message_query(out, 0, asked, DNS_TYPE_TXT, true);
}

static void test_query_names(void **state) {
  (void)state;
  char label[64];
  memset(label, 'a', sizeof label);
  assert_int_not_equal(query_size((struct span){label, 62}), 0);
  assert_int_not_equal(query_size((struct span){label, 63}), 0);
  assert_int_equal(query_size((struct span){label, 64}), 0);

  char text[DNS_NAME_MAX + 1];
  for (size_t i = 0; i < sizeof text; i++) text[i] = i % 10 == 9 ? '.' : 'a';
  assert_int_not_equal(query_size((struct span){text, DNS_NAME_MAX - 1}), 0);
  assert_int_equal(query_size((struct span){text, DNS_NAME_MAX}), 12 + 255 + 4 + 11);
  assert_int_equal(query_size((struct span){text, DNS_NAME_MAX + 1}), 0);

  assert_int_equal(query_size(SPAN(".")), 12 + 1 + 4 + 11);
  static const char *const bad[] = {"", "..", "a.", ".a", "a..b"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (query_size(span_of(bad[i]))) fail_msg("\"%s\" was taken", bad[i]);
}

#define STUB_HEAD "\x12\x34\x80\0\0\1\0\0\0\0\0\0"

static void test_stub(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t len;
    const char *stub;
    size_t stub_len; /* 0: none */
  } stubs[] = {
      {BYTES(HEAD(ANSWERED, "\0", "\0", "\0") QUESTION(TXT)), BYTES(STUB_HEAD QUESTION(TXT))},
      {BYTES(HEAD("\x87\xff", "\7", "\7", "\7") QUESTION(MX) "junk"),
       BYTES(STUB_HEAD QUESTION(MX))},
      {BYTES(HEAD(ANSWERED, "\0", "\0", "\0") "\0\0" TXT "\0\1"),
       BYTES(STUB_HEAD "\0\0" TXT "\0\1")},
      /* a query that comes back, and an answer to another opcode: passed over */
      {BYTES(HEAD("\0\0", "\0", "\0", "\0") QUESTION(TXT)), NULL, 0},
      {BYTES(HEAD("\x88\0", "\0", "\0", "\0") QUESTION(TXT)), NULL, 0},
      {BYTES(HEAD(ANSWERED, "\0", "\0", "\0") "\1q\4test\0\0" TXT "\0\3"), NULL, 0},
      {BYTES(HEAD(ANSWERED, "\0", "\0", "\0") OWNER "\0" TXT "\0\1"), NULL, 0},
      {BYTES(HEAD(ANSWERED, "\0", "\0", "\0") "\x40" QUESTION(TXT)), NULL, 0},
      {BYTES("\x12\x34" ANSWERED "\0\0\0\0\0\0\0\0" QUESTION(TXT)), NULL, 0},
      {BYTES("\x12\x34" ANSWERED "\0\2\0\0\0\0\0\0" QUESTION(TXT) QUESTION(TXT)), NULL, 0},
      {BYTES("\x12\x34" ANSWERED "\1\1\0\0\0\0\0\0" QUESTION(TXT)), NULL, 0},
  };
  for (size_t i = 0; i < sizeof stubs / sizeof *stubs; i++) {
    unsigned char out[DNS_STUB_SIZE_MAX];
    size_t len = message_answer_stub(out, (struct span){stubs[i].bytes, stubs[i].len});
    if (len != stubs[i].stub_len) fail_msg("row %zu: %zu octets", i, len);
    if (len) assert_memory_equal(out, stubs[i].stub, len);
  }
  for (size_t cut = 0; cut < stubs[0].len; cut++) {
    unsigned char out[DNS_STUB_SIZE_MAX];
    assert_int_equal(message_answer_stub(out, (struct span){stubs[0].bytes, cut}), 0);
  }
}

static void test_bare_formerr(void **state) {
  (void)state;
  const struct {
    const char *bytes;
    size_t len;
    bool is;
  } packets[] = {
      {"\x12\x34\x80\1\0\0\0\0\0\0\0\0", 12, true},
      {"\x12\x34\x81\x81\0\1\0\0\0\0\0\1", 12, true}, /* the query's counts */
      {"\x12\x34\x80\2\0\0\0\0\0\0\0\0", 12, false},  /* SERVFAIL */
      {"\x12\x34\0\1\0\0\0\0\0\0\0\0", 12, false},    /* a query */
      {"\x12\x34\xa8\1\0\0\0\0\0\0\0\0", 12, false},  /* UPDATE */
      {"\x12\x34\x80\1\0\0\0\0\0\0\0", 11, false},
      {"\x12\x34\x80\1\0\0\0\0\0\0\0\0\0", 13, false},
      {"", 0, false},
  };
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
    assert_int_equal(message_is_bare_formerr((struct span){packets[i].bytes, packets[i].len}),
                     packets[i].is);
}

static void test_query_stub(void **state) {
  (void)state;
  unsigned char query[DNS_QUERY_SIZE_MAX], plain[DNS_QUERY_SIZE_MAX], stub[DNS_STUB_SIZE_MAX];
  size_t size = message_query(query, 0x1234, SPAN("_mta-sts.example.com"), DNS_TYPE_TXT, true);
  size_t plain_size =
      message_query(plain, 0x1234, SPAN("_mta-sts.example.com"), DNS_TYPE_TXT, false);
  plain[2] = plain[3] = 0; /* the flags */
  assert_int_equal(message_query_stub(stub, (struct span){(char *)query, size}), plain_size);
  assert_memory_equal(stub, plain, plain_size);
}

static size_t stub_of_name(size_t last_label) {
  static struct packet packet;
  static const char label[64] = {63};
  unsigned char out[DNS_STUB_SIZE_MAX];
  char length = (char)last_label;
  packet.len = 0;
  put(&packet, BYTES(HEAD(ANSWERED, "\0", "\0", "\0")));
  for (int i = 0; i < 3; i++) put(&packet, label, sizeof label);
  put(&packet, &length, 1);
  put(&packet, label, last_label);
  put(&packet, BYTES("\0\0" TXT "\0\1"));
  return message_answer_stub(out, (struct span){packet.bytes, packet.len});
}

static void test_stub_limit(void **state) {
  (void)state;
  assert_int_equal(stub_of_name(60), DNS_STUB_SIZE_MAX - 1);
  assert_int_equal(stub_of_name(61), DNS_STUB_SIZE_MAX);
  assert_int_equal(stub_of_name(62), 0);
}

/* The option behind the OPT record's head, of that many octets. */
#define OPT_OF(size, options) "\0\0\x29\4\xd0\0\0\0\0\0" size options
#define SERVFAIL              "\x81\x82"

static void test_extended_error(void **state) {
  (void)state;
  static const struct {
    const char *what;
    const char *bytes;
    size_t len;
    bool here;
    unsigned code;
    const char *text;
  } errors[] = {
      {"code and text",
       BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT) OPT_OF("\x0d", "\0\x0f\0\x09\0\x07"
                                                                           "expired")),
       true, 7, "expired"},
      {"code alone",
       BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT) OPT_OF("\6", "\0\x0f\0\2\0\6")), true,
       6, NULL},
      {"a NUL at the end",
       BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT) OPT_OF("\x08", "\0\x0f\0\4\0\6x\0")),
       true, 6, "x"},
      {"behind another option",
       BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT)
                 OPT_OF("\x0b", "\0\x0a\0\1x\0\x0f\0\2\0\x16")),
       true, 22, NULL},
      {"the first of two",
       BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT)
                 OPT_OF("\x0c", "\0\x0f\0\2\0\x16\0\x0f\0\2\0\x17")),
       true, 22, NULL},
      {"no code", BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT) OPT_OF("\5", "\0\x0f\0\1x")),
       false, 0, NULL},
      {"longer than the record",
       BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT) OPT_OF("\6", "\0\x0f\0\3\0\6")), false,
       0, NULL},
      {"half an option",
       BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT) OPT_OF("\3", "\0\x0f\0")), false, 0,
       NULL},
      {"the largest code",
       BYTES(HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT) OPT_OF("\6", "\0\x0f\0\2\xff\xff")),
       true, 65535, NULL},
  };
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    struct arena arena = {0};
    struct dns_answer answer;
    struct span packet = {errors[i].bytes, errors[i].len};
    print_message("%s\n", errors[i].what);
    assert_int_equal(message_read(packet, SPAN("q.test"), DNS_TYPE_TXT, &arena, &answer), ERR_NONE);
    assert_int_equal(answer.rcode, DNS_SERVFAIL);
    assert_int_equal(answer.ede.here, errors[i].here);
    assert_int_equal(answer.ede.code, errors[i].code);
    assert_true(span_equal(answer.ede.text, span_of(errors[i].text)));
    arena_free(&arena);
  }
}

static void test_extended_error_text(void **state) {
  (void)state;
  static const char head[] =
      HEAD(SERVFAIL, "\0", "\0", "\1") QUESTION(TXT) "\0\0\x29\4\xd0\0\0\0\0";
  for (size_t len = RESULT_EDE_TEXT_MAX - 1; len <= RESULT_EDE_TEXT_MAX + 1; len++) {
    struct arena arena = {0};
    struct dns_answer answer;
    char packet[sizeof head + 6 + 1 + RESULT_EDE_TEXT_MAX + 1];
    const char option[] = {0, (char)(6 + len), 0, 15, 0, (char)(2 + len), 0, 7};
    memcpy(packet, head, sizeof head - 1);
    memcpy(packet + sizeof head - 1, option, sizeof option);
    memset(packet + sizeof head - 1 + sizeof option, 'x', len);
    struct span whole = {packet, sizeof head - 1 + sizeof option + len};
    assert_int_equal(message_read(whole, SPAN("q.test"), DNS_TYPE_TXT, &arena, &answer), ERR_NONE);
    assert_true(answer.ede.here);
    assert_int_equal(answer.ede.text.len, len < RESULT_EDE_TEXT_MAX ? len : RESULT_EDE_TEXT_MAX);
    arena_free(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_extended_error),
      cmocka_unit_test(test_extended_error_text),
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_cut),
      cmocka_unit_test(test_empty_answer_allocates_nothing),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_cname_limit),
      cmocka_unit_test(test_record_limits),
      cmocka_unit_test(test_name_limit),
      cmocka_unit_test(test_pointer_limit),
      cmocka_unit_test(test_query),
      cmocka_unit_test(test_query_names),
      cmocka_unit_test(test_stub),
      cmocka_unit_test(test_query_stub),
      cmocka_unit_test(test_bare_formerr),
      cmocka_unit_test(test_stub_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
