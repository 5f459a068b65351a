/* Numbers for people. */
#ifndef OUTPUT_BASE_NUMBER_H
#define OUTPUT_BASE_NUMBER_H

#include <stdint.h>

enum { NUMBER_SIZE = 32, NUMBER_SHARE_SIZE = 16 };

/* Digits in groups of three: "1,234,567". Gives text. */
const char *number_text(uint64_t number, char text[NUMBER_SIZE]);

/* A part of a whole in per cent: "12.3%", below one per cent with two places: "0.07%". A part that
 * is there is never "0.00%" but "<0.01%". "-" of nothing. Gives text. */
const char *number_share(uint64_t part, uint64_t whole, char text[NUMBER_SHARE_SIZE]);

#endif
