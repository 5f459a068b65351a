#include "scanner/https/memory.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local uint64_t memory_failed;
static atomic_bool memory_failed_ever;

/* Nothing may be had of nothing. */
static void *memory_noted(void *memory, size_t size) {
  if (memory || size == 0) return memory;
  memory_failed++;
  atomic_store(&memory_failed_ever, true);
  return NULL;
}

static void *memory_malloc(size_t size) {
  return memory_noted(malloc(size), size);
}

static void *memory_calloc(size_t count, size_t size) {
  return memory_noted(calloc(count, size), count * size);
}

static void *memory_realloc(void *memory, size_t size) {
  return memory_noted(realloc(memory, size), size);
}

static char *memory_strdup(const char *text) {
  return memory_noted(strdup(text), 1);
}

/* OpenSSL tells the caller's file and line. After one that failed it gets no more on this thread:
 * its void functions hide a failure (3.5: SSL_set_connect_state()), and the next call on what they
 * left would crash, unless what libcurl makes before it fails too. */
static void *memory_malloc_at(size_t size, const char *file, int line) {
  (void)file, (void)line;
  return memory_failed ? memory_noted(NULL, size) : memory_malloc(size);
}

static void *memory_realloc_at(void *memory, size_t size, const char *file, int line) {
  (void)file, (void)line;
  if (memory_failed && size) return memory_noted(NULL, size);
  return memory_realloc(memory, size);
}

static void memory_free_at(void *memory, const char *file, int line) {
  (void)file, (void)line;
  free(memory);
}

enum err memory_watch(void) {
  CRYPTO_set_mem_functions(memory_malloc_at, memory_realloc_at, memory_free_at);
  CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, memory_malloc, free, memory_realloc,
                                       memory_strdup, memory_calloc);
  return code == CURLE_OK ? ERR_NONE : ERR_LIBRARY;
}

uint64_t memory_failures(void) {
  return memory_failed;
}

bool memory_has_failed(void) {
  return atomic_load(&memory_failed_ever);
}
