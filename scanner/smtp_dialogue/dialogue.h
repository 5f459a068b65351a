/* What is said to a mail server from its greeting to STARTTLS, and what its replies mean (RFC 5321,
 * RFC 3207). Never sends before a reply has ended. Pure: whoever has the socket carries octets.
 */
#ifndef SCANNER_SMTP_DIALOGUE_DIALOGUE_H
#define SCANNER_SMTP_DIALOGUE_DIALOGUE_H

#include "scanner/base/arena.h"
#include "scanner/smtp_dialogue/reply.h"

enum { DIALOGUE_COMMAND_MAX = 5 + 253 + 2 }; /* EHLO, the longest name, CRLF */

enum dialogue_turn {
  DIALOGUE_LISTENS,      /* for the rest of the reply */
  DIALOGUE_SAYS,         /* dialogue_command() */
  DIALOGUE_SHAKES_HANDS, /* the server is ready for TLS */
  DIALOGUE_ENDS,         /* code says why */
};

/* The command whose reply is awaited. */
enum dialogue_asked {
  DIALOGUE_CONNECTED, /* none yet: the greeting */
  DIALOGUE_EHLO,
  DIALOGUE_HELO,
  DIALOGUE_STARTTLS,
};

/* Begins zeroed, but for code: FOUND_COUNT. */
struct dialogue {
  enum dialogue_asked asked;
  struct reply reply; /* to it; the last one when the dialogue has ended */
  enum finding_code code;
  bool contested; /* so is its reading */
  bool behind;    /* octets stood behind the last reply */
  bool masked;    /* as in reply, of any of them */
  /* The replies' codes; 0: none came. */
  int greeting, ehlo, helo, starttls;
  char greeting_text[RESULT_SMTP_TEXT_MAX];
  size_t greeting_len;
};

void dialogue_init(struct dialogue *dialogue);

/* Takes octets up to the end of a reply; *used of them, which is fewer than given only behind the
 * reply to STARTTLS: what stands there is TLS, or is not. */
enum dialogue_turn dialogue_hear(struct dialogue *dialogue, struct span octets, size_t *used);

/* "EHLO NAME\r\n" or what else is to be said after DIALOGUE_SAYS. name: at most 253 octets. Returns
 * its length. */
size_t dialogue_command(const struct dialogue *dialogue, struct span name,
                        char out[DIALOGUE_COMMAND_MAX]);

/* Whether the server is to be told QUIT, the dialogue having ended: RFC 5321 section 4.1.1.10. Not
 * after 421, which closes the connection, nor one that is out of step. */
bool dialogue_quits(const struct dialogue *dialogue);

/* How far it got. */
enum result_step dialogue_step(const struct dialogue *dialogue);
/* "the greeting", "the reply to EHLO" */
const char *dialogue_awaits(const struct dialogue *dialogue);

/* For people, of one that has ended with a code: what was said, by what reply. */
struct span dialogue_detail(const struct dialogue *dialogue, struct arena *arena);

#endif
