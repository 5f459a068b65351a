#include "scanner/run/near_names.h"

#include "scanner/sts/finding_list.h"
#include "scanner/sts/txt_field.h"

static void near_done(struct lookup *lookup) {
  struct near_names *near = lookup->data;
  near->waiting--;
}

static struct span near_name_text(struct near_names *near, enum near_name which) {
  struct arena *arena = &near->arena;
  struct span domain = near->domain.ascii;
  switch (which) {
  case NEAR_DOMAIN: return domain;
  case NEAR_DOUBLED:
    return arena_join(arena, SPAN("_mta-sts."),
                      arena_join(arena, arena_join(arena, domain, SPAN(".")), domain));
  default: return arena_join(arena, SPAN("mta-sts."), domain);
  }
}

static enum err near_ask(struct near_names *near, struct resolver *resolver, enum near_name which) {
  struct lookup *lookup = &near->at[which];
  *lookup = (struct lookup){.name = near_name_text(near, which),
                            .type = which == NEAR_ADDRESS ? DNS_TYPE_A : DNS_TYPE_TXT,
                            .arena = &near->arena,
                            .done = near_done,
                            .data = near};
  if (!span_here(lookup->name)) return ERR_MEMORY;
  enum err err = resolver_ask(resolver, lookup);
  near->waiting += err == ERR_NONE;
  if (err != ERR_NONE) lookup->end = LOOKUP_MALFORMED;
  return err == ERR_SYNTAX ? ERR_NONE : err; /* too long for DNS: nobody put anything there */
}

enum err near_names_ask(struct near_names *near, struct resolver *resolver,
                        const struct block_list *block, struct span text) {
  const char *why;
  arena_reset(&near->arena);
  near->domain = (struct domain){0};
  for (int i = 0; i < NEAR_COUNT; i++) near->at[i] = (struct lookup){.end = LOOKUP_MALFORMED};
  enum err err = domain_parse(text, &near->arena, &near->domain, &why);
  if (err != ERR_NONE) return err == ERR_SYNTAX ? ERR_NONE : err;
  if (block_list_has_name(block, near->domain.ascii)) return ERR_NONE;
  for (int i = 0; i < NEAR_COUNT && err == ERR_NONE; i++)
    err = near_ask(near, resolver, (enum near_name)i);
  return err;
}

static bool near_has_answer(const struct lookup *lookup) {
  return lookup->end == LOOKUP_ANSWERED && lookup->answer.rcode == DNS_NOERROR &&
         lookup->answer.count > 0;
}

/* The first of the texts that is, or tries to be, a record of that version. */
static struct span near_find(const struct spans *texts, const struct lookup *lookup,
                             struct span version) {
  size_t count = texts ? texts->count : near_has_answer(lookup) ? lookup->answer.count : 0;
  for (size_t i = 0; i < count; i++) {
    struct span text = texts ? texts->at[i] : lookup->answer.records[i].data;
    if (txt_field_tries(text, version)) return text;
  }
  return (struct span){0};
}

/* Whether the right name has a record that senders can use. */
static bool near_has_record(const struct result *result) {
  if (result->status != STATUS_VALID && result->status != STATUS_BROKEN) return false;
  for (const struct finding *f = result->findings; f; f = f->next)
    if (finding_info(f->code)->stage == STAGE_RECORD &&
        finding_info(f->code)->severity == FINDING_ERROR)
      return false;
  return true;
}

static void near_add(struct near_names *near, struct finding_list *findings, const char *said,
                     struct span name, struct span text) {
  struct span what = arena_join(&near->arena, span_of(said), name);
  if (!span_here(what)) return;
  what = arena_format(&near->arena, "%.*s", SPAN_ARG(what)); /* with a NUL behind it */
  finding_list_tell(findings, (struct finding){.code = FOUND_RECORD_MISPLACED, .host = name},
                    what.ptr, text);
}

static void near_judge(struct near_names *near, const struct result *result,
                       struct finding_list *findings) {
  for (int i = NEAR_DOMAIN; i <= NEAR_DOUBLED; i++) {
    struct span text = near_find(NULL, &near->at[i], SPAN("v=sts"));
    if (span_here(text))
      near_add(near, findings, "a record, not where senders look, at ", near->at[i].name, text);
  }
  struct span tlsrpt = near_find(&result->record.txt, NULL, SPAN("v=tlsrpt"));
  if (span_here(tlsrpt))
    near_add(near, findings, "a TLSRPT record, whose place is _smtp._tls.", near->domain.ascii,
             tlsrpt);
}

/* What is said beside "there is no record". */
static struct span near_absent_text(struct near_names *near) {
  const struct span prefixes[] = {SPAN("mta-sts."), SPAN("_mta-sts.")};
  struct span domain = near->domain.ascii;
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (span_starts(domain, prefixes[i]))
      return arena_join(&near->arena, SPAN("the mail domain is meant, it seems: stscan check "),
                        span_skip(domain, prefixes[i].len));
  if (!near_has_answer(&near->at[NEAR_ADDRESS])) return (struct span){0};
  return arena_join(&near->arena, near->at[NEAR_ADDRESS].name,
                    SPAN(" has an address, as a policy host has; without the record no sender "
                         "asks it for a policy"));
}

/* A list of our own, in the order of the table, with what the near names add. */
static const struct finding *near_join(struct near_names *near, const struct finding *from,
                                       struct finding *misplaced) {
  struct finding *first = NULL, **end = &first;
  for (; from; from = from->next) {
    if (misplaced && from->code > misplaced->code) {
      *end = misplaced;
      end = &misplaced->next;
      misplaced = NULL;
    }
    struct finding *copy = arena_alloc(&near->arena, sizeof *copy);
    if (!copy) return first;
    *copy = *from;
    copy->next = NULL;
    if (copy->code == FOUND_RECORD_ABSENT && !copy->detail.len)
      copy->detail = near_absent_text(near);
    *end = copy;
    end = &copy->next;
  }
  if (misplaced) *end = misplaced;
  return first;
}

enum err near_names_tell(struct near_names *near, struct result *result) {
  struct finding_list findings = {.arena = &near->arena};
  if (!near->domain.ascii.len || !span_equal(near->domain.ascii, result->domain)) return ERR_NONE;
  if (result->status == STATUS_BLOCKED || near_has_record(result)) return ERR_NONE;
  near_judge(near, result, &findings);
  result->findings = near_join(near, result->findings, findings.first);
  return near->arena.err;
}

void near_names_free(struct near_names *near) {
  arena_free(&near->arena);
}
