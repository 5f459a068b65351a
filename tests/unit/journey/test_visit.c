/* What becomes of a visit by what DNS and the prober say, which is made up here (the linker's
 * --wrap), down to the evidence that waits in the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/journey/job.h"
#include "scanner/smtp/packed_evidence.h"
#include "tests/unit/net/block_list_of.h"
#include <stdlib.h>

enum { ASKED_MAX = 64, HOSTS_BYTES = 1 << 20, NAME_MAX_LEN = 253 };

#define HOST SPAN("mx.example")

static struct lookup *asked[ASKED_MAX]; /* that wait for an answer */
static size_t asked_count;
static struct mx_probe *probe; /* the last that was started */
static enum err probe_err;
static unsigned told, failed;
static enum err failed_by;

enum err __wrap_resolver_ask(struct resolver *resolver, struct lookup *lookup);
enum err __wrap_prober_start(struct prober *prober, struct mx_probe *started);
void __wrap_stage_mx_tls_told(struct mx_wait *wait);

enum err __wrap_resolver_ask(struct resolver *resolver, struct lookup *lookup) {
  (void)resolver;
  if (lookup->name.len > NAME_MAX_LEN) return ERR_SYNTAX; /* DNS cannot hold it */
  assert_true(asked_count < ASKED_MAX);
  asked[asked_count++] = lookup;
  return ERR_NONE;
}

enum err __wrap_prober_start(struct prober *prober, struct mx_probe *started) {
  (void)prober;
  probe = started;
  return probe_err;
}

void __wrap_stage_mx_tls_told(struct mx_wait *wait) {
  (void)wait;
  told++;
}

static void on_fail(void *data, enum err err) {
  (void)data;
  failed++;
  failed_by = err;
}

struct fixture {
  uv_loop_t loop;
  struct journey journey;
  struct mx_wait waits[4];
  unsigned wait_count;
  struct arena arena; /* of what is read of the evidence */
};

static struct fixture *fixture_new(struct journey_config config) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  assert_int_equal(uv_loop_init(&fixture->loop), 0);
  assert_int_equal(hosts_new(&config.hosts, HOSTS_BYTES), ERR_NONE);
  config.loop = &fixture->loop;
  if (!config.visits_max) config.visits_max = 4;
  config.fail = on_fail;
  fixture->journey.config = config;
  assert_int_equal(visits_new(&fixture->journey), ERR_NONE);
  asked_count = told = failed = 0;
  probe = NULL;
  probe_err = ERR_NONE;
  return fixture;
}

static void fixture_free(struct fixture *fixture) {
  for (unsigned i = 0; i < fixture->wait_count; i++)
    visits_leave(&fixture->journey, &fixture->waits[i]);
  visits_close(&fixture->journey);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&fixture->loop), 0);
  hosts_free(fixture->journey.config.hosts);
  arena_free(&fixture->arena);
  free(fixture);
}

static struct mx_wait *visit(struct fixture *fixture, struct span host) {
  struct mx_wait *wait = &fixture->waits[fixture->wait_count++];
  struct host_evidence evidence;
  wait->waiter.inbox = fixture->journey.visits.inbox;
  ring_init(&wait->turn);
  enum hosts_end end = hosts_ask(fixture->journey.config.hosts, host, uv_hrtime(), &wait->waiter,
                                 &fixture->arena, &evidence);
  assert_int_equal(end, HOSTS_YOURS);
  visits_order(&fixture->journey, wait);
  return wait;
}

static struct lookup *pending(enum dns_type type) {
  for (size_t i = asked_count; i-- > 0;)
    if (asked[i] && asked[i]->type == type) return asked[i];
  fail_msg("type %d is not asked for", type);
  return NULL;
}

static void answer(enum dns_type type, struct dns_answer given) {
  struct lookup *lookup = pending(type);
  for (size_t i = 0; i < asked_count; i++)
    if (asked[i] == lookup) asked[i] = NULL;
  lookup->end = LOOKUP_ANSWERED;
  lookup->answer = given;
  lookup->done(lookup);
}

static void end_lookup(enum dns_type type, enum lookup_end end) {
  struct lookup *lookup = pending(type);
  lookup->end = end;
  lookup->trouble = ERR_MEMORY;
  lookup->done(lookup);
}

static struct dns_record v4_record = {.data = {"\xc0\x00\x02\x01", 4}};
static struct dns_record tlsa_record = {.data = {"\x03\x01\x01"
                                                 "01234567890123456789012345678901",
                                                 35}};

static struct dns_answer one(struct dns_record *record, bool ad) {
  return (struct dns_answer){.ad = ad, .records = record, .count = 1};
}

static struct dns_answer none(int rcode) {
  return (struct dns_answer){.rcode = rcode};
}

/* The evidence that all who ask for the host now get. */
static const struct result_mx_tls *evidence_of(struct fixture *fixture, struct span host) {
  struct hosts_waiter waiter = {.inbox = fixture->journey.visits.inbox};
  struct host_evidence evidence;
  assert_int_equal(hosts_ask(fixture->journey.config.hosts, host, uv_hrtime(), &waiter,
                             &fixture->arena, &evidence),
                   HOSTS_KNOWN);
  const struct result_mx_tls *tls = packed_evidence_open(evidence, &fixture->arena);
  assert_non_null(tls);
  return tls;
}

static void assert_reason(const struct result_mx_tls *tls, enum reason reason) {
  assert_non_null(tls->findings);
  assert_int_equal(tls->findings->reason, reason);
  assert_int_equal(tls->findings->code, reason_info(reason)->code);
}

static void test_hosts_that_cannot_be_contacted(void **state) {
  static const struct {
    int v4, v6; /* rcodes of no data; -1: no answer in time */
    enum reason reason;
  } rows[] = {
      {DNS_NXDOMAIN, DNS_NOERROR, REASON_MX_HOST_ABSENT_NXDOMAIN},
      {DNS_SERVFAIL, DNS_NXDOMAIN, REASON_MX_HOST_ABSENT_NXDOMAIN},
      {DNS_NOERROR, DNS_NOERROR, REASON_MX_HOST_ABSENT_NODATA},
      {DNS_SERVFAIL, DNS_NOERROR, REASON_MX_HOST_DNS_SERVFAIL},
      {DNS_NOERROR, DNS_SERVFAIL, REASON_MX_HOST_DNS_SERVFAIL},
      {DNS_REFUSED, DNS_REFUSED, REASON_MX_HOST_DNS_REFUSED},
      {DNS_NOTIMP, DNS_NOERROR, REASON_MX_HOST_DNS_REFUSED},
      {DNS_FORMERR, DNS_NOERROR, REASON_MX_HOST_DNS_MALFORMED},
      {-1, DNS_NOERROR, REASON_MX_HOST_DNS_TIMEOUT},
      {DNS_NOERROR, -1, REASON_MX_HOST_DNS_TIMEOUT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture *fixture = fixture_new((struct journey_config){0});
    visit(fixture, HOST);
    const struct {
      enum dns_type type;
      int rcode;
    } both[] = {{DNS_TYPE_A, rows[i].v4}, {DNS_TYPE_AAAA, rows[i].v6}};
    for (int family = 0; family < 2; family++)
      if (both[family].rcode < 0)
        end_lookup(both[family].type, LOOKUP_TIMEOUT);
      else
        answer(both[family].type, none(both[family].rcode));
    assert_null(probe);
    const struct result_mx_tls *tls = evidence_of(fixture, HOST);
    assert_reason(tls, rows[i].reason);
    assert_int_equal(tls->verdict, VERDICT_UNKNOWN);
    assert_int_equal(fixture->journey.visits.account.probed, 1);
    fixture_free(fixture);
  }
}

static void test_blocked_hosts_are_not_contacted(void **state) {
  struct block_list *block = block_list_of("blocked.example\n");
  struct span alias[] = {SPAN("mx.blocked.example")};
  (void)state;
  struct fixture *fixture = fixture_new((struct journey_config){.block = block});
  visit(fixture, SPAN("mx1.blocked.example"));
  assert_int_equal(asked_count, 0);
  assert_reason(evidence_of(fixture, SPAN("mx1.blocked.example")),
                REASON_MX_HOST_NOT_PUBLIC_BLOCKED);
  visit(fixture, HOST);
  struct dns_answer aliased = one(&v4_record, false);
  aliased.cname = (struct spans){alias, 1};
  answer(DNS_TYPE_A, aliased);
  answer(DNS_TYPE_AAAA, none(DNS_NOERROR));
  assert_null(probe);
  assert_reason(evidence_of(fixture, HOST), REASON_MX_HOST_NOT_PUBLIC_BLOCKED);
  fixture_free(fixture);
  block_list_free(block);
}

/* Below, at and over what may be contacted; all go into the record. */
static void test_addresses(void **state) {
  static struct dns_record records[PROBER_ADDRESSES_MAX + 1];
  (void)state;
  for (size_t i = 0; i < PROBER_ADDRESSES_MAX + 1; i++) records[i] = v4_record;
  for (size_t count = PROBER_ADDRESSES_MAX - 1; count <= PROBER_ADDRESSES_MAX + 1; count++) {
    struct fixture *fixture = fixture_new((struct journey_config){0});
    visit(fixture, HOST);
    answer(DNS_TYPE_A, (struct dns_answer){.records = records, .count = count});
    answer(DNS_TYPE_AAAA, none(DNS_NOERROR));
    assert_non_null(probe);
    size_t most = count < PROBER_ADDRESSES_MAX ? count : PROBER_ADDRESSES_MAX;
    assert_int_equal(probe->address_count, most);
    probe->result.verdict = VERDICT_SECURE;
    probe->result.step = STEP_DONE;
    probe->connections = 1;
    probe->done(probe);
    const struct result_mx_tls *tls = evidence_of(fixture, HOST);
    assert_int_equal(tls->addresses.count, count);
    assert_true(span_equal(tls->addresses.at[0], SPAN("192.0.2.1")));
    assert_int_equal(fixture->journey.visits.account.connections, 1);
    fixture_free(fixture);
  }
}

/* Our own trouble is told of nobody. */
static void test_trouble_of_our_own(void **state) {
  (void)state;
  for (int at = 0; at < 3; at++) {
    struct fixture *fixture = fixture_new((struct journey_config){0});
    visit(fixture, HOST);
    if (at == 0) {
      end_lookup(DNS_TYPE_A, LOOKUP_FAILED);
    } else {
      answer(DNS_TYPE_A, one(&v4_record, false));
    }
    if (at == 1) probe_err = ERR_MEMORY;
    answer(DNS_TYPE_AAAA, none(DNS_NOERROR));
    if (at == 2) {
      probe->err = ERR_DESCRIPTORS;
      probe->done(probe);
    }
    assert_int_equal(failed, 1);
    assert_int_equal(failed_by, at == 2 ? ERR_DESCRIPTORS : ERR_MEMORY);
    assert_int_equal(fixture->journey.visits.count, 0);
    assert_int_equal(hosts_account(fixture->journey.config.hosts).count, 1); /* who waits for it */
    fixture_free(fixture);
  }
}

static void test_so_many_at_a_time(void **state) {
  (void)state;
  struct fixture *fixture = fixture_new((struct journey_config){.visits_max = 1});
  visit(fixture, HOST);
  visit(fixture, SPAN("mx2.example"));
  struct mx_wait *third = visit(fixture, SPAN("mx3.example"));
  assert_int_equal(fixture->journey.visits.count, 1);
  assert_int_equal(asked_count, 2);
  visits_leave(&fixture->journey, third); /* it never begins */
  answer(DNS_TYPE_A, none(DNS_NXDOMAIN));
  answer(DNS_TYPE_AAAA, none(DNS_NXDOMAIN));
  assert_int_equal(asked_count, 4);
  assert_true(span_equal(pending(DNS_TYPE_A)->name, SPAN("mx2.example")));
  answer(DNS_TYPE_A, none(DNS_NXDOMAIN));
  answer(DNS_TYPE_AAAA, none(DNS_NXDOMAIN));
  assert_int_equal(fixture->journey.visits.count, 0);
  assert_int_equal(asked_count, 4);
  uv_run(&fixture->loop, UV_RUN_NOWAIT);
  assert_int_equal(told, 2);
  fixture_free(fixture);
}

/* RFC 7672: TLSA of signed zones alone; of an alias first at its end, then at the host. */
static void test_tlsa(void **state) {
  static struct span alias[] = {{"host.example", 12}};
  static const struct {
    bool aliased, ad, at_alias, at_host, tlsa_ad;
    enum result_dane dane; /* before the handshake */
    unsigned usable;
    const char *base;
  } rows[] = {
      {false, false, false, false, false, DANE_INSECURE, 0, NULL},
      {false, true, false, true, true, DANE_COUNT, 1, NULL},
      {false, true, false, true, false, DANE_INSECURE, 0, NULL},
      {false, true, false, false, true, DANE_NONE, 0, NULL},
      {true, true, true, true, true, DANE_COUNT, 1, "host.example"},
      {true, true, false, true, true, DANE_COUNT, 1, NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture *fixture = fixture_new((struct journey_config){.dane = true});
    visit(fixture, HOST);
    struct dns_answer addresses = one(&v4_record, rows[i].ad);
    if (rows[i].aliased) addresses.cname = (struct spans){alias, 1};
    answer(DNS_TYPE_A, addresses);
    answer(DNS_TYPE_AAAA, none(DNS_NOERROR));
    struct dns_answer records = one(&tlsa_record, rows[i].tlsa_ad);
    struct dns_answer nothing = {.ad = rows[i].tlsa_ad};
    if (rows[i].aliased) {
      assert_true(span_equal(pending(DNS_TYPE_TLSA)->name, SPAN("_25._tcp.host.example")));
      answer(DNS_TYPE_TLSA, rows[i].at_alias ? records : nothing);
    }
    if (rows[i].ad && !rows[i].at_alias) {
      assert_true(span_equal(pending(DNS_TYPE_TLSA)->name, SPAN("_25._tcp.mx.example")));
      answer(DNS_TYPE_TLSA, rows[i].at_host ? records : nothing);
    }
    assert_non_null(probe);
    assert_int_equal(probe->tlsa.count, rows[i].usable);
    assert_true(span_equal(probe->tlsa_base, rows[i].base ? span_of(rows[i].base) : HOST));
    if (rows[i].usable) probe->result.tlsa.dane = DANE_COUNT;
    probe->result.step = STEP_DONE;
    probe->done(probe);
    assert_int_equal(evidence_of(fixture, HOST)->tlsa.dane, rows[i].dane);
    fixture_free(fixture);
  }
}

/* Behind an alias without TLSA records there is a host with too long a name to have any. */
static void test_tlsa_of_a_name_that_cannot_be(void **state) {
  static struct span alias[] = {{"host.example", 12}};
  char name[NAME_MAX_LEN];
  struct fixture *fixture = fixture_new((struct journey_config){.dane = true});
  struct dns_answer addresses = one(&v4_record, true);
  (void)state;
  memset(name, 'a', sizeof name);
  for (size_t i = 60; i < sizeof name; i += 60) name[i] = '.';
  addresses.cname = (struct spans){alias, 1};
  visit(fixture, (struct span){name, sizeof name});
  answer(DNS_TYPE_A, addresses);
  answer(DNS_TYPE_AAAA, none(DNS_NOERROR));
  answer(DNS_TYPE_TLSA, (struct dns_answer){.ad = true});
  assert_non_null(probe);
  assert_int_equal(probe->tlsa.count, 0);
  probe->done(probe);
  fixture_free(fixture);
}

static void test_tlsa_that_fails(void **state) {
  (void)state;
  struct fixture *fixture = fixture_new((struct journey_config){.dane = true});
  visit(fixture, HOST);
  answer(DNS_TYPE_A, one(&v4_record, true));
  answer(DNS_TYPE_AAAA, none(DNS_NOERROR));
  answer(DNS_TYPE_TLSA, none(DNS_SERVFAIL));
  assert_non_null(probe);
  probe->done(probe);
  const struct result_mx_tls *tls = evidence_of(fixture, HOST);
  assert_int_equal(tls->tlsa.dane, DANE_FAILED);
  assert_int_equal(tls->tlsa.rcode, DNS_SERVFAIL);
  assert_true(finding_codes_has(&tls->codes, FOUND_DANE_DNSSEC));
  fixture_free(fixture);
}

static struct result_attempt attempt = {
    .address = {"192.0.2.1", 9}, .code = FOUND_MX_SMTP_UNREACHABLE, .ms = 1};

static void reach_nobody(void) {
  answer(DNS_TYPE_A, one(&v4_record, false));
  answer(DNS_TYPE_AAAA, none(DNS_NOERROR));
  probe->result.step = STEP_CONNECT;
  probe->result.attempts = (struct result_attempts){&attempt, 1};
  probe->done(probe);
}

/* While nobody was reached at all, one who cannot be reached is not told: our port may be closed.
 */
static void test_parking(void **state) {
  struct port_watch *watch;
  (void)state;
  assert_int_equal(port_watch_new(&watch), ERR_NONE);
  struct fixture *fixture = fixture_new((struct journey_config){.port_watch = watch});
  visit(fixture, HOST);
  reach_nobody();
  visits_tick(&fixture->journey);
  assert_int_equal(fixture->journey.visits.parked, 1);
  assert_int_equal(port_watch_count(watch).hosts, 1);
  port_watch_reached(watch);
  visits_tick(&fixture->journey);
  assert_int_equal(fixture->journey.visits.parked, 0);
  assert_int_equal(fixture->journey.visits.count, 0);
  evidence_of(fixture, HOST);
  visit(fixture, SPAN("mx2.example")); /* the port is open: it is told at once */
  reach_nobody();
  assert_int_equal(fixture->journey.visits.parked, 0);
  evidence_of(fixture, SPAN("mx2.example"));
  fixture_free(fixture);
  port_watch_free(watch);
}

/* In so many networks: then it is our port, and that is said once. */
static void test_the_port_is_closed(void **state) {
  struct port_watch *watch;
  (void)state;
  assert_int_equal(port_watch_new(&watch), ERR_NONE);
  struct fixture *fixture = fixture_new((struct journey_config){.port_watch = watch});
  visit(fixture, HOST);
  reach_nobody();
  for (unsigned i = 0; i < PORT_WATCH_NETWORKS; i++) {
    unsigned char octets[] = {198, (unsigned char)i, 0, 1};
    union address address = address_from_octets((struct span){(char *)octets, 4}, 0);
    port_watch_failed(watch, &address, true, uv_hrtime());
  }
  visits_tick(&fixture->journey);
  visits_tick(&fixture->journey);
  assert_int_equal(failed, 1);
  assert_int_equal(failed_by, ERR_PORT_CLOSED);
  assert_int_equal(fixture->journey.visits.count, 1);
  fixture_free(fixture);
  port_watch_free(watch);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hosts_that_cannot_be_contacted),
      cmocka_unit_test(test_blocked_hosts_are_not_contacted),
      cmocka_unit_test(test_addresses),
      cmocka_unit_test(test_trouble_of_our_own),
      cmocka_unit_test(test_so_many_at_a_time),
      cmocka_unit_test(test_tlsa),
      cmocka_unit_test(test_tlsa_of_a_name_that_cannot_be),
      cmocka_unit_test(test_tlsa_that_fails),
      cmocka_unit_test(test_parking),
      cmocka_unit_test(test_the_port_is_closed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
