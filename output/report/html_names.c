#include "output/report/html_names.h"

#include "output/base/json_writer.h"
#include "output/base/number.h"
#include "output/report/html.h"
#include "output/report/html_page.h"
#include <string.h>

/* Something to be done for some domains. */
struct task {
  uint64_t count;
  const char *what, *list;
  enum finding_code code; /* whose fix it is; FOUND_COUNT: none */
};

static size_t length_to(struct span text, const char *ends) {
  size_t len = text.len;
  while (len && !strchr(ends, text.ptr[len - 1])) len--;
  return len;
}

/* The first paragraph of how a code is fixed, without the sentence, or its last part, that leads to
 * what follows. */
static void put_fix_begin(FILE *out, enum finding_code code) {
  struct span rest = span_of(finding_info(code)->fix), first = span_cut(&rest, '\n');
  size_t sentences = length_to(first, "."), parts = length_to(first, ";:");
  first.len = sentences ? sentences : parts ? parts - 1 : first.len;
  html_text(out, first);
  if (!sentences) fputc('.', out);
}

static void put_task(FILE *out, const struct task *task, const char *source) {
  fputs("<li><b>", out);
  html_number(out, task->count);
  fprintf(out, " %s: ", task->count == 1 ? "domain" : "domains");
  html_text(out, span_of(task->what));
  fputs(".</b> ", out);
  if (task->code < FOUND_COUNT) put_fix_begin(out, task->code);
  fprintf(out, " <code class=\"list\">stscan stats %s%s</code></li>\n", task->list, source);
}

/* The error with most domains below `most`, of those that are no mismatch; FOUND_COUNT: none. */
static enum finding_code next_error(const struct counts *counts, uint64_t most,
                                    enum finding_code last) {
  enum finding_code best = FOUND_COUNT;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    uint64_t count = counts->codes[code];
    bool later = count < most || (count == most && last < FOUND_COUNT && code > last);
    if (info->severity != FINDING_ERROR || info->stage == STAGE_MX || count == 0 || !later)
      continue;
    if (best == FOUND_COUNT || count > counts->codes[best]) best = code;
  }
  return best;
}

void html_names_tasks(FILE *out, const struct statistics *statistics, const char *source) {
  const struct counts *counts = &statistics->counts;
  const struct task losing[] = {
      {counts->effect[EFFECT_UNDELIVERABLE], result_effect_about(EFFECT_UNDELIVERABLE),
       "--list all --where effect=undeliverable", FOUND_MX_MISMATCH},
      {counts->effect[EFFECT_AT_RISK], result_effect_about(EFFECT_AT_RISK),
       "--list all --where effect=at-risk", FOUND_MX_PARTIAL_MISMATCH},
      {counts->codes[FOUND_POLICY_TLS_EXPIRES_SOON],
       finding_info(FOUND_POLICY_TLS_EXPIRES_SOON)->title, "--list policy-tls-expires-soon",
       FOUND_POLICY_TLS_EXPIRES_SOON},
  };
  int told = 0;
  uint64_t most = UINT64_MAX;
  enum finding_code code = FOUND_COUNT;
  if (counts->status[STATUS_BROKEN] == 0 && losing[0].count == 0 && losing[1].count == 0) return;
  html_heading(out, 2, "What to do first", "");
  fputs("<ol class=\"tasks\">\n", out);
  for (size_t i = 0; i < sizeof losing / sizeof *losing; i++) {
    if (losing[i].count == 0) continue;
    put_task(out, &losing[i], source);
    told++;
  }
  while (told++ < HTML_NAMES_TASKS_MAX && (code = next_error(counts, most, code)) < FOUND_COUNT) {
    char list[96];
    const struct finding_info *info = finding_info(code);
    most = counts->codes[code];
    snprintf(list, sizeof list, "--list %s", info->name);
    put_task(out, &(struct task){most, info->title, list, code}, source);
  }
  fputs("</ol>\n", out);
}

static void put_day(FILE *out, int64_t at) {
  char text[JSON_WRITER_TIME_SIZE];
  json_writer_time_text(at, text);
  fprintf(out, "%.10s", text);
}

static void put_causes(FILE *out, const struct worst_domain *domain) {
  fputs("<td class=\"causes\">", out);
  for (size_t i = 0; i < domain->cause_count; i++) {
    const struct finding_info *info = finding_info(domain->causes[i].code);
    fprintf(out, "%s<a href=\"#fix-%s\">", i ? "<br>" : "", info->name);
    html_text(out, span_of(info->title));
    fputs("</a>", out);
    if (!domain->causes[i].detail) continue;
    fputs(": ", out);
    html_text(out, span_of(domain->causes[i].detail));
  }
  fputs("</td>", out);
}

static void put_domain(FILE *out, const struct worst_domain *domain) {
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, span_of(domain->domain));
  if (domain->rank) {
    fputs(" <small>rank ", out);
    html_number(out, domain->rank);
    fputs("</small>", out);
  }
  fputs("</th><td class=\"causes\">", out);
  html_text(out, span_of(result_effect_about(domain->effect)));
  fputs("</td>", out);
  put_causes(out, domain);
  fputs("<td>", out);
  put_day(out, domain->since);
  fprintf(out, "%s</td></tr>\n", domain->before ? " or before" : "");
}

/* A text of the table: paragraphs, and lines that stand as they are. */
static void put_fix(FILE *out, const char *text) {
  struct span rest = span_of(text);
  bool verbatim = false;
  while (rest.len) {
    struct span line = span_cut(&rest, '\n');
    bool now = span_starts(line, SPAN("  "));
    if (now != verbatim) fputs(now ? "<pre>" : "</pre>\n", out);
    if (!now) fputs("<p>", out);
    html_text(out, now ? span_skip(line, 2) : line);
    fputs(now ? "\n" : "</p>\n", out);
    verbatim = now;
  }
  if (verbatim) fputs("</pre>\n", out);
}

void html_names_fixes(FILE *out, int level, const bool codes[FOUND_COUNT]) {
  bool any = false;
  for (int code = 0; code < FOUND_COUNT; code++) any |= codes[code];
  if (!any) return;
  html_heading(out, level, "How to fix these", "DOMAIN stands for the domain");
  fputs("<dl class=\"fixes\">\n", out);
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    if (!codes[code]) continue;
    fprintf(out, "<dt id=\"fix-%s\">", info->name);
    html_text(out, span_of(info->title));
    fprintf(out, " <small>%s</small></dt><dd>", info->name);
    put_fix(out, info->fix);
    fputs("</dd>\n", out);
  }
  fputs("</dl>\n", out);
}

/* How to fix each cause that a domain has. */
static void put_fixes(FILE *out, const struct worst *worst) {
  bool told[FOUND_COUNT] = {false};
  for (size_t i = 0; i < worst->count; i++)
    for (size_t j = 0; j < worst->domains[i].cause_count; j++)
      told[worst->domains[i].causes[j].code] = true;
  html_names_fixes(out, 3, told);
}

void html_names_table(FILE *out, const struct worst *worst, const char *files) {
  static const char about[] =
      "broken domains: those that lose mail from senders that enforce come first, then by rank and "
      "name; since: in every scan since that found MTA-STS";
  if (worst->count == 0) return;
  html_heading(out, 2, "Domains to fix", about);
  html_page_scroll(out, "Domains to fix");
  html_page_table(out, "names", "names", "Domains to fix, worst first");
  fputs("<thead><tr><th scope=\"col\">domain</th><th scope=\"col\">what senders do</th>"
        "<th scope=\"col\">causes</th><th scope=\"col\" class=\"end\">broken "
        "since</th></tr></thead><tbody>\n",
        out);
  for (size_t i = 0; i < worst->count; i++) put_domain(out, &worst->domains[i]);
  fputs("</tbody></table>", out);
  html_page_scroll_end(out);
  if (worst->count < worst->broken) {
    fputs("<p>These are the first ", out);
    html_number(out, worst->count);
    fputs(" of ", out);
    html_number(out, worst->broken);
    fputs("; <code>--names</code> sets how many.</p>\n", out);
  }
  fprintf(out,
          "<p>All that is known of one: <code class=\"list\">stscan show DOMAIN%s</code></p>\n",
          files);
  put_fixes(out, worst);
}
