#include "output/report/chart.h"

#include "output/base/json_writer.h"
#include "output/base/number.h"
#include "output/report/html.h"
#include <inttypes.h>
#include <math.h>

/* Units of an SVG that is stretched to its place. */
enum { CHART_WIDTH = 1000, CHART_LEAST = 3, BAR_HEIGHT = 8, COLUMNS_HEIGHT = 100 };

enum { CHART_DOTS_MAX = 60, CHART_VALUE_SIZE = 32 };

/* What is there is seen. */
static double chart_length(uint64_t part, uint64_t whole) {
  double length = whole ? (double)part / (double)whole * CHART_WIDTH : 0;
  return part && length < CHART_LEAST ? CHART_LEAST : length;
}

static void chart_open(FILE *out, const char *class, int height, const char *label) {
  fprintf(out, "<svg class=\"%s\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" ", class,
          CHART_WIDTH, height);
  if (!label) {
    fputs("aria-hidden=\"true\">", out);
    return;
  }
  fputs("role=\"img\" aria-label=\"", out);
  html_text(out, span_of(label));
  fputs("\">", out);
}

static void chart_rect(FILE *out, const char *class, double x, double y, double width,
                       double height) {
  fprintf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"></rect>",
          class, x, y, width, height);
}

void chart_bar(FILE *out, const char *class, uint64_t part, uint64_t whole) {
  chart_open(out, "bar", BAR_HEIGHT, NULL);
  chart_rect(out, "track", 0, 0, CHART_WIDTH, BAR_HEIGHT);
  chart_rect(out, class, 0, 0, chart_length(part, whole), BAR_HEIGHT);
  fputs("</svg>", out);
}

static void chart_legend(FILE *out, const struct chart_part *parts, size_t count, uint64_t whole) {
  fputs("<ul class=\"legend\">\n", out);
  for (size_t i = 0; i < count; i++) {
    if (parts[i].count == 0) continue;
    fprintf(out, "<li><i class=\"%s\"></i>%s <b>", parts[i].class, parts[i].label);
    html_number(out, parts[i].count);
    fputs("</b> <small>", out);
    html_share(out, parts[i].count, whole);
    fputs("</small></li>\n", out);
  }
  fputs("</ul>\n", out);
}

void chart_parts(FILE *out, const char *label, const struct chart_part *parts, size_t count) {
  uint64_t whole = 0;
  double x = 0;
  for (size_t i = 0; i < count; i++) whole += parts[i].count;
  if (whole == 0) return;
  chart_open(out, "parts", BAR_HEIGHT, label);
  for (size_t i = 0; i < count; i++) {
    double width = (double)parts[i].count / (double)whole * CHART_WIDTH;
    if (parts[i].count) chart_rect(out, parts[i].class, x, 0, width, BAR_HEIGHT);
    x += width;
  }
  fputs("</svg>\n", out);
  chart_legend(out, parts, count, whole);
}

static double share_of(const struct statistics_line *line, uint64_t part) {
  return line->domains ? (double)part / (double)line->domains : 0;
}

/* The bin with the greatest share. */
static const struct statistics_line *best_of(const struct statistics_line *lines, size_t count) {
  const struct statistics_line *best = lines;
  for (size_t i = 1; i < count; i++)
    if (share_of(&lines[i], lines[i].deployed) > share_of(best, best->deployed)) best = &lines[i];
  return best;
}

static void chart_column(FILE *out, const struct statistics_line *line, double x, double width,
                         double scale) {
  char share[NUMBER_SHARE_SIZE], from[NUMBER_SIZE], to[NUMBER_SIZE], deployed[NUMBER_SIZE];
  double valid = scale * share_of(line, line->valid), broken = scale * share_of(line, line->broken);
  fprintf(out, "<g><title>ranks %s to %s: %s deployed, %s</title>", number_text(line->from, from),
          number_text(line->to, to), number_text(line->deployed, deployed),
          number_share(line->deployed, line->domains, share));
  chart_rect(out, "good", x, COLUMNS_HEIGHT - valid, width, valid);
  chart_rect(out, "bad", x, COLUMNS_HEIGHT - valid - broken, width, broken);
  fputs("</g>\n", out);
}

static void chart_ranks_foot(FILE *out, const struct statistics_line *lines, size_t count) {
  fputs("<div class=\"axis\"><span>rank ", out);
  html_number(out, lines[0].from);
  fputs("</span><span>", out);
  html_number(out, lines[count - 1].to);
  fputs("</span></div>\n<ul class=\"legend\"><li><i class=\"good\"></i>valid</li>"
        "<li><i class=\"bad\"></i>broken</li></ul>\n",
        out);
}

void chart_ranks(FILE *out, const struct statistics_line *lines, size_t count) {
  char top[NUMBER_SHARE_SIZE], half[NUMBER_SHARE_SIZE], label[128];
  if (count < 2) return;
  const struct statistics_line *best = best_of(lines, count);
  double most = share_of(best, best->deployed), step = (double)CHART_WIDTH / (double)count;
  if (most <= 0) return;
  number_share(best->deployed, best->domains, top);
  number_share(best->deployed, 2 * best->domains, half);
  snprintf(label, sizeof label, "Columns of the deployed share by rank, at most %s", top);
  fprintf(out,
          "<div class=\"plot\"><div class=\"scale\"><span>%s</span><span>%s</span>"
          "<span>0</span></div>\n",
          top, half);
  chart_open(out, "columns", COLUMNS_HEIGHT, label);
  fputs("<path class=\"rule\" d=\"M0 0H1000M0 50H1000M0 100H1000\"></path>\n", out);
  for (size_t i = 0; i < count; i++)
    chart_column(out, &lines[i], step * ((double)i + 0.08), step * 0.84, COLUMNS_HEIGHT / most);
  fputs("</svg></div>\n", out);
  chart_ranks_foot(out, lines, count);
}

/* The least of 1, 2, 2.5, 5, 10, 20, ... (of shares: 1%, 2%, ... down to millionths) that is not
 * less. */
static double chart_top(double most, bool share) {
  static const double steps[] = {1, 2, 2.5, 5};
  double unit = share ? 1e-6 : 1;
  for (;; unit *= 10)
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
      if (steps[i] * unit >= most && (share || steps[i] * unit == (double)(long)(steps[i] * unit)))
        return steps[i] * unit;
}

static const char *chart_value(double value, bool share, char text[CHART_VALUE_SIZE]) {
  if (isnan(value))
    snprintf(text, CHART_VALUE_SIZE, "-");
  else if (share)
    snprintf(text, CHART_VALUE_SIZE, "%.3g%%", 100 * value);
  else if (value == (double)(uint64_t)value)
    number_text((uint64_t)value, text);
  else
    snprintf(text, CHART_VALUE_SIZE, "%.1f", value);
  return text;
}

static double chart_most(const struct chart_lines *chart) {
  double most = 0;
  for (size_t i = 0; i < chart->count; i++)
    for (size_t j = 0; j < chart->points; j++)
      if (chart->lines[i].values[j] > most) most = chart->lines[i].values[j];
  return most;
}

/* Where a point stands; a lone one at the left. */
static double chart_x(const struct chart_lines *chart, size_t point) {
  double whole = (double)(chart->times[chart->points - 1] - chart->times[0]);
  return whole > 0 ? (double)(chart->times[point] - chart->times[0]) / whole * CHART_WIDTH : 0;
}

static void chart_day(FILE *out, int64_t at) {
  char text[JSON_WRITER_TIME_SIZE];
  json_writer_time_text(at, text);
  fprintf(out, "%.10s", text);
}

/* A line, and a dot at each point that tells its value; a lone point is a line across. */
static void chart_line(FILE *out, const struct chart_lines *chart, size_t line, double top) {
  const double *values = chart->lines[line].values;
  char text[CHART_VALUE_SIZE];
  fprintf(out, "<path class=\"line l%zu\" d=\"", line + 1);
  for (size_t i = 0; i < chart->points; i++)
    if (!isnan(values[i]))
      fprintf(out, "%c%.1f %.2f", i && !isnan(values[i - 1]) ? 'L' : 'M', chart_x(chart, i),
              COLUMNS_HEIGHT * (1 - values[i] / top));
  fputs(chart->points == 1 ? "h1000\"></path>\n" : "\"></path>\n", out);
  for (size_t i = 0; i < chart->points && chart->points <= CHART_DOTS_MAX; i++) {
    if (isnan(values[i])) continue;
    fprintf(out, "<path class=\"dot l%zu\" d=\"M%.1f %.2fh0.01\"><title>", line + 1,
            chart_x(chart, i), COLUMNS_HEIGHT * (1 - values[i] / top));
    html_text(out, span_of(chart->lines[line].label));
    fputc(' ', out);
    chart_day(out, chart->times[i]);
    fprintf(out, ": %s</title></path>\n", chart_value(values[i], chart->share, text));
  }
}

static void chart_lines_foot(FILE *out, const struct chart_lines *chart) {
  char text[CHART_VALUE_SIZE];
  fputs("<div class=\"axis\"><span>", out);
  chart_day(out, chart->times[0]);
  fputs("</span><span>", out);
  chart_day(out, chart->times[chart->points - 1]);
  fputs("</span></div>\n<ul class=\"legend\">", out);
  for (size_t i = 0; i < chart->count; i++) {
    fprintf(out,
            "<li><svg class=\"key\" viewBox=\"0 0 28 10\" aria-hidden=\"true\"><path "
            "class=\"line l%zu\" d=\"M0 5H28\"></path></svg>",
            i + 1);
    html_text(out, span_of(chart->lines[i].label));
    fprintf(out, " <b>%s</b></li>\n",
            chart_value(chart->lines[i].values[chart->points - 1], chart->share, text));
  }
  fputs("</ul>\n", out);
}

void chart_lines(FILE *out, const struct chart_lines *chart) {
  char top_text[CHART_VALUE_SIZE], half[CHART_VALUE_SIZE], label[160];
  double most = chart_most(chart), top = chart_top(most > 0 ? most : 1e-6, chart->share);
  if (chart->points == 0) return;
  chart_value(top, chart->share, top_text);
  chart_value(top / 2, chart->share, half);
  snprintf(label, sizeof label, "Lines over time: %s; the table below has the numbers",
           chart->label);
  fprintf(out,
          "<div class=\"plot\"><div class=\"scale\"><span>%s</span><span>%s</span>"
          "<span>0</span></div>\n",
          top_text, half);
  chart_open(out, "columns", COLUMNS_HEIGHT, label);
  fputs("<path class=\"rule\" d=\"M0 0H1000M0 50H1000M0 100H1000\"></path>\n", out);
  for (size_t i = 0; i < chart->count; i++) chart_line(out, chart, i, top);
  fputs("</svg></div>\n", out);
  chart_lines_foot(out, chart);
}
