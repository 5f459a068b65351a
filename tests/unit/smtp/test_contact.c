#include "scanner/smtp/contact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { POOL = 8, NAMES = 4000 };

#define HOST SPAN("mx.example.com")

static union address address_at(const char *text) {
  union address address;
  assert_int_equal(address_parse(span_of(text), 25, &address), ERR_NONE);
  return address;
}

static struct contact choose(const union address *addresses, size_t count, struct span host) {
  const union address *pointers[POOL];
  struct contact contact = {0};
  for (size_t i = 0; i < count; i++) pointers[i] = &addresses[i];
  contact_choose(&contact, host, pointers, count);
  return contact;
}

static bool is_v4(const union address *address) {
  return address->any.sa_family == AF_INET;
}

static void test_choice(void **state) {
  (void)state;
  const union address a = address_at("192.0.2.1"), b = address_at("192.0.2.2"),
                      c = address_at("192.0.2.3"), x = address_at("2001:db8::1"),
                      y = address_at("2001:db8::2");
  struct contact one = choose(&a, 1, HOST);
  assert_int_equal(one.address_count, 1);
  struct contact twice = choose((union address[]){a, a}, 2, HOST);
  assert_int_equal(twice.address_count, 1);
  struct contact three = choose((union address[]){a, b, c}, 3, HOST);
  assert_int_equal(three.address_count, CONTACT_FAMILY_MAX);
  assert_false(address_same_ip(three.addresses[0], three.addresses[1]));
  struct contact both = choose((union address[]){x, a}, 2, HOST);
  assert_true(is_v4(both.addresses[0]) && !is_v4(both.addresses[1]));
  struct contact many = choose((union address[]){x, y, a, b}, 4, HOST);
  assert_int_equal(many.address_count, CONTACT_ADDRESSES_MAX);
  assert_true(is_v4(many.addresses[0]) && is_v4(many.addresses[1]) && !is_v4(many.addresses[2]));
  assert_int_equal(both.address_count, 2);
  assert_int_equal(choose((union address[]){x, a, y}, 3, HOST).address_count, 2);
  struct contact six = choose((union address[]){x, y}, 2, HOST);
  assert_int_equal(six.address_count, 2);
  assert_false(is_v4(six.addresses[0]));
}

/* Each address of a pool is the first of its share of the names, whatever stands between. */
static void test_spread(void **state) {
  (void)state;
  union address pool[POOL];
  unsigned firsts[POOL] = {0};
  for (unsigned i = 0; i < POOL; i++) {
    char text[32];
    snprintf(text, sizeof text, i < POOL / 2 ? "192.0.2.%u" : "2001:db8::%u", i + 1);
    pool[i] = address_at(text);
  }
  for (unsigned n = 0; n < NAMES; n++) {
    char name[64];
    int len = snprintf(name, sizeof name, "customer%u.mail.example.com", n);
    struct contact contact = choose(pool, POOL, (struct span){name, (size_t)len});
    for (size_t i = 0; i < POOL; i++) firsts[i] += address_same_ip(contact.addresses[0], &pool[i]);
  }
  for (size_t i = 0; i < POOL; i++) {
    unsigned share = i < POOL / 2 ? NAMES / (POOL / 2) : 0;
    if (firsts[i] < share * 4 / 5 || firsts[i] > share * 6 / 5) fail_msg("%zu: %u", i, firsts[i]);
  }
}

/* What the attempts of one contact come to. */
struct row {
  const char *what;
  const char *addresses; /* "44", "46", "4": their families, the first of them first */
  bool once;
  struct contact_attempt attempts[CONTACT_ATTEMPTS_MAX + 1]; /* ended by one without a step */
  const char *turns;                                         /* o: goes on, p: pauses, e: ends */
  enum finding_code counts;                                  /* the code of the attempt that does */
};

#define DEAD                                                                                       \
  { STEP_CONNECT, FOUND_MX_SMTP_UNREACHABLE, 0, false, false }
#define NO_ROUTE                                                                                   \
  { STEP_CONNECT, FOUND_MX_SMTP_UNREACHABLE, 0, false, true }
#define AT(step, code, status)                                                                     \
  { STEP_##step, FOUND_MX_##code, status, true, false }
#define GOOD                                                                                       \
  { STEP_DONE, FOUND_COUNT, 0, true, false }
#define BUSY AT(GREETING, SMTP_LATER, 421)

static const struct row rows[] = {
    {.what = "sound", "44", false, {GOOD}, "e", FOUND_COUNT},
    {.what = "dead", "4", false, {DEAD}, "e", FOUND_MX_SMTP_UNREACHABLE},
    {.what = "dead twice", "44", false, {DEAD, DEAD}, "oe", FOUND_MX_SMTP_UNREACHABLE},
    {.what = "dead, then good", "44", false, {DEAD, GOOD}, "oe", FOUND_COUNT},
    {.what = "dead, then good over IPv6", "46", false, {DEAD, GOOD}, "oe", FOUND_COUNT},
    {.what = "dead twice, then good over IPv6",
     "446",
     false,
     {DEAD, DEAD, GOOD},
     "ooe",
     FOUND_COUNT},
    {.what = "dead at all of them",
     "446",
     false,
     {DEAD, DEAD, DEAD},
     "ooe",
     FOUND_MX_SMTP_UNREACHABLE},
    {.what = "busy, dead, and not over IPv6", "446", false, {BUSY, DEAD, GOOD}, "ope", FOUND_COUNT},
    {.what = "dead, busy, and not over IPv6",
     "446",
     false,
     {DEAD, BUSY, DEAD, DEAD},
     "opoe",
     FOUND_MX_SMTP_LATER},
    {.what = "without a route at all", "6", false, {NO_ROUTE}, "e", FOUND_MX_SMTP_UNREACHABLE},
    {.what = "reset at once",
     "4",
     false,
     {{STEP_CONNECT, FOUND_MX_SMTP_CLOSED, 0, true, false}, GOOD},
     "pe",
     FOUND_COUNT},
    {.what = "IPv6 is not for what IPv4 answered",
     "46",
     false,
     {BUSY, BUSY},
     "pe",
     FOUND_MX_SMTP_LATER},
    {.what = "busy", "4", false, {BUSY, BUSY}, "pe", FOUND_MX_SMTP_LATER},
    {.what = "busy once", "4", false, {BUSY, GOOD}, "pe", FOUND_COUNT},
    {.what = "busy, and there is no second round", "4", true, {BUSY}, "e", FOUND_MX_SMTP_LATER},
    {.what = "busy at both", "44", false, {BUSY, BUSY}, "oe", FOUND_MX_SMTP_LATER},
    {.what = "dead, then busy", "44", false, {DEAD, BUSY, DEAD, BUSY}, "opoe", FOUND_MX_SMTP_LATER},
    {.what = "busy, then dead", "44", false, {BUSY, DEAD, GOOD}, "ope", FOUND_COUNT},
    {.what = "what got furthest counts",
     "44",
     false,
     {AT(EHLO, SMTP_LATER, 450), BUSY},
     "oe",
     FOUND_MX_SMTP_LATER},
    {.what = "refused goes to the next",
     "44",
     false,
     {AT(GREETING, SMTP_REFUSED, 554), GOOD},
     "oe",
     FOUND_COUNT},
    {.what = "refused", "4", false, {AT(GREETING, SMTP_REFUSED, 554)}, "e", FOUND_MX_SMTP_REFUSED},
    {.what = "refused, and the furthest is not temporary",
     "44",
     false,
     {AT(EHLO, SMTP_REFUSED, 550), DEAD},
     "oe",
     FOUND_MX_SMTP_REFUSED},
    {.what = "silence", "44", false, {AT(GREETING, SMTP_TIMEOUT, 0), GOOD}, "oe", FOUND_COUNT},
    {.what = "closed", "44", false, {AT(STARTTLS, SMTP_CLOSED, 0), GOOD}, "oe", FOUND_COUNT},
    {.what = "no SMTP", "44", false, {AT(GREETING, SMTP_INVALID, 0)}, "e", FOUND_MX_SMTP_INVALID},
    {.what = "no STARTTLS",
     "44",
     false,
     {AT(EHLO, TLS_NO_STARTTLS, 0)},
     "e",
     FOUND_MX_TLS_NO_STARTTLS},
    {.what = "454",
     "44",
     false,
     {AT(STARTTLS, TLS_STARTTLS_REFUSED, 454), AT(STARTTLS, TLS_STARTTLS_REFUSED, 454)},
     "pe",
     FOUND_MX_TLS_STARTTLS_REFUSED},
    {.what = "454, then dead",
     "4",
     false,
     {AT(STARTTLS, TLS_STARTTLS_REFUSED, 454), DEAD},
     "pe",
     FOUND_MX_TLS_STARTTLS_REFUSED},
    {.what = "502",
     "44",
     false,
     {AT(STARTTLS, TLS_STARTTLS_REFUSED, 502)},
     "e",
     FOUND_MX_TLS_STARTTLS_REFUSED},
    {.what = "250",
     "44",
     false,
     {AT(STARTTLS, TLS_STARTTLS_REFUSED, 250)},
     "e",
     FOUND_MX_TLS_STARTTLS_REFUSED},
    {.what = "421 to STARTTLS",
     "4",
     false,
     {AT(STARTTLS, SMTP_LATER, 421), GOOD},
     "pe",
     FOUND_COUNT},
    {.what = "alert", "44", false, {AT(HANDSHAKE, TLS_ALERT, 0), GOOD}, "oe", FOUND_COUNT},
    {.what = "alert, alone", "4", false, {AT(HANDSHAKE, TLS_ALERT, 0), GOOD}, "pe", FOUND_COUNT},
    {.what = "handshake closed",
     "44",
     false,
     {AT(HANDSHAKE, TLS_CLOSED, 0), GOOD},
     "oe",
     FOUND_COUNT},
    {.what = "handshake silent",
     "44",
     false,
     {AT(HANDSHAKE, TLS_TIMEOUT, 0), GOOD},
     "oe",
     FOUND_COUNT},
    {.what = "not TLS", "44", false, {AT(HANDSHAKE, TLS_NOT_TLS, 0), GOOD}, "pe", FOUND_COUNT},
    {.what = "protocol", "44", false, {AT(HANDSHAKE, TLS_PROTOCOL, 0)}, "e", FOUND_MX_TLS_PROTOCOL},
    {.what = "name",
     "44",
     false,
     {AT(HANDSHAKE, TLS_NAME_MISMATCH, 0)},
     "e",
     FOUND_MX_TLS_NAME_MISMATCH},
    {.what = "untrusted",
     "44",
     false,
     {AT(HANDSHAKE, TLS_UNTRUSTED, 0)},
     "e",
     FOUND_MX_TLS_UNTRUSTED},
    {.what = "an alert, then busy: the alert counts",
     "4",
     false,
     {AT(HANDSHAKE, TLS_ALERT, 0), BUSY},
     "pe",
     FOUND_MX_TLS_ALERT},
    {.what = "the last among equals",
     "44",
     false,
     {AT(GREETING, SMTP_TIMEOUT, 0), AT(GREETING, SMTP_REFUSED, 554)},
     "oe",
     FOUND_MX_SMTP_REFUSED},
};

static const char *play(const struct row *row, struct contact *contact, char *turns) {
  size_t i = 0;
  do {
    contact_keep(contact, &row->attempts[i]);
    turns[i] = "eop"[contact_turn(contact, &row->attempts[i])];
    turns[i + 1] = '\0';
  } while (turns[i++] != 'e' && i < CONTACT_ATTEMPTS_MAX);
  return turns;
}

static void test_rows(void **state) {
  (void)state;
  const union address v4[] = {address_at("192.0.2.1"), address_at("192.0.2.2")},
                      v6 = address_at("2001:db8::1");
  unsigned wrong = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    char turns[CONTACT_ATTEMPTS_MAX + 1];
    struct contact contact = {.once = row->once, .address_count = strlen(row->addresses)};
    for (size_t k = 0; k < contact.address_count; k++)
      contact.addresses[k] = row->addresses[k] == '4' ? &v4[k] : &v6;
    if (strcmp(play(row, &contact, turns), row->turns) == 0 && contact.best.code == row->counts)
      continue;
    printf("%s: %s, %d\n", row->what, turns, contact.best.code);
    wrong++;
  }
  assert_int_equal(wrong, 0);
}

/* What has no route from here does not stand for what an address came to. */
static void test_no_route(void **state) {
  (void)state;
  struct contact contact = {0};
  const struct contact_attempt dead = DEAD, nowhere = NO_ROUTE, busy = BUSY;
  assert_true(contact_keep(&contact, &nowhere));
  assert_true(contact_keep(&contact, &dead));
  assert_false(contact_keep(&contact, &nowhere));
  assert_true(contact_keep(&contact, &dead));
  assert_true(contact_keep(&contact, &busy));
}

/* After a pause it begins again at the first address. */
static void test_second_round(void **state) {
  (void)state;
  const union address addresses[] = {address_at("192.0.2.1"), address_at("192.0.2.2")};
  struct contact contact = {.addresses = {&addresses[0], &addresses[1]}, .address_count = 2};
  const struct contact_attempt dead = DEAD, busy = BUSY;
  contact_keep(&contact, &dead);
  assert_int_equal(contact_turn(&contact, &dead), CONTACT_GOES_ON);
  assert_ptr_equal(contact_address(&contact), &addresses[1]);
  contact_keep(&contact, &busy);
  assert_int_equal(contact_turn(&contact, &busy), CONTACT_PAUSES);
  assert_ptr_equal(contact_address(&contact), &addresses[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_choice),       cmocka_unit_test(test_spread),
      cmocka_unit_test(test_rows),         cmocka_unit_test(test_no_route),
      cmocka_unit_test(test_second_round),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
