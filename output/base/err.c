#include "output/base/err.h"

const char *err_text(enum err err) {
  switch (err) {
#define X(name, text)                                                                              \
  case ERR_##name: return text;
    ERR_MAP(X)
#undef X
  }
  return "unknown error";
}
