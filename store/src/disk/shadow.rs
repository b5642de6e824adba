//! A disk that can be looked at and not changed: what is written to its files is kept in memory and forgotten.
//!
//! The database library writes to a file when it opens one, if only to say that it is open. Whoever looks at what may
//! be damaged must leave it as it is.

use super::{Disk, DiskFile, DiskLock, LockError, OpenMode};
use crate::shared::lock;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

const BLOCK: u64 = 4096;
const BLOCK_LEN: usize = 4096;

/// Another disk, looked at. Files can be opened and written; nothing of it reaches them.
#[derive(Debug)]
pub(crate) struct ShadowDisk(pub(crate) Arc<dyn Disk>);

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this disk is only looked at")
}

impl Disk for ShadowDisk {
    fn place(&self) -> String {
        self.0.place()
    }

    fn lock(&self) -> Result<Box<dyn DiskLock>, LockError> {
        self.0.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        match mode {
            OpenMode::Existing | OpenMode::Reading => {
                let file = self.0.open(name, OpenMode::Reading)?;
                let size = file.size()?;
                let written = Mutex::new(Written { size, untouched: size, blocks: BTreeMap::new() });
                Ok(Box::new(ShadowFile { file, written }))
            }
            OpenMode::New => Err(refused()),
        }
    }

    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(refused())
    }

    fn remove(&self, _name: &str) -> io::Result<()> {
        Err(refused())
    }

    fn keep(&self, _name: &str, _folder: &str) -> io::Result<()> {
        Err(refused())
    }
}

#[derive(Debug)]
struct ShadowFile {
    file: Box<dyn DiskFile>,
    written: Mutex<Written>,
}

/// What was written, over what is in the file.
#[derive(Debug)]
struct Written {
    size: u64,
    /// How far the file itself still counts: behind it there are zeros, since it was cut there once.
    untouched: u64,
    blocks: BTreeMap<u64, Box<[u8; BLOCK_LEN]>>,
}

impl ShadowFile {
    /// A block as it is now.
    fn block(&self, written: &Written, number: u64) -> io::Result<Box<[u8; BLOCK_LEN]>> {
        if let Some(block) = written.blocks.get(&number) {
            return Ok(block.clone());
        }
        let mut block = Box::new([0; BLOCK_LEN]);
        let start = number * BLOCK;
        let there =
            usize::try_from(written.untouched.saturating_sub(start).min(BLOCK)).map_err(io::Error::other)?;
        if there > 0 {
            self.file.read(start, &mut block[..there])?;
        }
        Ok(block)
    }

    /// Hands over the blocks that `count` bytes from `offset` are in: number, where in the block, where in the bytes,
    /// how many.
    fn pieces(offset: u64, count: usize) -> io::Result<Vec<(u64, usize, usize, usize)>> {
        let mut pieces = Vec::new();
        let mut done = 0;
        while done < count {
            let at = offset + u64::try_from(done).map_err(io::Error::other)?;
            let within = usize::try_from(at % BLOCK).map_err(io::Error::other)?;
            let len = (BLOCK_LEN - within).min(count - done);
            pieces.push((at / BLOCK, within, done, len));
            done += len;
        }
        Ok(pieces)
    }
}

impl DiskFile for ShadowFile {
    fn size(&self) -> io::Result<u64> {
        Ok(lock(&self.written).size)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = lock(&self.written);
        let count = u64::try_from(out.len()).map_err(io::Error::other)?;
        if offset.checked_add(count).is_none_or(|end| end > written.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, within, at, len) in Self::pieces(offset, out.len())? {
            let block = self.block(&written, number)?;
            out[at..at + len].copy_from_slice(&block[within..within + len]);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = lock(&self.written);
        for (number, within, at, len) in Self::pieces(offset, data.len())? {
            let mut block = self.block(&written, number)?;
            block[within..within + len].copy_from_slice(&data[at..at + len]);
            written.blocks.insert(number, block);
        }
        let end = offset + u64::try_from(data.len()).map_err(io::Error::other)?;
        written.size = written.size.max(end);
        Ok(())
    }

    fn resize(&self, size: u64) -> io::Result<()> {
        let mut written = lock(&self.written);
        if size < written.size {
            if !size.is_multiple_of(BLOCK) {
                let mut last = self.block(&written, size / BLOCK)?;
                last[usize::try_from(size % BLOCK).map_err(io::Error::other)?..].fill(0);
                written.blocks.insert(size / BLOCK, last);
            }
            written.blocks.split_off(&size.div_ceil(BLOCK));
            written.untouched = written.untouched.min(size);
        }
        written.size = size;
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::MemoryDisk;

    #[test]
    fn what_is_written_is_read_back_and_not_in_the_file() {
        let disk = MemoryDisk::new();
        let sound: Vec<u8> = (0..10_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
        disk.put("a", sound.clone());
        let shadow = ShadowDisk(Arc::new(disk.clone()));
        let file = shadow.open("a", OpenMode::Existing).unwrap();
        let mut expected = sound.clone();
        file.write(4000, &[7; 5000]).unwrap();
        expected[4000..9000].fill(7);
        file.write(11_000, b"end").unwrap();
        expected.resize(11_000, 0);
        expected.extend_from_slice(b"end");
        file.resize(8500).unwrap();
        file.resize(12_000).unwrap();
        expected.truncate(8500);
        expected.resize(12_000, 0);
        let mut seen = vec![0; 12_000];
        file.read(0, &mut seen).unwrap();
        assert_eq!(seen, expected);
        assert!(file.read(11_999, &mut [0; 2]).is_err(), "it ends where it was cut");
        assert_eq!(disk.contents("a").unwrap(), sound);
        assert!(shadow.remove("a").is_err() && shadow.rename("a", "b").is_err());
    }
}
