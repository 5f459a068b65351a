/* The files that a command reads and writes: no output may be an input, or another output.
 *
 * Files are told apart by device and inode, links followed; one that is not there yet by its folder
 * and name. Devices, terminals and sockets can be shared and are passed over. Looks at files and
 * opens none. Texts must stay valid; all is released by file_set_free().
 */
#ifndef SCANNER_CLI_FILE_SET_H
#define SCANNER_CLI_FILE_SET_H

#include "output/base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum { FILE_SET_OUTPUTS_MAX = 8 };

struct file_set {
  struct file_set_file *inputs;
  size_t input_count, input_room;
  struct file_set_output {
    const char *what, *path;
    const char *suffix; /* behind path */
  } outputs[FILE_SET_OUTPUTS_MAX];
  size_t output_count;
  enum err err; /* sticky: ERR_MEMORY */
};

/* what: "list", "--block"; path "-": standard input or output; NULL: there is none. */
void file_set_reads(struct file_set *set, const char *what, const char *path);
void file_set_writes(struct file_set *set, const char *what, const char *path);

/* What lies beside an output: path with the suffix. */
void file_set_writes_beside(struct file_set *set, const char *what, const char *path,
                            const char *suffix);

/* ERR_SYNTAX: two of them do not go together; ERR_MEMORY. Either is said as a complaint of the
 * command, which names both files. */
enum err file_set_check(const struct file_set *set, const char *command);
void file_set_free(struct file_set *set);

#endif
