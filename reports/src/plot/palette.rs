//! The colours of plots. SVG carries the light ones; the page's style sheet puts a variable in the place of each, so that
//! a dark page has its own.

use plotters::style::RGBColor;

/// A role in a plot, each with a colour of its own so that the style sheet can tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Lines behind the values.
    Grid,
    /// Labels of the axes.
    Label,
    /// The time during which a fault was active.
    Fault,
    /// Names of faults.
    FaultName,
    /// An instant at which something happened.
    Event,
    /// A value to keep to.
    Limit,
    /// What was planned.
    Planned,
    /// What was reached.
    Reached,
    /// Median.
    P50,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
    /// Confirmed orders.
    Confirmed,
    /// Honest refusals.
    Refused,
    /// Failures.
    Failed,
    /// Dispatch lag.
    Lag,
}

impl Colour {
    const ALL: [Self; 15] = [
        Self::Grid,
        Self::Label,
        Self::Fault,
        Self::FaultName,
        Self::Event,
        Self::Limit,
        Self::Planned,
        Self::Reached,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::Confirmed,
        Self::Refused,
        Self::Failed,
        Self::Lag,
    ];

    /// The name of its variable in the style sheet.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Label => "label",
            Self::Fault => "fault",
            Self::FaultName => "fault-name",
            Self::Event => "event",
            Self::Limit => "limit",
            Self::Planned => "planned",
            Self::Reached => "reached",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Lag => "lag",
        }
    }

    /// On a light and on a dark page.
    const fn pair(self) -> (u32, u32) {
        match self {
            Self::Grid => (0xE5_E7_EB, 0x2B_31_3B),
            Self::Label => (0x5F_67_73, 0x9A_A4_B2),
            Self::Fault => (0xF0_A4_3C, 0xE0_9A_3A),
            Self::FaultName => (0x8A_53_0B, 0xE9_B8_6E),
            Self::Event => (0x0F_76_6E, 0x5E_C8_BE),
            Self::Limit => (0x4B_55_63, 0xAE_B7_C4),
            Self::Planned => (0x9C_A3_AF, 0x7B_85_94),
            Self::Reached => (0x25_63_EB, 0x6E_A0_FF),
            Self::P50 => (0x8F_B4_F5, 0x3F_63_A8),
            Self::P95 => (0x3B_74_E6, 0x6A_9C_F7),
            Self::P99 => (0x1D_3F_8F, 0xC3_D7_FF),
            Self::Confirmed => (0x2F_9E_7E, 0x3F_A9_88),
            Self::Refused => (0xC9_CE_D6, 0x5B_65_73),
            Self::Failed => (0xD1_3B_3B, 0xF0_6A_6A),
            Self::Lag => (0x6D_5B_D0, 0xA5_97_F2),
        }
    }

    /// The colour that SVG carries.
    pub const fn light(self) -> RGBColor {
        let (light, _) = self.pair();
        RGBColor((light >> 16) as u8, (light >> 8) as u8, light as u8)
    }
}

/// The rules that put a variable in the place of each colour, and the variables for light and dark pages.
pub fn css() -> String {
    let for_all = |write: fn(Colour) -> String| Colour::ALL.map(write).concat();
    let light = for_all(|colour| format!("--{}:#{:06X};", colour.name(), colour.pair().0));
    let dark = for_all(|colour| format!("--{}:#{:06X};", colour.name(), colour.pair().1));
    let rules = for_all(|colour| {
        let (name, (drawn, _)) = (colour.name(), colour.pair());
        format!(
            ".plot [fill=\"#{drawn:06X}\"]{{fill:var(--{name})}}.plot [stroke=\"#{drawn:06X}\"]{{stroke:var(--{name})}}\
             .key-{name}{{background:var(--{name})}}\n"
        )
    });
    format!(":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{rules}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_colour_can_be_told_from_the_others() {
        let colours: BTreeSet<u32> = Colour::ALL.iter().map(|colour| colour.pair().0).collect();
        assert_eq!(colours.len(), Colour::ALL.len());
    }
}
