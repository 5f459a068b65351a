#include "scanner/cli/diagnosis_rows.h"

#include "output/base/json_writer.h"
#include "output/base/mx_pattern.h"
#include "output/base/terminal_text.h"

void diagnosis_text(FILE *out, struct span text) {
  terminal_text_print(out, span_first(text, DIAGNOSIS_TEXT_MAX));
  if (text.len > DIAGNOSIS_TEXT_MAX) fprintf(out, " ... (%zu bytes in all)", text.len);
}

void diagnosis_row(FILE *out, const char *before, struct span text, const char *after) {
  fprintf(out, "%*s%s", DIAGNOSIS_INDENT, "", before);
  diagnosis_text(out, text);
  fprintf(out, "%s\n", after);
}

bool diagnosis_has_room(FILE *out, size_t i, size_t count) {
  if (i == DIAGNOSIS_ROWS_MAX)
    fprintf(out, "%*s... and %zu more\n", DIAGNOSIS_INDENT, "", count - i);
  return i < DIAGNOSIS_ROWS_MAX;
}

void diagnosis_rows(FILE *out, const char *before, struct spans rows, const char *after) {
  for (size_t i = 0; i < rows.count && diagnosis_has_room(out, i, rows.count); i++)
    diagnosis_row(out, before, rows.at[i], after);
}

static void diagnosis_ede(FILE *out, const struct result_ede *ede) {
  const char *name = result_ede_text(ede->code);
  fprintf(out, "%*sthe resolver says: extended DNS error %u%s%s%s%s", DIAGNOSIS_INDENT, "",
          ede->code, name ? " (" : "", name ? name : "", name ? ")" : "",
          ede->text.len ? ": " : "");
  diagnosis_text(out, ede->text);
  fputc('\n', out);
}

void diagnosis_lookup(FILE *out, const struct result_lookup *lookup) {
  const char *rcode = result_rcode_text(lookup->rcode);
  if (!lookup->tries && lookup->rcode < 0) return;
  fprintf(out, "%*s", DIAGNOSIS_INDENT, "");
  if (rcode)
    fputs(rcode, out);
  else if (lookup->rcode >= 0)
    fprintf(out, "rcode %d", lookup->rcode);
  else
    fputs("no answer", out);
  fprintf(out, " after %lld ms, %u %s%s\n", (long long)lookup->ms, lookup->tries,
          lookup->tries == 1 ? "try" : "tries", lookup->ad ? ", validated by DNSSEC" : "");
  diagnosis_rows(out, "alias of ", lookup->cname, "");
  if (lookup->ede.here) diagnosis_ede(out, &lookup->ede);
}

void diagnosis_attempts(FILE *out, struct result_attempts attempts, const char *goal) {
  for (size_t i = 0; i < attempts.count && diagnosis_has_room(out, i, attempts.count); i++) {
    const struct result_attempt *attempt = &attempts.at[i];
    fprintf(out, "%*s", DIAGNOSIS_INDENT, "");
    diagnosis_text(out, attempt->address);
    fprintf(out, ": %s after %lld ms\n",
            attempt->code == FOUND_COUNT ? goal : finding_info(attempt->code)->name,
            (long long)attempt->ms);
  }
}

/* The name that counts for the host; all of them where none does. */
static void diagnosis_certificate_names(FILE *out, const struct result_certificate *certificate,
                                        struct span host) {
  struct spans names = certificate->names;
  size_t i = 0,
         all = certificate->names_count > names.count ? certificate->names_count : names.count;
  while (i < names.count && !mx_pattern_covers(names.at[i], host)) i++;
  if (i == names.count) {
    diagnosis_rows(out, "for ", names, "");
    return;
  }
  diagnosis_row(out, "for ", names.at[i], "");
  if (all > 1)
    fprintf(out, "%*sand %zu other name%s\n", DIAGNOSIS_INDENT, "", all - 1, all == 2 ? "" : "s");
}

/* To the second. */
static void diagnosis_date_text(bool here, int64_t ms, char text[JSON_WRITER_TIME_SIZE]) {
  json_writer_time_text(ms, text);
  memcpy(text + sizeof "2026-11-23T10:00:00" - 1, "Z", sizeof "Z");
  if (!here) snprintf(text, JSON_WRITER_TIME_SIZE, "(unreadable date)");
}

void diagnosis_certificate(FILE *out, const struct result_certificate *certificate,
                           struct span host) {
  char from[JSON_WRITER_TIME_SIZE], to[JSON_WRITER_TIME_SIZE];
  diagnosis_date_text(certificate->has_not_before, certificate->not_before, from);
  diagnosis_date_text(certificate->has_not_after, certificate->not_after, to);
  diagnosis_certificate_names(out, certificate, host);
  diagnosis_row(out, "subject ", certificate->subject, "");
  diagnosis_row(out, "issuer ", certificate->issuer, "");
  fprintf(out, "%*svalid from %s to %s, %u %s sent\n", DIAGNOSIS_INDENT, "", from, to,
          certificate->chain, certificate->chain == 1 ? "certificate" : "certificates");
}
