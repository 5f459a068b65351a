#include "bench/internet/world.h"
#include <stdio.h>
#include <string.h>

static const char *const world_usual[] = {"near=60:5-50",          "mid=30:50-200",
                                          "far=5.5:200-700",       "slow=1:1000-2500",
                                          "lame=2:20-200:refused", "dead=1.5:11000-12000:silent"};

void world_init(struct world *world) {
  *world = (struct world){.seed = 1};
  for (size_t i = 0; i < sizeof world_usual / sizeof *world_usual; i++)
    world_add(world, world_usual[i], false);
}

static bool world_kind_of(const char *text, enum world_kind *kind) {
  static const char *const kinds[] = {"", ":refused", ":silent"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strcmp(text, kinds[i])) {
      *kind = (enum world_kind)i;
      return true;
    }
  return false;
}

bool world_add(struct world *world, const char *text, bool first) {
  struct world_class class = {.share = -1};
  int len = 0;
  if (sscanf(text, "%15[a-z]=%lf:%lf-%lf%n", class.name, &class.share, &class.low_ms,
             &class.high_ms, &len) != 4)
    return false;
  if (!world_kind_of(text + len, &class.kind)) return false;
  if (!(class.share >= 0 && class.low_ms >= 0 && class.low_ms <= class.high_ms &&
        class.high_ms <= WORLD_MS_MAX))
    return false;
  if (first) world->count = 0;
  if (world->count == WORLD_CLASSES_MAX) return false;
  world->classes[world->count++] = class;
  return true;
}

/* splitmix64's finalizer (Steele, Lea, Flood 2014). */
static uint64_t world_mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t world_hash(uint64_t seed, const void *octets, size_t len) {
  const unsigned char *at = octets;
  uint64_t hash = world_mix(seed + 0x9e3779b97f4a7c15);
  for (size_t i = 0; i < len; i++) hash = (hash ^ at[i]) * 0x100000001b3;
  return world_mix(hash);
}

static double world_fraction(uint64_t x) {
  return (double)(x >> 11) / (double)(1ULL << 53);
}

double world_draw(uint64_t *state) {
  return world_fraction(world_mix(*state += 0x9e3779b97f4a7c15));
}

static bool world_exists(const char *domain) {
  size_t digits = strspn(domain + 1, "0123456789");
  return domain[0] == 'n' && digits && domain[1 + digits] == '.';
}

static const struct world_class *world_class_at(const struct world *world, double fraction) {
  double sum = 0;
  for (size_t i = 0; i < world->count; i++) sum += world->classes[i].share;
  double at = fraction * sum;
  for (size_t i = 0; i + 1 < world->count; i++) {
    if (at < world->classes[i].share) return &world->classes[i];
    at -= world->classes[i].share;
  }
  return &world->classes[world->count - 1];
}

bool world_find(const struct world *world, const char *domain, struct world_place *place) {
  if (!world_exists(domain)) return false;
  uint64_t state = world_hash(world->seed, domain, strlen(domain));
  const struct world_class *class = world_class_at(world, world_draw(&state));
  double ms = class->low_ms + (class->high_ms - class->low_ms) * world_draw(&state);
  bool deployed = class->kind == WORLD_ANSWERS && 100 * world_draw(&state) < world->deployed;
  *place =
      (struct world_place){class, ms, deployed, (uint32_t)(world_draw(&state) * WORLD_SERVERS)};
  return true;
}
