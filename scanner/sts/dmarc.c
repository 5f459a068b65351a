#include "scanner/sts/dmarc.h"

#include "scanner/sts/txt_field.h"
#include "scanner/sts/uri.h"

/* A record while its tags are gone through. */
struct dmarc_record {
  struct result_dmarc *dmarc;
  struct finding_list *findings;
  struct txt_field_names met;
  unsigned tags; /* so far */
  bool has_p;
};

enum { DMARC_DOMAIN_MAX = 255 };

struct span dmarc_organizational(const psl_ctx_t *psl, struct span domain) {
  char text[DMARC_DOMAIN_MAX + 1];
  if (!psl || domain.len > DMARC_DOMAIN_MAX) return domain;
  memcpy(text, domain.ptr, domain.len);
  text[domain.len] = 0;
  size_t len = span_of(psl_registrable_domain(psl, text)).len;
  return len ? span_skip(domain, domain.len - len) : domain;
}

static void dmarc_tell(struct dmarc_record *record, enum reason reason, struct span text) {
  finding_list_tell_reason(record->findings, (struct finding){.code = FOUND_DMARC_SYNTAX}, reason,
                           text);
}

/* One of the policies, in lower case; not there: none of them. */
static struct span dmarc_policy(struct span value) {
  static const struct span policies[] = {{"none", 4}, {"quarantine", 10}, {"reject", 6}};
  for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
    if (span_equal_nocase(value, policies[i])) return policies[i];
  return (struct span){0};
}

static void dmarc_judge_policy(struct dmarc_record *record, struct span value, struct span *into) {
  *into = dmarc_policy(value);
  if (!span_here(*into)) dmarc_tell(record, REASON_DMARC_SYNTAX_POLICY, value);
}

static void dmarc_judge_percent(struct dmarc_record *record, struct span value) {
  uint64_t percent;
  if (value.len > 3 || !span_number(value, &percent) || percent > 100) {
    dmarc_tell(record, REASON_DMARC_SYNTAX_PERCENT, value);
    return;
  }
  record->dmarc->has_pct = true;
  record->dmarc->pct = (unsigned)percent;
}

/* URI [ "!" 1*DIGIT [ "k" / "m" / "g" / "t" ] ] */
static struct span dmarc_without_size(struct span uri) {
  size_t at = span_find(uri, '!');
  struct span size = span_skip(uri, at + 1);
  uint64_t number;
  if (size.len && strchr("kmgtKMGT", size.ptr[size.len - 1])) size.len--;
  return span_number(size, &number) ? span_first(uri, at) : uri;
}

/* The ABNF has any scheme (RFC 3986), though receivers know mailto alone. */
static bool dmarc_is_uri(struct span uri) {
  enum reason fault = uri_report_fault(dmarc_without_size(uri));
  return fault == REASON_NONE || fault == REASON_TLSRPT_SYNTAX_SCHEME;
}

/* dmarc-uri *(*WSP "," *WSP dmarc-uri); into: NULL for ruf. */
static void dmarc_judge_uris(struct dmarc_record *record, struct span value, struct spans *into) {
  size_t most = 1;
  for (size_t i = 0; i < value.len; i++) most += value.ptr[i] == ',';
  if (into) *into = (struct spans){arena_array(record->findings->arena, most, sizeof *into->at), 0};
  do {
    struct span uri = span_trim(span_cut(&value, ','));
    if (!dmarc_is_uri(uri)) dmarc_tell(record, REASON_DMARC_SYNTAX_URI, uri);
    if (uri.len && into && into->at) into->at[into->count++] = uri;
  } while (value.len);
}

/* Whether value is words with ":" between, each of `letters` alone (NULL: letters and digits). */
static bool dmarc_is_list(struct span value, const char *letters) {
  do {
    struct span word = span_trim(span_cut(&value, ':'));
    if (word.len == 0 || (letters && word.len > 1)) return false;
    for (size_t i = 0; i < word.len; i++) {
      char c = word.ptr[i];
      if (letters ? !c || !strchr(letters, c) : !span_is_alphanum(c) && c != '-') return false;
    }
  } while (value.len);
  return true;
}

/* The tags that the record does not tell of; those that are not known are ignored (section 6.3). */
static bool dmarc_is_allowed(struct span name, struct span value) {
  uint64_t number;
  if (span_equal_nocase(name, SPAN("adkim")) || span_equal_nocase(name, SPAN("aspf")))
    return value.len == 1 && value.ptr[0] && strchr("rsRS", value.ptr[0]);
  if (span_equal_nocase(name, SPAN("fo"))) return dmarc_is_list(value, "01dsDS");
  if (span_equal_nocase(name, SPAN("rf"))) return dmarc_is_list(value, NULL);
  if (span_equal_nocase(name, SPAN("ri"))) return span_number(value, &number);
  return true;
}

static void dmarc_judge_p(struct dmarc_record *record, struct span value) {
  record->has_p = true;
  if (record->tags != 1) dmarc_tell(record, REASON_DMARC_SYNTAX_ORDER, record->dmarc->txt.at[0]);
  dmarc_judge_policy(record, value, &record->dmarc->p);
}

static void dmarc_judge_tag(struct dmarc_record *record, struct span name, struct span value) {
  struct result_dmarc *dmarc = record->dmarc;
  if (txt_field_names_met(&record->met, name))
    dmarc_tell(record, REASON_DMARC_SYNTAX_REPEATED, name);
  else if (span_equal_nocase(name, SPAN("p")))
    dmarc_judge_p(record, value);
  else if (span_equal_nocase(name, SPAN("sp")))
    dmarc_judge_policy(record, value, &dmarc->sp);
  else if (span_equal_nocase(name, SPAN("pct")))
    dmarc_judge_percent(record, value);
  else if (span_equal_nocase(name, SPAN("rua")))
    dmarc_judge_uris(record, value, &dmarc->rua);
  else if (span_equal_nocase(name, SPAN("ruf")))
    dmarc_judge_uris(record, value, NULL);
  else if (!dmarc_is_allowed(name, value))
    dmarc_tell(record, REASON_DMARC_SYNTAX_VALUE, value);
}

static void dmarc_judge_field(struct dmarc_record *record, struct span field) {
  size_t equals = span_find(field, '=');
  if (field.len == 0)
    dmarc_tell(record, REASON_DMARC_SYNTAX_EMPTY, record->dmarc->txt.at[0]);
  else if (equals == field.len)
    dmarc_tell(record, REASON_DMARC_SYNTAX_EQUALS, field);
  else
    dmarc_judge_tag(record, span_trim(span_first(field, equals)),
                    span_trim(span_skip(field, equals + 1)));
}

static void dmarc_judge_record(struct result_dmarc *dmarc, struct finding_list *findings) {
  struct dmarc_record record = {.dmarc = dmarc, .findings = findings};
  struct span rest = dmarc->txt.at[0];
  while (rest.len) {
    struct span field = span_trim(span_cut(&rest, ';'));
    if (field.len || span_trim(rest).len) dmarc_judge_field(&record, field);
    record.tags++;
  }
  if (!record.has_p) dmarc_tell(&record, REASON_DMARC_SYNTAX_MISSING, dmarc->txt.at[0]);
  if (!span_here(dmarc->p)) dmarc->reason = SPAN("no-policy");
}

/* "v" *WSP "=" *WSP "DMARC1", ";" or the end behind it; the version in this case alone. */
static bool dmarc_is_record(struct span text) {
  struct span first = span_first(text, span_find(text, ';'));
  size_t equals = span_find(first, '=');
  struct span name = span_first(first, equals);
  if (name.len == 0 || span_is_wsp(name.ptr[0])) return false;
  return span_equal_nocase(span_trim(name), SPAN("v")) &&
         span_equal(span_trim(span_skip(first, equals + 1)), SPAN("DMARC1"));
}

static bool dmarc_is_attempt(struct span text) {
  return txt_field_tries(span_first(text, DMARC_ATTEMPT_MAX), SPAN("v=dmarc1"));
}

/* Those of the first place that has any. */
static bool dmarc_pick(const struct dmarc_place *places, size_t count, bool (*is)(struct span text),
                       struct result_dmarc *dmarc) {
  for (size_t i = 0; i < count && dmarc->txt.count == 0; i++)
    for (size_t j = 0; j < places[i].texts.count; j++) {
      if (!is(places[i].texts.at[j])) continue;
      dmarc->domain = places[i].domain;
      dmarc->txt.at[dmarc->txt.count++] = places[i].texts.at[j];
    }
  return dmarc->txt.count > 0;
}

void dmarc_judge(const struct dmarc_place *places, size_t count, struct result_dmarc *dmarc,
                 struct finding_list *findings) {
  size_t most = 0;
  for (size_t i = 0; i < count; i++) most += places[i].texts.count;
  dmarc->txt = (struct spans){arena_array(findings->arena, most, sizeof *dmarc->txt.at), 0};
  if (!dmarc->txt.at) return;
  if (!dmarc_pick(places, count, dmarc_is_record, dmarc)) {
    if (!dmarc_pick(places, count, dmarc_is_attempt, dmarc)) return;
    dmarc->reason = SPAN("version");
    finding_list_tell_reason(findings, (struct finding){.code = FOUND_DMARC_SYNTAX},
                             REASON_DMARC_SYNTAX_VERSION, dmarc->txt.at[0]);
  } else if (dmarc->txt.count == 1) {
    dmarc_judge_record(dmarc, findings);
  } else {
    dmarc->reason = SPAN("multiple");
    finding_list_add(
        findings,
        (struct finding){.code = FOUND_DMARC_MULTIPLE,
                         .detail = arena_format(findings->arena, "%zu records where one must be",
                                                dmarc->txt.count)});
  }
}
