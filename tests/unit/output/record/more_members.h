/* Included before every source of a test's output: one more member of a record. */
#define RECORD_MORE                                                                                \
  TLSRPT_MEMBER(made_up, TEXT, tlsrpt.made_up, HAS_NONE, span_here(self->tlsrpt.made_up), ANY,     \
                "a thing made up")
#define RESULT_TLSRPT_MORE struct span made_up;
