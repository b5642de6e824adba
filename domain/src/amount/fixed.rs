//! The amount types. Each is an `i64` of its smallest unit; the types do not mix.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use super::decimal::{AmountError, parse_scaled, write_scaled};

macro_rules! fixed_point {
    ($(#[$meta:meta])* $name:ident, $scale:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Decimal places kept.
            pub const SCALE: u32 = $scale;
            /// Smallest units in one whole.
            pub const UNIT: i64 = 10_i64.pow($scale);
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// An amount from its smallest units.
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }

            /// An amount from a wide intermediate result; refuses what does not fit.
            pub fn from_wide(units: i128) -> Result<Self, AmountError> {
                i64::try_from(units).map(Self).map_err(|_| AmountError::OutOfRange)
            }

            /// A whole number of it. Refuses what does not fit.
            pub fn whole(value: i64) -> Result<Self, AmountError> {
                value.checked_mul(Self::UNIT).map(Self).ok_or(AmountError::OutOfRange)
            }

            /// In smallest units.
            pub const fn units(self) -> i64 {
                self.0
            }

            /// In smallest units, widened for intermediate results.
            pub fn wide(self) -> i128 {
                i128::from(self.0)
            }

            /// The sum, or an error when it does not fit.
            pub fn plus(self, other: Self) -> Result<Self, AmountError> {
                self.0.checked_add(other.0).map(Self).ok_or(AmountError::OutOfRange)
            }

            /// The difference, or an error when it does not fit.
            pub fn minus(self, other: Self) -> Result<Self, AmountError> {
                self.0.checked_sub(other.0).map(Self).ok_or(AmountError::OutOfRange)
            }

            /// The same amount with the other sign.
            pub fn negated(self) -> Result<Self, AmountError> {
                self.0.checked_neg().map(Self).ok_or(AmountError::OutOfRange)
            }

            /// The sum of many, or an error when it does not fit.
            pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, AmountError> {
                amounts.into_iter().try_fold(Self::ZERO, Self::plus)
            }

            /// Above zero.
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Below zero.
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// Exactly zero.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        impl FromStr for $name {
            type Err = AmountError;

            fn from_str(text: &str) -> Result<Self, AmountError> {
                parse_scaled(text, $scale).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_scaled(self.0, $scale, formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{} {self}", stringify!($name))
            }
        }

        /// JSON: a number without trailing zeros. Records: the smallest units.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serializer.serialize_i64(self.0);
                }
                if self.0 % Self::UNIT == 0 {
                    return serializer.serialize_i64(self.0 / Self::UNIT);
                }
                RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
            }
        }

        /// JSON: a number, read from its text. Records: the smallest units.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    return i64::deserialize(deserializer).map(Self);
                }
                <&RawValue>::deserialize(deserializer)?.get().parse().map_err(de::Error::custom)
            }
        }
    };
}

fixed_point!(
    /// Loyalty points with 4 decimals (incentives.md 1.3).
    Points, 4
);
fixed_point!(
    /// An amount of the retailer's currency with 4 decimals (catalog-transactions.md A.3).
    Money, 4
);
fixed_point!(
    /// A number of units of an item, weighed goods and fuel included, with 6 decimals (catalog-transactions.md A.3).
    Quantity, 6
);
fixed_point!(
    /// A factor of a rule: a rate, a multiplier, a share, a percentage; 6 decimals.
    Rate, 6
);
