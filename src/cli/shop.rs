//! What the command line knows of the reference shop: the names of its seeded defects.

use clap::builder::PossibleValuesParser;
use stack::Defect;

/// Takes the slug of a seeded defect; whoever mistypes one is told which there are, and which they may have meant.
pub fn defects() -> PossibleValuesParser {
    PossibleValuesParser::new(Defect::ALL.map(Defect::slug))
}
