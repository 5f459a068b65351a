/* The names of the values of the record's closed sets, as one kind of function for tables: the
 * value is one of the enum, from 0 on; the name is a constant that belongs to nobody.
 */
#ifndef OUTPUT_RECORD_VALUE_NAME_H
#define OUTPUT_RECORD_VALUE_NAME_H

typedef const char *value_name(int value);

value_name value_name_status;  /* enum result_status */
value_name value_name_effect;  /* enum result_effect */
value_name value_name_mode;    /* enum result_mode */
value_name value_name_kind;    /* enum result_kind */
value_name value_name_verdict; /* enum result_verdict */
value_name value_name_step;    /* enum result_step */
value_name value_name_dane;    /* enum result_dane */
value_name value_name_stage;   /* enum finding_stage */
value_name value_name_code;    /* enum finding_code */

#endif
