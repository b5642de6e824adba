//! Interpreting the members of one object.

use std::{borrow::Cow, str::FromStr};

use domain::{Timestamp, amount::AmountError, id::InvalidId, time::Zone};

use super::{FaultCode, Faults, List, Member, Object, Place, member::Held};

/// Reads the members of the object at a place. What cannot be read is noted as a fault and read as nothing.
pub struct Reader<'r> {
    place: Place<'r>,
    faults: &'r mut Faults,
}

impl<'r> Reader<'r> {
    /// A reader of the body itself.
    pub fn new(faults: &'r mut Faults) -> Self {
        Self { place: Place::Root, faults }
    }

    /// A reader of the object at a place.
    pub fn at(place: Place<'r>, faults: &'r mut Faults) -> Self {
        Self { place, faults }
    }

    /// Notes a fault of a member.
    pub fn fault(&mut self, name: &str, code: FaultCode, message: impl Into<String>) {
        self.faults.add(&Place::Name(&self.place, name), code, message);
    }

    /// A text; an empty one is nothing.
    pub fn text<'a>(&mut self, name: &str, member: Member<'a>) -> Option<Cow<'a, str>> {
        match member.held() {
            Held::Nothing => None,
            Held::Text(text) => Some(text),
            Held::Number(_) | Held::Flag(_) | Held::Array(_) | Held::Object(_) => {
                self.fault(name, FaultCode::Type, "must be a string");
                None
            }
        }
    }

    /// A text of at most `max` characters, to be kept.
    pub fn text_within(&mut self, name: &str, member: Member<'_>, max: usize) -> Option<Box<str>> {
        let text = self.text(name, member)?;
        if text.chars().count() > max {
            self.fault(name, FaultCode::TooLong, format!("must have at most {max} characters"));
            return None;
        }
        Some(text.into())
    }

    /// An id of the caller's: a text, or a number that is taken as its text (customers-campaigns.md B1.3).
    pub fn key<'a>(&mut self, name: &str, member: Member<'a>) -> Option<Cow<'a, str>> {
        match member.held() {
            Held::Number(number) => Some(Cow::Borrowed(number)),
            Held::Nothing | Held::Text(_) | Held::Flag(_) | Held::Array(_) | Held::Object(_) => {
                self.text(name, member)
            }
        }
    }

    /// A text to be kept.
    pub fn boxed(&mut self, name: &str, member: Member<'_>) -> Option<Box<str>> {
        self.text(name, member).map(Into::into)
    }

    /// A text that must be there.
    pub fn required_boxed(&mut self, name: &str, member: Member<'_>) -> Box<str> {
        self.require(name, member);
        self.boxed(name, member).unwrap_or_default()
    }

    /// Notes a fault when the member holds nothing. The answer says whether it holds something.
    pub fn require(&mut self, name: &str, member: Member<'_>) -> bool {
        let there = member.held() != Held::Nothing;
        if !there {
            self.fault(name, FaultCode::Required, "is required");
        }
        there
    }

    /// A boolean, also as the strings `"true"` and `"false"`.
    pub fn flag(&mut self, name: &str, member: Member<'_>) -> Option<bool> {
        match member.held() {
            Held::Nothing => return None,
            Held::Flag(flag) => return Some(flag),
            Held::Text(text) if text.eq_ignore_ascii_case("true") => return Some(true),
            Held::Text(text) if text.eq_ignore_ascii_case("false") => return Some(false),
            Held::Text(_) | Held::Number(_) | Held::Array(_) | Held::Object(_) => {}
        }
        self.fault(name, FaultCode::Type, "must be true or false");
        None
    }

    /// An exact amount.
    pub fn amount<T: FromStr<Err = AmountError>>(&mut self, name: &str, member: Member<'_>) -> Option<T> {
        let Held::Number(number) = member.held() else {
            if member.held() != Held::Nothing {
                self.fault(name, FaultCode::Type, "must be a number");
            }
            return None;
        };
        match number.parse() {
            Ok(amount) => Some(amount),
            Err(error @ (AmountError::NotANumber | AmountError::OutOfRange)) => {
                self.fault(name, FaultCode::OutOfRange, error.to_string());
                None
            }
        }
    }

    /// An exact amount that must be there.
    pub fn required_amount<T>(&mut self, name: &str, member: Member<'_>) -> T
    where
        T: FromStr<Err = AmountError> + Default,
    {
        self.require(name, member);
        self.amount(name, member).unwrap_or_default()
    }

    /// A whole number within the range of its type. `2.0` is one: tills write it.
    pub fn integer<T: TryFrom<i64>>(&mut self, name: &str, member: Member<'_>) -> Option<T> {
        let amount: domain::Quantity = self.amount(name, member)?;
        // The amount is rounded to its decimals, so whether the number is whole is seen in its text alone.
        let Held::Number(text) = member.held() else { return None };
        if !is_whole(text) {
            self.fault(name, FaultCode::Type, "must be a whole number");
            return None;
        }
        let whole = amount.units() / domain::Quantity::UNIT;
        let fits = T::try_from(whole).ok();
        if fits.is_none() {
            self.fault(name, FaultCode::OutOfRange, "the number is out of range");
        }
        fits
    }

    /// A time; without a zone it is in `zone`.
    pub fn time(&mut self, name: &str, member: Member<'_>, zone: &Zone) -> Option<Timestamp> {
        let text = self.text(name, member)?;
        match Timestamp::parse(&text, zone) {
            Ok(time) => Some(time),
            Err(error) => {
                self.fault(name, FaultCode::Format, error.to_string());
                None
            }
        }
    }

    /// A time that must be there.
    pub fn required_time(&mut self, name: &str, member: Member<'_>, zone: &Zone) -> Timestamp {
        self.require(name, member);
        self.time(name, member, zone).unwrap_or(Timestamp::MIN)
    }

    /// A GUID.
    pub fn guid<T: FromStr<Err = InvalidId>>(&mut self, name: &str, member: Member<'_>) -> Option<T> {
        let text = self.text(name, member)?;
        match text.parse() {
            Ok(id) => Some(id),
            Err(error) => {
                self.fault(name, FaultCode::Format, error.to_string());
                None
            }
        }
    }

    /// A GUID that must be there; nothing when it is not, or is none.
    pub fn required_guid<T: FromStr<Err = InvalidId>>(
        &mut self,
        name: &str,
        member: Member<'_>,
    ) -> Option<T> {
        self.require(name, member);
        self.guid(name, member)
    }

    /// The text of an object that is kept as it is.
    pub fn object_text<'a>(&mut self, name: &str, member: Member<'a>) -> Option<&'a str> {
        match member.held() {
            Held::Nothing => None,
            Held::Object(text) => Some(text),
            Held::Text(_) | Held::Number(_) | Held::Flag(_) | Held::Array(_) => {
                self.fault(name, FaultCode::Type, "must be an object");
                None
            }
        }
    }

    /// The text of an array that is kept as it is.
    pub fn array_text<'a>(&mut self, name: &str, member: Member<'a>) -> Option<&'a str> {
        match member.held() {
            Held::Nothing => None,
            Held::Array(text) => Some(text),
            Held::Text(_) | Held::Number(_) | Held::Flag(_) | Held::Object(_) => {
                self.fault(name, FaultCode::Type, "must be an array");
                None
            }
        }
    }

    /// The elements of an array of scalars; `element` reads each, a reader of the array in hand.
    pub fn elements<'a, T>(
        &mut self,
        name: &str,
        member: Member<'a>,
        mut element: impl FnMut(&mut Reader<'_>, Member<'a>) -> Option<T>,
    ) -> Vec<T> {
        let Some(text) = self.array_text(name, member) else { return Vec::new() };
        // The text came out of a body that has been parsed.
        let members: Vec<Member<'a>> = serde_json::from_str(text).unwrap_or_default();
        let array = Place::Name(&self.place, name);
        let mut read = Vec::with_capacity(members.len());
        for (index, member) in members.into_iter().enumerate() {
            let mut reader = Reader::at(Place::Index(&array, index), self.faults);
            read.extend(element(&mut reader, member));
        }
        read
    }

    /// The objects of an array, at most `max`; `element` reads each.
    pub fn objects<T, R>(
        &mut self,
        name: &str,
        list: &List<T>,
        max: usize,
        mut element: impl FnMut(&mut Reader<'_>, &T) -> R,
    ) -> Vec<R> {
        let elements = match list {
            List::Absent => return Vec::new(),
            List::Wrong => {
                self.fault(name, FaultCode::Type, "must be an array");
                return Vec::new();
            }
            List::Present(elements) => elements,
        };
        if elements.len() > max {
            self.fault(name, FaultCode::Limit, format!("must have at most {max} elements"));
            return Vec::new();
        }
        let array = Place::Name(&self.place, name);
        let mut read = Vec::with_capacity(elements.len());
        for (index, object) in elements.iter().enumerate() {
            let place = Place::Index(&array, index);
            match object {
                Object::Present(object) => read.push(element(&mut Reader::at(place, self.faults), object)),
                Object::Absent | Object::Wrong => {
                    self.faults.add(&place, FaultCode::Type, "must be an object")
                }
            }
        }
        read
    }

    /// A reader of the object that a member holds.
    pub fn inside<'s>(&'s mut self, name: &'s str) -> Reader<'s> {
        Reader { place: Place::Name(&self.place, name), faults: self.faults }
    }
}

/// Whether the JSON number of a text is whole: every digit behind its point, wherever the exponent puts it, is zero.
fn is_whole(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let before = before.trim_start_matches('-');
    let Ok(exponent) = exponent.parse::<i64>() else { return false };
    let point = i64::try_from(before.len()).unwrap_or(i64::MAX).saturating_add(exponent);
    let point = usize::try_from(point.max(0)).unwrap_or(usize::MAX);
    before.bytes().chain(behind.bytes()).skip(point).all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_number_is_whole_when_no_digit_behind_its_point_counts() {
        for whole in ["0", "-7", "2.0", "1.50e1", "20e-1", "0.0e-5", "1e3", "0e99999"] {
            assert!(is_whole(whole), "{whole}");
        }
        for broken in
            ["0.5", "2.5890419884777833e-42", "1.0000001", "25e-1", "-1e-7", "1e99999999999999999999"]
        {
            assert!(!is_whole(broken), "{broken}");
        }
    }
}
