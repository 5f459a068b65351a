/* Which failures are believed, which are held, and what becomes of these. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/journey/lookup_hold.h"
#include <string.h>

enum { NOW = 1000, MANY = 1 << (LOOKUP_HOLD_DOUBLINGS + 5) };

static unsigned asked;
static enum err ask_ends; /* what asking again comes to */

static enum err fake_ask(struct resolver *resolver, struct lookup *lookup) {
  assert_null(resolver);
  assert_non_null(lookup);
  asked++;
  return ask_ends;
}

static struct lookup_hold hold;
static unsigned done, kept_when_done;

static void on_done(struct lookup *lookup) {
  done++;
  kept_when_done += lookup_hold_keeps(&hold, lookup, SPAN("late.example"), NOW);
}

static int set_up(void **state) {
  (void)state;
  hold = (struct lookup_hold){.patient = true, .ask = fake_ask};
  asked = done = kept_when_done = 0;
  ask_ends = ERR_NONE;
  return 0;
}

static struct lookup ended(int rcode) {
  return (struct lookup){.end = LOOKUP_ANSWERED, .answer.rcode = rcode, .done = on_done};
}

static void learn(const char *name) {
  struct lookup lookup = ended(DNS_NXDOMAIN);
  assert_false(lookup_hold_keeps(&hold, &lookup, span_of(name), NOW));
}

/* How many failures in a row are believed before one is held, at most MANY. */
static unsigned believed(int rcode, uint64_t now) {
  static struct lookup lookup; /* what is held stays in place */
  lookup = ended(rcode);
  for (unsigned i = 0; i < MANY; i++)
    if (lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), now)) return i;
  return MANY;
}

static void test_failures_are_doubted_when_all_fail(void **state) {
  (void)state;
  static const struct {
    int rcode;
    unsigned believed;
  } rows[] = {
      {DNS_SERVFAIL, LOOKUP_HOLD_FAILURES},
      {DNS_REFUSED, LOOKUP_HOLD_FAILURES},
      {DNS_NOTIMP, LOOKUP_HOLD_FAILURES},
      {DNS_NOTAUTH, LOOKUP_HOLD_FAILURES},
      {DNS_FORMERR, MANY},
      {DNS_NXDOMAIN, MANY},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    set_up(NULL);
    learn("known.example");
    assert_int_equal(believed(rows[i].rcode, NOW), rows[i].believed);
    assert_int_equal(lookup_hold_any(&hold), rows[i].believed != MANY);
  }
}

static void test_nothing_is_doubted_before_an_answer(void **state) {
  (void)state;
  assert_int_equal(believed(DNS_SERVFAIL, NOW), MANY);
  learn("known.example"); /* and an answer ends the row */
  assert_int_equal(believed(DNS_SERVFAIL, NOW), LOOKUP_HOLD_FAILURES);
}

static void test_silence_is_held_at_once(void **state) {
  (void)state;
  struct lookup lookup = {.end = LOOKUP_TIMEOUT, .unheard = true, .done = on_done};
  assert_true(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), NOW));
  hold.held = NULL;
  lookup.unheard = false;
  assert_false(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), NOW));
  lookup.unheard = true;
  hold.patient = false;
  assert_false(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), NOW));
  lookup_hold_distrust(&hold, true);
  assert_false(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), NOW));
}

static void test_distrust_holds_the_first_failure(void **state) {
  (void)state;
  lookup_hold_distrust(&hold, true);
  assert_int_equal(believed(DNS_SERVFAIL, NOW), 0);
  lookup_hold_distrust(&hold, false);
  assert_int_equal(believed(DNS_SERVFAIL, NOW), MANY);
}

/* Each doubt that was wrong doubles how many are believed, so often at most. */
static void test_wrong_doubts_double_what_is_believed(void **state) {
  (void)state;
  learn("known.example");
  for (unsigned i = 0; i <= LOOKUP_HOLD_DOUBLINGS + 1; i++) {
    unsigned doublings = i < LOOKUP_HOLD_DOUBLINGS ? i : LOOKUP_HOLD_DOUBLINGS;
    assert_int_equal(believed(DNS_SERVFAIL, NOW), LOOKUP_HOLD_FAILURES << doublings);
    lookup_hold_release(&hold, false, NOW);
  }
  assert_int_equal(believed(DNS_SERVFAIL, NOW), LOOKUP_HOLD_FAILURES << LOOKUP_HOLD_DOUBLINGS);
  lookup_hold_release(&hold, true, NOW); /* this one was right */
  const uint64_t later = NOW + LOOKUP_HOLD_RECOVERY_MS + 1;
  assert_int_equal(believed(DNS_SERVFAIL, later), LOOKUP_HOLD_FAILURES);
}

static void test_nothing_else_for_long_is_doubted_too(void **state) {
  (void)state;
  static const struct {
    uint64_t later;
    bool held;
  } rows[] = {{LOOKUP_HOLD_FAILING_MS - 1, false}, {LOOKUP_HOLD_FAILING_MS, true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    set_up(NULL);
    learn("known.example");
    hold.doublings = LOOKUP_HOLD_DOUBLINGS;
    struct lookup lookup = ended(DNS_SERVFAIL);
    for (unsigned n = 0; n < LOOKUP_HOLD_FAILURES; n++)
      assert_false(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), NOW));
    assert_int_equal(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), NOW + rows[i].later),
                     rows[i].held);
  }
}

static void test_what_is_let_go_ends_as_it_did(void **state) {
  (void)state;
  struct lookup lookups[2] = {ended(DNS_SERVFAIL), ended(DNS_REFUSED)};
  lookup_hold_distrust(&hold, true);
  for (size_t i = 0; i < 2; i++)
    assert_true(lookup_hold_keeps(&hold, &lookups[i], SPAN("a.example"), NOW));
  lookup_hold_release(&hold, false, NOW);
  assert_int_equal(done, 2);
  assert_int_equal(kept_when_done, 0); /* though all that fails is held */
  assert_int_equal(asked, 0);
  assert_int_equal(lookups[0].end, LOOKUP_ANSWERED);
  assert_false(lookup_hold_any(&hold));
}

static void test_what_was_held_is_asked_again(void **state) {
  (void)state;
  static const struct {
    enum err ends;
    unsigned done;
    enum lookup_end end;
  } rows[] = {{ERR_NONE, 0, LOOKUP_ANSWERED}, {ERR_MEMORY, 1, LOOKUP_FAILED}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    set_up(NULL);
    struct lookup lookup = ended(DNS_SERVFAIL);
    lookup_hold_distrust(&hold, true);
    assert_true(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), NOW));
    ask_ends = rows[i].ends;
    lookup_hold_release(&hold, true, NOW);
    assert_int_equal(asked, 1);
    assert_int_equal(done, rows[i].done);
    assert_int_equal(lookup.end, rows[i].end);
    assert_int_equal(lookup.trouble, rows[i].ends);
  }
}

/* A server that was silent all the time that a name was asked for, and is there again: once. */
static void test_what_fell_into_silence_is_asked_once_more(void **state) {
  (void)state;
  static const struct {
    enum lookup_end end;
    bool silenced;
    unsigned asked;
  } rows[] = {{LOOKUP_TIMEOUT, true, 1}, {LOOKUP_TIMEOUT, false, 0}, {LOOKUP_ANSWERED, true, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    set_up(NULL);
    struct lookup lookup = {.end = rows[i].end,
                            .answer.rcode = DNS_SERVFAIL,
                            .unheard = true,
                            .silenced = rows[i].silenced,
                            .done = on_done};
    lookup_hold_distrust(&hold, true);
    for (unsigned n = 1; n <= 2; n++) {
      assert_true(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), NOW));
      lookup_hold_release(&hold, false, NOW);
      assert_int_equal(asked, rows[i].asked);
      assert_int_equal(done, n - rows[i].asked);
    }
  }
}

/* Resolvers remember for a while whom they could not reach. */
static void test_what_fails_soon_after_an_outage_is_asked_again(void **state) {
  (void)state;
  enum { MS = 100 };
  lookup_hold_release(&hold, true, NOW);
  struct lookup lookup = ended(DNS_SERVFAIL);
  lookup.ms = MS; /* it was asked so long ago */
  const uint64_t last = NOW + LOOKUP_HOLD_RECOVERY_MS + MS;
  assert_true(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), last));
  assert_int_equal(asked, 1);
  assert_false(lookup_hold_any(&hold));
  assert_false(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), last + 1));
  assert_int_equal(asked, 1);
  ask_ends = ERR_DESCRIPTORS;
  assert_false(lookup_hold_keeps(&hold, &lookup, SPAN("a.example"), last));
  assert_int_equal(lookup.end, LOOKUP_FAILED);
}

static unsigned known_count(void) {
  unsigned count = 0;
  for (size_t i = 0; i < LOOKUP_HOLD_KNOWN; i++) count += lookup_hold_known(&hold, i).len > 0;
  return count;
}

/* One owner has one place, whatever is asked of it. */
static void test_known_names_are_of_many_owners(void **state) {
  (void)state;
  char name[64];
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "host%d.one-owner.example", i);
    learn(name);
  }
  assert_int_equal(known_count(), 1);
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "www.owner%d.example", i);
    learn(name);
  }
  assert_int_equal(known_count(), LOOKUP_HOLD_KNOWN);
}

static void test_known_names_fit(void **state) {
  (void)state;
  char name[DOMAIN_LENGTH_MAX + 2] = {0};
  memset(name, 'a', DOMAIN_LENGTH_MAX + 1);
  learn(name);
  assert_int_equal(known_count(), 0);
  name[DOMAIN_LENGTH_MAX] = 0;
  learn(name);
  assert_int_equal(known_count(), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_failures_are_doubted_when_all_fail, set_up),
      cmocka_unit_test_setup(test_nothing_is_doubted_before_an_answer, set_up),
      cmocka_unit_test_setup(test_silence_is_held_at_once, set_up),
      cmocka_unit_test_setup(test_distrust_holds_the_first_failure, set_up),
      cmocka_unit_test_setup(test_wrong_doubts_double_what_is_believed, set_up),
      cmocka_unit_test_setup(test_nothing_else_for_long_is_doubted_too, set_up),
      cmocka_unit_test_setup(test_what_is_let_go_ends_as_it_did, set_up),
      cmocka_unit_test_setup(test_what_was_held_is_asked_again, set_up),
      cmocka_unit_test_setup(test_what_fell_into_silence_is_asked_once_more, set_up),
      cmocka_unit_test_setup(test_what_fails_soon_after_an_outage_is_asked_again, set_up),
      cmocka_unit_test_setup(test_known_names_are_of_many_owners, set_up),
      cmocka_unit_test_setup(test_known_names_fit, set_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
