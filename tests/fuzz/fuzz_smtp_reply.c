/* What a mail server says: the first octet tells where it is cut; each reply in turn is given to a
 * dialogue, whole and in pieces, and both must come to the same. */
#include "fuzz.h"

#include "scanner/smtp_dialogue/dialogue.h"

static bool fuzz_smtp_same_reply(const struct reply *a, const struct reply *b) {
  return a->fault == b->fault && a->whole == b->whole && a->code == b->code &&
         a->starttls == b->starttls && a->masked == b->masked &&
         span_equal(reply_text(a), reply_text(b));
}

static void fuzz_smtp_check(const struct reply *reply) {
  FUZZ_REQUIRE(!(reply->whole && reply->fault));
  FUZZ_REQUIRE(reply->octets <= REPLY_OCTETS_MAX || reply->fault);
  FUZZ_REQUIRE(reply->lines <= REPLY_LINES_MAX);
  FUZZ_REQUIRE(reply->text_len <= RESULT_SMTP_TEXT_MAX);
  if (reply->whole) FUZZ_REQUIRE(reply->code >= 200 && reply->code <= 599);
}

/* The octets of the first reply. */
static size_t fuzz_smtp_reply(struct span octets, size_t cut) {
  struct reply whole = {0}, pieces = {0};
  size_t used = reply_take(&whole, octets);
  size_t at = reply_take(&pieces, span_first(octets, cut));
  while (at < octets.len && !pieces.whole && !pieces.fault)
    at += reply_take(&pieces, span_first(span_skip(octets, at), 1));
  FUZZ_REQUIRE(used == at);
  FUZZ_REQUIRE(fuzz_smtp_same_reply(&whole, &pieces));
  fuzz_smtp_check(&whole);
  return used;
}

static void fuzz_smtp_dialogue(struct span octets) {
  struct dialogue dialogue;
  struct arena arena = {0};
  char command[DIALOGUE_COMMAND_MAX];
  enum dialogue_turn turn = DIALOGUE_SAYS;
  dialogue_init(&dialogue);
  while (turn <= DIALOGUE_SAYS && octets.len) {
    size_t used, reply = fuzz_smtp_reply(octets, 1);
    turn = dialogue_hear(&dialogue, span_first(octets, reply), &used);
    FUZZ_REQUIRE(used == reply);
    octets = span_skip(octets, used);
    if (turn == DIALOGUE_SAYS) dialogue_command(&dialogue, SPAN("scan.test"), command);
  }
  FUZZ_REQUIRE((turn == DIALOGUE_ENDS) == (dialogue.code != FOUND_COUNT));
  if (turn == DIALOGUE_ENDS) FUZZ_REQUIRE(span_here(dialogue_detail(&dialogue, &arena)));
  FUZZ_REQUIRE(dialogue.greeting_len <= RESULT_SMTP_TEXT_MAX);
  arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) return 0;
  fuzz_smtp_reply(fuzz_text(data + 1, size - 1), data[0]);
  fuzz_smtp_dialogue(fuzz_text(data + 1, size - 1));
  return 0;
}
