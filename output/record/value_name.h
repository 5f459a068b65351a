/* The names of the values of the record's closed sets, as one kind of function for tables: the
 * value is one of the enum, from 0 on; the name is a constant that belongs to nobody.
 */
#ifndef OUTPUT_RECORD_VALUE_NAME_H
#define OUTPUT_RECORD_VALUE_NAME_H

typedef const char *naming(int value);

naming naming_status; /* enum result_status */
naming naming_effect; /* enum result_effect */
naming naming_mode;   /* enum result_mode */
naming naming_kind;   /* enum result_kind */
naming naming_stage;  /* enum finding_stage */
naming naming_code;   /* enum finding_code */

#endif
