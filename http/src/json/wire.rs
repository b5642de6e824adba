//! How members of requests look in the OpenAPI document: exactly what [`Reader`](super::Reader) takes.
//!
//! Types of the document alone; nothing has a value of them. Of an optional member the document also says that `null`
//! and `""` are as good as absent: `operations/leniency` writes that wherever a request admits `null`.

use utoipa::openapi::{
    ObjectBuilder, RefOr, Schema,
    schema::{AnyOfBuilder, SchemaFormat, SchemaType, Type},
};

/// The largest amount with 4 decimals that fits, without its fraction; the smallest is its negative.
const AMOUNT_MAX: f64 = 922_337_203_685_477.0;
/// The same with 6 decimals.
const QUANTITY_MAX: f64 = 9_223_372_036_854.0;
/// The same as a whole number.
const WHOLE_MAX: isize = 9_223_372_036_854;
/// One unit of the fourth decimal: what is less may be rounded to nothing.
const AMOUNT_STEP: f64 = 0.0001;

/// Declares types of the document: what each means, and its schema. Its name there is the type's.
macro_rules! wire_types {
    ($($(#[doc = $doc:literal])+ $name:ident => $schema:expr;)+) => {$(
        $(#[doc = $doc])+
        pub enum $name {}

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::json::wire::described($schema.into(), concat!($($doc),+).trim())
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}
pub(crate) use wire_types;

wire_types! {
    /// A GUID in any letter case; with braces or without hyphens, too.
    Guid => text().format(Some(SchemaFormat::Custom("uuid".into())));
    /// An id of the caller's: a text, or a number that is taken as its text.
    Key => key(None);
    /// A reference of the caller's, at most 200 characters: a text, or a number that is taken as its text.
    Reference => key(Some(200));
    /// A key of a till's, at most 128 characters: a text, or a number that is taken as its text.
    TillKey => key(Some(128));
    /// A date-time; without a zone it is in the one that the member's description names, UTC where it names none. A
    /// blank for the `T` and a date alone, its midnight, are taken too.
    Time => time();
    /// A boolean, also as a text.
    Flag => any([of(Type::Boolean), caseless(&["true", "false"])]);
    /// A decimal number; 4 decimals are kept.
    Amount => number(-AMOUNT_MAX, AMOUNT_MAX);
    /// A decimal number that is not negative; 4 decimals are kept.
    NotNegativeAmount => number(0.0, AMOUNT_MAX);
    /// A decimal number above zero; 4 decimals are kept.
    PositiveAmount => number(AMOUNT_STEP, AMOUNT_MAX);
    /// A decimal number; 6 decimals are kept.
    Quantity => number(-QUANTITY_MAX, QUANTITY_MAX);
    /// How many; `2.0` is a whole number too.
    Count => whole(0, 4_294_967_295);
    /// The rows to pass over; default 0.
    Skip => whole(0, 2_147_483_647);
    /// Kinds of rows of the ledger: 1 issuance, 2 redemption, 4 expiration, 8 transfer, 16 overdraft, 32 return, 64
    /// rollover.
    AuditType => whole(0, 255);
    /// The rows of a page, at most 1,000; default 50.
    Take => whole(0, 1_000);
    /// A place in an order.
    Rank => whole(-WHOLE_MAX, WHOLE_MAX);
    /// A version, as an answer has shown it.
    Version => whole(0, WHOLE_MAX);
    /// `asc` or `desc`, in any letter case.
    SortDirection => caseless(&["asc", "desc"]);
    /// What kind of id names a customer: `SessionM_ID`, `External_ID`, `Email`, `Phone`, `Loyalty_Card` (also
    /// `Loyalty_Number`) or `Proxy_ID`, in any letter case.
    UserIdType => caseless(
        &["SessionM_ID", "External_ID", "Email", "Phone", "Loyalty_Card", "Loyalty_Number", "Proxy_ID"]
    );
    /// `ok`
    StatusOk => words(&["ok"]);
    /// `error`
    StatusError => words(&["error"]);
    /// `OK`
    StatusOkUpper => words(&["OK"]);
    /// `ERROR`
    StatusErrorUpper => words(&["ERROR"]);
    /// The platform knows it; this release does not offer it, and refuses what asks for it.
    NotOffered => of(Type::Null);
}

/// Values of a JSON type.
pub fn of(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(kind))
}

/// A text.
pub fn text() -> ObjectBuilder {
    of(Type::String)
}

/// A text of a pattern.
pub fn pattern(pattern: &str) -> ObjectBuilder {
    text().pattern(Some(pattern))
}

/// One of these words.
pub fn words(words: &[&str]) -> ObjectBuilder {
    text().enum_values(Some(words.iter().copied()))
}

/// One of these words, in any letter case.
pub fn caseless(words: &[&str]) -> ObjectBuilder {
    let letter = |letter: char| match letter.is_ascii_alphabetic() {
        true => format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase()),
        false => letter.to_string(),
    };
    let words: Vec<String> = words.iter().map(|word| word.chars().map(letter).collect()).collect();
    pattern(&format!("^(?:{})$", words.join("|")))
}

/// A number, its bounds included.
pub fn number(minimum: f64, maximum: f64) -> ObjectBuilder {
    of(Type::Number).minimum(Some(minimum)).maximum(Some(maximum))
}

/// A whole number, its bounds included.
pub fn whole(minimum: isize, maximum: isize) -> ObjectBuilder {
    of(Type::Integer).minimum(Some(minimum)).maximum(Some(maximum))
}

/// A value of any of these.
pub fn any<const N: usize>(several: [ObjectBuilder; N]) -> AnyOfBuilder {
    several.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item)
}

/// A text that is not empty, or a number.
pub fn key(length_max: Option<usize>) -> AnyOfBuilder {
    any([text().min_length(Some(1)).max_length(length_max), of(Type::Number)])
}

fn time() -> AnyOfBuilder {
    let (any_month, not_february, long) = ("0[1-9]|1[0-2]", "0[13-9]|1[0-2]", "0[13578]|1[02]");
    let day =
        format!("(?:(?:{any_month})-(?:0[1-9]|1[0-9]|2[0-8])|(?:{not_february})-(?:29|30)|(?:{long})-31)");
    let clock = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,9})?)?";
    let bare = pattern(&format!("^[0-9]{{4}}-{day}(?:[T ]{clock})?$"));
    any([text().format(Some(SchemaFormat::Custom("date-time".into()))), bare])
}

/// A schema with its description.
pub fn described(mut schema: Schema, description: &str) -> RefOr<Schema> {
    let described = match &mut schema {
        Schema::Object(object) => Some(&mut object.description),
        Schema::AnyOf(any) => Some(&mut any.description),
        _ => None,
    };
    if let Some(described) = described {
        *described = Some(description.to_owned());
    }
    schema.into()
}
