/* Certificates for many hosts at once: for each HOST on standard input FOLDER/HOST.pem, a leaf of
 * its own for one shared key, then its issuer's certificate. The lab's way, one openssl command a
 * step, takes minutes for thousands.
 *
 *   leaves CA-CERTIFICATE CA-KEY LEAF-KEY FOLDER
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_SIZE = 256, PATH_SIZE = 4096, SERIAL_FIRST = 0x100000, VALID_SECONDS = 90 * 86400 };

static void leaves_die(const char *what) {
  fprintf(stderr, "leaves: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static FILE *leaves_open(const char *path, const char *mode) {
  FILE *file = fopen(path, mode);
  if (!file) leaves_die(path);
  return file;
}

static EVP_PKEY *leaves_key(const char *path) {
  FILE *file = leaves_open(path, "r");
  EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
  fclose(file);
  if (!key) leaves_die(path);
  return key;
}

static X509 *leaves_certificate(const char *path) {
  FILE *file = leaves_open(path, "r");
  X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
  fclose(file);
  if (!certificate) leaves_die(path);
  return certificate;
}

static bool leaf_name(X509 *leaf, const char *host) {
  char names[HOST_SIZE + sizeof "DNS:"];
  snprintf(names, sizeof names, "DNS:%s", host);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
  bool named = extension && X509_add_ext(leaf, extension, -1) &&
               X509_NAME_add_entry_by_NID(X509_get_subject_name(leaf), NID_commonName, MBSTRING_ASC,
                                          (const unsigned char *)host, -1, -1, 0);
  X509_EXTENSION_free(extension);
  return named;
}

static X509 *leaf_sign(X509 *issuer, EVP_PKEY *issuer_key, EVP_PKEY *key, const char *host,
                       long serial) {
  X509 *leaf = X509_new();
  if (!leaf || !X509_set_version(leaf, 2) ||
      !ASN1_INTEGER_set(X509_get_serialNumber(leaf), serial) ||
      !X509_gmtime_adj(X509_getm_notBefore(leaf), -86400) ||
      !X509_gmtime_adj(X509_getm_notAfter(leaf), VALID_SECONDS) ||
      !X509_set_issuer_name(leaf, X509_get_subject_name(issuer)) || !X509_set_pubkey(leaf, key) ||
      !leaf_name(leaf, host) || !X509_sign(leaf, issuer_key, EVP_sha256()))
    leaves_die(host);
  return leaf;
}

static void leaf_write(X509 *leaf, X509 *issuer, const char *folder, const char *host) {
  char path[PATH_SIZE];
  if (snprintf(path, sizeof path, "%s/%s.pem", folder, host) >= PATH_SIZE) leaves_die(folder);
  FILE *file = leaves_open(path, "w");
  bool written = PEM_write_X509(file, leaf) && PEM_write_X509(file, issuer);
  if (fclose(file) || !written) leaves_die(path);
}

int main(int argc, char **argv) {
  char host[HOST_SIZE];
  if (argc != 5) {
    fprintf(stderr, "usage: leaves CA-CERTIFICATE CA-KEY LEAF-KEY FOLDER\n");
    return 2;
  }
  X509 *issuer = leaves_certificate(argv[1]);
  EVP_PKEY *issuer_key = leaves_key(argv[2]), *key = leaves_key(argv[3]);
  for (long serial = SERIAL_FIRST; scanf("%255s", host) == 1; serial++) {
    X509 *leaf = leaf_sign(issuer, issuer_key, key, host, serial);
    leaf_write(leaf, issuer, argv[4], host);
    X509_free(leaf);
  }
  EVP_PKEY_free(key);
  EVP_PKEY_free(issuer_key);
  X509_free(issuer);
  return 0;
}
