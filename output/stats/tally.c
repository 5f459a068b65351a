#include "output/stats/tally.h"

#include <stdlib.h>

/* Columns of the TLDs and the rank bins. */
enum { COLUMN_DOMAINS, COLUMN_VALID, COLUMN_BROKEN, COLUMN_WITH_MX };

struct rank_bin {
  uint64_t columns[TEXT_COUNTS_COLUMNS];
};

struct tally {
  struct counts counts;
  struct text_counts tlds;
  struct rank_bin *ranks;
  size_t rank_count;
  struct managed managed;
  struct mail mail;
  struct study study;
  psl_ctx_t *psl;
};

enum err tally_new(struct tally **tally) {
  struct tally *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->psl = psl_latest(NULL);
  *tally = made;
  return ERR_NONE;
}

void tally_free(struct tally *tally) {
  if (!tally) return;
  text_counts_free(&tally->tlds);
  managed_free(&tally->managed);
  mail_free(&tally->mail);
  study_free(&tally->study);
  free(tally->ranks);
  psl_free(tally->psl);
  free(tally);
}

static bool is_listed(const struct tally *tally, struct span tld) {
  char text[TEXT_COUNTS_TEXT_MAX + 1];
  if (!tally->psl || tld.len >= sizeof text) return false;
  memcpy(text, tld.ptr, tld.len);
  text[tld.len] = 0;
  return psl_is_public_suffix2(tally->psl, text, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

static struct text_counts_row *tally_row_of_tld(struct tally *tally, struct span tld) {
  bool full = tally->tlds.count >= TALLY_TLDS_MAX;
  if (full && !text_counts_find(&tally->tlds, tld) && is_listed(tally, tld))
    return text_counts_at(&tally->tlds, tld);
  return text_counts_within(&tally->tlds, tld, TALLY_TLDS_MAX);
}

static enum err tally_facts_tld(struct tally *tally, struct span domain,
                                struct domain_facts *facts) {
  const char *dot = memrchr(domain.ptr, '.', domain.len);
  struct span tld = dot ? span_skip(domain, (size_t)(dot - domain.ptr) + 1) : domain;
  struct text_counts_row *row = tally_row_of_tld(tally, tld);
  if (!row) return ERR_MEMORY;
  facts->tld = (uint32_t)(row - tally->tlds.rows) + 1;
  return ERR_NONE;
}

enum err tally_facts(struct tally *tally, const struct result *result, struct domain_facts *facts) {
  enum err err = ERR_NONE;
  *facts = domain_facts_of(result);
  if (result->domain.len) err = tally_facts_tld(tally, result->domain, facts);
  if (err == ERR_NONE && domain_facts_deployed(facts))
    err = managed_facts(&tally->managed, tally->psl, result, facts);
  if (err == ERR_NONE) err = mail_facts(&tally->mail, tally->psl, result, facts);
  return err == ERR_NONE ? study_facts(&tally->study, tally->psl, result, facts) : err;
}

static void count_status(uint64_t *columns, const struct domain_facts *facts) {
  columns[COLUMN_DOMAINS]++;
  columns[COLUMN_VALID] += facts->status == STATUS_VALID;
  columns[COLUMN_BROKEN] += facts->status == STATUS_BROKEN;
}

/* All domains, and those with MX behind them. */
static void count_columns(uint64_t columns[TEXT_COUNTS_COLUMNS], const struct domain_facts *facts) {
  count_status(columns, facts);
  if (asked_unpack_mx(facts->asked) == ASKED_MX_SOME) count_status(columns + COLUMN_WITH_MX, facts);
}

static enum err tally_rank_room(struct tally *tally, size_t count) {
  if (count <= tally->rank_count) return ERR_NONE;
  struct rank_bin *grown = reallocarray(tally->ranks, count, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  memset(grown + tally->rank_count, 0, (count - tally->rank_count) * sizeof *grown);
  tally->ranks = grown;
  tally->rank_count = count;
  return ERR_NONE;
}

enum err tally_count(struct tally *tally, const struct domain_facts *facts) {
  enum err err = tally_rank_room(tally, facts->rank_bin);
  if (err != ERR_NONE) return err;
  if (domain_facts_deployed(facts)) err = managed_count(&tally->managed, facts);
  if (err == ERR_NONE) err = mail_count(&tally->mail, facts);
  if (err != ERR_NONE) return err;
  study_count(&tally->study, facts);
  domain_facts_count(facts, &tally->counts);
  if (facts->tld) count_columns(tally->tlds.rows[facts->tld - 1].counts, facts);
  if (facts->rank_bin) count_columns(tally->ranks[facts->rank_bin - 1].columns, facts);
  return ERR_NONE;
}

enum err tally_pass(struct tally *tally, const struct domain_facts *facts) {
  struct domain_facts passed = *facts;
  passed.flags |= DOMAIN_FACTS_PASSED;
  enum err err = mail_count(&tally->mail, &passed);
  study_count(&tally->study, &passed);
  if (err == ERR_NONE && domain_facts_deployed(facts))
    err = managed_count(&tally->managed, &passed);
  return err;
}

enum err tally_add(struct tally *tally, const struct result *result) {
  struct domain_facts facts;
  enum err err = tally_facts(tally, result, &facts);
  return err == ERR_NONE ? tally_count(tally, &facts) : err;
}

static enum err tally_merge_tlds(struct tally *into, const struct tally *from) {
  for (size_t i = 0; i < from->tlds.count; i++) {
    struct text_counts_row *row = tally_row_of_tld(into, from->tlds.rows[i].text);
    if (!row) return ERR_MEMORY;
    text_counts_add(row, &from->tlds.rows[i]);
  }
  return ERR_NONE;
}

enum err tally_merge(struct tally *into, const struct tally *from) {
  enum err err = tally_rank_room(into, from->rank_count);
  if (err == ERR_NONE) err = tally_merge_tlds(into, from);
  if (err == ERR_NONE) err = managed_merge(&into->managed, &from->managed);
  if (err == ERR_NONE) err = mail_merge(&into->mail, &from->mail);
  if (err == ERR_NONE) err = study_merge(&into->study, &from->study);
  if (err != ERR_NONE) return err;
  counts_sum(&into->counts, &from->counts);
  for (size_t i = 0; i < from->rank_count; i++)
    for (int column = 0; column < TEXT_COUNTS_COLUMNS; column++)
      into->ranks[i].columns[column] += from->ranks[i].columns[column];
  return ERR_NONE;
}

uint64_t tally_status(const struct tally *tally, enum result_status status) {
  return tally->counts.status[status];
}

uint64_t tally_code(const struct tally *tally, enum finding_code code) {
  return tally->counts.codes[code];
}

uint64_t tally_looked_twice(const struct tally *tally) {
  return tally->counts.looked_twice;
}

uint64_t tally_looks_changed(const struct tally *tally) {
  return tally->counts.looks_changed;
}

const psl_ctx_t *tally_psl(const struct tally *tally) {
  return tally->psl;
}

const struct managed *tally_managed(const struct tally *tally) {
  return &tally->managed;
}

static struct statistics_line line_of(struct span text,
                                      const uint64_t columns[TEXT_COUNTS_COLUMNS]) {
  return (struct statistics_line){
      .text = text,
      .domains = columns[COLUMN_DOMAINS],
      .deployed = columns[COLUMN_VALID] + columns[COLUMN_BROKEN],
      .valid = columns[COLUMN_VALID],
      .broken = columns[COLUMN_BROKEN],
      .with_mx = {columns[COLUMN_WITH_MX], columns[COLUMN_WITH_MX + COLUMN_VALID],
                  columns[COLUMN_WITH_MX + COLUMN_BROKEN]},
  };
}

/* The values that some domain has. */
static size_t asked_lines(struct statistics_line *lines, const uint64_t (*counts)[COUNTS_COLUMNS],
                          int values, const char *(*text)(int value)) {
  size_t count = 0;
  for (int i = 0; i < values; i++)
    if (counts[i][COUNTS_DOMAINS])
      lines[count++] = (struct statistics_line){
          .text = span_of(text(i)),
          .domains = counts[i][COUNTS_DOMAINS],
          .deployed = counts[i][COUNTS_VALID] + counts[i][COUNTS_BROKEN],
          .valid = counts[i][COUNTS_VALID],
          .broken = counts[i][COUNTS_BROKEN],
      };
  return count;
}

static enum err tally_statistics_tlds(const struct tally *tally, struct statistics *statistics) {
  const struct text_counts_row **rows = text_counts_sorted(&tally->tlds);
  statistics->tlds = calloc(tally->tlds.count + 1, sizeof *statistics->tlds);
  enum err err = rows && statistics->tlds ? ERR_NONE : ERR_MEMORY;
  for (size_t i = 0; err == ERR_NONE && i < tally->tlds.count; i++) {
    if (rows[i]->counts[COLUMN_DOMAINS] == 0) break; /* named by facts that were not counted */
    statistics->tlds[statistics->tld_count++] = line_of(rows[i]->text, rows[i]->counts);
  }
  free(rows);
  return err;
}

static enum err tally_statistics_ranks(const struct tally *tally, struct statistics *statistics) {
  statistics->ranks = calloc(tally->rank_count + 1, sizeof *statistics->ranks);
  if (!statistics->ranks) return ERR_MEMORY;
  for (size_t bin = 0; bin < tally->rank_count; bin++) {
    if (tally->ranks[bin].columns[COLUMN_DOMAINS] == 0) continue;
    struct statistics_line *line = &statistics->ranks[statistics->rank_count++];
    *line = line_of((struct span){0}, tally->ranks[bin].columns);
    line->from = bin * DOMAIN_FACTS_RANK_BIN + 1;
    line->to = (bin + 1) * DOMAIN_FACTS_RANK_BIN;
  }
  return ERR_NONE;
}

enum err tally_statistics(const struct tally *tally, struct managed_limits limits,
                          struct statistics *statistics) {
  *statistics = (struct statistics){.counts = tally->counts, .limits = limits};
  enum err err = managed_statistics(&tally->managed, limits, &statistics->managed);
  if (err == ERR_NONE) err = mail_statistics(&tally->mail, limits, &statistics->mail);
  if (err == ERR_NONE) err = study_statistics(&tally->study, limits, &statistics->study);
  statistics->spf_count =
      asked_lines(statistics->spf, tally->counts.spf, ASKED_SPF_COUNT, asked_spf_text);
  statistics->dmarc_count =
      asked_lines(statistics->dmarc, tally->counts.dmarc, ASKED_DMARC_COUNT, asked_dmarc_text);
  if (err == ERR_NONE) err = tally_statistics_tlds(tally, statistics);
  if (err == ERR_NONE) err = tally_statistics_ranks(tally, statistics);
  if (err != ERR_NONE) statistics_free(statistics);
  return err;
}
