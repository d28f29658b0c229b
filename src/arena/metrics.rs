//! Reads Prometheus text as far as the monitor needs it: samples with their labels.

/// One sample of an exposition.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSample<'a> {
    /// Name of the metric, suffixes such as `_bucket` included.
    pub name: &'a str,
    /// What stands between the braces.
    labels: &'a str,
    /// The value.
    pub value: f64,
}

impl<'a> MetricSample<'a> {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, wanted: &str) -> Option<&'a str> {
        let mut rest = self.labels;
        while let Some((name, after)) = rest.split_once("=\"") {
            let (value, next) = after.split_once('"')?;
            if name.trim_start_matches([',', ' ']) == wanted {
                return Some(value);
            }
            rest = next;
        }
        None
    }
}

/// The samples of a text exposition (Prometheus, *Exposition formats*, 0.0.4); comments and broken lines are left out.
pub fn samples(text: &str) -> impl Iterator<Item = MetricSample<'_>> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (series, value) = match line.split_once('}') {
            Some((series, value)) => (series, value),
            None => line.split_once(' ')?,
        };
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let value = value.split_whitespace().next()?.parse().ok()?;
        Some(MetricSample { name: name.trim(), labels, value })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_carry_name_labels_and_value() {
        let text =
            "# HELP a b\n# TYPE a counter\na{provider=\"payment\",outcome=\"ok\"} 12 1700000000\nb 0.5\nbroken\n";
        let read: Vec<_> = samples(text).collect();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].name, read[0].value), ("a", 12.0));
        assert_eq!(read[0].label("outcome"), Some("ok"));
        assert_eq!(read[0].label("provider"), Some("payment"));
        assert_eq!(read[0].label("missing"), None);
        assert_eq!((read[1].name, read[1].value), ("b", 0.5));
    }
}
