/* What output costs a domain: the record of an absent one as JSON, and its share of a gzip member
 * at each level of deflate. CPU time, single thread.
 *
 * record_bench [LIST]: names from a list (a name or `rank,name` a line) instead of made ones.
 */
#include "output/record/record_write.h"
#include "output/results/gzip_block.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

enum {
  NAME_COUNT_MAX = 50000,
  NAME_SIZE = 256,
  ROUNDS = 5,
  RECORD_ROOM = 4096,
};

struct bench {
  char *text; /* of the names, one after the other, as they lie in a read list */
  size_t text_used;
  struct span *names;
  size_t name_count;
  char *lines;       /* the records of all names */
  size_t *line_ends; /* where each ends in lines */
  uint64_t seed;
};

static double cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* xorshift64: the same names and times in every run. */
static uint64_t bench_random(struct bench *bench, uint64_t below) {
  bench->seed ^= bench->seed << 13;
  bench->seed ^= bench->seed >> 7;
  bench->seed ^= bench->seed << 17;
  return bench->seed % below;
}

static void bench_add_name(struct bench *bench, const char *name) {
  char *at = bench->text + bench->text_used;
  int len = snprintf(at, NAME_SIZE, "%s", name);
  bench->names[bench->name_count++] = span_of(at);
  bench->text_used += len < NAME_SIZE ? (size_t)len + 1 : NAME_SIZE;
}

static void bench_make_name(struct bench *bench) {
  static const char *const tlds[] = {"com", "com", "com", "net", "org", "de", "ru", "co.uk"};
  char name[NAME_SIZE];
  size_t len = 4 + bench_random(bench, 12);
  for (size_t i = 0; i < len; i++)
    name[i] =
        (i % 2 ? "aeiou"[bench_random(bench, 5)] : "bcdfghjklmnpqrstvwxz"[bench_random(bench, 20)]);
  snprintf(name + len, NAME_SIZE - len, ".%s", tlds[bench_random(bench, 8)]);
  bench_add_name(bench, name);
}

static void bench_make_names(struct bench *bench) {
  while (bench->name_count < NAME_COUNT_MAX) bench_make_name(bench);
}

static bool bench_read_names(struct bench *bench, const char *path) {
  char line[2 * NAME_SIZE];
  FILE *in = fopen(path, "r");
  if (!in) return false;
  while (bench->name_count < NAME_COUNT_MAX && fgets(line, sizeof line, in)) {
    line[strcspn(line, "\r\n")] = 0;
    const char *comma = strchr(line, ',');
    bench_add_name(bench, comma ? comma + 1 : line);
  }
  fclose(in);
  return bench->name_count > 0;
}

static size_t bench_write_absent(struct bench *bench, size_t i, char *out) {
  struct finding absent = {.code = FOUND_RECORD_ABSENT};
  struct result result = {
      .n = i + 1,
      .domain = bench->names[i],
      .has_rank = true,
      .rank = i + 1,
      .status = STATUS_ABSENT,
      .has_effect = true,
      .effect = EFFECT_NONE,
      .findings = &absent,
      .record.lookup = {.asked = true,
                        .rcode = bench_random(bench, 3) ? 3 : 0,
                        .tries = 1,
                        .ms = 1 + (int64_t)bench_random(bench, 40)},
      .at = 1795600000000 + (int64_t)(i / 30),
  };
  result.ms = result.record.lookup.ms;
  struct json_writer json = json_writer_into(out, RECORD_ROOM);
  record_write(&json, &result);
  return json_writer_text(&json).len;
}

/* Fills lines; the least of the rounds is told. */
static void bench_records(struct bench *bench) {
  double best = 0;
  size_t bytes = 0;
  for (int round = 0; round < ROUNDS; round++) {
    double start = cpu_ns();
    bytes = 0;
    for (size_t i = 0; i < bench->name_count; i++) {
      bytes += bench_write_absent(bench, i, bench->lines + bytes);
      bench->line_ends[i] = bytes;
    }
    double ns = (cpu_ns() - start) / (double)bench->name_count;
    if (round == 0 || ns < best) best = ns;
  }
  printf("%-28s %8.0f ns/record %8.1f bytes/record\n", "absent record, JSON", best,
         (double)bytes / (double)bench->name_count);
}

static bool bench_seal(struct gzip_block *member, size_t *bytes) {
  struct span sealed;
  if (gzip_block_seal(member, &sealed) != ERR_NONE) return false;
  *bytes += sealed.len;
  return true;
}

/* All lines through members once. */
static bool bench_fill(struct bench *bench, struct gzip_block *member, size_t *bytes) {
  size_t start = 0;
  for (size_t i = 0; i < bench->name_count; start = bench->line_ends[i++]) {
    size_t len = bench->line_ends[i] - start;
    char *room = gzip_block_room(member, len);
    if (!room) return false;
    memcpy(room, bench->lines + start, len);
    gzip_block_added(member, len);
    if (gzip_block_full(member) && !bench_seal(member, bytes)) return false;
  }
  return bench_seal(member, bytes);
}

static bool bench_members(struct bench *bench) {
  struct gzip_block *member = NULL;
  double best = 0;
  size_t bytes = 0;
  bool ok = gzip_block_new(&member, true) == ERR_NONE;
  for (int round = 0; ok && round < ROUNDS; round++) {
    double start = cpu_ns();
    bytes = 0;
    ok = bench_fill(bench, member, &bytes);
    double ns = (cpu_ns() - start) / (double)bench->name_count;
    if (round == 0 || ns < best) best = ns;
  }
  gzip_block_free(member);
  if (ok)
    printf("%-28s %8.0f ns/record %8.1f bytes/record\n", "in members as the scan does", best,
           (double)bytes / (double)bench->name_count);
  return ok;
}

/* One way to set zlib up, over members of the scan's size. */
static bool bench_deflate(struct bench *bench, int level, int mem_level, int strategy) {
  static unsigned char out[2 * GZIP_BLOCK_SIZE_MAX];
  z_stream z = {0};
  size_t all = bench->line_ends[bench->name_count - 1], bytes = 0;
  if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, mem_level, strategy) != Z_OK) return false;
  double start = cpu_ns();
  for (size_t at = 0; at < all; at += GZIP_BLOCK_SIZE_MAX) {
    z.next_in = (unsigned char *)bench->lines + at;
    z.avail_in = (unsigned)(all - at < GZIP_BLOCK_SIZE_MAX ? all - at : GZIP_BLOCK_SIZE_MAX);
    z.next_out = out;
    z.avail_out = sizeof out;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) break;
    bytes += sizeof out - z.avail_out;
    deflateReset(&z);
  }
  double ns = (cpu_ns() - start) / (double)bench->name_count;
  deflateEnd(&z);
  printf("deflate level %d mem %d %-8s %8.0f ns/record %8.1f bytes/record\n", level, mem_level,
         strategy == Z_FILTERED ? "filtered" : "", ns, (double)bytes / (double)bench->name_count);
  return true;
}

static bool bench_levels(struct bench *bench) {
  static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED};
  bool ok = true;
  for (int level = 1; ok && level <= 6; level++)
    for (int mem_level = 8; ok && mem_level <= 9; mem_level++)
      for (size_t i = 0; ok && i < sizeof strategies / sizeof *strategies; i++)
        ok = bench_deflate(bench, level, mem_level, strategies[i]);
  return ok;
}

int main(int argc, char **argv) {
  struct bench bench = {.seed = 88172645463325252};
  int status = EXIT_FAILURE;
  bench.text = malloc((size_t)NAME_COUNT_MAX * NAME_SIZE);
  bench.names = calloc(NAME_COUNT_MAX, sizeof *bench.names);
  bench.lines = malloc((size_t)NAME_COUNT_MAX * RECORD_ROOM / 8 + RECORD_ROOM);
  bench.line_ends = calloc(NAME_COUNT_MAX, sizeof *bench.line_ends);
  if (!bench.text || !bench.names || !bench.lines || !bench.line_ends) goto done;
  if (argc < 2)
    bench_make_names(&bench);
  else if (!bench_read_names(&bench, argv[1])) {
    fprintf(stderr, "record_bench: cannot read %s\n", argv[1]);
    goto done;
  }
  bench_records(&bench);
  if (bench_members(&bench) && bench_levels(&bench)) status = EXIT_SUCCESS;
done:
  free(bench.text);
  free(bench.names);
  free(bench.lines);
  free(bench.line_ends);
  return status;
}
