//! What can wait yields the processor to requests.

/// A third of the weight of a thread that serves requests.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Gives this thread a smaller share of a busy processor. The share is large enough, still, to keep up with requests.
pub(crate) fn yield_to_requests() {
    // On Linux, and only there, the priority is that of the calling thread.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        let thread = std::thread::current();
        tracing::debug!(%error, thread = thread.name(), "it runs at the priority of requests");
    }
}
