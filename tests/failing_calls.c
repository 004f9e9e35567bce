/* Preloaded: lets the n-th call of a process on files fail, counted from arm() on, or kills the
   process there, where the error is 0.

   The name of the failed call is written to a file; of a negative n those of all calls, and none
   fails. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

static long left = 0;
static int reason = EIO;
static int told = -1;

void arm(long nth, int error, const char *path)
{
    told = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    reason = error;
    left = nth;
}

static int fails(const char *name, int fd)
{
    char line[64];
    int lists = left < 0;
    if (!lists && (!left || __sync_sub_and_fetch(&left, 1)))
        return 0;
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    real(told, line, snprintf(line, sizeof line, "%s %d\n", name, fd));
    if (lists)
        return 0;
    if (!reason)
        kill(getpid(), SIGKILL);
    errno = reason;
    return 1;
}

#define CALL(type, name, fd, given, ...)                        \
    type name given                                             \
    {                                                           \
        static type(*real) given;                               \
        if (!real)                                              \
            real = dlsym(RTLD_NEXT, #name);                     \
        return fails(#name, fd) ? (type)-1 : real(__VA_ARGS__); \
    }

#define OPEN(name)                                                            \
    int name(const char *path, int flags, ...)                                \
    {                                                                         \
        static int (*real)(const char *, int, ...);                           \
        va_list more;                                                         \
        va_start(more, flags);                                                \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                         \
        if (!real)                                                            \
            real = dlsym(RTLD_NEXT, #name);                                   \
        return fails(#name, -1) ? -1 : real(path, flags, mode);               \
    }

OPEN(open)
OPEN(open64)
CALL(ssize_t, read, fd, (int fd, void *data, size_t size), fd, data, size)
CALL(ssize_t, pread64, fd, (int fd, void *data, size_t size, off64_t at), fd, data, size, at)
CALL(ssize_t, write, fd, (int fd, const void *data, size_t size), fd, data, size)
CALL(int, rename, -1, (const char *from, const char *to), from, to)
CALL(int, unlink, -1, (const char *path), path)
CALL(int, chmod, -1, (const char *path, mode_t mode), path, mode)
CALL(int, chown, -1, (const char *path, uid_t user, gid_t group), path, user, group)
CALL(int, fsync, fd, (int fd), fd)
CALL(int, flock, fd, (int fd, int how), fd, how)
