/* Which errno of a socket says nothing of the other side, but that this machine has run out. */
#ifndef SCANNER_NET_LOCAL_ERROR_H
#define SCANNER_NET_LOCAL_ERROR_H

#include "output/base/err.h"
#include <errno.h>

/* ERR_MEMORY, ERR_DESCRIPTORS, or ERR_NONE: it may be the other side's doing. */
static inline enum err local_error_of(int number) {
  switch (number) {
  case EMFILE:
  case ENFILE: return ERR_DESCRIPTORS;
  case ENOBUFS:
  case ENOMEM: return ERR_MEMORY;
  default: return ERR_NONE;
  }
}

#endif
