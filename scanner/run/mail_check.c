#include "scanner/run/mail_check.h"

#include "scanner/net/source_address.h"
#include "scanner/run/notice.h"
#include "scanner/sts/domain.h"
#include <stdlib.h>
#include <unistd.h>

enum {
  MAIL_CHECK_HOST_MAX = 253,
  MAIL_CHECK_PTR_SIZE = 80, /* of 32 digits with dots, and ip6.arpa */
};

struct mail_check {
  const struct mail_check_config *config;
  uv_loop_t loop;
  struct resolver *resolver;
  struct arena arena;
  unsigned waiting;
  bool probed; /* the probe is over */
};

static void mail_check_heard(struct lookup *lookup) {
  struct mail_check *check = lookup->data;
  check->waiting--;
}

static void mail_check_ask(struct mail_check *check, struct lookup *lookup, struct span name,
                           enum dns_type type) {
  *lookup = (struct lookup){
      .name = name, .type = type, .arena = &check->arena, .done = mail_check_heard, .data = check};
  bool asked = resolver_ask(check->resolver, lookup) == ERR_NONE;
  check->waiting += asked;
  if (!asked) lookup->end = LOOKUP_MALFORMED;
}

static void mail_check_wait(struct mail_check *check) {
  while (check->waiting) uv_run(&check->loop, UV_RUN_ONCE);
}

static bool mail_check_answered(const struct lookup *lookup) {
  return lookup->end == LOOKUP_ANSWERED &&
         (lookup->answer.rcode == DNS_NOERROR || lookup->answer.rcode == DNS_NXDOMAIN);
}

/* The addresses of a name. */
struct mail_check_name {
  struct lookup v4, v6;
};

static void mail_check_resolve(struct mail_check *check, struct span name,
                               struct mail_check_name *found) {
  mail_check_ask(check, &found->v4, name, DNS_TYPE_A);
  mail_check_ask(check, &found->v6, name, DNS_TYPE_AAAA);
  mail_check_wait(check);
}

/* DNS says that there is no address; where it would not say, there may be one. */
static bool mail_check_is_nowhere(const struct mail_check_name *found) {
  return mail_check_answered(&found->v4) && mail_check_answered(&found->v6) &&
         found->v4.answer.count + found->v6.answer.count == 0;
}

static bool mail_check_leads_to(const struct mail_check_name *found, const union address *own) {
  const struct dns_answer *answer =
      own->any.sa_family == AF_INET6 ? &found->v6.answer : &found->v4.answer;
  for (size_t i = 0; i < answer->count; i++)
    if (span_equal(answer->records[i].data, address_octets(own))) return true;
  return false;
}

/* The name that leads back from an IPv4 address: RFC 1035 section 3.5. */
static struct span mail_check_reverse(const union address *own, char out[MAIL_CHECK_PTR_SIZE]) {
  struct span octets = address_octets(own);
  const unsigned char *o = (const unsigned char *)octets.ptr;
  int len = snprintf(out, MAIL_CHECK_PTR_SIZE, "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1], o[0]);
  return (struct span){out, (size_t)len};
}

/* Which IPv4 address would be ours towards the Internet: the kernel knows, and nothing is sent.
 * False: there is none, or one behind a translation, of which we know nothing. */
static bool mail_check_own(const struct source_address *source, union address *own) {
  union address far;
  socklen_t size = sizeof *own;
  bool known = false;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  if (address_parse(SPAN("198.41.0.4"), 53, &far) == ERR_NONE && /* a root server */
      source_address_bind(source, fd, &far) == 0 && connect(fd, &far.any, address_size(&far)) == 0)
    known = getsockname(fd, &own->any, &size) == 0;
  close(fd);
  return known && address_is_public(own);
}

static void mail_check_tell_reverse(struct mail_check *check, const union address *own) {
  char text[ADDRESS_TEXT_MAX], name[MAIL_CHECK_PTR_SIZE];
  struct lookup pointer;
  address_ip_text(own, text);
  mail_check_ask(check, &pointer, mail_check_reverse(own, name), DNS_TYPE_PTR);
  mail_check_wait(check);
  if (!mail_check_answered(&pointer)) return;
  if (pointer.answer.count == 0) {
    notice("our address %s has no reverse name: many mail servers will refuse us", text);
    return;
  }
  struct span host = pointer.answer.records[0].data;
  struct mail_check_name found;
  mail_check_resolve(check, host, &found);
  if (mail_check_answered(&found.v4) && !mail_check_leads_to(&found, own))
    notice("our address %s has the reverse name %.*s, which does not lead back to it: many mail "
           "servers will refuse us",
           text, SPAN_ARG(host));
}

/* Whoever gave a name is warned; the machine's own must do. ERR_SYNTAX. */
static enum err mail_check_tell_name(const struct mail_options *mail, const char *fault) {
  if (mail->ehlo_given) {
    notice("--ehlo %s %s: many mail servers will refuse us", mail->ehlo, fault);
    return ERR_NONE;
  }
  notice("--probe-mx: this machine's name %s %s, and many mail servers refuse such a client: give "
         "--ehlo NAME",
         mail->ehlo, fault);
  return ERR_SYNTAX;
}

static enum err mail_check_names(struct mail_check *check) {
  const struct mail_options *mail = check->config->mail;
  struct mail_check_name found;
  union address own;
  mail_check_resolve(check, span_of(mail->ehlo), &found);
  bool known = mail_check_own(check->config->resolver.source, &own);
  enum err err = ERR_NONE;
  if (mail_check_is_nowhere(&found))
    err = mail_check_tell_name(mail, "does not resolve");
  else if (known && mail_check_answered(&found.v4) && !mail_check_leads_to(&found, &own))
    err = mail_check_tell_name(mail, "does not resolve to the address that we ask from");
  if (known && err == ERR_NONE) mail_check_tell_reverse(check, &own);
  return err;
}

/* That the root has no address is signed: a resolver that validates says so (RFC 4035
 * section 3.2.3). */
static enum err mail_check_validation(struct mail_check *check) {
  struct lookup root;
  if (!check->config->mail->dane) return ERR_NONE;
  mail_check_ask(check, &root, SPAN("."), DNS_TYPE_A);
  mail_check_wait(check);
  if (mail_check_answered(&root) && root.answer.ad) return ERR_NONE;
  notice(
      "--dane: the resolvers do not validate DNSSEC, or do not tell: no AD with the answer for the "
      "root");
  return ERR_SYNTAX;
}

static void mail_check_probed(struct mx_probe *probe) {
  struct mail_check *check = probe->data;
  check->probed = true;
}

static enum err mail_check_probe(struct mail_check *check, struct prober *prober,
                                 struct mx_probe *probe) {
  struct finding_list findings = {.arena = &check->arena};
  probe->once = true;
  probe->findings = &findings;
  probe->done = mail_check_probed;
  probe->data = check;
  enum err err = prober_start(prober, probe);
  while (err == ERR_NONE && !check->probed) uv_run(&check->loop, UV_RUN_ONCE);
  if (err == ERR_NONE) err = probe->err;
  if (err != ERR_NONE) return err;
  if (probe->result.greeting >= 200 && probe->result.greeting < 300) return ERR_NONE;
  struct span why = findings.first ? findings.first->detail : SPAN("no greeting");
  notice("--probe-check %s: %s (%.*s): port %u seems to be closed from here",
         check->config->mail->probe_check,
         findings.first ? finding_info(findings.first->code)->name : "nothing", SPAN_ARG(why),
         check->config->mail->port);
  return ERR_TIMEOUT;
}

bool mail_check_parse(struct span text, uint16_t *port, struct span *host) {
  union address address;
  uint64_t number;
  *host = text;
  if (address_parse(text, *port, &address) == ERR_NONE) {
    *port = address_port(&address);
    return *port != 0;
  }
  if (span_find(text, ':') < text.len) {
    *host = span_cut(&text, ':');
    if (!span_number(text, &number) || number == 0 || number > UINT16_MAX) return false;
    *port = (uint16_t)number;
  }
  return domain_is_hostname(*host);
}

static size_t mail_check_find(struct mail_check *check, struct span host,
                              union address *addresses) {
  struct mail_check_name found;
  if (address_parse(host, 0, &addresses[0]) == ERR_NONE) return 1;
  mail_check_resolve(check, host, &found);
  const struct dns_answer *both[] = {&found.v4.answer, &found.v6.answer};
  size_t count = 0;
  for (int family = 0; family < 2; family++)
    for (size_t i = 0; i < both[family]->count && count < PROBER_ADDRESSES_MAX; i++)
      addresses[count++] = address_from_octets(both[family]->records[i].data, 0);
  return count;
}

static enum err mail_check_with(struct mail_check *check, struct span host, uint16_t port,
                                const union address *addresses, size_t count) {
  const struct mail_check_config *config = check->config;
  struct prober *prober = NULL;
  struct mx_probe probe = {.host = host, .addresses = addresses, .address_count = count};
  struct prober_config own = mail_probing_config(config->probing, config->mail, config->fetcher);
  own.port = port;
  own.filter.allow_private = true; /* whoever names a server of his own knows where it is */
  own.source = config->resolver.source;
  own.trust = X509_STORE_new();
  enum err err = own.trust ? prober_new(&prober, &check->loop, &own) : ERR_MEMORY;
  if (err == ERR_NONE) err = mail_check_probe(check, prober, &probe);
  prober_close(prober);
  uv_run(&check->loop, UV_RUN_NOWAIT);
  X509_STORE_free(own.trust);
  return err;
}

static enum err mail_check_port(struct mail_check *check) {
  union address addresses[PROBER_ADDRESSES_MAX];
  const char *text = check->config->mail->probe_check;
  if (!text) return ERR_NONE;
  uint16_t port = check->config->mail->port;
  struct span host;
  mail_check_parse(span_of(text), &port, &host);
  size_t count = mail_check_find(check, host, addresses);
  if (count == 0) {
    notice("--probe-check %s: no address is known of it", text);
    return ERR_TIMEOUT;
  }
  enum err err = mail_check_with(check, host, port, addresses, count);
  if (err == ERR_NONE) port_watch_reached(check->config->probing->port_watch);
  return err;
}

enum err mail_check_say(const struct mail_check_config *config) {
  struct mail_check check = {.config = config};
  if (uv_loop_init(&check.loop) != 0) return ERR_MEMORY;
  enum err err = resolver_new(&check.resolver, &check.loop, &config->resolver);
  if (err == ERR_NONE) err = mail_check_validation(&check);
  if (err == ERR_NONE) err = mail_check_names(&check);
  if (err == ERR_NONE) err = mail_check_port(&check);
  if (err != ERR_NONE && err != ERR_SYNTAX && err != ERR_TIMEOUT) notice("%s", err_text(err));
  if (check.resolver) resolver_close(check.resolver);
  uv_run(&check.loop, UV_RUN_DEFAULT);
  uv_loop_close(&check.loop);
  arena_free(&check.arena);
  return err;
}
