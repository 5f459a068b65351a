#include "output/report/html_sheet.h"

#include "output/report/html.h"

void html_sheet_source(const struct html_sheet *sheet) {
  const struct aggregate *aggregate = sheet->aggregate;
  size_t total = 0;
  if (*sheet->report->where) {
    fputs(" --where ", sheet->out);
    html_shell_word(sheet->out, sheet->report->where);
  }
  for (unsigned i = 0; i < aggregate->file_count; i++)
    total += strlen(aggregate->files[i].path) + 1;
  if (total > REPORT_HTML_FILES_MAX) {
    fputs(" RESULT ...", sheet->out);
    return;
  }
  for (unsigned i = 0; i < aggregate->file_count; i++) {
    fputc(' ', sheet->out);
    html_shell_word(sheet->out, aggregate->files[i].path);
  }
}
