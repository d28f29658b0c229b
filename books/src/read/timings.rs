//! Response times, merged over the batches in which they were written, and other samples.

use super::rows;
use crate::error::{Error, While};
use crate::joined::Joined;
use crate::rows::Sample;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use model::outcome::Reading;
use std::collections::BTreeMap;

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
        let span = match span {
            Span::Second => "second",
            Span::Phase => "phase",
        };
        let mut statement = self
            .conn
            .prepare("SELECT number, journey, step, reading, response_us FROM v1_timing WHERE span = ?1")
            .reading("the timings")?;
        let mut found = statement.query([span]).reading("the timings")?;
        let mut merged: BTreeMap<(u32, String, String, String), Histogram<u64>> = BTreeMap::new();
        let mut deserializer = Deserializer::new();
        while let Some(row) = found.next().reading("the timings")? {
            let key = || Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            let key: (u32, String, String, String) = key().reading("the timings")?;
            let damaged = |reason: String| Error::Histogram { step: key.2.clone(), reason };
            let bytes: Vec<u8> = row.get(4).reading("the timings")?;
            let mut histogram: Histogram<u64> =
                deserializer.deserialize(&mut bytes.as_slice()).map_err(|error| damaged(error.to_string()))?;
            // Batches may have seen values of different size.
            histogram.auto(true);
            match merged.get_mut(&key) {
                Some(sum) => sum.add(&histogram).map_err(|error| damaged(error.to_string()))?,
                None => {
                    merged.insert(key, histogram);
                }
            }
        }
        let timings = merged.into_iter().map(|((number, journey, step, reading), response_us)| TimingRow {
            number,
            journey,
            step,
            reading: Reading::named(&reading).unwrap_or(Reading::Unexpected),
            response_us,
        });
        Ok(timings.collect())
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
