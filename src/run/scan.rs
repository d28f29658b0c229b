//! Looks for the card numbers that shoppers sent in everything that the shop wrote.

use model::card::Card;
use regex::bytes::Regex;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// The longest number with its separators; pieces overlap by as much.
const NUMBER_BYTES_MAX: usize = 40;

/// What was found in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// Which file.
    pub path: PathBuf,
    /// How much of it was read.
    pub bytes: u64,
    /// Cards whose numbers stand in it, and how often.
    pub sightings: Vec<(Card, u64)>,
}

/// Scans files, and all files below directories. A file that vanished meanwhile is left out.
pub fn scan(paths: &[PathBuf]) -> io::Result<Vec<Scanned>> {
    let numbers: Vec<(Card, Regex)> = Card::ALL.into_iter().map(|card| (card, spelled(card.number()))).collect();
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    files.iter().map(|path| scan_file(path, &numbers)).collect()
}

/// The number as people and programs write it: with or without blanks or dashes between the digits.
fn spelled(number: &str) -> Regex {
    let digits: Vec<String> = number.chars().map(String::from).collect();
    Regex::new(&digits.join("[ -]?")).expect("digits and a fixed class are a regular expression")
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.is_dir() => {
            let mut entries: Vec<PathBuf> =
                std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
            entries.sort();
            entries.iter().try_for_each(|entry| collect(entry, files))
        }
        Ok(_) => {
            files.push(path.into());
            Ok(())
        }
    }
}

fn scan_file(path: &Path, numbers: &[(Card, Regex)]) -> io::Result<Scanned> {
    let mut file = File::open(path)?;
    let mut counts = vec![0; numbers.len()];
    let (mut piece, mut kept, mut bytes) = (vec![0; PIECE_BYTES + NUMBER_BYTES_MAX], 0, 0);
    loop {
        let read = file.read(&mut piece[kept..])?;
        let end = kept + read;
        // What begins in the tail is left for the next piece, so that nothing is counted twice.
        let tail = if read == 0 { end } else { end.saturating_sub(NUMBER_BYTES_MAX) };
        for ((_, number), count) in numbers.iter().zip(&mut counts) {
            *count += number.find_iter(&piece[..end]).filter(|found| found.start() < tail).count() as u64;
        }
        bytes += read as u64;
        if read == 0 {
            break;
        }
        piece.copy_within(tail..end, 0);
        kept = end - tail;
    }
    let sightings = numbers.iter().zip(counts).filter(|(_, count)| *count > 0).map(|((card, _), count)| (*card, count));
    Ok(Scanned { path: path.into(), bytes, sightings: sightings.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_across_pieces_and_however_they_are_spelled() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut text = vec![b'x'; PIECE_BYTES - 5];
        text.extend_from_slice(b"4242424242424242 and 4242-4242-4242-4242, 3782 822463 10005");
        std::fs::write(directory.path().join("shop.log"), text).expect("written");
        let scanned = scan(&[directory.path().into(), "/does/not/exist".into()]).expect("scanned");
        assert_eq!(scanned.len(), 1);
        assert_eq!(scanned[0].sightings, [(Card::Ok, 2), (Card::Amex, 1)]);
    }

    #[test]
    fn a_clean_file_has_no_sightings() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("shop.db"), b"pm_card_visa 4242").expect("written");
        let scanned = scan(&[directory.path().into()]).expect("scanned");
        assert_eq!((scanned[0].bytes, scanned[0].sightings.len()), (17, 0));
    }
}
