#include "scanner/https/trust_store.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const trust_store_places[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Alpine */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/ssl/cert.pem",                                 /* BSD */
    "/usr/local/share/certs/ca-root-nss.crt",
};

const char *trust_store_system_file(void) {
  const char *named = getenv(X509_get_default_cert_file_env());
  if (named && *named) return named;
  for (size_t i = 0; i < sizeof trust_store_places / sizeof *trust_store_places; i++)
    if (access(trust_store_places[i], R_OK) == 0) return trust_store_places[i];
  return X509_get_default_cert_file();
}

static bool trust_store_has_certificate(X509_STORE *store) {
  STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); i++)
    if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_X509) return true;
  return false;
}

enum err trust_store_load(X509_STORE **store, const char *ca_file, const char **why) {
  const char *path = ca_file ? ca_file : trust_store_system_file();
  enum err err = ERR_LIBRARY;
  X509_STORE *made = X509_STORE_new();
  if (!made) {
    *why = "out of memory";
    return ERR_MEMORY;
  }
  *why = ca_file ? "the CA file cannot be read" : "no file of the system's CA certificates found";
  if (access(path, R_OK) != 0) goto done;
  *why = ca_file ? "the CA file holds no certificate" : "the system's CA file holds no certificate";
  if (X509_STORE_load_file(made, path) != 1 || !trust_store_has_certificate(made)) goto done;
  /* What the user names is trusted, an intermediate too. */
  X509_STORE_set_flags(made, X509_V_FLAG_PARTIAL_CHAIN);
  *store = made;
  err = ERR_NONE;
done:
  if (err != ERR_NONE) X509_STORE_free(made);
  ERR_clear_error();
  return err;
}
