//! Damage to bytes, whatever they mean.

use fastrand::Rng;

/// Bytes that mean something to one reader or another: ends of numbers of every width, marks of JSON, HTTP and URLs.
const TELLING: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\xfb",
    b"\xfc\xff\xff\xff\xff",
    b"\xfd\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xfe",
    b"\x7f",
    b"\x80",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x92\xa9",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b",",
    b"1e999",
    b"-0",
    b"?&=%00%",
];

/// Damages bytes in a few places.
pub fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..=4) {
        once(rng, bytes);
    }
}

fn once(rng: &mut Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return bytes.extend_from_slice(telling(rng));
    }
    let at = rng.usize(0..bytes.len());
    match rng.u8(0..9) {
        0 => bytes[at] ^= 1 << rng.u8(0..8),
        1 => bytes[at] = rng.u8(..),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end(rng, bytes, at))),
        4 => {
            // A piece once more, somewhere else.
            let piece = bytes[at..end(rng, bytes, at)].to_vec();
            insert(bytes, rng.usize(0..=bytes.len()), &piece);
        }
        5 => {
            let end = end(rng, bytes, at);
            bytes[at..end].fill(if rng.bool() { 0 } else { 0xff });
        }
        6 => {
            let other = rng.usize(0..bytes.len());
            bytes.swap(at, other);
        }
        7 => {
            let piece = telling(rng);
            insert(bytes, at, piece);
        }
        _ => {
            let piece = telling(rng);
            let end = bytes.len().min(at + piece.len());
            bytes[at..end].copy_from_slice(&piece[..end - at]);
        }
    }
}

fn telling(rng: &mut Rng) -> &'static [u8] {
    TELLING[rng.usize(0..TELLING.len())]
}

fn end(rng: &mut Rng, bytes: &[u8], from: usize) -> usize {
    (from + rng.usize(1..=64)).min(bytes.len())
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}
