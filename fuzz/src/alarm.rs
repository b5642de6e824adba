//! Panics on any thread, also those that somebody catches.

use std::{
    panic,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

static INSTALLED: Once = Once::new();
/// An input is being tried: what panics is kept, not printed.
static WATCHING: AtomicBool = AtomicBool::new(false);
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on panics are seen.
pub fn install() {
    INSTALLED.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !WATCHING.load(Ordering::Acquire) {
                return usual(info);
            }
            PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(info.to_string());
        }));
    });
}

/// Does something; answers what has panicked meanwhile, here or elsewhere, instead of what came of it.
pub fn watch<R>(act: impl FnOnce() -> R) -> Result<R, String> {
    WATCHING.store(true, Ordering::Release);
    let done = panic::catch_unwind(panic::AssertUnwindSafe(act));
    WATCHING.store(false, Ordering::Release);
    let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
    match done {
        Ok(done) if panics.is_empty() => Ok(done),
        _ => Err(panics.join("; ")),
    }
}
