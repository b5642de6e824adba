//! The id of a request: the caller's, or one that is cheap to make.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use actix_web::HttpRequest;

/// The longest id of a caller's that is echoed.
const ECHOED_MAX: usize = 128;

/// The id under which a request is echoed and logged.
pub fn request_id(request: &HttpRequest, header: &str) -> String {
    let sent = request.headers().get(header).and_then(|value| value.to_str().ok());
    match sent.filter(|sent| !sent.is_empty() && sent.len() <= ECHOED_MAX) {
        Some(sent) => sent.to_owned(),
        None => made(),
    }
}

/// Sixteen hexadecimal digits: random per process in front, counting behind.
fn made() -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}{:08x}", *PROCESS >> 32, count & 0xffff_ffff)
}
