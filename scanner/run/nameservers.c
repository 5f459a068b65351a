#include "scanner/run/nameservers.h"

#include "scanner/run/notice.h"
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

enum { DNS_PORT = 53, NAMESERVERS_ROOM_FIRST = 4 };

#define NAMESERVERS_BOM   SPAN("\xef\xbb\xbf")
#define NAMESERVERS_LOCAL "127.0.0.1" /* resolv.conf(5): and not ::1 */

static void nameservers_blame(struct nameservers_bad *bad, struct span text) {
  snprintf(bad->text, sizeof bad->text, "%.*s", SPAN_ARG(text));
}

/* An interface by its name or number; 0: there is none. */
static unsigned nameservers_scope(struct span text) {
  char name[IF_NAMESIZE];
  uint64_t number;
  if (text.len >= sizeof name || !text.len) return 0;
  if (span_number(text, &number)) return number <= UINT32_MAX ? (unsigned)number : 0;
  memcpy(name, text.ptr, text.len);
  name[text.len] = 0;
  return if_nametoindex(name);
}

/* Takes "%SCOPE" out of "fe80::1%eth0" or "[fe80::1%eth0]:53". False: the scope is none. */
static bool nameservers_unscope(struct span text, char *out, size_t size, unsigned *scope) {
  size_t at = span_find(text, '%');
  struct span before = span_first(text, at), behind = {0};
  *scope = 0;
  if (at < text.len) {
    struct span rest = span_skip(text, at + 1);
    size_t close = span_find(rest, ']');
    *scope = nameservers_scope(span_first(rest, close));
    behind = span_skip(rest, close);
    if (!*scope) return false;
  }
  return (size_t)snprintf(out, size, "%.*s%.*s", SPAN_ARG(before), SPAN_ARG(behind)) < size;
}

static enum err nameservers_read_address(struct span text, union address *address) {
  char plain[ADDRESS_TEXT_MAX];
  unsigned scope;
  if (memchr(text.ptr, 0, text.len)) return ERR_SYNTAX;
  if (!nameservers_unscope(text, plain, sizeof plain, &scope)) return ERR_SYNTAX;
  enum err err = address_parse(span_of(plain), DNS_PORT, address);
  if (err != ERR_NONE || !scope) return err;
  if (address->any.sa_family != AF_INET6) return ERR_SYNTAX;
  address->v6.sin6_scope_id = scope;
  return ERR_NONE;
}

static bool nameservers_equal(const union address *a, const union address *b) {
  bool scope = a->any.sa_family == AF_INET || a->v6.sin6_scope_id == b->v6.sin6_scope_id;
  return address_same_ip(a, b) && address_port(a) == address_port(b) && scope;
}

static enum err nameservers_grow(struct nameservers *servers) {
  size_t room = servers->room ? 2 * servers->room : NAMESERVERS_ROOM_FIRST;
  union address *grown = realloc(servers->at, room * sizeof *grown);
  if (!grown) return ERR_MEMORY;
  servers->at = grown;
  servers->room = room;
  return ERR_NONE;
}

/* Each once. */
static enum err nameservers_add(struct nameservers *servers, const union address *address) {
  for (size_t i = 0; i < servers->count; i++)
    if (nameservers_equal(&servers->at[i], address)) return ERR_NONE;
  if (servers->count == RESOLVER_SERVER_MAX) return ERR_LIMIT;
  enum err err = servers->count == servers->room ? nameservers_grow(servers) : ERR_NONE;
  if (err != ERR_NONE) return err;
  servers->at[servers->count++] = *address;
  return ERR_NONE;
}

static enum err nameservers_add_list(struct nameservers *servers, struct span text,
                                     struct nameservers_bad *bad) {
  struct span rest = text;
  do {
    union address address;
    struct span one = span_trim(span_cut(&rest, ','));
    enum err err = nameservers_read_address(one, &address);
    if (err == ERR_NONE) err = nameservers_add(servers, &address);
    if (err == ERR_NONE) continue;
    nameservers_blame(bad, one);
    return err;
  } while (rest.len);
  return ERR_NONE;
}

typedef enum err nameservers_line(struct nameservers *servers, struct span line,
                                  struct nameservers_bad *bad);

static enum err nameservers_read(const char *path, struct nameservers *servers,
                                 nameservers_line *take, struct nameservers_bad *bad) {
  FILE *file = fopen(path, "re");
  if (!file) return ERR_IO;
  char line[NAMESERVERS_LINE_MAX];
  enum err err = ERR_NONE;
  while (err == ERR_NONE && fgets(line, sizeof line, file)) {
    struct span rest = span_of(line);
    bool too_long = rest.len == sizeof line - 1 && line[rest.len - 1] != '\n';
    if (!bad->line++ && span_starts(rest, NAMESERVERS_BOM))
      rest = span_skip(rest, NAMESERVERS_BOM.len);
    struct span text = span_cut(&rest, '\n');
    if (text.len && text.ptr[text.len - 1] == '\r') text.len--;
    if (too_long) nameservers_blame(bad, text);
    err = too_long ? ERR_SYNTAX : take(servers, text, bad);
  }
  if (err == ERR_NONE && ferror(file)) err = ERR_IO;
  fclose(file);
  return err;
}

/* A comment may stand behind the addresses. */
static enum err nameservers_file_line(struct nameservers *servers, struct span line,
                                      struct nameservers_bad *bad) {
  struct span text = span_first(line, span_find(line, '#'));
  text = span_trim(span_first(text, span_find(text, ';')));
  return text.len ? nameservers_add_list(servers, text, bad) : ERR_NONE;
}

enum err nameservers_parse(const char *text, struct nameservers *servers,
                           struct nameservers_bad *bad) {
  *servers = (struct nameservers){0};
  *bad = (struct nameservers_bad){0};
  enum err err = text[0] == '@' ? nameservers_read(text + 1, servers, nameservers_file_line, bad)
                                : nameservers_add_list(servers, span_of(text), bad);
  return err == ERR_NONE && servers->count == 0 ? ERR_NOT_FOUND : err;
}

static struct span nameservers_word(struct span *line) {
  size_t from = 0, to;
  while (from < line->len && span_is_wsp(line->ptr[from])) from++;
  for (to = from; to < line->len && !span_is_wsp(line->ptr[to]);) to++;
  struct span word = span_first(span_skip(*line, from), to - from);
  *line = span_skip(*line, to);
  return word;
}

/* glibc takes IPv4 addresses in all of inet_aton(3)'s forms, and no port. */
static enum err nameservers_read_system(struct span word, union address *address) {
  char text[ADDRESS_TEXT_MAX];
  struct in_addr v4;
  if (word.len >= sizeof text || memchr(word.ptr, '[', word.len)) return ERR_SYNTAX;
  snprintf(text, sizeof text, "%.*s", SPAN_ARG(word));
  if (inet_aton(text, &v4)) {
    *address = address_from_octets((struct span){(const char *)&v4, sizeof v4}, DNS_PORT);
    return ERR_NONE;
  }
  enum err err = nameservers_read_address(word, address);
  return err == ERR_NONE && address->any.sa_family == AF_INET ? ERR_SYNTAX : err;
}

static enum err nameservers_take_system(struct nameservers *servers, struct span word,
                                        const struct nameservers_bad *bad) {
  union address address;
  if (nameservers_read_system(word, &address) != ERR_NONE)
    notice("%s, line %u: \"%.*s\" is not the address of a name server: left out",
           NAMESERVERS_SYSTEM_FILE, bad->line, SPAN_ARG(word));
  else if (servers->count == NAMESERVERS_SYSTEM_MAX)
    notice("%s, line %u: %.*s is left out: the system uses the first %d (--resolvers takes more)",
           NAMESERVERS_SYSTEM_FILE, bad->line, SPAN_ARG(word), NAMESERVERS_SYSTEM_MAX);
  else
    return nameservers_add(servers, &address);
  return ERR_NONE;
}

static void nameservers_tell_option(struct span word) {
  bool timeout = span_starts(word, SPAN("timeout:"));
  if (timeout || span_starts(word, SPAN("attempts:")))
    notice("%s: option %.*s is not used: %s has its place", NAMESERVERS_SYSTEM_FILE, SPAN_ARG(word),
           timeout ? "--dns-timeout" : "--dns-tries");
}

/* The keyword begins the line, and the first word behind it counts. */
static enum err nameservers_resolv_conf(struct nameservers *servers, struct span line,
                                        struct nameservers_bad *bad) {
  struct span rest = line, keyword = {0};
  if (line.len && !span_is_wsp(line.ptr[0])) keyword = nameservers_word(&rest);
  struct span word = nameservers_word(&rest);
  if (span_equal(keyword, SPAN("nameserver")) && word.len)
    return nameservers_take_system(servers, word, bad);
  for (; span_equal(keyword, SPAN("options")) && word.len; word = nameservers_word(&rest))
    nameservers_tell_option(word);
  return ERR_NONE;
}

enum err nameservers_system(const char *path, struct nameservers *servers) {
  struct nameservers_bad bad = {0};
  *servers = (struct nameservers){0};
  enum err err = nameservers_read(path, servers, nameservers_resolv_conf, &bad);
  if (err == ERR_IO && errno == ENOENT) err = ERR_NONE;
  if (err != ERR_NONE || servers->count) return err;
  notice("%s names no name server: " NAMESERVERS_LOCAL " is asked, as by the system", path);
  union address local;
  address_parse(SPAN(NAMESERVERS_LOCAL), DNS_PORT, &local);
  return nameservers_add(servers, &local);
}

void nameservers_free(struct nameservers *servers) {
  free(servers->at);
  *servers = (struct nameservers){0};
}
