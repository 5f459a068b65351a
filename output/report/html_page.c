#include "output/report/html_page.h"

#include "output/base/json_writer.h"
#include "output/report/html.h"

void html_page_begin(FILE *out, const char *title) {
  fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\">\n" HTML_PAGE_GENERATOR "\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>",
        out);
  html_text(out, span_of(title));
  fputs("</title>\n<style>\n", out);
  for (const char *const *part = html_style_sheet; *part; part++) fputs(*part, out);
  fputs("</style></head>\n<body><header><h1>", out);
  html_text(out, span_of(title));
  fputs("</h1>\n", out);
}

void html_page_main(FILE *out) {
  fputs("</header>\n<main>\n", out);
}

void html_page_time(FILE *out, int64_t at) {
  char text[JSON_WRITER_TIME_SIZE];
  json_writer_time_text(at, text);
  fprintf(out, "%.10s %.5s", text, text + 11);
}

void html_page_end(FILE *out, const char *foot, int64_t at) {
  fprintf(out, "</main>\n<footer><p>%s Made by stscan %s on ", foot, STSCAN_VERSION);
  html_page_time(out, at);
  fprintf(out, " UTC.</p></footer>\n<script>\n%s</script></body></html>\n", html_style_script);
}

void html_page_scroll(FILE *out, const char *label) {
  fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
  html_text(out, span_of(label));
  fputs("\">", out);
}

void html_page_scroll_end(FILE *out) {
  fputs("</div>\n", out);
}

void html_page_table(FILE *out, const char *class, const char *id, const char *caption) {
  fputs("<table", out);
  if (*class) fprintf(out, " class=\"%s\"", class);
  if (*id) fprintf(out, " id=\"%s\"", id);
  fputs("><caption>", out);
  html_text(out, span_of(caption));
  fputs("</caption>", out);
}
