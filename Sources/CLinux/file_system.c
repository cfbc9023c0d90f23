#define _GNU_SOURCE
#include "file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int ringback_rename_exclusively(int source, const char *name, int target, const char *new_name) {
    if (renameat2(source, name, target, new_name, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    // renameat2(2): EINVAL when the file system does not support the flag; ENOSYS when the kernel does not know the call.
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
    if (linkat(source, name, target, new_name, 0) != 0) {
        return errno;
    }
    return unlinkat(source, name, 0) == 0 ? 0 : errno;
}
