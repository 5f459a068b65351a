#include "output/stats/mail.h"

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

void mail_count(struct mail *mail, const struct domain_facts *facts) {
  struct mail_provider *provider = facts->mail_row ? &mail->served[facts->mail_row - 1] : NULL;
  if (!facts->mail) return;
  if (facts->flags & DOMAIN_FACTS_PASSED) {
    if (provider) provider->passed++;
    return;
  }
  counts_take(&mail->counts, facts);
  if (facts->issuer_row) mail->issuers.rows[facts->issuer_row - 1].counts[0]++;
  figures_take(provider ? &provider->served : &mail->nobody, facts->mail);
  if (provider && facts->mail & DOMAIN_FACTS_MAIL_OWN) figures_take(&provider->own, facts->mail);
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

enum err mail_merge(struct mail *into, const struct mail *from) {
  counts_plus(&into->counts, &from->counts);
  figures_plus(&into->nobody, &from->nobody);
  enum err err = issuers_merge(&into->issuers, &from->issuers);
  for (size_t i = 0; err == ERR_NONE && i < from->providers.count; i++) {
    uint32_t row = 0;
    err = mail_row(&into->providers, from->providers.rows[i].text, MAIL_PROVIDERS_MAX, &row);
    if (err == ERR_NONE) err = mail_room(into);
    if (err != ERR_NONE) break;
    into->served[row - 1].passed += from->served[i].passed;
    figures_plus(&into->served[row - 1].served, &from->served[i].served);
    figures_plus(&into->served[row - 1].own, &from->served[i].own);
  }
  return err;
}

static enum manager mail_manager(const struct mail_provider *provider, bool other,
                                 struct managed_limits limits) {
  uint64_t serves = provider->served.at[MAIL_PROBED] + provider->passed;
  return other ? MANAGER_UNCLASSIFIED : managed_by_size(serves, limits);
}

static void once_take(struct mail_figures *once, const struct mail_figures *served) {
  for (int i = 0; i < MAIL_FIGURE_COUNT; i++) once->at[i] += served->at[i] != 0;
}

static void managers_take(struct mail_statistics *statistics, const struct mail_provider *provider,
                          bool other, struct managed_limits limits) {
  enum manager manager = mail_manager(provider, other, limits);
  figures_plus(&statistics->managers[MANAGER_SELF], &provider->own);
  for (int i = 0; i < MAIL_FIGURE_COUNT; i++)
    statistics->managers[manager].at[i] += provider->served.at[i] - provider->own.at[i];
  if (!other) once_take(&statistics->once, &provider->served);
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
    managers_take(statistics, &mail->served[i], span_equal(text, TEXT_COUNTS_OTHER), limits);
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
  enum err err = providers_list(mail, limits, statistics);
  return err == ERR_NONE ? issuers_list(mail, statistics) : err;
}

void mail_statistics_free(struct mail_statistics *statistics) {
  free(statistics->providers);
  free(statistics->issuers);
  *statistics = (struct mail_statistics){0};
}
