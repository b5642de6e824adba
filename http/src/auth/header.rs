//! Reading the `Authorization` header.

use actix_web::{HttpRequest, http::header::AUTHORIZATION};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Surface, Verifier};

/// The credentials are missing or wrong. Which of the two is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied;

/// The longest `Authorization` value that is looked at. Ours have about a hundred characters.
const HEADER_MAX: usize = 1_024;

impl Verifier {
    /// Lets a request into a surface by its `Authorization: Basic` header.
    pub fn admit(&self, surface: Surface, request: &HttpRequest) -> Result<(), Denied> {
        let encoded = credentials_of(request, "basic").ok_or(Denied)?;
        let mut decoded = [0; HEADER_MAX];
        let length = STANDARD.decode_slice(encoded, &mut decoded).map_err(|_| Denied)?;
        let colon = decoded[..length].iter().position(|byte| *byte == b':').ok_or(Denied)?;
        let (key, secret) = (&decoded[..colon], &decoded[colon + 1..length]);
        if self.opens(surface, key, secret) { Ok(()) } else { Err(Denied) }
    }

    /// Lets a request into `/admin` by its `Authorization: Bearer` header.
    pub fn admit_admin(&self, request: &HttpRequest) -> Result<(), Denied> {
        let token = credentials_of(request, "bearer").ok_or(Denied)?;
        if self.opens_admin(token.as_bytes()) { Ok(()) } else { Err(Denied) }
    }
}

/// What follows the scheme, when the scheme is this one in any letter case.
fn credentials_of<'a>(request: &'a HttpRequest, scheme: &str) -> Option<&'a str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    if value.len() > HEADER_MAX {
        return None;
    }
    let (sent, credentials) = value.split_once(' ')?;
    sent.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
}
