//! What the byte form of a record costs, with a record as large and as nested as that of a credited sale: ids, amounts,
//! times, short texts, lists of lists.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use laurel_store::codec;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    at_ms: i64,
    version: u32,
    events: Vec<Event>,
    effects: Vec<Effect>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Event {
    Moved { from: Option<Id>, to: Id, at_ms: i64 },
    Credited(Box<Credited>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Credited {
    sale: Id,
    revision: u32,
    text: Box<str>,
    levels: Vec<(Id, Id)>,
    entries: Vec<Entry>,
    uses: Vec<(Id, i64)>,
    recalled: Option<Box<Entry>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    row: Id,
    account: Id,
    source: Id,
    units: i64,
    occurred_ms: i64,
    expires_ms: Option<i64>,
    draws: Vec<(Id, i64)>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Effect {
    receiver: Id,
    again: bool,
}

/// Sixteen bytes, stored with their length as UUIDs are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Id(#[serde(with = "bytes")] [u8; 16]);

mod bytes {
    use std::fmt;

    use serde::{
        Deserializer, Serializer,
        de::{Error, Visitor},
    };

    pub fn serialize<S: Serializer>(bytes: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        deserializer.deserialize_bytes(Sixteen)
    }

    struct Sixteen;

    impl Visitor<'_> for Sixteen {
        type Value = [u8; 16];

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("sixteen bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<[u8; 16], E> {
            bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let record = record();
    let encoded = codec::encode(1, &record);
    println!("a record of {} bytes", encoded.len());
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Bytes(u64::try_from(encoded.len()).expect("a record is small")));
    group.bench_function("encode", |bencher| bencher.iter(|| codec::encode(1, black_box(&record))));
    group.bench_function("encode into a buffer", |bencher| {
        let mut buffer = Vec::with_capacity(encoded.len());
        bencher.iter(|| {
            buffer.clear();
            codec::encode_into(&mut buffer, 1, black_box(&record));
            buffer.len()
        });
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| codec::decode::<Record>(black_box(&encoded)).expect("what was encoded decodes"));
    });
    group.finish();
    criterion.final_summary();
}

fn id(number: u8) -> Id {
    Id([number; 16])
}

fn entry(number: u8) -> Entry {
    Entry {
        row: id(number),
        account: id(1),
        source: id(2),
        units: 125_000 * i64::from(number),
        occurred_ms: 1_489_579_200_000,
        expires_ms: Some(1_505_476_800_000),
        draws: (0..number % 2).map(|lot| (id(lot), 25_000)).collect(),
    }
}

fn record() -> Record {
    let credited = Credited {
        sale: id(9),
        revision: 1,
        text: "till-0042-2017-03-15-000123".into(),
        levels: vec![(id(20), id(22))],
        entries: (1..=4).map(entry).collect(),
        uses: vec![(id(30), 250_000), (id(31), 10_000)],
        recalled: None,
    };
    Record {
        at_ms: 1_489_579_200_123,
        version: 7,
        events: vec![
            Event::Credited(Box::new(credited)),
            Event::Moved { from: Some(id(22)), to: id(23), at_ms: 1_489_579_200_123 },
        ],
        effects: vec![Effect { receiver: id(40), again: false }],
    }
}
