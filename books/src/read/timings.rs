//! Response times, merged over the batches in which they were written, and other samples.

use super::rows;
use crate::error::{Error, While};
use crate::joined::Joined;
use crate::rows::Sample;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use model::outcome::Reading;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What a histogram counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Span {
    /// Each second of the load, by its number.
    Second,
    /// Each phase window, by its number.
    Phase,
}

/// Response times of a step with one reading.
#[derive(Clone, Debug)]
pub struct TimingRow {
    /// Which second or phase.
    pub number: u32,
    /// Name of the journey.
    pub journey: String,
    /// Name of the step.
    pub step: String,
    /// How the answers were read.
    pub reading: Reading,
    /// Microseconds from the intended start to the last byte.
    pub response_us: Histogram<u64>,
}

impl Joined {
    /// All histograms of a kind, by number, journey, step and reading.
    pub fn timings(&self, span: Span) -> Result<Vec<TimingRow>, Error> {
        let mut merged: BTreeMap<(u32, String, String, Reading), Histogram<u64>> = BTreeMap::new();
        self.each_timing(span, |timing| {
            match merged.entry((timing.number, timing.journey, timing.step, timing.reading)) {
                Entry::Vacant(place) => drop(place.insert(timing.response_us)),
                Entry::Occupied(mut sum) => sum.get_mut().add(&timing.response_us).expect("the histogram grows"),
            }
        })?;
        let timings = merged.into_iter().map(|((number, journey, step, reading), response_us)| TimingRow {
            number,
            journey,
            step,
            reading,
            response_us,
        });
        Ok(timings.collect())
    }

    /// Calls `take` for each histogram of a kind as it was written: several may be of one step and reading. A long run has more
    /// of them than fit into memory at once.
    pub fn each_timing(&self, span: Span, mut take: impl FnMut(TimingRow)) -> Result<(), Error> {
        let span = match span {
            Span::Second => "second",
            Span::Phase => "phase",
        };
        let mut statement = self
            .conn
            .prepare("SELECT number, journey, step, reading, response_us FROM v1_timing WHERE span = ?1")
            .reading("the timings")?;
        let mut found = statement.query([span]).reading("the timings")?;
        let mut deserializer = Deserializer::new();
        while let Some(row) = found.next().reading("the timings")? {
            let read = || Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?, row.get(4)?));
            let (number, journey, step, reading, bytes): (_, _, String, _, Vec<u8>) = read().reading("the timings")?;
            let mut response_us: Histogram<u64> = deserializer
                .deserialize(&mut bytes.as_slice())
                .map_err(|error| Error::Histogram { step: step.clone(), reason: error.to_string() })?;
            // Batches may have seen values of different size.
            response_us.auto(true);
            let reading = Reading::named(&reading).unwrap_or(Reading::Unexpected);
            take(TimingRow { number, journey, step, reading, response_us });
        }
        Ok(())
    }

    /// Samples whose name begins like that, second by second.
    pub fn samples(&self, prefix: &str) -> Result<Vec<Sample>, Error> {
        let sql = "SELECT second, name, value FROM v1_sample WHERE substr(name, 1, length(?1)) = ?1 ORDER BY second";
        rows(&self.conn, "the samples", sql, [prefix], |row| {
            Ok(Sample { second: row.get(0)?, name: row.get(1)?, value: row.get(2)? })
        })
    }

    /// Sum of all samples of one name; none when there are none.
    pub fn sample_sum(&self, name: &str) -> Result<Option<f64>, Error> {
        let sql = "SELECT sum(value) FROM v1_sample WHERE name = ?1";
        self.conn.query_row(sql, [name], |row| row.get(0)).reading("the samples")
    }
}
