/* The Internet in a box: authoritative servers or a resolver with drawn delays, in which every name
 * behaves as its hash says.
 *
 *   internet authority [options]   the root and each name's own server, at all addresses of 127/8
 *   internet resolver [options]    a resolver that has asked them
 *   internet truth [options]       a line a name: NAME CLASS MS VERDICT
 *
 * Prints what it is when it listens, and its account, as JSON, when it ends.
 */
#include "bench/internet/server.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAMES_MAX = 100000000 };

static const char usage[] =
    "usage: internet authority|resolver|truth [options]\n"
    "      --listen IP:PORT where it is asked (0.0.0.0:53; resolver: 127.0.0.1:5300)\n"
    "      --seed N         what the names' classes and all draws come from (drawn)\n"
    "      --class TEXT     NAME=SHARE:LOW-HIGH[:refused|:silent], delays in ms, once for each "
    "class;\n"
    "                       a resolver says SERVFAIL for those that refuse, and for silent ones\n"
    "                       after that time (0-0: never)\n"
    "      --deployed N     percent of the sound names with an MTA-STS record (0)\n"
    "      --names N        truth: how many (1000)\n"
    "      --at S:NAME=N    a setting from the S-th second after the first query on\n"
    "settings:\n";

struct command {
  struct server_options server;
  unsigned long names;
  bool classes_given;
};

static bool command_number(const char *text, double most, double *value) {
  char *end;
  *value = strtod(text, &end);
  return *text && !*end && *value >= 0 && *value <= most;
}

static bool command_listen(struct sockaddr_in *listen, const char *text) {
  char ip[INET_ADDRSTRLEN];
  unsigned port;
  int len = 0;
  if (sscanf(text, "%15[0-9.]:%5u%n", ip, &port, &len) != 2 || text[len] || port > 65535)
    return false;
  listen->sin_family = AF_INET;
  listen->sin_port = htons((uint16_t)port);
  return inet_pton(AF_INET, ip, &listen->sin_addr) == 1;
}

static bool command_option(struct command *command, const char *name, const char *value) {
  struct server_options *server = &command->server;
  double number;
  if (!strcmp(name, "listen")) return command_listen(&server->listen, value);
  if (!strcmp(name, "at")) return changes_add(&server->changes, value);
  if (!strcmp(name, "deployed")) return command_number(value, 100, &server->world.deployed);
  if (!strcmp(name, "class")) {
    bool first = !command->classes_given;
    command->classes_given = true;
    return world_add(&server->world, value, first);
  }
  if (!strcmp(name, "seed") && command_number(value, 1e15, &number)) {
    server->world.seed = (uint64_t)number;
    return true;
  }
  if (!strcmp(name, "names") && command_number(value, NAMES_MAX, &number)) {
    command->names = (unsigned long)number;
    return true;
  }
  return settings_set(&server->settings, name, value);
}

static bool command_read(struct command *command, int argc, char **argv) {
  for (int i = 2; i < argc; i += 2) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strncmp(argv[i], "--", 2) && command_option(command, argv[i] + 2, value)) continue;
    fprintf(stderr, "internet: %s %s: no such option or value\n", argv[i], value);
    return false;
  }
  return true;
}

static const char *truth_verdict(const struct world_place *place) {
  if (place->class->kind != WORLD_ANSWERS) return "unknown";
  return place->deployed ? "broken" : "absent";
}

static int truth_print(const struct command *command) {
  static const char *const tlds[] = {"com", "com", "com", "net", "org", "de", "ru", "io"};
  for (unsigned long i = 0; i < command->names; i++) {
    char name[32];
    struct world_place place;
    snprintf(name, sizeof name, "n%lu.%s", i, tlds[i % 8]);
    world_find(&command->server.world, name, &place);
    printf("%s %s %.3f %s\n", name, place.class->name, place.ms, truth_verdict(&place));
  }
  return 0;
}

static int serve(struct command *command, enum message_role role) {
  static struct account account;
  struct server_options *server = &command->server;
  server->role = role;
  if (!server->listen.sin_family)
    command_listen(&server->listen, role == MESSAGE_RECURSIVE ? "127.0.0.1:5300" : "0.0.0.0:53");
  printf("seed %" PRIu64 "\n", server->world.seed);
  fflush(stdout);
  if (!server_run(server, &account)) return 1;
  account_print(&account, server->world.seed, stdout);
  return 0;
}

int main(int argc, char **argv) {
  struct command command = {.names = 1000};
  world_init(&command.server.world);
  settings_init(&command.server.settings);
  command.server.world.seed = (uint64_t)time(NULL);
  if (argc > 1 && command_read(&command, argc, argv)) {
    if (!strcmp(argv[1], "truth")) return truth_print(&command);
    if (!strcmp(argv[1], "resolver")) return serve(&command, MESSAGE_RECURSIVE);
    if (!strcmp(argv[1], "authority")) return serve(&command, MESSAGE_AUTHORITY);
  }
  fputs(usage, stderr);
  settings_help(stderr);
  return 2;
}
