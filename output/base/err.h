/* The one status type: what a function that can fail returns.
 *
 * ERR_NONE is 0. ERR_IO leaves the cause in errno. Everything else is complete in itself.
 */
#ifndef OUTPUT_BASE_ERR_H
#define OUTPUT_BASE_ERR_H

#define ERR_MAP(X)                                                                                 \
  X(NONE, "no error")                                                                              \
  X(MEMORY, "out of memory")                                                                       \
  X(LIMIT, "over the limit")                                                                       \
  X(DESCRIPTORS, "no file descriptor is left")                                                     \
  X(SYNTAX, "not well formed")                                                                     \
  X(NOT_FOUND, "not found")                                                                        \
  X(BUSY, "in use")                                                                                \
  X(REFUSED, "refused")                                                                            \
  X(TIMEOUT, "timed out")                                                                          \
  X(IO, "input or output failed")                                                                  \
  X(TEMPORARY, "a temporary file in $TMPDIR or /var/tmp could not be read back")                   \
  X(END, "end of input")                                                                           \
  X(PORT_CLOSED, "no mail server can be reached from here")                                        \
  X(LIBRARY, "a library failed")

enum err {
#define X(name, text) ERR_##name,
  ERR_MAP(X)
#undef X
};

/* A constant English phrase. */
const char *err_text(enum err err);

#endif
