/* Documents made from the tables of findings, members, commands and options, so that none can fall
 * behind.
 *
 * Each writes one document; errors of out are the caller's to look for.
 */
#ifndef SCRIPTS_DOCS_DOCS_H
#define SCRIPTS_DOCS_DOCS_H

#include "output/base/err.h"
#include "scanner/cli/command.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/options.h"
#include <stdio.h>

/* The man page: the template with its lines @COMMANDS@, @OPTIONS@, @RECORD@ and @FINDINGS@ filled
 * in, and
 * @VERSION@ anywhere. ERR_SYNTAX: a line of the template is a placeholder that is not known. */
enum err docs_man(FILE *out, FILE *template);

/* output/stats/stats.schema.json with its lists of stages and codes made anew. ERR_SYNTAX: it
 * has none. */
enum err docs_stats(FILE *out, FILE *schema);

/* output/findings/FINDINGS.md, output/record/record.schema.json and COLUMNS.md beside it. */
void docs_findings(FILE *out);
void docs_schema(FILE *out);
void docs_columns(FILE *out);

/* Completions. */
void docs_bash(FILE *out);
void docs_zsh(FILE *out);
void docs_fish(FILE *out);

bool docs_takes(const struct command *command, enum option_name name);

/* What may stand for an option's argument: one word of some, several members with commas between,
 * conditions likewise, a file, or something that nobody can complete. */
enum docs_argument {
  DOCS_FLAG,
  DOCS_WORDS,
  DOCS_MEMBERS,
  DOCS_CONDITIONS,
  DOCS_FILE,
  DOCS_FREE,
};
enum docs_argument docs_argument(const struct option_info *option);
/* What these words are, a blank after each; conditions as "status=valid", or "tld=" where the value
 * can be anything. */
void docs_words(FILE *out, const struct option_info *option);

/* What stands on the command line after the options. */
enum docs_operand { DOCS_NOTHING, DOCS_FILES, DOCS_CODES };
enum docs_operand docs_operand(const struct command *command);
/* All codes, a blank after each. */
void docs_codes(FILE *out);

/* For between single quotes of a shell; a backslash before each byte of escape. */
void docs_quoted(FILE *out, const char *text, const char *escape);

#endif
