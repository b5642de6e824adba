//! How members of a customer look in the OpenAPI document: what `domain` takes of a profile.

use utoipa::openapi::{
    ObjectBuilder, Schema,
    schema::{AdditionalProperties, AnyOfBuilder, Type},
};

use crate::json::wire::{any, caseless, key, number, of, pattern, wire_types};

wire_types! {
    /// An id in the caller's system, at most 255 characters: a text, or a number that is taken as its text.
    Identifier => key(Some(255));
    /// One `@`, a dot behind it, no blanks; at most 254 characters.
    Email => pattern("^[^@\\s\\x85]+@[^@\\s\\x85]*\\.[^@\\s\\x85]*$").max_length(Some(254));
    /// Language, and perhaps script and region: `en`, `en-US`, `en_us`.
    Locale => pattern("^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$");
    /// `m`, `f`, `male` or `female`, in any letter case.
    Gender => caseless(&["m", "f", "male", "female"]);
    /// A code of ISO 3166: alpha-2 or alpha-3, in any letter case.
    Country => pattern("^[A-Za-z]{2,3}$");
    /// A name, at most 100 characters: a text, or a number that is taken as its text.
    Name => key(Some(100));
    /// A line of an address, at most 255 characters: a text, or a number that is taken as its text.
    AddressLine => key(Some(255));
    /// A code, at most 20 characters: a text, or a number that is taken as its text.
    ShortCode => key(Some(20));
    /// Decimal degrees, as a number or as its text.
    Latitude => degrees(90.0, "[1-8]?[0-9]", "90");
    /// Decimal degrees, as a number or as its text.
    Longitude => degrees(180.0, "[1-9]?[0-9]|1[0-7][0-9]", "180");
    /// 1 to 20 digits. Blanks, dots, dashes, brackets and `+` are dropped. A number is taken as its text.
    PhoneNumber => any([pattern("^[ .\\-()\\[\\]+]*(?:[0-9][ .\\-()\\[\\]+]*){1,20}$"), of(Type::Number)]);
    /// `mobile`, `home`, `work` or `other`, in any letter case.
    PhoneType => caseless(&["mobile", "home", "work", "other"]);
    /// Names to any values, of at most 4,000 bytes each.
    CustomAttributes => attributes();
    /// Customer tokens are not offered in this release; who asks for one is refused.
    NotTrue => any([of(Type::Boolean).enum_values(Some([false])), caseless(&["false"])]);
}

fn degrees(most: f64, below: &str, at: &str) -> AnyOfBuilder {
    let written = pattern(&format!("^-?(?:(?:{below})(?:\\.[0-9]{{1,9}})?|{at})$"));
    any([number(-most, most), written])
}

fn attributes() -> ObjectBuilder {
    let name: Schema = pattern("^[A-Za-z0-9_]{1,100}$").into();
    of(Type::Object)
        .property_names(Some(name))
        .max_properties(Some(200))
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
}
