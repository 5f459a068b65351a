#include "scanner/run/nameservers.h"

#include <stdio.h>

enum { DNS_PORT = 53, NAMESERVERS_LINE_MAX = 512 };

static enum err nameservers_add(struct nameservers *servers, struct span text) {
  if (servers->count == RESOLVER_SERVER_MAX) return ERR_LIMIT;
  enum err err = address_parse(text, DNS_PORT, &servers->at[servers->count]);
  if (err == ERR_NONE) servers->count++;
  return err;
}

static enum err nameservers_add_list(struct nameservers *servers, struct span text,
                                     const char **bad) {
  static _Thread_local char word[NAMESERVERS_LINE_MAX];
  struct span rest = text;
  do {
    struct span one = span_trim(span_cut(&rest, ','));
    enum err err = nameservers_add(servers, one);
    if (err == ERR_NONE) continue;
    snprintf(word, sizeof word, "%.*s", SPAN_ARG(one));
    *bad = word;
    return err;
  } while (rest.len);
  return ERR_NONE;
}

typedef enum err nameservers_line(struct nameservers *servers, struct span line, const char **bad);

static enum err nameservers_read(const char *path, struct nameservers *servers,
                                 nameservers_line *take, const char **bad) {
  FILE *file = fopen(path, "re");
  if (!file) return ERR_IO;
  char line[NAMESERVERS_LINE_MAX];
  enum err err = ERR_NONE;
  while (err == ERR_NONE && fgets(line, sizeof line, file)) {
    struct span rest = span_of(line);
    struct span text = span_trim(span_cut(&rest, '\n'));
    if (text.len && text.ptr[text.len - 1] == '\r') text.len--;
    if (text.len && text.ptr[0] != '#' && text.ptr[0] != ';') err = take(servers, text, bad);
  }
  if (err == ERR_NONE && ferror(file)) err = ERR_IO;
  fclose(file);
  return err;
}

enum err nameservers_parse(const char *text, struct nameservers *servers, const char **bad) {
  *servers = (struct nameservers){0};
  enum err err = text[0] == '@' ? nameservers_read(text + 1, servers, nameservers_add_list, bad)
                                : nameservers_add_list(servers, span_of(text), bad);
  return err == ERR_NONE && servers->count == 0 ? ERR_NOT_FOUND : err;
}

static enum err nameservers_resolv_conf(struct nameservers *servers, struct span line,
                                        const char **bad) {
  (void)bad;
  struct span keyword = SPAN("nameserver");
  if (!span_starts(line, keyword) || line.len == keyword.len || !span_is_wsp(line.ptr[keyword.len]))
    return ERR_NONE;
  nameservers_add(servers, span_trim(span_skip(line, keyword.len)));
  return ERR_NONE;
}

enum err nameservers_system(const char *path, struct nameservers *servers) {
  *servers = (struct nameservers){0};
  enum err err = nameservers_read(path, servers, nameservers_resolv_conf, NULL);
  return err == ERR_NONE && servers->count == 0 ? ERR_NOT_FOUND : err;
}
