#include "scanner/sts/dkim.h"

#include "scanner/sts/txt_field.h"

enum {
  DKIM_LABEL_MAX = 63,
  DER_INTEGER = 0x02,
  DER_BIT_STRING = 0x03,
  DER_SEQUENCE = 0x30,
  DER_LENGTH_OCTETS = 4,
};

/* A record while its tags are gone through. */
struct dkim_record {
  struct span text;
  struct span k, p; /* not there: no such tag */
  struct finding_list *findings;
  struct span selector;
  struct txt_field_names met;
  bool bad;
};

bool dkim_is_selector(struct span text) {
  if (text.len == 0 || text.len > DKIM_SELECTOR_MAX || text.ptr[text.len - 1] == '.') return false;
  while (text.len) {
    struct span label = span_cut(&text, '.');
    if (label.len == 0 || label.len > DKIM_LABEL_MAX) return false;
    for (size_t i = 0; i < label.len; i++)
      if (!span_is_alphanum(label.ptr[i]) && label.ptr[i] != '-' && label.ptr[i] != '_')
        return false;
  }
  return true;
}

static void dkim_tell(struct dkim_record *record, enum reason reason, struct span text) {
  record->bad = true;
  finding_list_tell_reason(record->findings,
                           (struct finding){.code = FOUND_DKIM_SYNTAX, .host = record->selector},
                           reason, text);
}

/* FWS = [*WSP CRLF] 1*WSP, as lenient as verifiers are. */
static bool is_fws(char c) {
  return span_is_wsp(c) || c == '\r' || c == '\n';
}

static struct span dkim_trim(struct span text) {
  while (text.len && is_fws(text.ptr[0])) text = span_skip(text, 1);
  while (text.len && is_fws(text.ptr[text.len - 1])) text.len--;
  return text;
}

/* tag-name = ALPHA *( ALPHA / DIGIT / "_" ) */
static bool dkim_is_name(struct span name) {
  for (size_t i = 0; i < name.len; i++)
    if (!span_is_alphanum(name.ptr[i]) && name.ptr[i] != '_') return false;
  return name.len && !(name.ptr[0] >= '0' && name.ptr[0] <= '9') && name.ptr[0] != '_';
}

static bool dkim_is_value(struct span value) {
  for (size_t i = 0; i < value.len; i++)
    if ((value.ptr[i] < 0x21 || value.ptr[i] > 0x7e) && !is_fws(value.ptr[i])) return false;
  return true;
}

static void dkim_judge_tag(struct dkim_record *record, struct span name, struct span value,
                           bool first) {
  if (!dkim_is_name(name))
    dkim_tell(record, REASON_DKIM_SYNTAX_NAME, name);
  else if (txt_field_names_met(&record->met, name))
    dkim_tell(record, REASON_DKIM_SYNTAX_REPEATED, name);
  else if (!dkim_is_value(value))
    dkim_tell(record, REASON_DKIM_SYNTAX_CHARACTER, value);
  else if (span_equal(name, SPAN("v")) && !first)
    dkim_tell(record, REASON_DKIM_SYNTAX_ORDER, record->text);
  else if (span_equal(name, SPAN("k")))
    record->k = value;
  else if (span_equal(name, SPAN("p")))
    record->p = value;
}

static void dkim_judge_tags(struct dkim_record *record) {
  struct span rest = record->text;
  for (bool first = true; rest.len; first = false) {
    struct span field = dkim_trim(span_cut(&rest, ';'));
    size_t equals = span_find(field, '=');
    if (field.len == 0 && dkim_trim(rest).len == 0) continue; /* the optional ";" at the end */
    if (field.len == 0)
      dkim_tell(record, REASON_DKIM_SYNTAX_EMPTY, record->text);
    else if (equals == field.len)
      dkim_tell(record, REASON_DKIM_SYNTAX_EQUALS, field);
    else
      dkim_judge_tag(record, dkim_trim(span_first(field, equals)),
                     dkim_trim(span_skip(field, equals + 1)), first);
  }
}

static int base64_value(char c) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *found = c ? strchr(letters, c) : NULL;
  return found ? (int)(found - letters) : -1;
}

/* base64string = 1*( ALPHA / DIGIT / "+" / "/" / [FWS] ) [ "=" [ "=" ] ]; not there: it is none. */
static struct span dkim_decode(struct arena *arena, struct span text) {
  char *out = arena_alloc(arena, text.len / 4 * 3 + 3);
  size_t len = 0, digits = 0, pads = 0, have = 0;
  uint32_t bits = 0;
  if (!out) return (struct span){0};
  for (size_t i = 0; i < text.len; i++) {
    int value = base64_value(text.ptr[i]);
    if (is_fws(text.ptr[i])) continue;
    pads += text.ptr[i] == '=';
    if (text.ptr[i] == '=') continue;
    if (value < 0 || pads) return (struct span){0};
    bits = bits << 6 | (uint32_t)value;
    have += 6;
    digits++;
    if (have < 8) continue;
    have -= 8;
    out[len++] = (char)(bits >> have);
  }
  bool whole = (digits + pads) % 4 == 0 && pads <= 2 && have < 6;
  return whole ? (struct span){out, len} : (struct span){0};
}

/* Takes one value of DER (X.690) off *rest; not there: no such tag, or its length goes beyond. */
static struct span der_take(struct span *rest, unsigned char tag) {
  const struct span none = {0};
  if (rest->len < 2 || (unsigned char)rest->ptr[0] != tag) return none;
  size_t length = (unsigned char)rest->ptr[1], at = 2;
  if (length & 0x80) {
    size_t octets = length & 0x7f;
    if (octets == 0 || octets > DER_LENGTH_OCTETS || octets > rest->len - 2) return none;
    for (length = 0; octets; octets--) length = length << 8 | (unsigned char)rest->ptr[at++];
  }
  if (length > rest->len - at) return none;
  struct span value = {rest->ptr + at, length};
  *rest = span_skip(*rest, at + length);
  return value;
}

/* The bits of the modulus: SEQUENCE { INTEGER, INTEGER } (RFC 8017 appendix A.1.1). 0: it is none.
 */
static unsigned dkim_modulus_bits(struct span key) {
  struct span sequence = der_take(&key, DER_SEQUENCE);
  struct span modulus = der_take(&sequence, DER_INTEGER);
  struct span exponent = der_take(&sequence, DER_INTEGER);
  while (modulus.len && modulus.ptr[0] == 0) modulus = span_skip(modulus, 1);
  if (modulus.len == 0 || exponent.len == 0) return 0;
  unsigned bits = (unsigned)modulus.len * 8;
  for (unsigned char top = (unsigned char)modulus.ptr[0]; !(top & 0x80); top <<= 1) bits--;
  return bits;
}

/* A SubjectPublicKeyInfo (RFC 5280 section 4.1), or the bare RSAPublicKey that RFC 6376 names and
 * verifiers take as well. */
static unsigned dkim_rsa_bits(struct span key) {
  struct span rest = key;
  struct span info = der_take(&rest, DER_SEQUENCE);
  struct span algorithm = der_take(&info, DER_SEQUENCE);
  if (!span_here(algorithm)) return dkim_modulus_bits(key);
  struct span octets = der_take(&info, DER_BIT_STRING);
  if (octets.len == 0 || octets.ptr[0] != 0) return 0;
  return dkim_modulus_bits(span_skip(octets, 1));
}

/* An empty p is a revoked key. Of a type that is not known nothing is said of the key. */
static void dkim_judge_key(struct dkim_record *record, struct result_dkim_key *key) {
  key->type = span_here(record->k) ? record->k : SPAN("rsa");
  key->revoked = record->p.len == 0;
  if (key->revoked) return;
  struct span octets = dkim_decode(record->findings->arena, record->p);
  bool rsa = span_equal(key->type, SPAN("rsa")), ed25519 = span_equal(key->type, SPAN("ed25519"));
  if (rsa) key->bits = dkim_rsa_bits(octets);
  if (ed25519 && octets.len == DKIM_ED25519_OCTETS) key->bits = 8 * DKIM_ED25519_OCTETS;
  if (!span_here(octets))
    dkim_tell(record, REASON_DKIM_SYNTAX_BASE64, record->p);
  else if ((rsa || ed25519) && key->bits == 0)
    dkim_tell(record, REASON_DKIM_SYNTAX_KEY, record->p);
}

static void dkim_judge_record(struct result_dkim_key *key, struct finding_list *findings) {
  struct dkim_record record = {
      .text = key->txt.at[0], .findings = findings, .selector = key->selector};
  dkim_judge_tags(&record);
  if (!span_here(record.p)) dkim_tell(&record, REASON_DKIM_SYNTAX_MISSING, record.text);
  if (!record.bad) dkim_judge_key(&record, key);
  if (!record.bad) key->txt = (struct spans){0};
}

/* A record whose v is another than DKIM1 is discarded; so is, here, what has no tag p, k or v at
 * all, as a wildcard's TXT of another kind. */
static bool dkim_is_record(struct span text) {
  bool some = false;
  for (struct span rest = text; rest.len;) {
    struct span value = span_cut(&rest, ';');
    struct span name = dkim_trim(span_cut(&value, '='));
    if (span_equal(name, SPAN("v"))) return span_equal(dkim_trim(value), SPAN("DKIM1"));
    some |= span_equal(name, SPAN("p")) || span_equal(name, SPAN("k"));
  }
  return some;
}

bool dkim_judge(struct spans texts, struct result_dkim_key *key, struct finding_list *findings) {
  key->txt = (struct spans){arena_array(findings->arena, texts.count, sizeof *texts.at), 0};
  for (size_t i = 0; key->txt.at && i < texts.count; i++)
    if (dkim_is_record(texts.at[i])) key->txt.at[key->txt.count++] = texts.at[i];
  if (key->txt.count == 1)
    dkim_judge_record(key, findings);
  else if (key->txt.count)
    finding_list_add(
        findings, (struct finding){
                      .code = FOUND_DKIM_MULTIPLE,
                      .host = key->selector,
                      .detail = arena_format(findings->arena, "%.*s: %zu records where one must be",
                                             SPAN_ARG(key->selector), key->txt.count)});
  else
    return false;
  return true;
}
