#include "scanner/smtp_dialogue/dialogue.h"

enum { REPLY_CLOSING = 421, REPLY_READY = 220, REPLY_FINE = 250 };

void dialogue_init(struct dialogue *dialogue) {
  *dialogue = (struct dialogue){.code = FOUND_COUNT};
}

static enum dialogue_turn dialogue_end(struct dialogue *dialogue, enum finding_code code) {
  dialogue->code = code;
  return DIALOGUE_ENDS;
}

static enum dialogue_turn dialogue_ask(struct dialogue *dialogue, enum dialogue_asked asked) {
  dialogue->asked = asked;
  dialogue->reply = (struct reply){0};
  return DIALOGUE_SAYS;
}

/* A reply that is neither the one hoped for nor one that this stage knows better. */
static enum dialogue_turn dialogue_end_by_class(struct dialogue *dialogue) {
  switch (dialogue->reply.code / 100) {
  case 4: return dialogue_end(dialogue, FOUND_MX_SMTP_LATER);
  case 5: return dialogue_end(dialogue, FOUND_MX_SMTP_REFUSED);
  default: return dialogue_end(dialogue, FOUND_MX_SMTP_INVALID);
  }
}

static bool dialogue_is_in(struct span text, struct span part) {
  while (text.len >= part.len && !span_starts(text, part)) text = span_skip(text, 1);
  return text.len >= part.len;
}

/* OpenBSD's spamd answers whatever is said, for as long as it may, and delivers nothing. */
static bool dialogue_is_spamd(const struct dialogue *dialogue) {
  struct span text = {dialogue->greeting_text, dialogue->greeting_len};
  return dialogue_is_in(text, SPAN("spamd IP-based SPAM blocker"));
}

static enum dialogue_turn dialogue_hear_greeting(struct dialogue *dialogue) {
  if (dialogue_is_spamd(dialogue)) return dialogue_end(dialogue, FOUND_MX_SMTP_REFUSED);
  if (dialogue->greeting / 100 == 2) return dialogue_ask(dialogue, DIALOGUE_EHLO);
  return dialogue_end_by_class(dialogue);
}

/* RFC 5321 section 3.2: a server that knows no EHLO says so by one of these. */
static bool dialogue_knows_no_ehlo(int code) {
  return code == 500 || code == 501 || code == 502 || code == 504;
}

static enum dialogue_turn dialogue_hear_ehlo(struct dialogue *dialogue) {
  if (dialogue_knows_no_ehlo(dialogue->ehlo)) return dialogue_ask(dialogue, DIALOGUE_HELO);
  if (dialogue->ehlo != REPLY_FINE) return dialogue_end_by_class(dialogue);
  if (dialogue->reply.starttls) return dialogue_ask(dialogue, DIALOGUE_STARTTLS);
  return dialogue_end(dialogue, FOUND_MX_TLS_NO_STARTTLS);
}

static enum dialogue_turn dialogue_hear_helo(struct dialogue *dialogue) {
  if (dialogue->helo == REPLY_FINE) return dialogue_end(dialogue, FOUND_MX_TLS_NO_STARTTLS);
  return dialogue_end_by_class(dialogue);
}

/* RFC 3207 section 4 knows 220, 454 and 501. Some senders go on after another 2xx, and 454 is
 * temporary by its text. */
static enum dialogue_turn dialogue_hear_starttls(struct dialogue *dialogue) {
  int code = dialogue->starttls;
  if (code == REPLY_READY) return DIALOGUE_SHAKES_HANDS;
  if (code == REPLY_CLOSING) return dialogue_end(dialogue, FOUND_MX_SMTP_LATER);
  if (code / 100 == 3) return dialogue_end(dialogue, FOUND_MX_SMTP_INVALID);
  dialogue->contested = code / 100 != 5;
  return dialogue_end(dialogue, FOUND_MX_TLS_STARTTLS_REFUSED);
}

static void dialogue_note(struct dialogue *dialogue) {
  struct reply *reply = &dialogue->reply;
  dialogue->masked |= reply->masked;
  switch (dialogue->asked) {
  case DIALOGUE_CONNECTED:
    dialogue->greeting = reply->code;
    dialogue->greeting_len = reply->text_len;
    memcpy(dialogue->greeting_text, reply->text, reply->text_len);
    break;
  case DIALOGUE_EHLO: dialogue->ehlo = reply->code; break;
  case DIALOGUE_HELO: dialogue->helo = reply->code; break;
  case DIALOGUE_STARTTLS: dialogue->starttls = reply->code; break;
  }
}

static enum dialogue_turn dialogue_hear_reply(struct dialogue *dialogue) {
  switch (dialogue->asked) {
  case DIALOGUE_CONNECTED: return dialogue_hear_greeting(dialogue);
  case DIALOGUE_EHLO: return dialogue_hear_ehlo(dialogue);
  case DIALOGUE_HELO: return dialogue_hear_helo(dialogue);
  case DIALOGUE_STARTTLS: break;
  }
  return dialogue_hear_starttls(dialogue);
}

/* Nobody may speak before he is asked: what follows would be taken for the reply to the next
 * command. Behind the last one it is for TLS to judge, however the packets fell. */
enum dialogue_turn dialogue_hear(struct dialogue *dialogue, struct span octets, size_t *used) {
  struct reply *reply = &dialogue->reply;
  *used = reply_take(reply, octets);
  if (reply->whole) dialogue_note(dialogue);
  bool ready = reply->whole && dialogue->starttls == REPLY_READY;
  if (*used < octets.len && !ready) {
    dialogue->behind = reply->whole;
    *used = octets.len;
    return dialogue_end(dialogue, FOUND_MX_SMTP_INVALID);
  }
  if (reply->fault) return dialogue_end(dialogue, FOUND_MX_SMTP_INVALID);
  return reply->whole ? dialogue_hear_reply(dialogue) : DIALOGUE_LISTENS;
}

static const char *dialogue_verb(const struct dialogue *dialogue) {
  switch (dialogue->asked) {
  case DIALOGUE_CONNECTED: return "the connection";
  case DIALOGUE_EHLO: return "EHLO";
  case DIALOGUE_HELO: return "HELO";
  case DIALOGUE_STARTTLS: return "STARTTLS";
  }
  return "";
}

size_t dialogue_command(const struct dialogue *dialogue, struct span name,
                        char out[DIALOGUE_COMMAND_MAX]) {
  struct span verb = span_of(dialogue_verb(dialogue));
  bool introduces = dialogue->asked != DIALOGUE_STARTTLS;
  size_t len = verb.len;
  memcpy(out, verb.ptr, verb.len);
  if (introduces) {
    out[len++] = ' ';
    memcpy(out + len, name.ptr, name.len);
    len += name.len;
  }
  out[len++] = '\r';
  out[len++] = '\n';
  return len;
}

bool dialogue_quits(const struct dialogue *dialogue) {
  return dialogue->code != FOUND_MX_SMTP_INVALID && dialogue->reply.code != REPLY_CLOSING;
}

enum result_step dialogue_step(const struct dialogue *dialogue) {
  switch (dialogue->asked) {
  case DIALOGUE_CONNECTED: return STEP_GREETING;
  case DIALOGUE_EHLO:
  case DIALOGUE_HELO: return STEP_EHLO;
  case DIALOGUE_STARTTLS: break;
  }
  return STEP_STARTTLS;
}

const char *dialogue_awaits(const struct dialogue *dialogue) {
  switch (dialogue->asked) {
  case DIALOGUE_CONNECTED: return "the greeting";
  case DIALOGUE_EHLO: return "the reply to EHLO";
  case DIALOGUE_HELO: return "the reply to HELO";
  case DIALOGUE_STARTTLS: break;
  }
  return "the reply to STARTTLS";
}

/* "answered 421 to EHLO: try later" */
static struct span dialogue_answer(const struct dialogue *dialogue, struct arena *arena) {
  struct span text = reply_text(&dialogue->reply);
  struct span answer = arena_format(arena, "answered %d to %s%s", dialogue->reply.code,
                                    dialogue_verb(dialogue), text.len ? ": " : "");
  return arena_join(arena, answer, text);
}

static struct span dialogue_invalid_detail(const struct dialogue *dialogue, struct arena *arena) {
  if (dialogue->reply.fault)
    return arena_format(arena, "%s: %s", dialogue_awaits(dialogue),
                        reply_fault_text(dialogue->reply.fault));
  if (dialogue->behind)
    return arena_format(arena, "more than %s came, unasked", dialogue_awaits(dialogue));
  return dialogue_answer(dialogue, arena);
}

static struct span dialogue_no_starttls_detail(const struct dialogue *dialogue,
                                               struct arena *arena) {
  if (dialogue->helo)
    return arena_format(arena, "knows HELO, but not EHLO (%d), so it cannot offer STARTTLS",
                        dialogue->ehlo);
  if (dialogue->masked)
    return SPAN("does not offer STARTTLS; what it says is masked (XXXX or ****), as by a firewall "
                "that allows no extensions");
  return SPAN("does not offer STARTTLS in its reply to EHLO");
}

struct span dialogue_detail(const struct dialogue *dialogue, struct arena *arena) {
  if (dialogue->code == FOUND_MX_SMTP_INVALID) return dialogue_invalid_detail(dialogue, arena);
  if (dialogue->code == FOUND_MX_TLS_NO_STARTTLS)
    return dialogue_no_starttls_detail(dialogue, arena);
  return dialogue_answer(dialogue, arena);
}
