#include "scanner/cli/browser.h"

/* reason NULL: whatever it is. */
static const struct browser_row {
  enum finding_code code;
  const char *reason;
  const char *sentence;
} browser_rows[] = {
    {FOUND_POLICY_TLS_UNTRUSTED, NULL,
     "It may work in a browser all the same: browsers keep or fetch intermediate certificates that "
     "a "
     "server does not send; senders do not."},
    {FOUND_POLICY_HTTP_REDIRECT, NULL,
     "It may work in a browser all the same: browsers follow redirects; senders must not."},
    {FOUND_POLICY_HTTP_STATUS, "challenge",
     "It may work in a browser all the same: a browser passes the challenge; senders cannot."},
    {FOUND_POLICY_HTTP_ENCODING, NULL,
     "It may work in a browser all the same: browsers unpack compressed answers; many senders do "
     "not."},
    {FOUND_POLICY_SYNTAX, "compressed",
     "It may work in a browser all the same: browsers unpack compressed answers; many senders do "
     "not."},
    {FOUND_POLICY_SYNTAX, "utf-16",
     "It may work in a browser all the same: browsers show UTF-16 as text; senders read bytes."},
};

static bool browser_is(const struct finding *finding, const struct browser_row *row) {
  if (finding->code != row->code) return false;
  if (!row->reason) return true;
  return finding->reasons & reason_bit(reason_by_word(row->code, span_of(row->reason)));
}

const char *browser_sentence(const struct result *result) {
  for (const struct finding *f = result->findings; f; f = f->next)
    for (size_t i = 0; i < sizeof browser_rows / sizeof *browser_rows; i++)
      if (browser_is(f, &browser_rows[i])) return browser_rows[i].sentence;
  return NULL;
}
