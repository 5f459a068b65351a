#include "scanner/dns/message.h"
#include "scanner/dns/wire.h"

enum {
  MESSAGE_HEADER_SIZE = 12,
  MESSAGE_CLASS_IN = 1,
  MESSAGE_TYPE_OPT = 41,
  MESSAGE_TLSA_HEAD = 3,   /* usage, selector, matching type */
  MESSAGE_OPTION_EDE = 15, /* RFC 8914 section 2 */
};

/* Of the header's second word. */
enum {
  MESSAGE_QR = 0x8000,
  MESSAGE_OPCODE = 0x7800,
  MESSAGE_TC = 0x0200,
  MESSAGE_RD = 0x0100,
  MESSAGE_AD = 0x0020,
  MESSAGE_RCODE = 0x000f,
};

struct message_out {
  unsigned char *bytes; /* DNS_QUERY_SIZE_MAX: a name of 255 octets and all else fit */
  size_t len;
};

static void message_put_u16(struct message_out *out, unsigned value) {
  out->bytes[out->len++] = (unsigned char)(value >> 8);
  out->bytes[out->len++] = (unsigned char)value;
}

/* The root is asked for as ".", and has no labels. */
static struct span message_labels(struct span name) {
  return span_equal(name, SPAN(".")) ? (struct span){0} : name;
}

static bool message_put_name(struct message_out *out, struct span name) {
  if (!name.len) return false;
  name = message_labels(name);
  if (!name.len) {
    out->bytes[out->len++] = 0;
    return true;
  }
  if (name.len > DNS_NAME_MAX || name.ptr[name.len - 1] == '.') return false;
  while (name.len) {
    struct span label = span_cut(&name, '.');
    if (!label.len || label.len > WIRE_LABEL_MAX) return false;
    out->bytes[out->len++] = (unsigned char)label.len;
    memcpy(out->bytes + out->len, label.ptr, label.len);
    out->len += label.len;
  }
  out->bytes[out->len++] = 0;
  return true;
}

/* RFC 6891 section 6.1.2: the root, OPT, our size as class, nothing else. */
static void message_put_opt(struct message_out *out) {
  out->bytes[out->len++] = 0;
  message_put_u16(out, MESSAGE_TYPE_OPT);
  message_put_u16(out, DNS_UDP_SIZE);
  for (int i = 0; i < 3; i++) message_put_u16(out, 0);
}

size_t message_query(unsigned char *out, uint16_t id, struct span name, enum dns_type type,
                     bool edns) {
  struct message_out query = {.bytes = out};
  message_put_u16(&query, id);
  message_put_u16(&query, MESSAGE_RD | MESSAGE_AD);
  message_put_u16(&query, 1);
  message_put_u16(&query, 0);
  message_put_u16(&query, 0);
  message_put_u16(&query, edns);
  if (!message_put_name(&query, name)) return 0;
  message_put_u16(&query, type);
  message_put_u16(&query, MESSAGE_CLASS_IN);
  if (edns) message_put_opt(&query);
  return query.len;
}

/* The question is never compressed, and has no octet that our names need to escape. */
static bool message_is_question(struct wire *reader, struct span name, enum dns_type type) {
  name = message_labels(name);
  while (name.len) {
    struct span label = span_cut(&name, '.');
    if (wire_u8(reader) != label.len || !wire_has(reader, label.len)) return false;
    const char *octets = (const char *)reader->bytes + reader->at;
    if (!span_equal_nocase((struct span){octets, label.len}, label)) return false;
    reader->at += label.len;
  }
  return wire_u8(reader) == 0 && wire_u16(reader) == (unsigned)type &&
         wire_u16(reader) == MESSAGE_CLASS_IN && !reader->bad;
}

/* What a walk over the answer section needs. */
struct message_section {
  struct wire start;
  unsigned count;
};

static bool message_owned_by(const struct message_section *section, const struct wire_rr *rr,
                             const struct wire_name *owner, bool *bad) {
  struct wire reader = section->start;
  struct wire_name name;
  reader.at = rr->owner;
  wire_read_name(&reader, &name);
  *bad |= reader.bad;
  return name.len == owner->len && memcmp(name.text, owner->text, name.len) == 0;
}

/* The next record of that owner and type at or behind the cursor. */
static bool message_find(const struct message_section *section, struct wire *reader, unsigned *left,
                         const struct wire_name *owner, unsigned type, struct wire_rr *rr) {
  while (*left && !reader->bad) {
    --*left;
    *rr = wire_read_rr(reader);
    if (rr->type != type || rr->class != MESSAGE_CLASS_IN) continue;
    if (message_owned_by(section, rr, owner, &reader->bad) && !reader->bad) return true;
  }
  return false;
}

/* Reads the name that stands in an RR's data from `skip` on and must end with it. */
static enum err message_data_name(const struct message_section *section, const struct wire_rr *rr,
                                  size_t skip, struct wire_name *name) {
  struct wire reader = section->start;
  reader.at = rr->data + skip;
  if (rr->size <= skip) return ERR_SYNTAX;
  wire_read_name(&reader, name);
  return reader.bad || reader.at != rr->data + rr->size ? ERR_SYNTAX : ERR_NONE;
}

/* Follows the CNAMEs from *owner on; leaves the end of the chain there. */
static enum err message_follow(const struct message_section *section, struct wire_name *owner,
                               struct arena *arena, struct spans *chain) {
  struct span targets[DNS_CNAME_MAX];
  for (;;) {
    struct wire reader = section->start;
    unsigned left = section->count;
    struct wire_rr rr;
    bool found = message_find(section, &reader, &left, owner, DNS_TYPE_CNAME, &rr);
    if (reader.bad) return ERR_SYNTAX;
    if (!found) break;
    if (chain->count == DNS_CNAME_MAX) return ERR_SYNTAX;
    if (message_data_name(section, &rr, 0, owner)) return ERR_SYNTAX;
    targets[chain->count++] = arena_copy(arena, (struct span){owner->text, owner->len});
  }
  if (!chain->count) return ERR_NONE;
  chain->at = arena_array(arena, chain->count, sizeof *chain->at);
  if (!chain->at) return ERR_MEMORY;
  memcpy(chain->at, targets, chain->count * sizeof *targets);
  return ERR_NONE;
}

/* A TXT record's strings, joined (RFC 8461 section 3.1, RFC 7208 section 3.3). */
static enum err message_read_txt(const struct message_section *section, const struct wire_rr *rr,
                                 struct arena *arena, struct span *data) {
  struct wire reader = section->start;
  size_t end = rr->data + rr->size;
  reader.at = rr->data;
  if (!rr->size) return ERR_SYNTAX;
  char *joined = arena_alloc(arena, rr->size);
  if (!joined) return ERR_MEMORY;
  size_t len = 0;
  while (reader.at < end) {
    size_t length = wire_u8(&reader);
    if (length > end - reader.at) return ERR_SYNTAX;
    memcpy(joined + len, reader.bytes + reader.at, length);
    len += length;
    reader.at += length;
  }
  *data = (struct span){joined, len};
  return ERR_NONE;
}

static enum err message_read_mx(const struct message_section *section, const struct wire_rr *rr,
                                struct arena *arena, struct dns_record *record) {
  struct wire reader = section->start;
  struct wire_name host;
  reader.at = rr->data;
  if (message_data_name(section, rr, 2, &host)) return ERR_SYNTAX;
  record->preference = wire_u16(&reader);
  record->data = arena_copy(arena, (struct span){host.text, host.len});
  return arena->err ? ERR_MEMORY : ERR_NONE;
}

static enum err message_read_host(const struct message_section *section, const struct wire_rr *rr,
                                  struct arena *arena, struct span *data) {
  struct wire_name host;
  if (message_data_name(section, rr, 0, &host)) return ERR_SYNTAX;
  *data = arena_copy(arena, (struct span){host.text, host.len});
  return arena->err ? ERR_MEMORY : ERR_NONE;
}

static enum err message_read_octets(const struct message_section *section, const struct wire_rr *rr,
                                    bool fits, struct arena *arena, struct span *data) {
  const char *octets = (const char *)section->start.bytes + rr->data;
  if (!fits) return ERR_SYNTAX;
  *data = arena_copy(arena, (struct span){octets, rr->size});
  return arena->err ? ERR_MEMORY : ERR_NONE;
}

static enum err message_read_data(const struct message_section *section, const struct wire_rr *rr,
                                  struct arena *arena, struct dns_record *record) {
  record->ttl = rr->ttl;
  switch (rr->type) {
  case DNS_TYPE_A: return message_read_octets(section, rr, rr->size == 4, arena, &record->data);
  case DNS_TYPE_AAAA: return message_read_octets(section, rr, rr->size == 16, arena, &record->data);
  case DNS_TYPE_TLSA:
    return message_read_octets(section, rr, rr->size > MESSAGE_TLSA_HEAD, arena, &record->data);
  case DNS_TYPE_NS:
  case DNS_TYPE_PTR: return message_read_host(section, rr, arena, &record->data);
  case DNS_TYPE_MX: return message_read_mx(section, rr, arena, record);
  case DNS_TYPE_TXT: return message_read_txt(section, rr, arena, &record->data);
  default: return ERR_SYNTAX;
  }
}

static enum err message_read_records(const struct message_section *section,
                                     const struct wire_name *owner, enum dns_type type,
                                     struct arena *arena, struct dns_answer *answer) {
  struct wire_rr found[DNS_RECORD_MAX];
  struct wire reader = section->start;
  unsigned left = section->count;
  struct wire_rr rr;
  size_t count = 0;
  while (message_find(section, &reader, &left, owner, type, &rr)) {
    if (count == DNS_RECORD_MAX) return ERR_SYNTAX;
    found[count++] = rr;
  }
  if (reader.bad) return ERR_SYNTAX;
  if (!count) return ERR_NONE;
  answer->records = arena_array(arena, count, sizeof *answer->records);
  if (!answer->records) return ERR_MEMORY;
  enum err err = ERR_NONE;
  while (answer->count < count && !err) {
    err = message_read_data(section, &found[answer->count], arena, &answer->records[answer->count]);
    answer->count++;
  }
  return err;
}

static enum err message_read_answers(const struct message_section *section, struct span name,
                                     enum dns_type type, struct arena *arena,
                                     struct dns_answer *answer) {
  struct wire_name owner = {.len = 0};
  if (section->count > DNS_ANSWER_MAX) return ERR_SYNTAX;
  if (name.len > sizeof owner.text) return ERR_SYNTAX;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    owner.text[owner.len++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  enum err err = message_follow(section, &owner, arena, &answer->cname);
  if (!err) err = message_read_records(section, &owner, type, arena, answer);
  return arena->err ? ERR_MEMORY : err;
}

/* Some end the text in a NUL, which it should not have (RFC 8914 section 2). */
static struct span message_ede_text(const struct wire *reader, size_t len) {
  struct span text = {(const char *)reader->bytes + reader->at, len};
  while (text.len && !text.ptr[text.len - 1]) text.len--;
  return span_first(text, RESULT_EDE_TEXT_MAX);
}

/* The options of an OPT record: code, length, data (RFC 6891 section 6.1.2). Of what cannot be read
 * nothing is lost but the resolver's own words. */
static void message_read_ede(const struct wire *message, const struct wire_rr *rr,
                             struct arena *arena, struct dns_answer *answer) {
  struct wire reader = *message;
  reader.at = rr->data;
  reader.len = rr->data + rr->size;
  while (reader.at < reader.len && !answer->ede.here) {
    unsigned option = wire_u16(&reader);
    size_t len = wire_u16(&reader);
    if (!wire_has(&reader, len)) return;
    if (option != MESSAGE_OPTION_EDE || len < 2) {
      wire_skip(&reader, len);
      continue;
    }
    answer->ede.code = wire_u16(&reader);
    struct span text = message_ede_text(&reader, len - 2);
    if (text.len) answer->ede.text = arena_copy(arena, text);
    answer->ede.here = true;
  }
}

/* The upper bits of the rcode stand in the OPT record's TTL (RFC 6891 section 6.1.3), and there is
 * at most one of these (6.1.1). */
static void message_read_opt(struct wire *reader, unsigned count, struct arena *arena,
                             struct dns_answer *answer) {
  while (count-- && !reader->bad) {
    struct wire_rr rr = wire_read_rr(reader);
    if (rr.type != MESSAGE_TYPE_OPT) continue;
    if (answer->has_edns) reader->bad = true;
    answer->has_edns = true;
    answer->rcode |= (int)(rr.ttl >> 24) << 4;
    if (!reader->bad) message_read_ede(reader, &rr, arena, answer);
  }
}

enum err message_read(struct span packet, struct span name, enum dns_type type, struct arena *arena,
                      struct dns_answer *answer) {
  struct wire reader = {.bytes = (const unsigned char *)packet.ptr, .len = packet.len};
  *answer = (struct dns_answer){.rcode = 0};
  wire_skip(&reader, 2);
  unsigned flags = wire_u16(&reader);
  unsigned questions = wire_u16(&reader);
  struct message_section section = {.count = wire_u16(&reader)};
  unsigned authorities = wire_u16(&reader);
  unsigned additionals = wire_u16(&reader);
  if (reader.bad || !(flags & MESSAGE_QR) || (flags & MESSAGE_OPCODE)) return ERR_SYNTAX;
  if (questions != 1 || !message_is_question(&reader, name, type)) return ERR_SYNTAX;
  answer->rcode = (int)(flags & MESSAGE_RCODE);
  answer->ad = flags & MESSAGE_AD;
  answer->truncated = flags & MESSAGE_TC;
  if (answer->truncated) return ERR_NONE;

  section.start = reader;
  for (unsigned i = 0; i < section.count && !reader.bad; i++) wire_read_rr(&reader);
  for (unsigned i = 0; i < authorities && !reader.bad; i++) wire_read_rr(&reader);
  message_read_opt(&reader, additionals, arena, answer);
  if (reader.bad) return ERR_SYNTAX;
  if (section.count) return message_read_answers(&section, name, type, arena, answer);
  return arena->err ? ERR_MEMORY : ERR_NONE;
}

/* Past a question whose name is plain labels. */
static void message_skip_question(struct wire *reader) {
  size_t start = reader->at;
  unsigned length;
  while ((length = wire_u8(reader))) {
    if (length > WIRE_LABEL_MAX) reader->bad = true;
    wire_skip(reader, length);
  }
  if (reader->at - start > WIRE_NAME_MAX) reader->bad = true;
  wire_skip(reader, 2);
  if (wire_u16(reader) != MESSAGE_CLASS_IN) reader->bad = true;
}

static size_t message_stub(unsigned char *out, struct span packet, unsigned flags) {
  struct wire reader = {.bytes = (const unsigned char *)packet.ptr, .len = packet.len};
  struct message_out stub = {.bytes = out};
  message_put_u16(&stub, wire_u16(&reader));
  message_put_u16(&stub, flags);
  unsigned said = wire_u16(&reader) & (MESSAGE_QR | MESSAGE_OPCODE);
  unsigned questions = wire_u16(&reader);
  message_put_u16(&stub, questions);
  for (int i = 0; i < 3; i++) message_put_u16(&stub, 0);
  wire_skip(&reader, 6);
  message_skip_question(&reader);
  if (reader.bad || questions != 1 || said != flags) return 0;
  memcpy(out + stub.len, packet.ptr + stub.len, reader.at - stub.len);
  return reader.at;
}

size_t message_query_stub(unsigned char *out, struct span packet) {
  return message_stub(out, packet, 0);
}

size_t message_answer_stub(unsigned char *out, struct span packet) {
  return message_stub(out, packet, MESSAGE_QR);
}

bool message_is_bare_formerr(struct span packet) {
  struct wire reader = {.bytes = (const unsigned char *)packet.ptr, .len = packet.len};
  wire_u16(&reader);
  unsigned flags = wire_u16(&reader);
  return packet.len == MESSAGE_HEADER_SIZE &&
         (flags & (MESSAGE_QR | MESSAGE_OPCODE)) == MESSAGE_QR &&
         (flags & MESSAGE_RCODE) == DNS_FORMERR;
}

void message_make_formerr(unsigned char *stub) {
  stub[2] = MESSAGE_QR >> 8;
  stub[3] = DNS_FORMERR;
}

bool message_rcode_refuses(int rcode) {
  return rcode == DNS_REFUSED || rcode == DNS_NOTIMP || rcode == DNS_NOTAUTH;
}

bool message_rcode_fails(int rcode) {
  return rcode == DNS_SERVFAIL || message_rcode_refuses(rcode);
}
