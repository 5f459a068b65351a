#include "scanner/smtp_dialogue/dialogue.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { HEARD_MAX = 8 };

/* What the server says each time it may, what we said before, and how it ends. */
struct row {
  const char *what;
  const char *says[HEARD_MAX];
  const char *said;       /* the commands, joined */
  enum finding_code code; /* FOUND_COUNT: the handshake begins */
  enum result_step step;
  int greeting, ehlo, helo, starttls;
  bool quits;
  bool contested;
  const char *detail;
};

#define EHLO     "EHLO scan.test\r\n"
#define HELO     "HELO scan.test\r\n"
#define STARTTLS "STARTTLS\r\n"
#define GREETING "220 mail ESMTP\r\n"
#define OFFER    "250-mail\r\n250-SIZE 10\r\n250 STARTTLS\r\n"
#define QUITS    true
#define CLOSES   false

static const struct row rows[] = {
    {.what = "sound",
     {GREETING, OFFER, "220 go\r\n"},
     EHLO STARTTLS,
     FOUND_COUNT,
     STEP_STARTTLS,
     220,
     250,
     0,
     220,
     QUITS},
    {.what = "TLS behind 220",
     {GREETING, OFFER, "220 go\r\n\x16\x03"},
     EHLO STARTTLS,
     FOUND_COUNT,
     STEP_STARTTLS,
     220,
     250,
     0,
     220,
     QUITS},
    {.what = "any 2xx greets",
     {"250-mail\r\n250 hello\r\n", OFFER, "220\r\n"},
     EHLO STARTTLS,
     FOUND_COUNT,
     STEP_STARTTLS,
     250,
     250,
     0,
     220,
     QUITS},
    {.what = "a masked greeting",
     {"220 ****************\r\n", OFFER, "220\r\n"},
     EHLO STARTTLS,
     FOUND_COUNT,
     STEP_STARTTLS,
     220,
     250,
     0,
     220,
     QUITS},
    {.what = "greeting 421",
     {"421 busy\r\n"},
     "",
     FOUND_MX_SMTP_LATER,
     STEP_GREETING,
     421,
     0,
     0,
     0,
     CLOSES,
     false,
     "answered 421 to the connection: busy"},
    {.what = "greeting 450",
     {"450 later\r\n"},
     "",
     FOUND_MX_SMTP_LATER,
     STEP_GREETING,
     450,
     0,
     0,
     0,
     QUITS},
    {.what = "greeting 554",
     {"554-no\r\n554 PTR\r\n"},
     "",
     FOUND_MX_SMTP_REFUSED,
     STEP_GREETING,
     554,
     0,
     0,
     0,
     QUITS,
     false,
     "answered 554 to the connection: no PTR"},
    {.what = "greeting 521",
     {"521\r\n"},
     "",
     FOUND_MX_SMTP_REFUSED,
     STEP_GREETING,
     521,
     0,
     0,
     0,
     QUITS,
     false,
     "answered 521 to the connection"},
    {.what = "greeting 354",
     {"354 go on\r\n"},
     "",
     FOUND_MX_SMTP_INVALID,
     STEP_GREETING,
     354,
     0,
     0,
     0,
     CLOSES,
     false,
     "answered 354 to the connection: go on"},
    {.what = "spamd",
     {"220 mx ESMTP spamd IP-based SPAM blocker; Thu\r\n"},
     "",
     FOUND_MX_SMTP_REFUSED,
     STEP_GREETING,
     220,
     0,
     0,
     0,
     QUITS},
    {.what = "SSH",
     {"SSH-2.0-x\r\n"},
     "",
     FOUND_MX_SMTP_INVALID,
     STEP_GREETING,
     0,
     0,
     0,
     0,
     CLOSES,
     false,
     "the greeting: what answers is not SMTP"},
    {.what = "two greetings in one",
     {GREETING GREETING},
     "",
     FOUND_MX_SMTP_INVALID,
     STEP_GREETING,
     220,
     0,
     0,
     0,
     CLOSES,
     false,
     "more than the greeting came, unasked"},
    {.what = "two greetings one after the other",
     {GREETING, GREETING},
     EHLO,
     FOUND_MX_SMTP_INVALID,
     STEP_EHLO,
     220,
     220,
     0,
     0,
     CLOSES,
     false,
     "answered 220 to EHLO: mail ESMTP"},
    {.what = "EHLO 421",
     {GREETING, "421 bye\r\n"},
     EHLO,
     FOUND_MX_SMTP_LATER,
     STEP_EHLO,
     220,
     421,
     0,
     0,
     CLOSES},
    {.what = "EHLO 450",
     {GREETING, "450 later\r\n"},
     EHLO,
     FOUND_MX_SMTP_LATER,
     STEP_EHLO,
     220,
     450,
     0,
     0,
     QUITS,
     false,
     "answered 450 to EHLO: later"},
    {.what = "EHLO 550",
     {GREETING, "550 no\r\n"},
     EHLO,
     FOUND_MX_SMTP_REFUSED,
     STEP_EHLO,
     220,
     550,
     0,
     0,
     QUITS},
    {.what = "EHLO 503",
     {GREETING, "503 no\r\n"},
     EHLO,
     FOUND_MX_SMTP_REFUSED,
     STEP_EHLO,
     220,
     503,
     0,
     0,
     QUITS},
    {.what = "EHLO 251",
     {GREETING, "251 no\r\n"},
     EHLO,
     FOUND_MX_SMTP_INVALID,
     STEP_EHLO,
     220,
     251,
     0,
     0,
     CLOSES},
    {.what = "EHLO 334",
     {GREETING, "334 no\r\n"},
     EHLO,
     FOUND_MX_SMTP_INVALID,
     STEP_EHLO,
     220,
     334,
     0,
     0,
     CLOSES},
    {.what = "behind the reply to EHLO",
     {GREETING, OFFER "220 go\r\n"},
     EHLO,
     FOUND_MX_SMTP_INVALID,
     STEP_EHLO,
     220,
     250,
     0,
     0,
     CLOSES,
     false,
     "more than the reply to EHLO came, unasked"},
    {.what = "EHLO 500, HELO 250",
     {GREETING, "500 what\r\n", "250 hello\r\n"},
     EHLO HELO,
     FOUND_MX_TLS_NO_STARTTLS,
     STEP_EHLO,
     220,
     500,
     250,
     0,
     QUITS,
     false,
     "knows HELO"},
    {.what = "EHLO 501, HELO 250",
     {GREETING, "501 what\r\n", "250 hello\r\n"},
     EHLO HELO,
     FOUND_MX_TLS_NO_STARTTLS,
     STEP_EHLO,
     220,
     501,
     250,
     0,
     QUITS},
    {.what = "EHLO 502, HELO 502",
     {GREETING, "502 what\r\n", "502 what\r\n"},
     EHLO HELO,
     FOUND_MX_SMTP_REFUSED,
     STEP_EHLO,
     220,
     502,
     502,
     0,
     QUITS,
     false,
     "answered 502 to HELO: what"},
    {.what = "EHLO 504, HELO 421",
     {GREETING, "504 what\r\n", "421 bye\r\n"},
     EHLO HELO,
     FOUND_MX_SMTP_LATER,
     STEP_EHLO,
     220,
     504,
     421,
     0,
     CLOSES},
    {.what = "HELO 220",
     {GREETING, "500 what\r\n", "220 hello\r\n"},
     EHLO HELO,
     FOUND_MX_SMTP_INVALID,
     STEP_EHLO,
     220,
     500,
     220,
     0,
     CLOSES},
    {.what = "HELO offers nothing",
     {GREETING, "500 what\r\n", OFFER},
     EHLO HELO,
     FOUND_MX_TLS_NO_STARTTLS,
     STEP_EHLO,
     220,
     500,
     250,
     0,
     QUITS},
    {.what = "no STARTTLS",
     {GREETING, "250-mail\r\n250 SIZE\r\n"},
     EHLO,
     FOUND_MX_TLS_NO_STARTTLS,
     STEP_EHLO,
     220,
     250,
     0,
     0,
     QUITS,
     false,
     "does not offer STARTTLS in its reply"},
    {.what = "STARTTLSX",
     {GREETING, "250-mail\r\n250 STARTTLSX\r\n"},
     EHLO,
     FOUND_MX_TLS_NO_STARTTLS,
     STEP_EHLO,
     220,
     250,
     0,
     0,
     QUITS},
    {.what = "masked",
     {GREETING, "250-mail\r\n250 XXXXXXXA\r\n"},
     EHLO,
     FOUND_MX_TLS_NO_STARTTLS,
     STEP_EHLO,
     220,
     250,
     0,
     0,
     QUITS,
     false,
     "masked"},
    {.what = "a masked greeting and no STARTTLS",
     {"220 *****\r\n", "250 mail\r\n"},
     EHLO,
     FOUND_MX_TLS_NO_STARTTLS,
     STEP_EHLO,
     220,
     250,
     0,
     0,
     QUITS,
     false,
     "masked"},
    {.what = "starttls",
     {GREETING, "250-mail\r\n250 starttls\r\n", "220 go\r\n"},
     EHLO STARTTLS,
     FOUND_COUNT,
     STEP_STARTTLS,
     220,
     250,
     0,
     220,
     QUITS},
    {.what = "a flood of EHLO",
     {GREETING, "250-\x01\r\n250-\x02\r\n251-\r\n"},
     EHLO,
     FOUND_MX_SMTP_INVALID,
     STEP_EHLO,
     220,
     0,
     0,
     0,
     CLOSES,
     false,
     "the reply to EHLO: the lines"},
    {.what = "STARTTLS 454",
     {GREETING, OFFER, "454 no TLS now\r\n"},
     EHLO STARTTLS,
     FOUND_MX_TLS_STARTTLS_REFUSED,
     STEP_STARTTLS,
     220,
     250,
     0,
     454,
     QUITS,
     true,
     "answered 454 to STARTTLS: no TLS now"},
    {.what = "STARTTLS 502",
     {GREETING, OFFER, "502 what\r\n"},
     EHLO STARTTLS,
     FOUND_MX_TLS_STARTTLS_REFUSED,
     STEP_STARTTLS,
     220,
     250,
     0,
     502,
     QUITS,
     false},
    {.what = "STARTTLS 250",
     {GREETING, OFFER, "250 fine\r\n"},
     EHLO STARTTLS,
     FOUND_MX_TLS_STARTTLS_REFUSED,
     STEP_STARTTLS,
     220,
     250,
     0,
     250,
     QUITS,
     true},
    {.what = "STARTTLS 421",
     {GREETING, OFFER, "421 bye\r\n"},
     EHLO STARTTLS,
     FOUND_MX_SMTP_LATER,
     STEP_STARTTLS,
     220,
     250,
     0,
     421,
     CLOSES},
    {.what = "STARTTLS 334",
     {GREETING, OFFER, "334 x\r\n"},
     EHLO STARTTLS,
     FOUND_MX_SMTP_INVALID,
     STEP_STARTTLS,
     220,
     250,
     0,
     334,
     CLOSES},
    {.what = "behind a 454",
     {GREETING, OFFER, "454 no\r\n220 yes\r\n"},
     EHLO STARTTLS,
     FOUND_MX_SMTP_INVALID,
     STEP_STARTTLS,
     220,
     250,
     0,
     454,
     CLOSES,
     false,
     "more than the reply to STARTTLS came, unasked"},
};

/* Gives one reply in two pieces; what stands behind one that is whole comes with the first piece
 * that ends it. */
static enum dialogue_turn hear(struct dialogue *dialogue, struct span octets, size_t cut) {
  struct span pieces[] = {span_first(octets, cut), span_skip(octets, cut)};
  enum dialogue_turn turn = DIALOGUE_LISTENS;
  for (size_t i = 0; i < 2 && turn == DIALOGUE_LISTENS; i++) {
    size_t used;
    if (pieces[i].len) turn = dialogue_hear(dialogue, pieces[i], &used);
  }
  return turn;
}

static enum dialogue_turn play(struct dialogue *dialogue, const struct row *row, size_t each,
                               char *said, size_t size) {
  enum dialogue_turn turn = DIALOGUE_SAYS;
  dialogue_init(dialogue);
  said[0] = '\0';
  for (size_t i = 0; turn == DIALOGUE_SAYS; i++) {
    assert_true(i < HEARD_MAX && row->says[i]);
    struct span octets = span_of(row->says[i]);
    turn = hear(dialogue, octets, each < octets.len ? each : octets.len);
    if (turn != DIALOGUE_SAYS) break;
    char command[DIALOGUE_COMMAND_MAX];
    size_t len = dialogue_command(dialogue, SPAN("scan.test"), command);
    snprintf(said + strlen(said), size - strlen(said), "%.*s", (int)len, command);
  }
  return turn;
}

/* Octets behind a reply that are cut off it come as the reply to what we say next. */
static bool may_cut(const struct row *row) {
  return !row->detail || !strstr(row->detail, "unasked");
}

static bool is_as(const struct row *row, const struct dialogue *dialogue, enum dialogue_turn turn,
                  const char *said) {
  struct arena arena = {0};
  bool ends = row->code != FOUND_COUNT;
  bool right = turn == (ends ? DIALOGUE_ENDS : DIALOGUE_SHAKES_HANDS) &&
               dialogue->code == row->code && dialogue->greeting == row->greeting &&
               dialogue->ehlo == row->ehlo && dialogue->helo == row->helo &&
               dialogue->starttls == row->starttls && dialogue_step(dialogue) == row->step &&
               dialogue->contested == row->contested && dialogue_quits(dialogue) == row->quits &&
               strcmp(said, row->said) == 0;
  if (right && ends && row->detail) {
    struct span detail = dialogue_detail(dialogue, &arena);
    right = span_here(detail) && strstr(detail.ptr, row->detail);
    if (!right) printf("%.*s\n", SPAN_ARG(detail));
  }
  arena_free(&arena);
  return right;
}

static void test_rows(void **state) {
  (void)state;
  unsigned wrong = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (size_t cut = may_cut(&rows[i]) ? 1 : 100; cut <= 100; cut++) {
      struct dialogue dialogue;
      char said[4 * DIALOGUE_COMMAND_MAX];
      enum dialogue_turn turn = play(&dialogue, &rows[i], cut, said, sizeof said);
      if (is_as(&rows[i], &dialogue, turn, said)) continue;
      printf("%s, cut at %zu: turn %d, code %d, %d %d %d %d, contested %d\n", rows[i].what, cut,
             turn, dialogue.code, dialogue.greeting, dialogue.ehlo, dialogue.helo,
             dialogue.starttls, dialogue.contested);
      wrong++;
    }
  }
  assert_int_equal(wrong, 0);
}

/* What stands behind the reply to STARTTLS is left to TLS, to the octet. */
static void test_behind_starttls(void **state) {
  (void)state;
  struct dialogue dialogue;
  size_t used;
  dialogue_init(&dialogue);
  assert_int_equal(dialogue_hear(&dialogue, SPAN(GREETING), &used), DIALOGUE_SAYS);
  assert_int_equal(dialogue_hear(&dialogue, SPAN(OFFER), &used), DIALOGUE_SAYS);
  assert_int_equal(dialogue_hear(&dialogue, SPAN("220 go\r\n250 injected\r\n"), &used),
                   DIALOGUE_SHAKES_HANDS);
  assert_int_equal(used, 8);
}

static void test_greeting_text(void **state) {
  (void)state;
  struct dialogue dialogue;
  size_t used;
  dialogue_init(&dialogue);
  assert_string_equal(dialogue_awaits(&dialogue), "the greeting");
  dialogue_hear(&dialogue, SPAN("220-a\r\n220 b\r\n"), &used);
  dialogue_hear(&dialogue, SPAN("250 other\r\n"), &used);
  assert_int_equal(dialogue.greeting_len, 3);
  assert_memory_equal(dialogue.greeting_text, "a b", 3);
}

/* The longest name there is. */
static void test_longest_name(void **state) {
  (void)state;
  char name[253], out[DIALOGUE_COMMAND_MAX];
  struct dialogue dialogue;
  dialogue_init(&dialogue);
  dialogue.asked = DIALOGUE_EHLO;
  memset(name, 'a', sizeof name);
  size_t len = dialogue_command(&dialogue, (struct span){name, sizeof name}, out);
  assert_int_equal(len, DIALOGUE_COMMAND_MAX);
  assert_memory_equal(out + len - 3, "a\r\n", 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_behind_starttls),
      cmocka_unit_test(test_greeting_text),
      cmocka_unit_test(test_longest_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
