#include "scanner/smtp/contact.h"

static bool contact_is_v4(const union address *address) {
  return address->any.sa_family == AF_INET;
}

/* FNV-1a, the same on every machine: where a probe goes does not depend on who runs it. */
static size_t contact_hash(struct span host) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < host.len; i++)
    hash = (hash ^ (unsigned char)host.ptr[i]) * UINT64_C(0x100000001b3);
  return (size_t)(hash >> 16);
}

static bool contact_has(const struct contact *contact, const union address *address) {
  bool found = false;
  for (size_t i = 0; i < contact->address_count && !found; i++)
    found = address_same_ip(contact->addresses[i], address);
  return found;
}

static size_t contact_count(bool v4, const union address *const *addresses, size_t count) {
  size_t of_family = 0;
  for (size_t i = 0; i < count; i++) of_family += contact_is_v4(addresses[i]) == v4;
  return of_family;
}

/* The nth of the family, which is there. */
static const union address *contact_nth(size_t n, bool v4, const union address *const *addresses) {
  while (contact_is_v4(*addresses) != v4 || n--) addresses++;
  return *addresses;
}

/* Those of one family, from the place that the hash gives, until there are so many in all. */
static void contact_take(struct contact *contact, size_t hash, bool v4, size_t room,
                         const union address *const *addresses, size_t count) {
  size_t of_family = contact_count(v4, addresses, count);
  for (size_t i = 0; i < of_family && contact->address_count < room; i++) {
    const union address *address = contact_nth((hash + i) % of_family, v4, addresses);
    if (!contact_has(contact, address)) contact->addresses[contact->address_count++] = address;
  }
}

void contact_choose(struct contact *contact, struct span host,
                    const union address *const *addresses, size_t count) {
  size_t hash = contact_hash(host);
  contact_take(contact, hash, true, CONTACT_FAMILY_MAX, addresses, count);
  size_t room = contact->address_count ? contact->address_count + 1 : CONTACT_FAMILY_MAX;
  contact_take(contact, hash, false, room, addresses, count);
}

const union address *contact_address(const struct contact *contact) {
  return contact->addresses[contact->next];
}

bool contact_keep(struct contact *contact, const struct contact_attempt *attempt) {
  bool counts = !contact->attempts || (attempt->step >= contact->best.step && !attempt->no_route);
  contact->attempts++;
  contact->connections += attempt->stood;
  if (counts) contact->best = *attempt;
  return counts;
}

/* Whether a sender would go on to the next address: not after the server's own answer to what it
 * was asked, or a certificate that is the same at all of them. */
static bool contact_tries_next(enum finding_code code) {
  switch (code) {
  case FOUND_MX_SMTP_UNREACHABLE:
  case FOUND_MX_SMTP_TIMEOUT:
  case FOUND_MX_SMTP_CLOSED:
  case FOUND_MX_SMTP_LATER:
  case FOUND_MX_SMTP_REFUSED:
  case FOUND_MX_TLS_ALERT:
  case FOUND_MX_TLS_TIMEOUT:
  case FOUND_MX_TLS_CLOSED: return true;
  default: return false;
  }
}

/* Whether what counts may pass by itself. */
static bool contact_may_pass(const struct contact_attempt *attempt) {
  if (attempt->code == FOUND_COUNT) return false;
  enum finding_passing passing = finding_info(attempt->code)->passing;
  return passing == FINDING_AT_HOST ||
         (passing == FINDING_AT_HOST_4XX && attempt->smtp_status / 100 == 4);
}

static bool contact_has_next(const struct contact *contact, const struct contact_attempt *attempt) {
  size_t next = contact->next + 1;
  if (next == contact->address_count || !contact_tries_next(attempt->code)) return false;
  bool falls_back =
      contact_is_v4(contact->addresses[0]) && !contact_is_v4(contact->addresses[next]);
  return !falls_back || contact->connections == 0;
}

enum contact_turn contact_turn(struct contact *contact, const struct contact_attempt *attempt) {
  if (contact->connections == CONTACT_CONNECTIONS_MAX) return CONTACT_ENDS;
  if (contact_has_next(contact, attempt)) {
    contact->next++;
    return CONTACT_GOES_ON;
  }
  contact->next = 0;
  contact->rounds++;
  bool again = !contact->once && contact->rounds < CONTACT_ROUNDS_MAX;
  return again && contact_may_pass(&contact->best) ? CONTACT_PAUSES : CONTACT_ENDS;
}
