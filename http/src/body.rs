//! Taking in a request body, up to a limit.

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;

/// The body limit of calls that carry one thing: 1 MiB (customers-campaigns.md A.6, pos-offers.md B.10).
pub const BODY_MAX: usize = 1 << 20;

/// Why a body was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeError {
    /// More bytes than the limit.
    TooLarge,
    /// The connection broke.
    Broken,
}

/// The whole body. One that comes in one piece, as nearly all do, is not copied.
pub async fn take(mut payload: Payload, max: usize) -> Result<Bytes, TakeError> {
    let mut first: Option<Bytes> = None;
    let mut whole = BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| TakeError::Broken)?;
        let taken = first.as_ref().map_or(whole.len(), Bytes::len);
        if taken + piece.len() > max {
            return Err(TakeError::TooLarge);
        }
        match first.take() {
            None if whole.is_empty() => first = Some(piece),
            None => whole.extend_from_slice(&piece),
            Some(known) => {
                whole.reserve(known.len() + piece.len());
                whole.extend_from_slice(&known);
                whole.extend_from_slice(&piece);
            }
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}
