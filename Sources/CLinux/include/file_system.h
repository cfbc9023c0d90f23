#pragma once

// What following a directory needs and Swift's Glibc module leaves out.
#include <sys/inotify.h>

/// Renames like renameat(2), but never replaces anything: where the new name exists it fails with EEXIST.
///
/// Uses renameat2(2) with RENAME_NOREPLACE; on file systems that do not know it (NFS), linkat(2) and unlinkat(2), as maildir has always
/// done it. Returns 0, or the errno of what failed.
int ringback_rename_exclusively(int source, const char *name, int target, const char *new_name);
