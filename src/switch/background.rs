//! Threads of ours that must never be in the way of a call.

/// One step above the lowest of the classes that still get their turn on a busy machine.
const NICE: libc::c_int = 5;
/// `IOPRIO_WHO_PROCESS`: of one thread, if its number is given, and 0 is the own one.
const OF_THREAD: libc::c_int = 1;
/// `IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7)`: behind everybody else who uses the disk, but not behind an endless recording.
const IO_LAST: libc::c_int = (2 << 13) | 7;

/// Makes the calling thread an ordinary one. FreeSWITCH usually runs in a real-time class, which every thread inherits, and in
/// which a report would delay the audio of calls. Signals are FreeSWITCH's. What the kernel refuses stays as it is.
pub(crate) fn leave_the_real_time_class() {
    // SAFETY: each call changes only the calling thread, and reads at most the structs on this stack, for which zeroes are
    // values.
    unsafe {
        let ordinary: libc::sched_param = std::mem::zeroed();
        libc::sched_setscheduler(0, libc::SCHED_OTHER, &raw const ordinary);
        libc::setpriority(libc::PRIO_PROCESS, 0, NICE);
        libc::syscall(libc::SYS_ioprio_set, OF_THREAD, 0, IO_LAST);
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}
