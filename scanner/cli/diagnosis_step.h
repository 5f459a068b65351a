/* The steps of a diagnosis, in one table: what each is called, when it is shown, what came back,
 * and what was expected. What stands beside MTA-STS (--ask) comes last.
 */
#ifndef SCANNER_CLI_DIAGNOSIS_STEP_H
#define SCANNER_CLI_DIAGNOSIS_STEP_H

#include "output/findings/explain.h"
#include "scanner/cli/diagnosis_rows.h"

struct diagnosis {
  FILE *out;
  const struct explain_style *style;
  const struct result *result;
  bool policy_proposed; /* once is enough */
};

enum diagnosis_step_when {
  STEP_ALWAYS,
  STEP_RECORD,          /* of a domain with a record, or an attempt at one */
  STEP_RECORD_ASKED,    /* likewise, if it was asked for */
  STEP_NO_RECORD_ASKED, /* of one without, if it was asked for */
  STEP_ASKED,           /* of all, if it was asked for */
};

/* What there is to copy besides the text of what is expected. */
enum step_proposal { PROPOSES_NOTHING, PROPOSES_RECORD, PROPOSES_POLICY };

struct diagnosis_step {
  enum finding_stage stage; /* whose findings it shows; STAGE_COUNT: none */
  enum diagnosis_step_when when;
  const char *title;    /* DOMAIN stands for the domain */
  const char *expected; /* likewise; shown where a finding is a warning or an error */
  bool (*reached)(const struct result *result);
  void (*show)(const struct diagnosis *diagnosis); /* once it was reached */
  enum step_proposal proposal;
};

extern const struct diagnosis_step diagnosis_steps[];
extern const size_t diagnosis_step_count;

/* What came back of each, and whether there is anything: of mail servers (diagnosis_mail.c), ... */
bool diagnosis_mail_reached(const struct result *result);
void diagnosis_mail_show(const struct diagnosis *diagnosis);
bool diagnosis_dane_reached(const struct result *result);
void diagnosis_dane_show(const struct diagnosis *diagnosis);

/* ... and of what stands beside MTA-STS (diagnosis_beside.c). */
bool diagnosis_ns_reached(const struct result *result);
void diagnosis_ns_show(const struct diagnosis *diagnosis);
bool diagnosis_all_mx_reached(const struct result *result);
void diagnosis_all_mx_show(const struct diagnosis *diagnosis);
bool diagnosis_spf_reached(const struct result *result);
void diagnosis_spf_show(const struct diagnosis *diagnosis);
bool diagnosis_dmarc_reached(const struct result *result);
void diagnosis_dmarc_show(const struct diagnosis *diagnosis);
bool diagnosis_dkim_reached(const struct result *result);
void diagnosis_dkim_show(const struct diagnosis *diagnosis);

#endif
