#include "scanner/cli/file_set.h"

#include "output/base/whole_file.h"
#include "scanner/cli/help.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_set_file {
  const char *what, *path;
};

/* Which file a name stands for. */
struct file_set_identity {
  bool told; /* false: it can be shared, or cannot be looked at: opening it will tell */
  dev_t device;
  ino_t inode;
  const char *name; /* in the folder that device and inode are of; NULL: the file itself */
};

static bool file_set_is_own(const struct stat *st) {
  return S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode) || S_ISBLK(st->st_mode);
}

/* What is not there yet: its folder, and its name there. place holds the name. */
static struct file_set_identity file_set_absent(char *place) {
  struct stat st;
  char *slash = strrchr(place, '/');
  const char *name = slash ? slash + 1 : place;
  if (slash) *slash = 0;
  const char *folder = !slash ? "." : *place ? place : "/";
  if (stat(folder, &st) != 0) return (struct file_set_identity){0};
  return (struct file_set_identity){true, st.st_dev, st.st_ino, name};
}

static struct file_set_identity file_set_identify(const char *path, int standard,
                                                  char place[WHOLE_FILE_PATH_MAX]) {
  struct stat st;
  bool is_standard = strcmp(path, "-") == 0;
  if ((is_standard ? fstat(standard, &st) : stat(path, &st)) == 0)
    return (struct file_set_identity){file_set_is_own(&st), st.st_dev, st.st_ino, NULL};
  if (is_standard || whole_file_follow(path, place) != ERR_NONE)
    return (struct file_set_identity){0};
  return file_set_absent(place);
}

static bool file_set_same(const struct file_set_identity *one,
                          const struct file_set_identity *other) {
  if (!one->told || !other->told) return false;
  if (one->device != other->device || one->inode != other->inode) return false;
  if (!one->name || !other->name) return one->name == other->name;
  return strcmp(one->name, other->name) == 0;
}

void file_set_reads(struct file_set *set, const char *what, const char *path) {
  if (!path || set->err != ERR_NONE) return;
  if (set->input_count == set->input_room) {
    size_t room = set->input_room ? 2 * set->input_room : 16;
    struct file_set_file *grown = realloc(set->inputs, room * sizeof *grown);
    if (!grown) {
      set->err = ERR_MEMORY;
      return;
    }
    set->inputs = grown;
    set->input_room = room;
  }
  set->inputs[set->input_count++] = (struct file_set_file){what, path};
}

void file_set_writes_beside(struct file_set *set, const char *what, const char *path,
                            const char *suffix) {
  if (!path) return;
  if (set->output_count == FILE_SET_OUTPUTS_MAX)
    set->err = ERR_LIMIT;
  else
    set->outputs[set->output_count++] = (struct file_set_output){what, path, suffix};
}

void file_set_writes(struct file_set *set, const char *what, const char *path) {
  file_set_writes_beside(set, what, path, "");
}

struct file_set_named {
  char path[WHOLE_FILE_PATH_MAX], place[WHOLE_FILE_PATH_MAX];
  struct file_set_identity identity;
};

static void file_set_name(const struct file_set_output *output, struct file_set_named *named) {
  snprintf(named->path, sizeof named->path, "%s%s", output->path, output->suffix);
  named->identity = file_set_identify(named->path, STDOUT_FILENO, named->place);
}

static bool file_set_both_standard(const char *one, const char *other) {
  return strcmp(one, "-") == 0 && strcmp(other, "-") == 0;
}

static const char *file_set_shown(const char *path, const char *standard) {
  return strcmp(path, "-") == 0 ? standard : path;
}

/* An output against all inputs. */
static bool file_set_spares_inputs(const struct file_set *set, const char *what,
                                   const struct file_set_named *named, const char *command) {
  char place[WHOLE_FILE_PATH_MAX];
  for (size_t i = 0; i < set->input_count; i++) {
    const struct file_set_file *input = &set->inputs[i];
    struct file_set_identity identity = file_set_identify(input->path, STDIN_FILENO, place);
    if (!file_set_same(&named->identity, &identity)) continue;
    help_complain(command, "%s %s and %s %s are the same file: it would be overwritten", what,
                  file_set_shown(named->path, "(standard output)"), input->what,
                  file_set_shown(input->path, "(standard input)"));
    return false;
  }
  return true;
}

/* An output against those before it. */
static bool file_set_spares_outputs(const struct file_set *set, size_t count,
                                    const struct file_set_named *named, const char *command) {
  struct file_set_named other;
  for (size_t i = 0; i < count; i++) {
    file_set_name(&set->outputs[i], &other);
    if (!file_set_both_standard(named->path, other.path) &&
        !file_set_same(&named->identity, &other.identity))
      continue;
    help_complain(command, "%s %s and %s %s are the same file: one would overwrite the other",
                  set->outputs[i].what, file_set_shown(other.path, "(standard output)"),
                  set->outputs[count].what, file_set_shown(named->path, "(standard output)"));
    return false;
  }
  return true;
}

enum err file_set_check(const struct file_set *set, const char *command) {
  struct file_set_named named;
  if (set->err != ERR_NONE) {
    help_complain(command, "%s", err_text(set->err));
    return set->err;
  }
  for (size_t i = 0; i < set->output_count; i++) {
    file_set_name(&set->outputs[i], &named);
    if (!file_set_spares_inputs(set, set->outputs[i].what, &named, command) ||
        !file_set_spares_outputs(set, i, &named, command))
      return ERR_SYNTAX;
  }
  return ERR_NONE;
}

void file_set_free(struct file_set *set) {
  free(set->inputs);
  *set = (struct file_set){0};
}
