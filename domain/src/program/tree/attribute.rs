//! Attributes of a customer that rules may look at (incentives.md 6.2, node 8192).

/// An attribute of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// `dob`: the date of birth.
    BirthDate,
    /// `birth_month`: 1 to 12.
    BirthMonth,
    /// `birth_day`: day of the month, 1 to 31.
    BirthDay,
    /// `gender`: `m` or `f`.
    Gender,
    /// `locale`
    Locale,
    /// `first_name`
    FirstName,
    /// `last_name`
    LastName,
    /// `city`
    City,
    /// `state`
    State,
    /// `zip`
    Zip,
    /// `country`
    Country,
    /// `dma`
    Dma,
    /// `user_profile.x`: the custom attribute x.
    Custom(Box<str>),
}

impl Attribute {
    /// The attribute of this name.
    pub fn named(name: &str) -> Option<Self> {
        if let Some(custom) = name.strip_prefix("user_profile.").filter(|custom| !custom.is_empty()) {
            return Some(Self::Custom(custom.into()));
        }
        Some(match name {
            "dob" => Self::BirthDate,
            "birth_month" => Self::BirthMonth,
            "birth_day" => Self::BirthDay,
            "gender" => Self::Gender,
            "locale" => Self::Locale,
            "first_name" => Self::FirstName,
            "last_name" => Self::LastName,
            "city" => Self::City,
            "state" => Self::State,
            "zip" => Self::Zip,
            "country" => Self::Country,
            "dma" => Self::Dma,
            _ => return None,
        })
    }
}
