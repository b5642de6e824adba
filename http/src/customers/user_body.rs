//! The request object `user` (customers-campaigns.md B1.3), and its reading into a change of a profile.

use std::collections::BTreeMap;

use domain::{
    customer::{Change, ExternalId, IdentifierChange, PhoneChange, ProfileChange},
    time::Zone,
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{CoreError, wire as profile};
use crate::json::{FaultCode, Faults, Held, List, Member, Object, Reader, parse_object, wire};

/// Elements of a list that are looked at; what is allowed is fewer, and said by the profile.
const LISTED_MAX: usize = 100;
/// Characters of the type of an id at most, also of one that comes without its id.
const TYPE_MAX: usize = 255;

/// The body of a create or update.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UserRequest<'a> {
    /// The customer.
    #[serde(borrow)]
    #[schema(value_type = UserBody)]
    user: Object<UserBody<'a>>,
}

/// A customer, as far as it is to be set. Members of the response object are ignored.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = UserRequestObject)]
pub struct UserBody<'a> {
    /// Id in the caller's system; a number is taken as its text. Required without `email`.
    #[serde(borrow)]
    #[schema(value_type = Option<profile::Identifier>)]
    external_id: Member<'a>,
    /// Names that system.
    #[schema(value_type = Option<String>, max_length = 255)]
    external_id_type: Member<'a>,
    /// More ids; they add to the present ones. At most 20.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<IdentifierBody>>, max_items = 100)]
    identifiers: List<IdentifierBody<'a>>,
    /// Drop all present ids first.
    #[schema(value_type = Option<wire::Flag>)]
    clear_identifiers: Member<'a>,
    /// Unique. `""` or `null` clears it if another key remains.
    #[serde(borrow, default, deserialize_with = "sent")]
    #[schema(value_type = Option<profile::Email>)]
    email: Option<Member<'a>>,
    /// Member of the loyalty program; default true.
    #[schema(value_type = Option<wire::Flag>)]
    opted_in: Member<'a>,
    /// Preferred language.
    #[schema(value_type = Option<profile::Locale>)]
    locale: Member<'a>,
    /// `YYYY-MM-DD`; customers are at least 13 years old.
    #[schema(value_type = Option<String>, format = "date")]
    dob: Member<'a>,
    /// `m` or `f`; `male` and `female` too.
    #[schema(value_type = Option<profile::Gender>)]
    gender: Member<'a>,
    /// First name.
    #[schema(value_type = Option<profile::Name>)]
    first_name: Member<'a>,
    /// Last name.
    #[schema(value_type = Option<profile::Name>)]
    last_name: Member<'a>,
    /// First address line.
    #[schema(value_type = Option<profile::AddressLine>)]
    address: Member<'a>,
    /// Second address line.
    #[schema(value_type = Option<profile::AddressLine>)]
    address2: Member<'a>,
    /// City.
    #[schema(value_type = Option<profile::Name>)]
    city: Member<'a>,
    /// State; a full name of a state of the USA becomes its code.
    #[schema(value_type = Option<profile::Name>)]
    state: Member<'a>,
    /// Postal code.
    #[schema(value_type = Option<profile::ShortCode>)]
    zip: Member<'a>,
    /// ISO 3166 alpha-3; alpha-2 too.
    #[schema(value_type = Option<profile::Country>)]
    country: Member<'a>,
    /// Market area code.
    #[schema(value_type = Option<profile::ShortCode>)]
    dma: Member<'a>,
    /// Decimal degrees.
    #[schema(value_type = Option<profile::Latitude>)]
    latitude: Member<'a>,
    /// Decimal degrees.
    #[schema(value_type = Option<profile::Longitude>)]
    longitude: Member<'a>,
    /// Replaces the whole list. At most 10.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<PhoneBody>>, max_items = 10)]
    phone_numbers: List<PhoneBody<'a>>,
    /// Custom attributes, merged; `null` clears one.
    #[serde(borrow)]
    #[schema(value_type = Option<profile::CustomAttributes>)]
    user_profile: Object<BTreeMap<String, Member<'a>>>,
    /// Made for tests; at creation only.
    #[schema(value_type = Option<wire::Flag>)]
    test_account: Member<'a>,
    /// Registration elsewhere, for imports; at creation only.
    #[schema(value_type = Option<wire::Time>)]
    registered_at: Member<'a>,
    /// Not offered yet; refused when true.
    #[schema(value_type = Option<profile::NotTrue>)]
    auth_token: Member<'a>,
    /// Not offered yet; refused when sent.
    #[schema(value_type = Option<wire::NotOffered>)]
    referral: Member<'a>,
    /// Not offered yet; refused when sent.
    #[schema(value_type = Option<wire::NotOffered>)]
    password: Member<'a>,
    /// Not offered yet; refused when sent.
    #[schema(value_type = Option<wire::NotOffered>)]
    proxy_id: Member<'a>,
}

/// An id in another system.
#[derive(Debug, Deserialize, ToSchema)]
pub struct IdentifierBody<'a> {
    /// The id.
    #[serde(borrow)]
    #[schema(value_type = profile::Identifier)]
    external_id: Member<'a>,
    /// Which system.
    #[schema(value_type = Option<String>, max_length = 255)]
    external_id_type: Member<'a>,
    /// Remove it.
    #[schema(value_type = Option<wire::Flag>)]
    delete: Member<'a>,
}

/// A phone number.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PhoneBody<'a> {
    /// Digits; blanks, dots, dashes, brackets and `+` are dropped.
    #[serde(borrow)]
    #[schema(value_type = profile::PhoneNumber)]
    phone_number: Member<'a>,
    /// `mobile` (default), `home`, `work`, `other`.
    #[schema(value_type = Option<profile::PhoneType>)]
    phone_type: Member<'a>,
    /// `primary` on at most one; the first number when on none.
    #[schema(value_type = Option<Vec<Option<String>>>)]
    preference_flags: Member<'a>,
}

/// Tells `null` from absent: only e-mail needs it.
fn sent<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Member<'a>>, D::Error> {
    Member::deserialize(deserializer).map(Some)
}

/// What a request is for: an empty text is nothing at creation and clears in an update (B1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// A new customer.
    Create,
    /// A customer who exists.
    Update,
}

/// Reads the body of a create or update.
pub fn read_user(body: &[u8], writing: Writing) -> Result<ProfileChange, CoreError> {
    let request: UserRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let change = match &request.user {
        Object::Present(user) => user.read(writing, &mut reader.inside("user")),
        Object::Absent => {
            reader.fault("user", FaultCode::Required, "is required");
            ProfileChange::default()
        }
        Object::Wrong => {
            reader.fault("user", FaultCode::Type, "must be an object");
            ProfileChange::default()
        }
    };
    faults.none_or(change).map_err(|faults| CoreError::invalid(&faults))
}

impl UserBody<'_> {
    fn read(&self, writing: Writing, reader: &mut Reader<'_>) -> ProfileChange {
        self.refuse_what_is_not_offered(reader);
        let creating = writing == Writing::Create;
        let email = self.email.map_or(Change::Keep, |email| match reader.boxed("email", email) {
            Some(email) => Change::Set(email),
            None if creating => Change::Keep,
            None => Change::Clear,
        });
        let registered_at = reader.time("registered_at", self.registered_at, &Zone::UTC);
        let test_account = reader.flag("test_account", self.test_account);
        let mut text = |name: &str, member: Member<'_>| match reader.key(name, member) {
            Some(value) => Change::Set(value.into()),
            None if member.was_sent() && !creating => Change::Clear,
            None => Change::Keep,
        };
        let attributes = ProfileChange {
            email,
            registered_at: registered_at.filter(|_| creating),
            test_account: test_account.filter(|_| creating),
            first_name: text("first_name", self.first_name),
            last_name: text("last_name", self.last_name),
            address: text("address", self.address),
            address2: text("address2", self.address2),
            city: text("city", self.city),
            state: text("state", self.state),
            zip: text("zip", self.zip),
            country: text("country", self.country),
            dma: text("dma", self.dma),
            latitude: text("latitude", self.latitude),
            longitude: text("longitude", self.longitude),
            dob: text("dob", self.dob),
            gender: text("gender", self.gender),
            locale: text("locale", self.locale),
            ..ProfileChange::default()
        };
        ProfileChange {
            external_id: read_id(reader, self.external_id, self.external_id_type),
            identifiers: reader
                .objects("identifiers", &self.identifiers, LISTED_MAX, |reader, id| id.read(reader)),
            clear_identifiers: reader.flag("clear_identifiers", self.clear_identifiers).unwrap_or(false),
            opted_in: reader.flag("opted_in", self.opted_in),
            phones: self.read_phones(reader),
            attributes: self.read_attributes(reader),
            ..attributes
        }
    }

    /// A caller who asks for these would be misled by silence.
    fn refuse_what_is_not_offered(&self, reader: &mut Reader<'_>) {
        if reader.flag("auth_token", self.auth_token) == Some(true) {
            reader.fault(
                "auth_token",
                FaultCode::NotOffered,
                "customer tokens are not offered in this release",
            );
        }
        let others = [
            ("referral", self.referral, "referrals are not offered in this release"),
            ("password", self.password, "sign-in by password is not offered in this release"),
            ("proxy_id", self.proxy_id, "proxy ids are not offered in this release"),
        ];
        for (name, member, message) in others {
            if member.held() != Held::Nothing {
                reader.fault(name, FaultCode::NotOffered, message);
            }
        }
    }

    fn read_phones(&self, reader: &mut Reader<'_>) -> Option<Vec<PhoneChange>> {
        let phones = reader
            .objects("phone_numbers", &self.phone_numbers, LISTED_MAX, |reader, phone| phone.read(reader));
        match self.phone_numbers {
            List::Absent | List::Wrong => None,
            List::Present(_) => Some(phones),
        }
    }

    fn read_attributes(&self, reader: &mut Reader<'_>) -> BTreeMap<Box<str>, Option<Box<str>>> {
        match &self.user_profile {
            Object::Absent => BTreeMap::new(),
            Object::Wrong => {
                reader.fault("user_profile", FaultCode::Type, "must be an object");
                BTreeMap::new()
            }
            Object::Present(attributes) => attributes
                .iter()
                // The version of the model, as an answer shows it, comes back when clients echo what they read.
                .filter(|(name, _)| *name != "_version")
                .map(|(name, value)| (name.as_str().into(), value.json().map(Into::into)))
                .collect(),
        }
    }
}

impl IdentifierBody<'_> {
    fn read(&self, reader: &mut Reader<'_>) -> IdentifierChange {
        reader.require("external_id", self.external_id);
        let id = read_id(reader, self.external_id, self.external_id_type);
        IdentifierChange {
            id: id.unwrap_or(ExternalId { value: "".into(), kind: None }),
            delete: reader.flag("delete", self.delete).unwrap_or(false),
        }
    }
}

impl PhoneBody<'_> {
    fn read(&self, reader: &mut Reader<'_>) -> PhoneChange {
        reader.require("phone_number", self.phone_number);
        let flags =
            reader.elements("preference_flags", self.preference_flags, |reader, flag| reader.text("", flag));
        PhoneChange {
            number: reader.key("phone_number", self.phone_number).map(Into::into).unwrap_or_default(),
            kind: reader.boxed("phone_type", self.phone_type),
            primary: flags.iter().any(|flag| flag.eq_ignore_ascii_case("primary")),
        }
    }
}

/// An id and its type; the type `default` is none.
fn read_id(reader: &mut Reader<'_>, id: Member<'_>, kind: Member<'_>) -> Option<ExternalId> {
    let kind = reader.text_within("external_id_type", kind, TYPE_MAX).filter(|kind| &**kind != "default");
    reader.key("external_id", id).map(|value| ExternalId { value: value.into(), kind })
}
