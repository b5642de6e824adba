//! The API keys of a retailer, as the server writes them at its first start and the other commands read them.

use std::{fmt, fs, path::Path};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use uuid::Uuid;

/// A key and its secret: user name and password of HTTP Basic.
#[derive(Clone, Deserialize)]
pub struct KeyPair {
    /// Names the caller; appears in paths of the customer API.
    pub key: String,
    /// Proves it.
    pub secret: String,
}

impl KeyPair {
    /// Value of the `Authorization` header.
    pub fn authorization(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.key, self.secret)))
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyPair").field("key", &self.key).finish_non_exhaustive()
    }
}

/// One key pair per surface (pos-offers.md A.1) and the admin key.
#[derive(Clone, Deserialize)]
pub struct Keys {
    /// Whose keys they are.
    pub retailer_id: Uuid,
    /// Customer API.
    pub core: KeyPair,
    /// Tills.
    pub pos: KeyPair,
    /// Admin interface.
    pub admin_key: String,
}

impl Keys {
    /// Reads a keys file.
    ///
    /// # Errors
    /// There is none, or it has another shape.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read(path).with_context(|| {
            format!("keys file {} (written by `laurel serve` at its first start)", path.display())
        })?;
        serde_json::from_slice(&text).with_context(|| format!("keys file {}", path.display()))
    }

    /// Value of the `Authorization` header of the admin interface.
    pub fn admin_authorization(&self) -> String {
        format!("Bearer {}", self.admin_key)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("retailer_id", &self.retailer_id).finish_non_exhaustive()
    }
}
