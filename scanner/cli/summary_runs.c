#include "scanner/cli/summary_runs.h"

#include "output/base/json_reader.h"
#include <stdio.h>
#include <stdlib.h>

enum err summary_runs_add(struct summary_runs *runs, const struct summary_run *run) {
  if (!runs->at) runs->at = calloc(SUMMARY_RUNS_MAX, sizeof *runs->at);
  if (!runs->at) return ERR_MEMORY;
  if (runs->count == SUMMARY_RUNS_MAX)
    memmove(runs->at, runs->at + 1, --runs->count * sizeof *runs->at);
  runs->at[runs->count++] = *run;
  return ERR_NONE;
}

void summary_runs_free(struct summary_runs *runs) {
  free(runs->at);
}

static struct summary_run read_run(struct json_reader *reader) {
  struct summary_run run = {0};
  struct span key;
  json_reader_open(reader, '{');
  while (json_reader_member(reader, &key)) {
    if (span_equal(key, SPAN("end"))) {
      struct span end = json_reader_string(reader);
      snprintf(run.end, sizeof run.end, "%.*s", SPAN_ARG(end));
    } else if (span_equal(key, SPAN("started_at"))) {
      run.started_at = json_reader_time(reader);
    } else if (span_equal(key, SPAN("ended_at"))) {
      run.ended_at = json_reader_time(reader);
    } else if (span_equal(key, SPAN("records"))) {
      run.records = json_reader_uint(reader);
    } else if (span_equal(key, SPAN("queries"))) {
      run.queries = json_reader_uint(reader);
    } else if (span_equal(key, SPAN("connections"))) {
      run.connections = json_reader_uint(reader);
    } else {
      json_reader_skip(reader);
    }
  }
  return run;
}

static enum err read_runs(struct summary_runs *runs, struct json_reader *reader) {
  struct span key;
  enum err err = ERR_NONE;
  json_reader_open(reader, '{');
  while (json_reader_member(reader, &key)) {
    if (!span_equal(key, SPAN("runs"))) {
      json_reader_skip(reader);
      continue;
    }
    json_reader_open(reader, '[');
    while (err == ERR_NONE && json_reader_element(reader)) {
      struct summary_run run = read_run(reader);
      if (!reader->bad) err = summary_runs_add(runs, &run);
    }
    if (err != ERR_NONE) return err;
  }
  return ERR_NONE;
}

enum err summary_runs_read(struct summary_runs *runs, const char *path) {
  FILE *file = fopen(path, "re");
  if (!file) return ERR_NONE;
  char *text = malloc(SUMMARY_RUNS_FILE_MAX + 1);
  enum err err = text ? ERR_NONE : ERR_MEMORY;
  if (err == ERR_NONE) {
    size_t len = fread(text, 1, SUMMARY_RUNS_FILE_MAX, file);
    struct json_reader reader = json_reader_of(text, len);
    err = read_runs(runs, &reader);
  }
  free(text);
  fclose(file);
  return err;
}

static void write_run(struct json_writer *json, const struct summary_run *run) {
  json_writer_open(json, NULL, '{');
  json_writer_time(json, "started_at", run->started_at);
  json_writer_time(json, "ended_at", run->ended_at);
  json_writer_string(json, "end", span_of(run->end));
  json_writer_uint(json, "records", run->records);
  json_writer_uint(json, "queries", run->queries);
  json_writer_uint(json, "connections", run->connections);
  json_writer_close(json, '}');
}

void summary_runs_write(struct json_writer *json, const struct summary_runs *runs) {
  json_writer_open(json, "runs", '[');
  for (size_t i = 0; i < runs->count; i++) write_run(json, &runs->at[i]);
  json_writer_close(json, ']');
}
