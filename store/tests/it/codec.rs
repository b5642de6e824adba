//! The codec: round trips, refusals, and bytes that must stay readable.

use laurel_store::codec::{CodecError, decode, encode, encode_into, version_of};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Kind {
    Plain,
    Sized { len: u32 },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Sample {
    id: [u8; 16],
    name: String,
    amount: i64,
    large: u128,
    kinds: Vec<Kind>,
    note: Option<bool>,
}

fn sample() -> Sample {
    Sample {
        id: [9; 16],
        name: "Größe".to_owned(),
        amount: -1_234_567_890_123,
        large: u128::MAX,
        kinds: vec![Kind::Plain, Kind::Sized { len: 300 }],
        note: Some(true),
    }
}

#[test]
fn version_1_bytes_stay_as_they_are() {
    let golden = include_bytes!("../golden/codec-v1.bin");
    assert_eq!(encode(1, &sample()), golden);
    assert_eq!(decode::<Sample>(golden).unwrap(), (1, sample()));
}

#[test]
fn encode_into_appends() {
    let mut bytes = b"before".to_vec();
    encode_into(&mut bytes, 3, &sample());
    assert_eq!(bytes[..6], *b"before");
    assert_eq!(decode::<Sample>(&bytes[6..]).unwrap().0, 3);
    assert_eq!(version_of(&bytes[6..]), Some(3));
}

#[test]
fn every_shortened_value_and_every_longer_one_is_refused() {
    let bytes = encode(1, &sample());
    for len in 1..bytes.len() {
        assert!(
            matches!(decode::<Sample>(&bytes[..len]), Err(CodecError::Malformed { version: 1, .. })),
            "{len}"
        );
    }
    let mut longer = bytes;
    longer.extend([0, 0]);
    assert!(matches!(decode::<Sample>(&longer), Err(CodecError::Trailing { version: 1, count: 2 })));
    assert!(matches!(decode::<Sample>(&[]), Err(CodecError::Empty)));
}

/// Memory for it would be asked for before it is seen that so much is not there: the process would end.
#[test]
fn a_length_that_cannot_be_is_refused() {
    let text = encode(1, &"short");
    for claimed in [[0xff; 8], (1_u64 << 40).to_le_bytes(), (1_u64 << 30).to_le_bytes()] {
        let bytes = [&text[..1], &[253], &claimed, &text[2..]].concat();
        assert!(matches!(decode::<String>(&bytes), Err(CodecError::Malformed { .. })), "{claimed:?}");
    }
    let long = "x".repeat(70_000);
    assert_eq!(decode::<String>(&encode(1, &long)).unwrap(), (1, long));
}
