#include "output/stats/mail.h"

#include "output/stats/provider_code.h"
#include <stdlib.h>

const char *mail_figure_text(int figure) {
  static const char *const texts[] = {
#define X(name, text) text,
      MAIL_FIGURE_MAP(X)
#undef X
  };
  return texts[figure];
}

void mail_free(struct mail *mail) {
  text_counts_free(&mail->issuers);
  text_counts_free(&mail->providers);
  text_counts_free(&mail->causes);
  free(mail->served);
  *mail = (struct mail){0};
}

/* Room for all providers. */
static enum err mail_room(struct mail *mail) {
  size_t room = mail->providers.room;
  if (mail->room >= room) return ERR_NONE;
  struct mail_provider *grown = reallocarray(mail->served, room, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  memset(grown + mail->room, 0, (room - mail->room) * sizeof *grown);
  mail->served = grown;
  mail->room = room;
  return ERR_NONE;
}

/* *row: from 1. */
static enum err mail_row(struct text_counts *map, struct span text, size_t most, uint32_t *row) {
  struct text_counts_row *found = text_counts_within(map, text, most);
  if (!found) return ERR_MEMORY;
  *row = (uint32_t)(found - map->rows) + 1;
  return ERR_NONE;
}

/* Of the first certificate that leads to a trusted root, as anybody can name himself an issuer. */
static struct span mail_issuer_of(const struct result *result) {
  for (size_t i = 0; i < result->mx.count; i++) {
    const struct result_mx_tls *tls = result->mx.at[i].tls;
    if (!tls || !tls->certificate.here) continue;
    bool rooted = !finding_codes_has(&tls->codes, FOUND_MX_TLS_SELF_SIGNED) &&
                  !finding_codes_has(&tls->codes, FOUND_MX_TLS_UNTRUSTED) &&
                  !finding_codes_has(&tls->codes, FOUND_MX_TLS_CERT_INVALID);
    if (rooted) return tls->certificate.issuer;
  }
  return (struct span){0};
}

enum err mail_facts(struct mail *mail, const psl_ctx_t *psl, const struct result *result,
                    struct domain_facts *facts) {
  enum err err = ERR_NONE;
  if (!facts->mail) return ERR_NONE;
  struct span issuer = mail_issuer_of(result), provider = managed_mail_provider(psl, result);
  if (issuer.len) err = mail_row(&mail->issuers, issuer, MAIL_ISSUERS_MAX, &facts->issuer_row);
  if (err != ERR_NONE || provider.len == 0) return err;
  if (span_equal(provider, managed_registrable(psl, result->domain)))
    facts->mail |= DOMAIN_FACTS_MAIL_OWN;
  err = mail_row(&mail->providers, provider, MAIL_PROVIDERS_MAX, &facts->mail_row);
  return err == ERR_NONE ? mail_room(mail) : err;
}

static void figures_take(struct mail_figures *figures, unsigned mail) {
  unsigned verdicts = mail & DOMAIN_FACTS_MAIL_VERDICTS;
  figures->at[MAIL_PROBED]++;
  figures->at[MAIL_ALL_SECURE] += verdicts == 1U << VERDICT_SECURE;
  figures->at[MAIL_ANY_REFUSED] += verdicts >> VERDICT_REFUSED & 1;
  figures->at[MAIL_ALL_REFUSED] += verdicts == 1U << VERDICT_REFUSED;
  figures->at[MAIL_ANY_UNKNOWN] += verdicts >> VERDICT_UNKNOWN & 1;
  figures->at[MAIL_ALL_UNKNOWN] += verdicts == 1U << VERDICT_UNKNOWN;
}

static void figures_plus(struct mail_figures *figures, const struct mail_figures *more) {
  for (int i = 0; i < MAIL_FIGURE_COUNT; i++) figures->at[i] += more->at[i];
}

/* Adds one to the counter of each bit. */
static void count_bits(uint64_t *counters, uint64_t bits) {
  for (; bits; bits &= bits - 1) counters[__builtin_ctzll(bits)]++;
}

static void counts_take(struct mail_counts *counts, const struct domain_facts *facts) {
  unsigned mail = facts->mail;
  figures_take(&counts->all, mail);
  if (facts->mode == MODE_ENFORCE) figures_take(&counts->enforce, mail);
  count_bits(counts->codes, facts->mail_codes);
  count_bits(counts->versions,
             mail >> DOMAIN_FACTS_MAIL_VERSION_SHIFT & ((1U << DOMAIN_FACTS_MAIL_VERSIONS) - 1));
  counts->certificates += (mail & DOMAIN_FACTS_MAIL_CERTIFICATE) != 0;
  counts->expired += (mail & DOMAIN_FACTS_MAIL_EXPIRED) != 0;
  count_bits(counts->expiring,
             mail >> DOMAIN_FACTS_MAIL_EXPIRY_SHIFT & ((1U << COUNTS_EXPIRY_BINS) - 1));
  counts->dane_asked += facts->dane != 0;
  count_bits(counts->dane, facts->dane);
  counts->dane_only += (mail & DOMAIN_FACTS_MAIL_DANE_ONLY) != 0;
  counts->sts_only += (mail & DOMAIN_FACTS_MAIL_STS_ONLY) != 0;
}

static enum err causes_take(struct mail *mail, const struct domain_facts *facts) {
  enum err err = ERR_NONE;
  uint64_t own = (facts->mail & DOMAIN_FACTS_MAIL_OWN) != 0;
  if (!facts->mail_row) count_bits(mail->nobody_codes, facts->mail_codes);
  for (uint32_t bits = facts->mail_row ? facts->mail_codes : 0; bits && err == ERR_NONE;
       bits &= bits - 1) {
    struct provider_code cause = {facts->mail_row, (uint32_t)__builtin_ctz(bits)};
    err = provider_code_add(&mail->causes, cause, 1, own);
  }
  return err;
}

enum err mail_count(struct mail *mail, const struct domain_facts *facts) {
  struct mail_provider *provider = facts->mail_row ? &mail->served[facts->mail_row - 1] : NULL;
  if (!facts->mail) return ERR_NONE;
  if (facts->flags & DOMAIN_FACTS_PASSED) {
    if (provider) provider->passed++;
    return ERR_NONE;
  }
  counts_take(&mail->counts, facts);
  if (facts->issuer_row) mail->issuers.rows[facts->issuer_row - 1].counts[0]++;
  figures_take(provider ? &provider->served : &mail->nobody, facts->mail);
  if (provider && facts->mail & DOMAIN_FACTS_MAIL_OWN) figures_take(&provider->own, facts->mail);
  return causes_take(mail, facts);
}

static void counts_plus(struct mail_counts *counts, const struct mail_counts *more) {
  uint64_t *sums = (uint64_t *)counts;
  const uint64_t *each = (const uint64_t *)more;
  for (size_t i = 0; i < sizeof *counts / sizeof *sums; i++) sums[i] += each[i];
}

static enum err issuers_merge(struct text_counts *into, const struct text_counts *from) {
  for (size_t i = 0; i < from->count; i++) {
    struct text_counts_row *row = text_counts_within(into, from->rows[i].text, MAIL_ISSUERS_MAX);
    if (!row) return ERR_MEMORY;
    text_counts_add(row, &from->rows[i]);
  }
  return ERR_NONE;
}

/* rows: those of from in into, by row. */
static enum err providers_merge(struct mail *into, const struct mail *from, uint32_t *rows) {
  enum err err = ERR_NONE;
  for (size_t i = 0; err == ERR_NONE && i < from->providers.count; i++) {
    err = mail_row(&into->providers, from->providers.rows[i].text, MAIL_PROVIDERS_MAX, &rows[i]);
    if (err == ERR_NONE) err = mail_room(into);
    if (err != ERR_NONE) break;
    struct mail_provider *provider = &into->served[rows[i] - 1];
    provider->passed += from->served[i].passed;
    figures_plus(&provider->served, &from->served[i].served);
    figures_plus(&provider->own, &from->served[i].own);
  }
  return err;
}

static enum err causes_merge(struct mail *into, const struct mail *from, const uint32_t *rows) {
  enum err err = ERR_NONE;
  for (size_t i = 0; err == ERR_NONE && i < from->causes.count; i++) {
    const struct text_counts_row *row = &from->causes.rows[i];
    struct provider_code cause = provider_code_of(row);
    cause.row = rows[cause.row - 1];
    err = provider_code_add(&into->causes, cause, row->counts[0], row->counts[1]);
  }
  return err;
}

enum err mail_merge(struct mail *into, const struct mail *from) {
  uint32_t *rows = calloc(from->providers.count + 1, sizeof *rows);
  if (!rows) return ERR_MEMORY;
  counts_plus(&into->counts, &from->counts);
  figures_plus(&into->nobody, &from->nobody);
  for (int code = 0; code < DOMAIN_FACTS_MAIL_CODES; code++)
    into->nobody_codes[code] += from->nobody_codes[code];
  enum err err = issuers_merge(&into->issuers, &from->issuers);
  if (err == ERR_NONE) err = providers_merge(into, from, rows);
  if (err == ERR_NONE) err = causes_merge(into, from, rows);
  free(rows);
  return err;
}

static bool is_other(const struct mail *mail, size_t row) {
  return span_equal(mail->providers.rows[row].text, TEXT_COUNTS_OTHER);
}

static enum manager mail_manager(const struct mail *mail, size_t row,
                                 struct managed_limits limits) {
  const struct mail_provider *provider = &mail->served[row];
  uint64_t serves = provider->served.at[MAIL_PROBED] + provider->passed;
  return is_other(mail, row) ? MANAGER_UNCLASSIFIED : managed_by_size(serves, limits);
}

static void once_take(struct mail_figures *once, const struct mail_figures *served) {
  for (int i = 0; i < MAIL_FIGURE_COUNT; i++) once->at[i] += served->at[i] != 0;
}

static void managers_take(struct mail_statistics *statistics, const struct mail *mail, size_t row,
                          struct managed_limits limits) {
  const struct mail_provider *provider = &mail->served[row];
  enum manager manager = mail_manager(mail, row, limits);
  figures_plus(&statistics->managers[MANAGER_SELF], &provider->own);
  for (int i = 0; i < MAIL_FIGURE_COUNT; i++)
    statistics->managers[manager].at[i] += provider->served.at[i] - provider->own.at[i];
  if (!is_other(mail, row)) once_take(&statistics->once, &provider->served);
}

static void managers_take_causes(struct mail_statistics *statistics, const struct mail *mail,
                                 struct managed_limits limits) {
  for (size_t i = 0; i < mail->causes.count; i++) {
    const uint64_t *counts = mail->causes.rows[i].counts;
    struct provider_code cause = provider_code_of(&mail->causes.rows[i]);
    enum manager manager = mail_manager(mail, cause.row - 1, limits);
    statistics->codes[MANAGER_SELF][cause.code] += counts[1];
    statistics->codes[manager][cause.code] += counts[0] - counts[1];
  }
  for (int code = 0; code < DOMAIN_FACTS_MAIL_CODES; code++)
    statistics->codes[MANAGER_UNCLASSIFIED][code] += mail->nobody_codes[code];
}

static int line_compare(const void *left, const void *right) {
  const struct mail_line *a = left, *b = right;
  uint64_t of_a = a->figures.at[MAIL_PROBED], of_b = b->figures.at[MAIL_PROBED];
  if (of_a != of_b) return of_a > of_b ? -1 : 1;
  return strcmp(a->text.ptr, b->text.ptr); /* the map terminates its texts */
}

static enum err providers_list(const struct mail *mail, struct managed_limits limits,
                               struct mail_statistics *statistics) {
  struct mail_line *lines = calloc(mail->providers.count + 1, sizeof *lines);
  if (!lines) return ERR_MEMORY;
  statistics->providers = lines;
  for (size_t i = 0; i < mail->providers.count; i++) {
    struct span text = mail->providers.rows[i].text;
    managers_take(statistics, mail, i, limits);
    if (mail->served[i].served.at[MAIL_PROBED])
      lines[statistics->provider_count++] = (struct mail_line){text, mail->served[i].served};
  }
  qsort(lines, statistics->provider_count, sizeof *lines, line_compare);
  return ERR_NONE;
}

static enum err issuers_list(const struct mail *mail, struct mail_statistics *statistics) {
  const struct text_counts_row **rows = text_counts_sorted(&mail->issuers);
  statistics->issuers = calloc(mail->issuers.count + 1, sizeof *statistics->issuers);
  enum err err = statistics->issuers && (rows || mail->issuers.count == 0) ? ERR_NONE : ERR_MEMORY;
  for (size_t i = 0; err == ERR_NONE && i < mail->issuers.count; i++)
    if (rows[i]->counts[0])
      statistics->issuers[statistics->issuer_count++] =
          (struct mail_issuer){rows[i]->text, rows[i]->counts[0]};
  free(rows);
  return err;
}

enum err mail_statistics(const struct mail *mail, struct managed_limits limits,
                         struct mail_statistics *statistics) {
  *statistics = (struct mail_statistics){.counts = mail->counts};
  figures_plus(&statistics->managers[MANAGER_UNCLASSIFIED], &mail->nobody);
  managers_take_causes(statistics, mail, limits);
  enum err err = providers_list(mail, limits, statistics);
  return err == ERR_NONE ? issuers_list(mail, statistics) : err;
}

void mail_statistics_free(struct mail_statistics *statistics) {
  free(statistics->providers);
  free(statistics->issuers);
  *statistics = (struct mail_statistics){0};
}
