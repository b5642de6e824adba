//! The referral code (customers-campaigns.md B1.8): made of the names at creation and the customer's id, so that it
//! needs no draw and never changes.

use super::{Names, Profile};
use crate::id::CustomerId;

/// Characters of the name part at most.
const STEM_MAX: usize = 20;

/// First name and the first letter of the last, in upper-case ASCII letters and digits; empty when nothing is left.
pub(super) fn stem(names: &Names) -> Box<str> {
    let plain = |name: &Option<Box<str>>| -> String {
        let letters = name.iter().flat_map(|name| name.chars()).filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_uppercase()).collect()
    };
    let (first, last) = (plain(&names.first), plain(&names.last));
    let stem = first.chars().chain(last.chars().take(1)).take(STEM_MAX);
    stem.collect::<String>().into()
}

impl Profile {
    /// The referral code of the customer of this id.
    pub fn referrer_code(&self, id: CustomerId) -> String {
        // Ids made by time begin alike, so the digits are taken from a hash of the id.
        let hash = uuid::Uuid::new_v5(&id.0, b"referrer_code").as_u128();
        let group = |place: u32| (hash >> (24 * place)) & 0xff_ffff;
        if self.referrer_stem.is_empty() {
            format!("{:06X}-{:06X}-{:06X}", group(0), group(1), group(4))
        } else {
            format!("{}-{:06X}", self.referrer_stem, group(0))
        }
    }
}
