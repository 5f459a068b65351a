#include "output/report/rows.h"

/* The conditions that choose the domains of each figure. */
static const char *const mail_lists[MAIL_FIGURE_COUNT] = {
    [MAIL_ALL_SECURE] = "mail_verdict=secure,mail_verdict!=refused,mail_verdict!=unknown",
    [MAIL_ANY_REFUSED] = "mail_verdict=refused",
    [MAIL_ALL_REFUSED] = "mail_verdict=refused,mail_verdict!=secure,mail_verdict!=unknown",
    [MAIL_ANY_UNKNOWN] = "mail_verdict=unknown",
    [MAIL_ALL_UNKNOWN] = "mail_verdict=unknown,mail_verdict!=secure,mail_verdict!=refused",
};

/* A row for each figure but the base; also: a condition besides. lists false: no options list them.
 */
static void add_figures(struct rows *rows, const struct mail_figures *figures, const char *parent,
                        const char *base, bool lists, const char *also) {
  static const char *const labels[MAIL_FIGURE_COUNT] = {
      [MAIL_ALL_SECURE] = "all MX secure",   [MAIL_ANY_REFUSED] = "some MX refused",
      [MAIL_ALL_REFUSED] = "all MX refused", [MAIL_ANY_UNKNOWN] = "some MX unknown",
      [MAIL_ALL_UNKNOWN] = "all MX unknown",
  };
  static const char *const notes[MAIL_FIGURE_COUNT] = {
      [MAIL_ALL_SECURE] = "STARTTLS, and a certificate that fits",
      [MAIL_ANY_REFUSED] = "a sender that enforces does not deliver there",
      [MAIL_ALL_REFUSED] = "under a policy in mode enforce, mail is lost",
      [MAIL_ANY_UNKNOWN] = "it could not be found out",
  };
  for (int i = MAIL_PROBED + 1; i < MAIL_FIGURE_COUNT; i++) {
    bool refused = i == MAIL_ANY_REFUSED || i == MAIL_ALL_REFUSED;
    rows->tone = refused ? REPORT_BAD : i == MAIL_ALL_SECURE ? REPORT_GOOD : REPORT_PLAIN;
    struct report_row *made =
        rows_value(rows, labels[i], parent, DIMENSION_COUNT, mail_figure_text(i),
                   ROWS_OF(figures->at[i], figures->at[MAIL_PROBED], base));
    rows_note(made, notes[i]);
    if (made && lists)
      snprintf(made->list, sizeof made->list, "--list all --where '%s%s'", mail_lists[i], also);
  }
}

/* The codes of the mail servers whose severity is an error, or is not. */
static void add_mail_codes(struct rows *rows, const struct mail_counts *counts,
                           enum finding_stage stage, bool errors) {
  for (int i = 0; i < DOMAIN_FACTS_MAIL_CODES; i++) {
    const struct finding_info *info =
        finding_info((enum finding_code)(DOMAIN_FACTS_MAIL_FIRST + i));
    bool error = info->severity == FINDING_ERROR;
    if (info->stage != stage || error != errors || counts->codes[i] == 0) continue;
    rows_note(rows_value(rows, info->name, "mail.findings", DIMENSION_COUNT, info->name,
                         ROWS_OF(counts->codes[i], counts->all.at[MAIL_PROBED], "probed")),
              info->title);
  }
}

static void add_mail_managers(struct rows *rows, const struct mail_statistics *mail) {
  rows_section(rows, "Who manages the mail",
               "by the number of probed domains whose first MX is in one registrable domain",
               REPORT_PLAIN);
  for (int i = 0; i < MANAGER_COUNT; i++) {
    const char *name = manager_text((enum manager)i);
    const struct mail_figures *figures = &mail->managers[i];
    char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
    snprintf(parent, sizeof parent, "mail.managed.%s", name);
    snprintf(label, sizeof label, "%s", name);
    rows->tone = REPORT_PLAIN;
    rows_value(rows, label, parent, DIMENSION_COUNT, "probed",
               ROWS_OF(figures->at[MAIL_PROBED], mail->counts.all.at[MAIL_PROBED], "probed"));
    snprintf(label, sizeof label, "%s, some MX refused", name);
    rows->tone = REPORT_BAD;
    rows_value(rows, label, parent, DIMENSION_COUNT, "any_refused",
               ROWS_OF(figures->at[MAIL_ANY_REFUSED], figures->at[MAIL_PROBED], name));
  }
  rows_section(rows, "Each mail provider counted once",
               "a provider: the registrable domain of the first MX; it counts for what any of its "
               "domains is",
               REPORT_PLAIN);
  add_figures(rows, &mail->once, "mail.once", "providers", false, "");
}

static void add_mail_causes(struct rows *rows, const struct mail_statistics *mail) {
  rows_section(rows, "Why mail servers are refused, by who manages the mail",
               "domains with such an MX", REPORT_BAD);
  rows_chart(rows, REPORT_CHART_MAIL_CAUSES);
  for (int i = 0; i < MANAGER_COUNT; i++)
    for (int code = 0; code < DOMAIN_FACTS_MAIL_CODES; code++) {
      const struct finding_info *info =
          finding_info((enum finding_code)(DOMAIN_FACTS_MAIL_FIRST + code));
      const char *name = manager_text((enum manager)i);
      char parent[REPORT_LABEL_SIZE], label[REPORT_LABEL_SIZE];
      if (info->severity != FINDING_ERROR || mail->codes[i][code] == 0) continue;
      snprintf(parent, sizeof parent, "mail.managed.%s.findings", name);
      snprintf(label, sizeof label, "%s, %s", name, info->name);
      rows_value(rows, label, parent, DIMENSION_COUNT, info->name,
                 ROWS_OF(mail->codes[i][code], mail->managers[i].at[MAIL_PROBED], name));
    }
}

static void add_mail_tls(struct rows *rows, const struct mail_counts *counts) {
  char label[REPORT_LABEL_SIZE], days[DIMENSION_NUMBER_SIZE];
  rows_section(rows, "TLS and certificates of the mail servers", "domains with such an MX",
               REPORT_PLAIN);
  for (int i = 0; i < DOMAIN_FACTS_MAIL_VERSIONS; i++)
    rows_value(rows, domain_facts_mail_version(i), "mail.tls", DIMENSION_COUNT,
               domain_facts_mail_version(i),
               ROWS_OF(counts->versions[i], counts->all.at[MAIL_PROBED], "probed"));
  rows->tone = REPORT_BAD;
  rows_value(rows, "MX certificate expired", "mail.certificate", DIMENSION_COUNT, "expired",
             ROWS_OF(counts->expired, counts->certificates, "with an MX certificate"));
  for (int bin = 0; bin < COUNTS_EXPIRY_BINS; bin++) {
    snprintf(days, sizeof days, "%u", counts_expiry_days[bin]);
    snprintf(label, sizeof label, "MX certificate, %u days left", counts_expiry_days[bin]);
    rows_value(rows, label, "mail.certificate.expiring", DIMENSION_COUNT, days,
               ROWS_OF(counts->expiring[bin], counts->certificates, "with an MX certificate"));
  }
}

static void add_mail_dane(struct rows *rows, const struct mail_counts *counts) {
  static const char *const labels[DANE_COUNT] = {
      [DANE_NONE] = "no TLSA records",
      [DANE_MATCH] = "TLSA, the certificate fits",
      [DANE_MISMATCH] = "TLSA, the certificate does not fit",
      [DANE_UNUSABLE] = "TLSA, none can be used",
      [DANE_INSECURE] = "not validated by DNSSEC",
      [DANE_FAILED] = "the TLSA lookup fails",
  };
  if (counts->dane_asked == 0) return;
  rows_section(rows, "DANE", "domains with such an MX", REPORT_PLAIN);
  for (int dane = 0; dane < DANE_COUNT; dane++) {
    rows->tone = dane == DANE_MATCH                             ? REPORT_GOOD
                 : dane == DANE_MISMATCH || dane == DANE_FAILED ? REPORT_BAD
                                                                : REPORT_PLAIN;
    rows_value(rows, labels[dane], "mail.dane", DIMENSION_COUNT,
               result_dane_text((enum result_dane)dane),
               ROWS_OF(counts->dane[dane], counts->dane_asked, "asked for TLSA"));
  }
  rows->tone = REPORT_BAD;
  rows_value(rows, "fits TLSA, refused by MTA-STS", "mail.dane", DIMENSION_COUNT, "dane_only",
             ROWS_OF(counts->dane_only, counts->dane_asked, "asked for TLSA"));
  rows_value(rows, "secure for MTA-STS, not for TLSA", "mail.dane", DIMENSION_COUNT, "sts_only",
             ROWS_OF(counts->sts_only, counts->dane_asked, "asked for TLSA"));
}

void rows_mail(struct rows *rows, const struct statistics *statistics) {
  const struct mail_statistics *mail = &statistics->mail;
  if (!statistics_probed(statistics)) return;
  rows_chapter(rows, REPORT_CHAPTER_MAIL);
  rows_section(rows, "STARTTLS and certificates of the mail servers",
               "domains whose mail servers were probed, whatever their policy", REPORT_PLAIN);
  add_figures(rows, &mail->counts.all, "mail", "probed", true, "");
  rows_section(rows, "The same under a policy in mode enforce", "", REPORT_PLAIN);
  add_figures(rows, &mail->counts.enforce, "mail.enforce", "probed and enforce", true,
              ",mode=enforce");
  rows_section(rows, "Why mail servers are refused", "domains with such an MX", REPORT_BAD);
  add_mail_codes(rows, &mail->counts, STAGE_MX_TLS, true);
  rows_section(rows, "What else is said of mail servers",
               "domains with such an MX; most of it leaves it unknown", REPORT_PLAIN);
  add_mail_codes(rows, &mail->counts, STAGE_MX_TLS, false);
  add_mail_managers(rows, mail);
  add_mail_causes(rows, mail);
  add_mail_tls(rows, &mail->counts);
  add_mail_dane(rows, &mail->counts);
}
