#include "output/report/rows.h"

#include <stdlib.h>

enum { ROWS_FIRST = 256 };

void rows_chapter(struct rows *rows, const char *title) {
  rows->chapter = title;
}

void rows_section(struct rows *rows, const char *title, const char *about, enum report_tone tone) {
  struct report *report = rows->report;
  if (report->section_count == REPORT_SECTIONS_MAX) rows->err = ERR_LIMIT;
  if (rows->err != ERR_NONE) return;
  report->sections[report->section_count++] = (struct report_section){
      .chapter = rows->chapter, .title = title, .about = about, .first = report->row_count};
  rows->chapter = NULL;
  rows->tone = tone;
}

void rows_chart(struct rows *rows, enum report_chart chart) {
  if (rows->err == ERR_NONE) rows->report->sections[rows->report->section_count - 1].chart = chart;
}

static enum err rows_room(struct report *report) {
  if (report->row_count < report->row_room) return ERR_NONE;
  size_t room = report->row_room ? 2 * report->row_room : ROWS_FIRST;
  struct report_row *grown = reallocarray(report->rows, room, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  report->rows = grown;
  report->row_room = room;
  return ERR_NONE;
}

struct report_row *rows_add(struct rows *rows, struct rows_counted counted) {
  struct report *report = rows->report;
  if (rows->err == ERR_NONE) rows->err = rows_room(report);
  if (rows->err != ERR_NONE) return NULL;
  struct report_row *made = &report->rows[report->row_count++];
  *made = (struct report_row){.count = counted.count,
                              .base = counted.base,
                              .base_text = counted.base_text,
                              .tone = rows->tone};
  report->sections[report->section_count - 1].count++;
  return made;
}

struct report_row *rows_value(struct rows *rows, const char *label, const char *parent,
                              enum dimension dimension, const char *value,
                              struct rows_counted counted) {
  struct report_row *made = rows_add(rows, counted);
  if (!made) return NULL;
  snprintf(made->label, sizeof made->label, "%s", label);
  snprintf(made->member, sizeof made->member, "%s.%s", parent, value);
  if (dimension == DIMENSION_CODE) {
    made->note = finding_info(finding_by_name(span_of(value)))->title;
    snprintf(made->list, sizeof made->list, "--list %s", value);
  } else if (dimension != DIMENSION_COUNT) {
    snprintf(made->list, sizeof made->list, "--list all --where %s=%s", dimension_text(dimension),
             value);
  }
  return made;
}

void rows_note(struct report_row *row, const char *text) {
  if (row) row->note = text;
}
