#include "scanner/cli/versions.h"

#include <ares.h>
#include <curl/curl.h>
#include <idn2.h>
#include <libpsl.h>
#include <openssl/crypto.h>
#include <uv.h>
#include <zlib.h>

/* Of the program alone, not of the tests that have its sources too. */
#ifndef STSCAN_COMMIT
#define STSCAN_COMMIT ""
#endif

struct version {
  const char *name;
  const char *text;
};

enum { VERSIONS = 8 };

static void versions_gather(struct version versions[VERSIONS]) {
  const struct version all[VERSIONS] = {
      {"stscan", STSCAN_VERSION},
      {"libuv", uv_version_string()},
      {"c-ares", ares_version(NULL)},
      {"libcurl", curl_version_info(CURLVERSION_NOW)->version},
      {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"zlib", zlibVersion()},
      {"libidn2", idn2_check_version(NULL)},
      {"libpsl", psl_get_version()},
  };
  for (int i = 0; i < VERSIONS; i++) versions[i] = all[i];
}

void versions_print(FILE *out) {
  struct version versions[VERSIONS];
  versions_gather(versions);
  for (int i = 0; i < VERSIONS; i++) fprintf(out, "%s %s\n", versions[i].name, versions[i].text);
}

void versions_libraries(char text[VERSIONS_TEXT_SIZE]) {
  struct version versions[VERSIONS];
  size_t used = 0;
  versions_gather(versions);
  text[0] = 0;
  for (int i = 1; i < VERSIONS && used < VERSIONS_TEXT_SIZE; i++)
    used += (size_t)snprintf(text + used, VERSIONS_TEXT_SIZE - used, "%s%s %s", i > 1 ? ", " : "",
                             versions[i].name, versions[i].text);
}

void versions_write(struct json_writer *json, const char *key) {
  struct version versions[VERSIONS];
  versions_gather(versions);
  json_writer_open(json, key, '{');
  for (int i = 0; i < VERSIONS; i++)
    json_writer_string(json, versions[i].name, span_of(versions[i].text));
  json_writer_close(json, '}');
}

const char *versions_commit(void) {
  return STSCAN_COMMIT;
}
