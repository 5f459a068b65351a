#include "scanner/dns/wire.h"

enum { WIRE_POINTER = 0xc0 };

bool wire_has(struct wire *wire, size_t size) {
  if (wire->len - wire->at < size) wire->bad = true;
  return !wire->bad;
}

unsigned wire_u8(struct wire *wire) {
  return wire_has(wire, 1) ? wire->bytes[wire->at++] : 0;
}

unsigned wire_u16(struct wire *wire) {
  if (!wire_has(wire, 2)) return 0;
  const unsigned char *at = wire->bytes + wire->at;
  wire->at += 2;
  return (unsigned)at[0] << 8 | at[1];
}

static uint32_t wire_u32(struct wire *wire) {
  uint32_t high = wire_u16(wire);
  return high << 16 | wire_u16(wire);
}

void wire_skip(struct wire *wire, size_t size) {
  if (wire_has(wire, size)) wire->at += size;
}

/* Past a name, without looking where its pointer leads. */
static void wire_skip_name(struct wire *wire) {
  for (;;) {
    unsigned length = wire_u8(wire);
    if (wire->bad || length == 0) return;
    if (length >= WIRE_POINTER) {
      wire_skip(wire, 1);
      return;
    }
    if (length > WIRE_LABEL_MAX) wire->bad = true;
    wire_skip(wire, length);
  }
}

static void wire_name_octet(struct wire_name *name, unsigned char octet) {
  if (octet >= 'A' && octet <= 'Z') octet |= 0x20;
  bool plain = (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' ||
               octet == '_';
  if (plain) {
    name->text[name->len++] = (char)octet;
    return;
  }
  name->text[name->len++] = '\\';
  name->text[name->len++] = (char)('0' + octet / 100);
  name->text[name->len++] = (char)('0' + octet / 10 % 10);
  name->text[name->len++] = (char)('0' + octet % 10);
}

static void wire_name_label(struct wire *wire, size_t length, struct wire_name *name) {
  if (!wire_has(wire, length)) return;
  if (name->len) name->text[name->len++] = '.';
  for (size_t i = 0; i < length; i++) wire_name_octet(name, wire->bytes[wire->at++]);
}

void wire_read_name(struct wire *wire, struct wire_name *name) {
  struct wire reader = *wire;
  size_t run = reader.at;
  size_t octets = 1;
  unsigned jumps = 0;
  name->len = 0;
  for (;;) {
    unsigned length = wire_u8(&reader);
    if (reader.bad || length == 0) break;
    if (length >= WIRE_POINTER) {
      size_t target = (length & ~(unsigned)WIRE_POINTER) << 8 | wire_u8(&reader);
      if (jumps++ == 0) wire->at = reader.at;
      if (target >= run || jumps > WIRE_POINTERS_MAX) reader.bad = true;
      run = reader.at = target;
      if (reader.bad) break;
      continue;
    }
    octets += 1 + length;
    if (length > WIRE_LABEL_MAX || octets > WIRE_NAME_MAX) reader.bad = true;
    wire_name_label(&reader, length, name);
    if (reader.bad) break;
  }
  if (jumps == 0) wire->at = reader.at;
  wire->bad = reader.bad;
  if (!name->len) name->text[name->len++] = '.';
}

struct wire_rr wire_read_rr(struct wire *wire) {
  struct wire_rr rr = {.owner = wire->at};
  wire_skip_name(wire);
  rr.type = wire_u16(wire);
  rr.class = wire_u16(wire);
  rr.ttl = wire_u32(wire);
  rr.size = wire_u16(wire);
  rr.data = wire->at;
  wire_skip(wire, rr.size);
  return rr;
}
