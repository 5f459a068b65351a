#include "bench/internet/message.h"
#include <string.h>

enum { HEADER_LEN = 12, TTL = 3600, EDNS_SIZE = 1232, OPT = 41, CLASS_IN = 1 };
enum { QR = 0x80, AA = 0x04, RD = 0x01, RA = 0x80 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

static unsigned question_u16(const uint8_t *at) {
  return (unsigned)at[0] << 8 | at[1];
}

/* Appends one label and a dot; false if it holds what no name of ours holds. */
static bool question_label(struct question *question, size_t *len, const uint8_t *label, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char c = (char)(label[i] >= 'A' && label[i] <= 'Z' ? label[i] + 32 : label[i]);
    if (!c || !strchr(letters, c)) return false;
    question->name[(*len)++] = c;
  }
  question->name[(*len)++] = '.';
  return true;
}

/* Returns where the name ends in the message, 0 if it is none. */
static size_t question_name(struct question *question, const uint8_t *octets, size_t len) {
  size_t at = HEADER_LEN, text = 0, last = HEADER_LEN, last_text = 0;
  question->domain_at = HEADER_LEN;
  question->domain = question->name;
  while (at < len && octets[at]) {
    size_t n = octets[at];
    if (n > 63 || at + 1 + n >= len || text + n + 1 > MESSAGE_NAME_MAX) return 0;
    question->domain_at = last;
    question->domain = question->name + last_text;
    last = at;
    last_text = text;
    if (!question_label(question, &text, octets + at + 1, n)) return 0;
    at += 1 + n;
  }
  question->name[text ? text - 1 : 0] = '\0';
  return at < len ? at + 1 : 0;
}

bool question_read(const uint8_t *octets, size_t len, struct question *question) {
  if (len < HEADER_LEN || octets[2] & QR || question_u16(octets + 4) != 1) return false;
  size_t end = question_name(question, octets, len);
  if (!end || end + 4 > len) return false;
  question->octets = octets;
  question->len = end + 4;
  question->type = (uint16_t)question_u16(octets + end);
  question->edns = question_u16(octets + 10) > 0;
  return true;
}

static size_t put_u16(uint8_t *out, size_t at, unsigned value) {
  out[at] = (uint8_t)(value >> 8);
  out[at + 1] = (uint8_t)value;
  return at + 2;
}

static size_t put_u32(uint8_t *out, size_t at, uint32_t value) {
  return put_u16(out, put_u16(out, at, value >> 16), value & 0xffff);
}

static size_t put_octets(uint8_t *out, size_t at, const void *octets, size_t len) {
  memcpy(out + at, octets, len);
  return at + len;
}

/* A record's fixed part, with the length of what follows; its name is a pointer into the question.
 */
static size_t put_record(uint8_t *out, size_t at, size_t name_at, unsigned type, size_t len) {
  at = put_u16(out, at, 0xc000 | (unsigned)name_at);
  at = put_u16(out, put_u16(out, at, type), CLASS_IN);
  return put_u16(out, put_u32(out, at, TTL), (unsigned)len);
}

static size_t message_begin(uint8_t *out, const struct question *question, unsigned flags,
                            int rcode) {
  put_octets(out, 0, question->octets, question->len);
  out[2] = (uint8_t)(QR | flags | (out[2] & RD));
  out[3] = (uint8_t)(flags & AA ? rcode : RA | rcode);
  memset(out + 6, 0, 6);
  return question->len;
}

static size_t message_end(uint8_t *out, size_t at, const struct question *question) {
  if (!question->edns) return at;
  out[11]++;
  out[at++] = 0;
  at = put_u16(out, put_u16(out, at, OPT), EDNS_SIZE);
  return put_u16(out, put_u32(out, at, 0), 0);
}

static size_t put_soa(uint8_t *out, size_t at, size_t name_at) {
  at = put_record(out, at, name_at, MESSAGE_SOA, 2 + 2 + 5 * 4);
  at = put_u16(out, put_u16(out, at, 0xc000 | (unsigned)name_at), 0xc000 | (unsigned)name_at);
  for (int i = 0; i < 5; i++) at = put_u32(out, at, TTL);
  out[9]++;
  return at;
}

static unsigned message_flags(enum message_role role) {
  return role == MESSAGE_RECURSIVE ? 0 : AA;
}

/* The root's name is the octet that ends the question's. */
static size_t message_zone(const struct question *question, enum message_role role) {
  return role == MESSAGE_ROOT ? question->len - 5 : question->domain_at;
}

size_t message_empty(uint8_t *out, const struct question *question, enum message_role role,
                     int rcode) {
  bool negative = rcode == MESSAGE_NOERROR || rcode == MESSAGE_NXDOMAIN;
  size_t at = message_begin(out, question, negative ? message_flags(role) : 0, rcode);
  if (negative) at = put_soa(out, at, message_zone(question, role));
  return message_end(out, at, question);
}

size_t message_txt(uint8_t *out, const struct question *question, enum message_role role,
                   const char *text) {
  size_t len = strlen(text);
  size_t at = message_begin(out, question, message_flags(role), MESSAGE_NOERROR);
  at = put_record(out, at, HEADER_LEN, MESSAGE_TXT, 1 + len);
  out[at++] = (uint8_t)len;
  at = put_octets(out, at, text, len);
  out[7] = 1;
  return message_end(out, at, question);
}

size_t message_address(uint8_t *out, const struct question *question, enum message_role role,
                       uint32_t address) {
  size_t at = message_begin(out, question, message_flags(role), MESSAGE_NOERROR);
  at = put_record(out, at, HEADER_LEN, MESSAGE_A, 4);
  at = put_u32(out, at, address);
  out[7] = 1;
  return message_end(out, at, question);
}

size_t message_server(uint8_t *out, const struct question *question, bool referral,
                      uint32_t address) {
  size_t at = message_begin(out, question, AA, MESSAGE_NOERROR);
  at = put_record(out, at, question->domain_at, MESSAGE_NS, 5);
  size_t server_at = at;
  at = put_octets(out, at, "\2ns", 3);
  at = put_u16(out, at, 0xc000 | (unsigned)question->domain_at);
  at = put_record(out, at, server_at, MESSAGE_A, 4);
  at = put_u32(out, at, address);
  if (referral) out[2] &= (uint8_t)~AA;
  out[referral ? 9 : 7] = out[11] = 1;
  return message_end(out, at, question);
}
