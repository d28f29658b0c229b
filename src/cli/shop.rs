//! What the command line knows of the reference shop: the names of its seeded defects.

use stack::Defect;

/// The slug of a seeded defect, or which there are.
pub fn defect(slug: &str) -> Result<String, String> {
    slug.parse::<Defect>().map(|defect| defect.to_string()).map_err(|_| {
        let known: Vec<String> = Defect::ALL.iter().map(ToString::to_string).collect();
        format!("there is no such defect; there are: {}", known.join(", "))
    })
}
