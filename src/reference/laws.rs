//! The built-in laws: what each says, what it needs, what it counts as an exposure.

use super::cell;
use books::laws::{NeededBook, built_in};

/// The page.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Laws\n\nA law is a SQL file in `scenarios/laws/`; its name is a sentence that should be true. It is *not exercised* without a book \
         that it needs, and *undecided* over one that was not read to its end. A violation counts whether the law is required or not. \
         [books.md](../books.md) describes the views that laws read, [writing-a-law.md](../writing-a-law.md) how one is written.\n\n\
         | law | in words | needs | exposure |\n|---|---|---|---|\n",
    );
    for law in built_in() {
        let needs: Vec<&str> = law.needs.iter().map(|book: &NeededBook| book.name()).collect();
        page.push_str(&format!(
            "| [`{name}`](../../scenarios/laws/{name}.sql) | {} | {} | {} |\n",
            cell(&law.sentence),
            needs.join(", "),
            cell(&law.exposure),
            name = law.name,
        ));
    }
    page
}
