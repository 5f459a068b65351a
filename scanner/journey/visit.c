#include "scanner/journey/visit_state.h"
#include "scanner/smtp/packed_evidence.h"
#include "scanner/sts/mx_tls.h"
#include <stdlib.h>

void visit_free(struct visit *visit) {
  struct visits *visits = &visit->journey->visits;
  ring_remove(&visit->link);
  visits->count--;
  visits->parked -= visit->parked;
  arena_free(&visit->arena);
  free(visit);
}

static void visit_count(struct visit *visit) {
  struct visits_account *account = &visit->journey->visits.account;
  const struct result_mx_tls *tls = &visit->tls;
  account->probed++;
  account->connections += visit->probe.connections;
  account->again += visit->probe.again;
  account->verdicts[tls->verdict]++;
  if (tls->verdict == VERDICT_UNKNOWN && tls->findings) account->unknown[tls->findings->code]++;
}

/* Our own trouble says nothing of the host. */
static void visit_fail(struct visit *visit, enum err err) {
  struct journey *journey = visit->journey;
  hosts_abandon(journey->config.hosts, visit->entry);
  visit_free(visit);
  journey->config.fail(journey->config.data, err);
}

void visit_tell(struct visit *visit) {
  struct journey *journey = visit->journey;
  visit->tls.findings = visit->findings.first;
  mx_tls_conclude(&visit->tls);
  struct host_evidence packed = packed_evidence_make(&visit->tls, &visit->arena);
  if (!packed.own.ptr) {
    visit_fail(visit, visit->arena.err);
    return;
  }
  visit_count(visit);
  enum err err = hosts_tell(journey->config.hosts, visit->entry, &packed, uv_hrtime());
  visit_free(visit);
  if (err != ERR_NONE) journey->config.fail(journey->config.data, err);
  visits_begin(journey);
}

/* More than a host may send: what is known so far is lost, and the rest is not asked. */
static void visit_tell_overfull(struct visit *visit) {
  arena_reset(&visit->arena);
  visit->findings = (struct finding_list){.arena = &visit->arena};
  visit->tls = (struct result_mx_tls){.at = visit->tls.at, .ms = visit->tls.ms};
  finding_list_add(
      &visit->findings,
      (struct finding){.code = FOUND_MX_HOST_DNS,
                       .reason = REASON_MX_HOST_DNS_MALFORMED,
                       .detail = SPAN("more data than one host may hold: not judged")});
  visit_tell(visit);
}

static void visit_end(struct visit *visit) {
  if (visit->arena.err == ERR_LIMIT)
    visit_tell_overfull(visit);
  else if (visit->arena.err != ERR_NONE)
    visit_fail(visit, visit->arena.err);
  else
    visit_tell(visit);
}

static void visit_stamp(struct visit *visit) {
  visit->tls.ms = (int64_t)(uv_now(visit->journey->config.loop) - visit->started);
}

/* Whether no address could be reached by TCP, for want of an answer and not of a route. */
static bool visit_is_unreached(const struct visit *visit) {
  return visit->probe.result.step == STEP_CONNECT && visit->probe.connections == 0 &&
         !visit->probe.no_route && visit->probe.result.attempts.count > 0;
}

static void visit_say_unreached(const struct visit *visit) {
  const struct result_attempts *attempts = &visit->probe.result.attempts;
  for (size_t i = 0; i < attempts->count; i++) {
    union address address;
    if (address_parse(attempts->at[i].address, 0, &address) == ERR_NONE)
      port_watch_failed(visit->journey->config.port_watch, &address, i + 1 == attempts->count,
                        uv_hrtime());
  }
}

static void visit_park(struct visit *visit) {
  visit->parked = true;
  visit->journey->visits.parked++;
  visit_say_unreached(visit);
}

/* The end of a host's name that is registered, or all of it. */
static struct span visit_domain(const psl_ctx_t *psl, struct span host) {
  char text[PROBE_HOST_MAX + 1];
  if (!psl || host.len > PROBE_HOST_MAX) return host;
  memcpy(text, host.ptr, host.len);
  text[host.len] = 0;
  struct span domain = span_of(psl_registrable_domain(psl, text));
  return domain.len ? span_skip(host, host.len - domain.len) : host;
}

/* Who sends us away names nobody: 554 5.7.1. */
static void visit_say_greeting(const struct visit *visit) {
  struct journey *journey = visit->journey;
  struct span host = host_entry_name(visit->entry);
  union address address;
  if (visit->tls.greeting / 100 != 2 || !span_here(visit->tls.greeting_text) ||
      address_parse(visit->tls.address, 0, &address) != ERR_NONE)
    return;
  port_watch_greeted(journey->config.port_watch, visit_domain(journey->config.psl, host), &address,
                     visit->tls.greeting_text);
}

static void visit_probed(struct mx_probe *probe) {
  struct visit *visit = probe->data;
  struct journey *journey = visit->journey;
  struct result_mx_tls *tls = &visit->tls;
  if (probe->err != ERR_NONE && visit->arena.err == ERR_NONE) visit->arena.err = probe->err;
  probe->result.cname = tls->cname;
  probe->result.addresses = tls->addresses;
  probe->result.at = tls->at;
  if (visit->usable.count) tls->tlsa.dane = probe->result.tlsa.dane;
  probe->result.tlsa = tls->tlsa;
  *tls = probe->result;
  visit_stamp(visit);
  if (journey->config.port_watch) {
    visit_say_greeting(visit);
    if (visit_is_unreached(visit) &&
        port_watch_state(journey->config.port_watch, uv_hrtime()) != PORT_WATCH_OPEN) {
      visit_park(visit);
      return;
    }
  }
  visit_end(visit);
}

static void visit_raise(struct visit *visit, enum reason reason, struct span detail) {
  finding_list_add(
      &visit->findings,
      (struct finding){.code = reason_info(reason)->code, .reason = reason, .detail = detail});
}

/* The host's own name, or one that it is an alias for. */
static bool visit_is_blocked(struct visit *visit) {
  const struct block_list *block = visit->journey->config.block;
  struct span blocked = host_entry_name(visit->entry);
  bool found = block_list_has_name(block, blocked);
  for (size_t i = 0; i < visit->tls.cname.count && !found; i++) {
    blocked = visit->tls.cname.at[i];
    found = block_list_has_name(block, blocked);
  }
  if (found)
    visit_raise(visit, REASON_MX_HOST_NOT_PUBLIC_BLOCKED,
                arena_join(&visit->arena, blocked, SPAN(" is on the block list")));
  return found;
}

static enum reason visit_dns_reason(const struct lookup *failed) {
  if (failed->end == LOOKUP_TIMEOUT) return REASON_MX_HOST_DNS_TIMEOUT;
  if (failed->end != LOOKUP_ANSWERED) return REASON_MX_HOST_DNS_MALFORMED;
  switch (failed->answer.rcode) {
  case DNS_SERVFAIL: return REASON_MX_HOST_DNS_SERVFAIL;
  case DNS_REFUSED:
  case DNS_NOTIMP:
  case DNS_NOTAUTH: return REASON_MX_HOST_DNS_REFUSED;
  default: return REASON_MX_HOST_DNS_MALFORMED;
  }
}

/* NXDOMAIN of one family means that the name does not exist; else a failure of one family outweighs
 * the other's no data. */
static void visit_raise_dns(struct visit *visit) {
  static const struct lookup_codes codes = {FOUND_MX_HOST_DNS, FOUND_MX_HOST_DNS, FOUND_MX_HOST_DNS,
                                            FOUND_MX_HOST_DNS};
  const struct lookup *both[] = {&visit->v4, &visit->v6}, *failed = NULL;
  struct span host = host_entry_name(visit->entry);
  for (size_t i = 0; i < 2; i++) {
    if (!lookup_answered(both[i])) {
      failed = both[i];
    } else if (both[i]->answer.rcode == DNS_NXDOMAIN) {
      visit_raise(visit, REASON_MX_HOST_ABSENT_NXDOMAIN,
                  arena_join(&visit->arena, host, SPAN(" does not exist")));
      return;
    }
  }
  if (!failed) {
    visit_raise(visit, REASON_MX_HOST_ABSENT_NODATA,
                arena_join(&visit->arena, host, SPAN(" has neither A nor AAAA")));
    return;
  }
  struct finding finding = lookup_finding(&visit->arena, failed, &codes);
  finding.reason = visit_dns_reason(failed);
  finding.host = (struct span){0};
  finding_list_add(&visit->findings, finding);
}

/* All that DNS gave goes into the record; PROBER_ADDRESSES_MAX may be contacted. */
static void visit_take_addresses(struct visit *visit) {
  const struct dns_answer *both[] = {&visit->v4.answer, &visit->v6.answer};
  struct spans *texts = &visit->tls.addresses;
  size_t count = both[0]->count + both[1]->count;
  texts->at = arena_array(&visit->arena, count, sizeof *texts->at);
  visit->addresses = arena_array(&visit->arena, count, sizeof *visit->addresses);
  if (!visit->addresses) return;
  for (size_t family = 0; family < 2; family++)
    for (size_t i = 0; i < both[family]->count; i++) {
      char text[ADDRESS_TEXT_MAX];
      union address address = address_from_octets(both[family]->records[i].data, 0);
      size_t len = address_ip_text(&address, text);
      texts->at[texts->count++] = arena_copy(&visit->arena, (struct span){text, len});
      if (visit->address_count < PROBER_ADDRESSES_MAX)
        visit->addresses[visit->address_count++] = address;
    }
}

static void visit_probe(struct visit *visit) {
  visit->probe = (struct mx_probe){
      .host = host_entry_name(visit->entry),
      .addresses = visit->addresses,
      .address_count = visit->address_count,
      .tlsa = visit->usable,
      .tlsa_base =
          span_here(visit->tls.tlsa.base) ? visit->tls.tlsa.base : host_entry_name(visit->entry),
      .once = visit->journey->config.probe_once,
      .findings = &visit->findings,
      .done = visit_probed,
      .data = visit,
  };
  enum err err = prober_start(visit->journey->config.prober, &visit->probe);
  if (err == ERR_NONE) return;
  if (visit->arena.err == ERR_NONE) visit->arena.err = err;
  visit_end(visit);
}

static void visit_begin_dane(struct visit *visit) {
  visit->tls.tlsa.here = true;
  visit->tls.tlsa.dane = DANE_INSECURE;
  if (visit_is_secure(visit)) visit_ask_tlsa(visit);
  if (visit->waiting == 0) visit_probe(visit);
}

/* Both families have come. */
static void visit_contact(struct visit *visit) {
  visit->tls.cname = visit->v4.answer.cname.count ? visit->v4.answer.cname : visit->v6.answer.cname;
  visit_take_addresses(visit);
  bool reachable = false;
  if (visit->arena.err == ERR_NONE && !visit_is_blocked(visit)) {
    reachable = visit->address_count > 0;
    if (!reachable) visit_raise_dns(visit);
  }
  visit_stamp(visit);
  if (!reachable)
    visit_end(visit);
  else if (visit->journey->config.dane)
    visit_begin_dane(visit);
  else
    visit_probe(visit);
}

static void visit_go_on(struct visit *visit) {
  if (!span_here(visit->tlsa.name)) {
    visit_contact(visit);
    return;
  }
  if (!visit_hear_tlsa(visit)) visit_ask_tlsa(visit);
  if (visit->waiting == 0) visit_probe(visit);
}

static void visit_lookup_done(struct lookup *lookup) {
  struct visit *visit = lookup->data;
  struct journey *journey = visit->journey;
  uint64_t now = uv_now(journey->config.loop);
  if (lookup_hold_keeps(&journey->hold, lookup, host_entry_name(visit->entry), now)) return;
  if (lookup->end == LOOKUP_FAILED && visit->arena.err == ERR_NONE)
    visit->arena.err = lookup->trouble;
  if (--visit->waiting == 0) visit_go_on(visit);
}

void visit_ask(struct visit *visit, struct lookup *lookup, struct span name, enum dns_type type) {
  *lookup = (struct lookup){
      .name = name,
      .type = type,
      .arena = &visit->arena,
      .done = visit_lookup_done,
      .data = visit,
  };
  enum err err =
      span_here(name) ? resolver_ask(visit->journey->config.resolver, lookup) : ERR_SYNTAX;
  lookup->end = LOOKUP_MALFORMED;
  if (err == ERR_NONE)
    visit->waiting++;
  else if (err != ERR_SYNTAX)
    visit->arena.err = err;
}

enum err visit_begin(struct journey *journey, struct host_entry *entry) {
  struct visit *visit = calloc(1, sizeof *visit);
  if (!visit) return ERR_MEMORY;
  struct visits *visits = &journey->visits;
  visit->journey = journey;
  visit->entry = entry;
  visit->arena = (struct arena){.limit = VISIT_BYTES_MAX, .budget = &visits->budget};
  visit->findings.arena = &visit->arena;
  visit->started = uv_now(journey->config.loop);
  visit->tls.at = journey_wall_clock();
  ring_append(&visits->running, &visit->link);
  visits->count++;
  if (visit_is_blocked(visit)) {
    visit_end(visit);
    return ERR_NONE;
  }
  visit_ask(visit, &visit->v4, host_entry_name(entry), DNS_TYPE_A);
  visit_ask(visit, &visit->v6, host_entry_name(entry), DNS_TYPE_AAAA);
  if (visit->waiting == 0) visit_contact(visit);
  return ERR_NONE;
}
