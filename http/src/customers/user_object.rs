//! The response object `user` (customers-campaigns.md B1.4) with its projection of incentives (B1.7, incentives.md
//! 2.9).

use std::collections::BTreeMap;

use domain::{
    Points, Timestamp,
    customer::{Customer, ExternalId, Identity, Phone, Profile},
    program::Program,
    time::{Span, TimeForm, Unit, Zone},
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::query::Shown;
use crate::incentives::{BalanceObject, UserTierObject, difference, next_level, user_tiers_of};

/// Shown when there is no photo (B1.4).
const NO_PHOTO: &str = "/images/account-neutral.png";
/// The version of the model of custom attributes; there is one until retailers can define their own.
const MODEL_VERSION: u32 = 1;

/// A customer. Absent standard attributes are omitted, lists are not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserObject {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    opted_in: bool,
    activated: bool,
    proxy_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifiers: Option<Vec<IdentifierObject>>,
    #[schema(value_type = f64)]
    available_points: Points,
    #[schema(value_type = f64)]
    test_points: Points,
    unclaimed_achievement_count: u32,
    #[serde(flatten)]
    person: PersonObject,
    suspended: bool,
    registered_at: String,
    #[schema(value_type = String)]
    profile_photo_url: &'static str,
    test_account: bool,
    #[schema(value_type = String)]
    account_status: &'static str,
    #[serde(flatten)]
    #[schema(value_type = TierProjection)]
    tier: Option<TierProjection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_details: Option<TierDetails>,
    referrer_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    user_profile: Option<CustomAttributes>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phone_numbers: Vec<PhoneObject>,
}

/// The standard attributes of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonObject {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dob: Option<Box<str>>,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address2: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dma: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    latitude: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    longitude: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<Box<str>>,
}

/// The level held in the first live tier system of the program; none of it where none is held.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierProjection {
    #[schema(required = false)]
    tier: String,
    #[schema(required = false)]
    tier_system: String,
    #[schema(value_type = f64, required = false)]
    tier_points: Points,
    #[schema(value_type = f64, required = false)]
    next_tier_points: Points,
    #[schema(required = false)]
    next_tier_percentage: u32,
    #[schema(value_type = f64, required = false)]
    tier_ends_value: Points,
    #[schema(required = false)]
    tier_entered_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_resets_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    maintenance_points: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    maintenance_required_points: Option<Points>,
}

/// Incentives of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierDetails {
    tier_levels: Vec<UserTierObject>,
    point_account_balances: BalanceObject,
}

/// An id in another system.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentifierObject {
    external_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id_type: Option<String>,
}

/// A phone number.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhoneObject {
    phone_number: String,
    phone_type: String,
    #[schema(value_type = Vec<String>)]
    preference_flags: &'static [&'static str],
    verified_ownership: bool,
}

/// Custom attributes: name to JSON text, behind the version of their model.
#[derive(Debug)]
pub struct CustomAttributes(BTreeMap<Box<str>, Box<str>>);

/// A decimal number kept as its text.
#[derive(Debug)]
pub struct Decimal(Box<str>);

impl Serialize for CustomAttributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeMap};
        let mut map = serializer.serialize_map(Some(self.0.len() + 1))?;
        map.serialize_entry("_version", &MODEL_VERSION)?;
        for (name, value) in &self.0 {
            let value: &RawValue = serde_json::from_str(value).map_err(S::Error::custom)?;
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl UserObject {
    /// The object of a customer.
    pub fn new(
        customer: &Customer,
        identity: &Identity,
        shown: Shown,
        program: &Program,
        now: Timestamp,
    ) -> Self {
        let profile = &identity.profile;
        let id = identity.id.to_string();
        let balances = customer.balances(program, now);
        let balances = BalanceObject::new(program.retailer().id.to_string(), &id, &balances, program);
        Self {
            external_id: profile.shown_identifier().map(|known| known.value.to_string()),
            opted_in: profile.opted_in,
            activated: false,
            proxy_ids: Vec::new(),
            identifiers: shown
                .identifiers
                .then(|| profile.identifiers.iter().map(IdentifierObject::new).collect()),
            available_points: balances.available_of("Spend"),
            test_points: Points::ZERO,
            unclaimed_achievement_count: 0,
            person: PersonObject::new(identity),
            suspended: false,
            registered_at: profile.registered_at.unwrap_or(identity.created_at).write(TimeForm::Customer),
            profile_photo_url: NO_PHOTO,
            test_account: profile.test_account,
            account_status: "good",
            tier: TierProjection::new(customer, &balances, program),
            tier_details: shown.incentives.then(|| TierDetails::new(customer, &id, balances, program, now)),
            referrer_code: profile.referrer_code(identity.id),
            user_profile: shown.user_profile.then(|| CustomAttributes(profile.attributes.clone())),
            phone_numbers: profile.phones.iter().map(PhoneObject::new).collect(),
            id,
        }
    }
}

impl PersonObject {
    fn new(identity: &Identity) -> Self {
        let Profile { email, names, address, dob, gender, locale, .. } = identity.profile.clone();
        Self {
            email,
            gender,
            dob,
            created_at: identity.created_at.write(TimeForm::Customer),
            updated_at: identity.updated_at.write(TimeForm::Customer),
            address: address.line1,
            address2: address.line2,
            city: address.city,
            zip: address.zip,
            dma: address.dma,
            state: address.state,
            country: address.country,
            locale,
            latitude: address.latitude.map(Decimal),
            longitude: address.longitude.map(Decimal),
            last_name: names.last,
            first_name: names.first,
        }
    }
}

impl TierProjection {
    /// Nothing when the customer is in no live system of the program.
    fn new(customer: &Customer, balances: &BalanceObject, program: &Program) -> Option<Self> {
        let held = program.tier_systems().iter().filter(|system| system.live).find_map(|system| {
            let tier = customer.tiers().iter().find(|tier| tier.system == system.id)?;
            Some((system, tier, system.level(tier.level)?))
        });
        let (system, tier, level) = held?;
        let tier_points = balances.available_of("Tier");
        let next = next_level(system, level);
        let ends = next.and_then(|next| program.entrance_threshold(next.id)).unwrap_or(Points::ZERO);
        let year = Span { value: 1, unit: Unit::Year };
        let maintenance = program.stay_threshold(level.id);
        let required = maintenance.map(|needed| difference(needed, tier_points));
        Some(Self {
            tier: level.name.clone(),
            tier_system: system.name.clone(),
            tier_points,
            next_tier_points: difference(ends, tier_points).max(Points::ZERO),
            next_tier_percentage: percentage(tier_points, ends),
            tier_ends_value: ends,
            tier_entered_at: tier.joined.write(TimeForm::Customer),
            tier_resets_at: Zone::UTC.later(tier.joined, year).map(|reset| reset.write(TimeForm::Customer)),
            maintenance_points: maintenance,
            maintenance_required_points: required.map(|required| required.max(Points::ZERO)),
        })
    }
}

/// How much of the way to the next level is done, in whole per cent, cut; 100 at the top.
fn percentage(points: Points, ends: Points) -> u32 {
    if !ends.is_positive() {
        return 100;
    }
    let done = (points.wide().max(0) * 100 / ends.wide()).min(100);
    u32::try_from(done).expect("between 0 and 100")
}

impl TierDetails {
    fn new(
        customer: &Customer,
        id: &str,
        balances: BalanceObject,
        program: &Program,
        now: Timestamp,
    ) -> Self {
        let mut levels = user_tiers_of(customer, id, program, now, TimeForm::Iso);
        let live = |tier: &UserTierObject| {
            program
                .tier_systems()
                .iter()
                .any(|system| system.live && system.id.to_string() == tier.tier_system_id)
        };
        levels.retain(live);
        Self { tier_levels: levels, point_account_balances: balances }
    }
}

impl IdentifierObject {
    fn new(known: &ExternalId) -> Self {
        Self {
            external_id: known.value.to_string(),
            external_id_type: known.kind.as_ref().map(ToString::to_string),
        }
    }
}

impl PhoneObject {
    fn new(phone: &Phone) -> Self {
        Self {
            phone_number: phone.number.to_string(),
            phone_type: phone.kind.to_string(),
            preference_flags: if phone.primary { &["primary"] } else { &[] },
            verified_ownership: phone.verified,
        }
    }
}
