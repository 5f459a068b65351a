/* The steps of a diagnosis, in one table: what each is called, when it is shown, what came back,
 * and what was expected. What stands beside MTA-STS (--ask) comes last.
 *
 * Pure but for the stream; what comes from the network is made fit for a terminal, and cut at the
 * limits below.
 */
#ifndef SCANNER_CLI_DIAGNOSIS_STEP_H
#define SCANNER_CLI_DIAGNOSIS_STEP_H

#include "output/findings/explain.h"
#include "output/record/result.h"

enum {
  DIAGNOSIS_ROWS_MAX = 24,  /* of one kind: strings, addresses, names, MX, lines of the policy */
  DIAGNOSIS_TEXT_MAX = 512, /* bytes of one of them */
  DIAGNOSIS_INDENT = 4,
  DIAGNOSIS_PROPOSAL_INDENT = 6,
};

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

/* The text, or its first DIAGNOSIS_TEXT_MAX bytes and how many it has. */
void diagnosis_text(FILE *out, struct span text);

#endif
