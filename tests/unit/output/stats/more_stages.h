/* Included before every source of this test's output: as many stages and codes as fit. */
#define FINDING_STAGE_MORE(X)                                                                      \
  X(MORE_8, "more-8", "", "")                                                                      \
  X(MORE_9, "more-9", "", "")                                                                      \
  X(MORE_10, "more-10", "", "")                                                                    \
  X(MORE_11, "more-11", "", "")                                                                    \
  X(MORE_12, "more-12", "", "")                                                                    \
  X(MORE_13, "more-13", "", "")                                                                    \
  X(MORE_14, "more-14", "", "")                                                                    \
  X(MORE_15, "more-15", "", "")                                                                    \
  X(MORE_16, "more-16", "what is made up", "Causes: made up")

#define FINDING_MORE                                                                               \
  FINDING(MADE_UP, "made-up", ERROR, MORE_16, NONE, NONE, LASTS, "Made up", "m\n", "s\n", "d\n", "f\n",   \
          "none")
