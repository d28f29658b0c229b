//! Histograms on their way between processes: `HdrHistogram`'s V2 encoding, as a list of bytes.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer as Decoder, Serializer as Encoder, V2Serializer};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub fn serialize<S: Serializer>(histogram: &Histogram<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    V2Serializer::new().serialize(histogram, &mut bytes).map_err(S::Error::custom)?;
    bytes.serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let bytes = Vec::<u8>::deserialize(deserializer)?;
    Decoder::new().deserialize(&mut bytes.as_slice()).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use crate::rows::{Batch, Timings, Window};
    use hdrhistogram::Histogram;
    use model::outcome::{Outcome, Reading, Refusal};

    #[test]
    fn a_batch_survives_the_way_between_processes() {
        let mut response_us = Histogram::new_with_bounds(1, 1_000_000, 3).expect("valid bounds");
        response_us.record_n(1_234, 7).expect("within bounds");
        let reading = Reading::Refused(Refusal::SoldOut);
        let timings = Timings {
            window: Window::Second(3),
            journey: "buyer".into(),
            step: "pay".into(),
            reading,
            response_us: response_us.clone(),
        };
        let end = crate::rows::ArrivalEnd {
            number: 4,
            begun_us: Some(1),
            ended_us: 2,
            outcome: Outcome::InFlight,
            refusal: None,
            step: Some("pay".into()),
        };
        let batch = Batch { timings: vec![timings], arrivals: vec![end.clone()], ..Batch::default() };
        let text = serde_json::to_string(&batch).expect("plain JSON");
        let back: Batch = serde_json::from_str(&text).expect("a batch");
        assert_eq!(back.arrivals, [end]);
        assert_eq!((back.timings[0].window, back.timings[0].reading), (Window::Second(3), reading));
        assert_eq!(back.timings[0].response_us, response_us);
    }
}
