//! Takes lines from their source, on a thread of its own, a bounded number ahead of the network.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::Arc,
    thread,
};

use tokio::sync::mpsc;

use super::{
    Batches, DeliveryError,
    work::{Job, Work},
};

/// Longest line that is read; the server takes 1 MiB (pos-offers.md B.10).
const LINE_BYTES_MAX: usize = 4 << 20;
/// Lines handed on together.
const BATCH_LINES: usize = 64;
/// Batches read ahead.
const BATCHES: usize = 4;
const FILE_BUFFER_BYTES: usize = 256 << 10;

/// A line of the source that is not empty.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// It, without the end of line.
    pub text: Vec<u8>,
    /// How much of the source has been read with it, blank lines included.
    pub source_bytes: u64,
}

/// The lines of a file and the file's size in bytes.
///
/// # Errors
/// The file cannot be opened.
pub fn file_lines(path: &Path) -> io::Result<(impl Iterator<Item = io::Result<Line>> + Send + use<>, u64)> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    Ok((Lines { reader: BufReader::with_capacity(FILE_BUFFER_BYTES, file), number: 0 }, bytes))
}

struct Lines<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<io::Result<Line>> {
        let mut source_bytes = 0;
        loop {
            let mut text = Vec::new();
            let limit = u64::try_from(LINE_BYTES_MAX).expect("a line's limit fits 64 bits");
            let read = match (&mut self.reader).take(limit).read_until(b'\n', &mut text) {
                Ok(0) => return None,
                Ok(read) => read,
                Err(error) => return Some(Err(error)),
            };
            self.number += 1;
            if read == LINE_BYTES_MAX && text.last() != Some(&b'\n') {
                return Some(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("the line is longer than {LINE_BYTES_MAX} bytes"),
                )));
            }
            source_bytes += u64::try_from(read).expect("a line's length fits 64 bits");
            let trimmed = text.trim_ascii_end().len();
            text.truncate(trimmed);
            if !text.trim_ascii_start().is_empty() {
                return Some(Ok(Line { number: self.number, text, source_bytes }));
            }
        }
    }
}

/// Starts the reader's thread. It ends with the source, or when nobody takes the batches any more.
pub(super) fn read<W: Work>(
    lines: impl Iterator<Item = io::Result<Line>> + Send + 'static,
    work: Arc<W>,
) -> Batches {
    let (sender, batches) = mpsc::channel(BATCHES);
    thread::spawn(move || {
        let mut number = 0;
        let mut batch = Vec::with_capacity(BATCH_LINES);
        for line in lines {
            match line {
                Ok(line) => {
                    number = line.number;
                    batch.push(job(line, &*work));
                }
                Err(source) => {
                    // Nobody listening means that the delivery has ended for another reason, which it tells itself.
                    let _ = sender.blocking_send(Ok(batch));
                    let _ = sender.blocking_send(Err(DeliveryError::Source { line: number + 1, source }));
                    return;
                }
            }
            if batch.len() == BATCH_LINES {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_LINES));
                if sender.blocking_send(Ok(full)).is_err() {
                    return;
                }
            }
        }
        let _ = sender.blocking_send(Ok(batch));
    });
    batches
}

fn job<W: Work>(line: Line, work: &W) -> Job {
    let owner = work.owner(&line.text);
    Job { line: line.number, body: work.body(line.text), owner, source_bytes: line.source_bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<io::Result<(u64, String, u64)>> {
        Lines { reader: text, number: 0 }
            .map(|line| {
                line.map(|line| (line.number, String::from_utf8(line.text).unwrap(), line.source_bytes))
            })
            .collect()
    }

    #[test]
    fn blank_lines_are_counted_but_not_sent_and_the_last_needs_no_end() {
        let lines: Vec<_> = lines(b"{1}\n\n  \r\n{2}\r\n{3}").into_iter().map(Result::unwrap).collect();
        assert_eq!(lines, [(1, "{1}".to_owned(), 4), (4, "{2}".to_owned(), 10), (5, "{3}".to_owned(), 3)]);
    }

    #[test]
    fn a_line_without_end_is_an_error_rather_than_all_memory() {
        let text = vec![b'x'; LINE_BYTES_MAX + 1];
        assert!(lines(&text)[0].is_err());
    }
}
