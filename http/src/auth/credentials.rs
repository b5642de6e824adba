//! Key pairs as they are handed out, and as they are kept.

use domain::id::RetailerId;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::Surface;

/// Random bytes in a generated key; 10 bytes are 16 letters of base32.
const KEY_BYTES: usize = 10;
/// Random bytes in a generated secret.
const SECRET_BYTES: usize = 30;

/// A key and its secret, as they are handed out.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeyPair {
    /// The user name of HTTP Basic.
    pub key: String,
    /// The password.
    pub secret: String,
}

/// All keys of a tenant, as they are handed out. The only place where secrets are readable; shown once.
#[derive(Clone, Serialize, Deserialize)]
pub struct PlainKeys {
    /// The tenant.
    pub retailer_id: String,
    /// For the core REST surface.
    pub core: KeyPair,
    /// For incentives and transactions.
    pub connect: KeyPair,
    /// For the point of sale.
    pub pos: KeyPair,
    /// For `/admin`, as a bearer token.
    pub admin_key: String,
}

/// All keys of a tenant, as they are kept: without the secrets.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    core: KeptPair,
    connect: KeptPair,
    pos: KeptPair,
    admin: KeptSecret,
    /// Signs what callers hand back, such as page tokens.
    signing: [u8; 32],
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptPair {
    key: String,
    secret: KeptSecret,
}

/// A secret that can be recognised and not be read: HMAC-SHA-256 of it under a salt of its own.
#[derive(Clone, Serialize, Deserialize)]
struct KeptSecret {
    salt: [u8; 16],
    digest: [u8; 32],
}

impl PlainKeys {
    /// New random keys of a tenant.
    pub fn generate(retailer: RetailerId) -> Self {
        Self {
            retailer_id: retailer.to_string(),
            core: KeyPair::generate(),
            connect: KeyPair::generate(),
            pos: KeyPair::generate(),
            admin_key: random_text::<SECRET_BYTES>(),
        }
    }
}

impl KeyPair {
    fn generate() -> Self {
        Self { key: random_text::<KEY_BYTES>(), secret: random_text::<SECRET_BYTES>() }
    }
}

impl Credentials {
    /// New random keys of a tenant: as they are kept, and as they are handed out.
    pub fn generate(retailer: RetailerId) -> (Self, PlainKeys) {
        let keys = PlainKeys::generate(retailer);
        (Self::of(&keys), keys)
    }

    /// What is kept of keys. Salts are new each time; what is signed under the same keys stays valid.
    pub fn of(keys: &PlainKeys) -> Self {
        let mut signing = mac(keys.connect.secret.as_bytes());
        signing.update(b"page tokens");
        Self {
            core: KeptPair::of(&keys.core),
            connect: KeptPair::of(&keys.connect),
            pos: KeptPair::of(&keys.pos),
            admin: KeptSecret::of(&keys.admin_key),
            signing: signing.finalize().into_bytes().into(),
        }
    }

    /// Puts another admin key in the place of the present one.
    pub fn replace_admin_key(&mut self, admin_key: &str) {
        self.admin = KeptSecret::of(admin_key);
    }
}

impl KeptPair {
    fn of(pair: &KeyPair) -> Self {
        Self { key: pair.key.clone(), secret: KeptSecret::of(&pair.secret) }
    }
}

impl KeptSecret {
    fn of(secret: &str) -> Self {
        let salt = random_bytes();
        let mut digest = mac(&salt);
        digest.update(secret.as_bytes());
        Self { salt, digest: digest.finalize().into_bytes().into() }
    }
}

/// Credentials ready for use: the salted hash states are prepared, so that a request costs one short hash.
pub struct Verifier {
    core: PreparedPair,
    connect: PreparedPair,
    pos: PreparedPair,
    admin: PreparedSecret,
    signing: Hmac<Sha256>,
}

struct PreparedPair {
    key: String,
    secret: PreparedSecret,
}

struct PreparedSecret {
    salted: Hmac<Sha256>,
    digest: [u8; 32],
}

impl Verifier {
    /// Prepares credentials.
    pub fn new(credentials: &Credentials) -> Self {
        let pair = |kept: &KeptPair| PreparedPair {
            key: kept.key.clone(),
            secret: PreparedSecret::of(&kept.secret),
        };
        Self {
            core: pair(&credentials.core),
            connect: pair(&credentials.connect),
            pos: pair(&credentials.pos),
            admin: PreparedSecret::of(&credentials.admin),
            signing: mac(&credentials.signing),
        }
    }

    /// Whether a key and secret open a surface.
    pub fn opens(&self, surface: Surface, key: &[u8], secret: &[u8]) -> bool {
        let pair = self.pair(surface);
        // Both are always compared, so that the time taken does not tell which was wrong.
        bool::from(pair.key.as_bytes().ct_eq(key) & pair.secret.matches(secret))
    }

    /// Whether a token is the admin key.
    pub fn opens_admin(&self, token: &[u8]) -> bool {
        self.admin.matches(token).into()
    }

    /// The key of the core surface: the `:api_key` of its paths.
    pub fn core_key(&self) -> &str {
        &self.core.key
    }

    /// Signs a text that a caller will hand back.
    pub fn sign(&self, text: &[u8]) -> [u8; 32] {
        let mut signature = self.signing.clone();
        signature.update(text);
        signature.finalize().into_bytes().into()
    }

    /// Whether a text was signed here.
    pub fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        self.sign(text).ct_eq(signature).into()
    }

    fn pair(&self, surface: Surface) -> &PreparedPair {
        match surface {
            Surface::Core => &self.core,
            Surface::Connect => &self.connect,
            Surface::Pos => &self.pos,
        }
    }
}

impl PreparedSecret {
    fn of(kept: &KeptSecret) -> Self {
        Self { salted: mac(&kept.salt), digest: kept.digest }
    }

    fn matches(&self, secret: &[u8]) -> Choice {
        let mut digest = self.salted.clone();
        digest.update(secret);
        digest.finalize().into_bytes().ct_eq(&self.digest)
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    bytes
}

/// Random lower-case letters and digits (base32 without look-alikes), eight for every five bytes.
fn random_text<const N: usize>() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let bytes: [u8; N] = random_bytes();
    let mut text = String::with_capacity(N.div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            let index = usize::try_from(bits >> (place * 5) & 31).expect("five bits fit");
            text.push(char::from(ALPHABET[index]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Verifier};
    use crate::auth::Surface;
    use domain::id::RetailerId;

    #[test]
    fn a_key_pair_opens_its_own_surface_and_no_other() {
        let (credentials, keys) = Credentials::generate(RetailerId::from_bytes([7; 16]));
        let verifier = Verifier::new(&credentials);
        let opens = |surface| verifier.opens(surface, keys.pos.key.as_bytes(), keys.pos.secret.as_bytes());
        assert!(opens(Surface::Pos));
        assert!(!opens(Surface::Core));
        assert!(!opens(Surface::Connect));
        assert!(!verifier.opens(Surface::Pos, keys.pos.key.as_bytes(), keys.core.secret.as_bytes()));
        assert!(!verifier.opens(Surface::Pos, keys.core.key.as_bytes(), keys.pos.secret.as_bytes()));
        assert!(verifier.opens_admin(keys.admin_key.as_bytes()));
        assert!(!verifier.opens_admin(b""));
        let mut replaced = credentials;
        replaced.replace_admin_key("another");
        let verifier = Verifier::new(&replaced);
        assert!(verifier.opens_admin(b"another") && !verifier.opens_admin(keys.admin_key.as_bytes()));
    }

    #[test]
    fn what_is_kept_holds_no_secret_and_survives_being_stored() {
        let (credentials, keys) = Credentials::generate(RetailerId::from_bytes([7; 16]));
        let stored = serde_json::to_string(&credentials).unwrap();
        for secret in [&keys.core.secret, &keys.connect.secret, &keys.pos.secret, &keys.admin_key] {
            assert!(!stored.contains(secret.as_str()));
        }
        let read: Credentials = serde_json::from_str(&stored).unwrap();
        let verifier = Verifier::new(&read);
        assert!(verifier.opens(Surface::Core, keys.core.key.as_bytes(), keys.core.secret.as_bytes()));
        let signature = verifier.sign(b"page 2");
        assert!(Verifier::new(&Credentials::of(&keys)).signed(b"page 2", &signature));
        assert!(!verifier.signed(b"page 3", &signature));
    }
}
