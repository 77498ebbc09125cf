/* Moves the clock of whoever loads this by as many seconds as the file $MOVED_CLOCK says.
 *
 * As with a clock that is set while programs run: the time of day jumps, clocks that only measure
 * how long something takes go on. The file is read again twice a second.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const long BETWEEN_LOOKS = 500000000;

static void look(atomic_long *seconds)
{
    const char *path = getenv("MOVED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    char text[32] = "";
    if (file < 0)
        return;
    if (read(file, text, sizeof text - 1) > 0)
        atomic_store(seconds, atol(text));
    close(file);
}

static long moved(void)
{
    static atomic_long seconds, looked;
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    long since = now.tv_sec * 1000000000 + now.tv_nsec;
    if (since - atomic_load(&looked) > BETWEEN_LOOKS) {
        int kept = errno;
        atomic_store(&looked, since);
        look(&seconds);
        errno = kept;
    }
    return atomic_load(&seconds);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += moved();
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int status = syscall(SYS_gettimeofday, now, zone);
    if (status == 0)
        now->tv_sec += moved();
    return status;
}

time_t time(time_t *kept)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept)
        *kept = now.tv_sec;
    return now.tv_sec;
}
