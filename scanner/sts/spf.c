#include "scanner/sts/spf.h"

#include "scanner/sts/txt_field.h"
#include <arpa/inet.h>
#include <stdio.h>

#define SPF_VERSION "v=spf1"

/* What may stand behind a mechanism's name. */
enum spf_argument {
  SPF_NOTHING,
  SPF_DOMAIN,        /* ":" domain-spec */
  SPF_DOMAIN_OR_NOT, /* [ ":" domain-spec ] */
  SPF_DOMAIN_PREFIX, /* [ ":" domain-spec ] [ dual-cidr-length ] */
  SPF_IP4,
  SPF_IP6,
};

struct spf_mechanism {
  struct span name;
  enum spf_argument argument;
  bool looks_up;
};

/* RFC 7208 section 5; MECHANISM_COUNT: none of them. */
static const struct spf_mechanism spf_mechanisms[] = {
    {{"all", 3}, SPF_NOTHING, false},      {{"include", 7}, SPF_DOMAIN, true},
    {{"a", 1}, SPF_DOMAIN_PREFIX, true},   {{"mx", 2}, SPF_DOMAIN_PREFIX, true},
    {{"ptr", 3}, SPF_DOMAIN_OR_NOT, true}, {{"ip4", 3}, SPF_IP4, false},
    {{"ip6", 3}, SPF_IP6, false},          {{"exists", 6}, SPF_DOMAIN, true},
};

enum { MECHANISM_ALL = 0, MECHANISM_COUNT = sizeof spf_mechanisms / sizeof *spf_mechanisms };

/* A record while its terms are gone through. */
struct spf_record {
  struct result_spf *spf;
  struct finding_list *findings;
  bool redirect, exp, bad;
  unsigned lookups;
};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static size_t digits_at(struct span text) {
  size_t count = 0;
  while (count < text.len && is_digit(text.ptr[count])) count++;
  return count;
}

/* What follows "%": "%", "_", "-", or { letter, digits, r, delimiters }. Its length, 0: no macro.
 * The letters c, r and t are for the text of an explanation alone (section 7.2). */
static size_t spf_macro_length(struct span text) {
  uint64_t labels;
  if (text.len && strchr("%_-", text.ptr[0]) && text.ptr[0]) return 1;
  if (text.len < 3 || text.ptr[0] != '{') return 0;
  if (!text.ptr[1] || !strchr("slodiphvSLODIPHV", text.ptr[1])) return 0;
  size_t at = 2, digits = digits_at(span_skip(text, 2));
  if (digits && (!span_number(span_first(span_skip(text, at), digits), &labels) || labels == 0))
    return 0;
  at += digits;
  if (at < text.len && (text.ptr[at] == 'r' || text.ptr[at] == 'R')) at++;
  while (at < text.len && text.ptr[at] && strchr(".-+,/_=", text.ptr[at])) at++;
  return at < text.len && text.ptr[at] == '}' ? at + 1 : 0;
}

/* macro-string = *( macro-expand / macro-literal ); *end: where the last macro ends, 0: none. */
static enum reason spf_macro_string_fault(struct span text, size_t *end) {
  *end = 0;
  for (size_t at = 0; at < text.len; at++) {
    char c = text.ptr[at];
    if (c < 0x21 || c > 0x7e) return REASON_SPF_SYNTAX_CHARACTER;
    if (c != '%') continue;
    size_t length = spf_macro_length(span_skip(text, at + 1));
    if (length == 0) return REASON_SPF_SYNTAX_MACRO;
    at += length;
    *end = at + 1;
  }
  return REASON_NONE;
}

/* toplabel: letters, digits, inner hyphens, and not digits alone. */
static bool spf_is_top_label(struct span label) {
  if (label.len == 0 || digits_at(label) == label.len) return false;
  if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-') return false;
  for (size_t i = 0; i < label.len; i++)
    if (!span_is_alphanum(label.ptr[i]) && label.ptr[i] != '-') return false;
  return true;
}

/* domain-spec = macro-string ( "." toplabel [ "." ] / macro-expand ) */
static enum reason spf_domain_fault(struct span text) {
  size_t end;
  if (text.len == 0) return REASON_SPF_SYNTAX_EMPTY;
  enum reason fault = spf_macro_string_fault(text, &end);
  if (fault || end == text.len) return fault;
  if (span_ends(text, SPAN("."))) text.len--;
  const char *dot = memrchr(text.ptr, '.', text.len);
  if (!dot || (size_t)(dot - text.ptr) < end) return REASON_SPF_SYNTAX_DOMAIN;
  bool good = spf_is_top_label(span_skip(text, (size_t)(dot - text.ptr) + 1));
  return good ? REASON_NONE : REASON_SPF_SYNTAX_DOMAIN;
}

/* Takes "/" and digits off the end; false: what stands there is no prefix length up to max. */
static bool spf_cut_prefix(struct span *text, struct span mark, uint64_t max) {
  uint64_t length;
  size_t digits = 0;
  while (digits < text->len && is_digit(text->ptr[text->len - 1 - digits])) digits++;
  struct span before = span_first(*text, text->len - digits);
  struct span number = span_skip(*text, text->len - digits);
  if (digits == 0 || !span_ends(before, mark)) return true; /* none stands there */
  if ((digits > 1 && number.ptr[0] == '0') || !span_number(number, &length) || length > max)
    return false;
  *text = span_first(before, before.len - mark.len);
  return true;
}

/* [ ":" domain-spec ] [ ip4-cidr-length ] [ "/" ip6-cidr-length ] */
static enum reason spf_domain_prefix_fault(struct span rest) {
  if (!spf_cut_prefix(&rest, SPAN("//"), 128) || !spf_cut_prefix(&rest, SPAN("/"), 32))
    return REASON_SPF_SYNTAX_PREFIX;
  if (rest.len == 0) return REASON_NONE;
  if (rest.ptr[0] != ':') return REASON_SPF_SYNTAX_PREFIX;
  return spf_domain_fault(span_skip(rest, 1));
}

static enum reason spf_address_fault(struct span rest, int family, uint64_t max) {
  char text[INET6_ADDRSTRLEN];
  unsigned char octets[sizeof(struct in6_addr)];
  if (rest.len < 2 || rest.ptr[0] != ':') return REASON_SPF_SYNTAX_EMPTY;
  rest = span_skip(rest, 1);
  if (!spf_cut_prefix(&rest, SPAN("/"), max)) return REASON_SPF_SYNTAX_PREFIX;
  if (rest.len >= sizeof text || memchr(rest.ptr, 0, rest.len)) return REASON_SPF_SYNTAX_ADDRESS;
  memcpy(text, rest.ptr, rest.len);
  text[rest.len] = 0;
  return inet_pton(family, text, octets) == 1 ? REASON_NONE : REASON_SPF_SYNTAX_ADDRESS;
}

/* rest: what stands behind the name. */
static enum reason spf_argument_fault(enum spf_argument argument, struct span rest) {
  switch (argument) {
  case SPF_NOTHING: return rest.len ? REASON_SPF_SYNTAX_ARGUMENT : REASON_NONE;
  case SPF_DOMAIN_OR_NOT:
    if (rest.len == 0) return REASON_NONE;
    break;
  case SPF_DOMAIN_PREFIX: return spf_domain_prefix_fault(rest);
  case SPF_IP4: return spf_address_fault(rest, AF_INET, 32);
  case SPF_IP6: return spf_address_fault(rest, AF_INET6, 128);
  case SPF_DOMAIN: break;
  }
  if (rest.len == 0 || rest.ptr[0] != ':') return REASON_SPF_SYNTAX_EMPTY;
  return spf_domain_fault(span_skip(rest, 1));
}

/* Mechanisms behind "all" are never tested, and make no lookups. */
static enum reason spf_directive_fault(struct spf_record *record, struct span term) {
  struct span qualifier = SPAN("+");
  if (memchr("+-?~", term.ptr[0], 4)) {
    qualifier = span_first(term, 1);
    term = span_skip(term, 1);
  }
  size_t end = 0;
  int i = 0;
  while (end < term.len && term.ptr[end] != ':' && term.ptr[end] != '/') end++;
  while (i < MECHANISM_COUNT && !span_equal_nocase(spf_mechanisms[i].name, span_first(term, end)))
    i++;
  if (i == MECHANISM_COUNT) return REASON_SPF_SYNTAX_MECHANISM;
  enum reason fault = spf_argument_fault(spf_mechanisms[i].argument, span_skip(term, end));
  bool over = span_here(record->spf->all);
  record->lookups += spf_mechanisms[i].looks_up && !over;
  if (i == MECHANISM_ALL && !over && !fault) record->spf->all = qualifier;
  return fault;
}

/* redirect and exp stand at most once each (section 6); of an unknown one the value is a
 * macro-string. */
static enum reason spf_modifier_fault(struct spf_record *record, struct span name,
                                      struct span value) {
  size_t end;
  bool *met = span_equal_nocase(name, SPAN("redirect")) ? &record->redirect
              : span_equal_nocase(name, SPAN("exp"))    ? &record->exp
                                                        : NULL;
  if (!met) return spf_macro_string_fault(value, &end);
  if (*met) return REASON_SPF_SYNTAX_REPEATED;
  *met = true;
  return spf_domain_fault(value);
}

/* The length of a modifier's name: ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) before "="; 0: the
 * term is a directive. */
static size_t spf_modifier_name(struct span term) {
  size_t at = 0;
  if (!span_is_alphanum(term.ptr[0]) || is_digit(term.ptr[0])) return 0;
  while (at < term.len && (span_is_alphanum(term.ptr[at]) || memchr("-_.", term.ptr[at], 3))) at++;
  return at < term.len && term.ptr[at] == '=' ? at : 0;
}

static void spf_judge_term(struct spf_record *record, struct span term) {
  size_t name = spf_modifier_name(term);
  enum reason fault =
      name ? spf_modifier_fault(record, span_first(term, name), span_skip(term, name + 1))
           : spf_directive_fault(record, term);
  if (fault == REASON_NONE) return;
  record->bad = true;
  finding_list_tell_reason(record->findings, (struct finding){.code = FOUND_SPF_SYNTAX}, fault,
                           term);
}

static void spf_judge_record(struct result_spf *spf, struct finding_list *findings) {
  struct spf_record record = {.spf = spf, .findings = findings};
  struct span rest = span_skip(spf->txt.at[0], sizeof SPF_VERSION - 1);
  while (rest.len) {
    struct span term = span_cut(&rest, ' ');
    if (term.len) spf_judge_term(&record, term);
  }
  if (record.redirect && !span_here(spf->all)) { /* else it is ignored: section 5.1 */
    record.lookups++;
    spf->all = SPAN("redirect");
  }
  if (record.lookups > SPF_LOOKUPS_MAX)
    finding_list_add(findings, (struct finding){.code = FOUND_SPF_LOOKUPS,
                                                .detail = arena_format(
                                                    findings->arena,
                                                    "%u terms that need a lookup, where %d may be",
                                                    record.lookups, SPF_LOOKUPS_MAX)});
  if (!span_here(spf->all)) spf->reason = record.bad ? SPAN("syntax") : SPAN("no-all");
}

/* "v=spf1", in any case (RFC 5234 section 2.3), and a blank or the end behind it (section 4.5). */
static bool spf_is_record(struct span text) {
  const size_t len = sizeof SPF_VERSION - 1;
  return span_equal_nocase(span_first(text, len), SPAN(SPF_VERSION)) &&
         (text.len == len || text.ptr[len] == ' ');
}

static bool spf_is_attempt(struct span text) {
  return txt_field_tries(span_first(text, SPF_ATTEMPT_MAX), SPAN("v=spf1"));
}

static void spf_pick(struct spans texts, bool (*is)(struct span text), struct spans *picked) {
  for (size_t i = 0; i < texts.count; i++)
    if (is(texts.at[i])) picked->at[picked->count++] = texts.at[i];
}

void spf_judge(struct spans texts, struct result_spf *spf, struct finding_list *findings) {
  spf->txt = (struct spans){arena_array(findings->arena, texts.count, sizeof *texts.at), 0};
  if (!spf->txt.at) return;
  spf_pick(texts, spf_is_record, &spf->txt);
  if (spf->txt.count == 1) {
    spf_judge_record(spf, findings);
  } else if (spf->txt.count) {
    spf->reason = SPAN("multiple");
    finding_list_add(
        findings,
        (struct finding){.code = FOUND_SPF_MULTIPLE,
                         .detail = arena_format(findings->arena, "%zu records where one must be",
                                                spf->txt.count)});
  } else {
    spf_pick(texts, spf_is_attempt, &spf->txt);
    if (spf->txt.count == 0) return;
    spf->reason = SPAN("version");
    finding_list_tell_reason(findings, (struct finding){.code = FOUND_SPF_SYNTAX},
                             REASON_SPF_SYNTAX_VERSION, spf->txt.at[0]);
  }
}
