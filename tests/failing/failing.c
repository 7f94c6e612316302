/* A file system that fails: loaded before the C library, it lets the n-th call that changes something below a folder
 * fail, and all later ones if FAIL_FOREVER is set.
 *
 *   FAIL_BELOW=/folder FAIL_AT=n FAIL_WITH=errno FAIL_LOG=/file [FAIL_FOREVER=1] [FAIL_LOCKS=errno]
 *
 * What failed is appended to the log, a line each: `write /folder/file`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int below(const char *path) {
    const char *root = getenv("FAIL_BELOW");
    return root && path && strncmp(path, root, strlen(root)) == 0;
}

static void tell(const char *call, const char *path) {
    const char *log = getenv("FAIL_LOG");
    if (!log) return;
    char line[5000];
    int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    int file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0) abort();
    if (syscall(SYS_write, file, line, length) != length) abort();
    syscall(SYS_close, file);
}

static int fails(const char *call, const char *path) {
    static atomic_long count;
    long at = number("FAIL_AT");
    if (!at || !below(path)) return 0;
    long now = ++count;
    if (now < at || (now > at && !getenv("FAIL_FOREVER"))) return 0;
    tell(call, path);
    errno = (int)number("FAIL_WITH");
    return 1;
}

static int fd_fails(const char *call, int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(call, path);
}

#define OPEN(name)                                                        \
    int name(const char *path, int flags, ...) {                          \
        va_list rest;                                                     \
        va_start(rest, flags);                                            \
        mode_t mode = va_arg(rest, mode_t);                               \
        va_end(rest);                                                     \
        if ((flags & O_CREAT) && fails("open", path)) return -1;          \
        return REAL(name)(path, flags, mode);                             \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int file, const void *bytes, size_t length) {
    return fd_fails("write", file) ? -1 : REAL(write)(file, bytes, length);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    return fd_fails("write", file) ? -1 : REAL(writev)(file, parts, count);
}
int fsync(int file) { return fd_fails("fsync", file) ? -1 : REAL(fsync)(file); }
int fchmod(int file, mode_t mode) { return fd_fails("fchmod", file) ? -1 : REAL(fchmod)(file, mode); }
int ftruncate64(int file, off64_t length) {
    return fd_fails("ftruncate", file) ? -1 : REAL(ftruncate64)(file, length);
}
int mkdir(const char *path, mode_t mode) { return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode); }
int symlink(const char *to, const char *path) { return fails("symlink", path) ? -1 : REAL(symlink)(to, path); }
int rename(const char *from, const char *to) { return fails("rename", to) ? -1 : REAL(rename)(from, to); }

int flock(int file, int operation) {
    long error = number("FAIL_LOCKS");
    if (!error) return REAL(flock)(file, operation);
    errno = (int)error;
    return -1;
}
