//! Where in a body a member stands. Built on the stack; becomes text only for a fault.

use std::fmt::Write;

/// A member's place.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// The body itself.
    Root,
    /// A member of an object; an empty name is the place itself.
    Name(&'a Place<'a>, &'a str),
    /// An element of an array.
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// `request_payload.items[1].line_id`; empty for the body itself.
    pub fn dotted(&self) -> String {
        let mut text = String::new();
        self.write_dotted(&mut text);
        text
    }

    fn write_dotted(&self, text: &mut String) {
        match self {
            Self::Root => {}
            Self::Name(parent, name) => {
                parent.write_dotted(text);
                if !text.is_empty() && !name.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Self::Index(parent, index) => {
                parent.write_dotted(text);
                write!(text, "[{index}]").expect("writing to a String cannot fail");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_written_with_dots_and_brackets() {
        let payload = Place::Name(&Place::Root, "request_payload");
        let items = Place::Name(&payload, "items");
        let second = Place::Index(&items, 1);
        assert_eq!(Place::Name(&second, "line_id").dotted(), "request_payload.items[1].line_id");
        assert_eq!(Place::Root.dotted(), "");
    }
}
