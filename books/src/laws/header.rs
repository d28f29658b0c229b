//! The text of a law: header and query.

use super::NeededBook;
use std::path::PathBuf;

/// A law that can be examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Law {
    /// A sentence that should be true; the name of its file.
    pub name: String,
    /// The same for people.
    pub sentence: String,
    /// Without one of these books it is not exercised; where one is incomplete, undecided.
    pub needs: Vec<NeededBook>,
    /// What counts as exposure, for people.
    pub exposure: String,
    /// Why a violation stands even where a needed book is incomplete; none: it does not.
    pub stands: Option<String>,
    /// Kinds of statement rows that a violation rests on; none named: all by which money, goods or documents moved.
    pub evidence: Vec<String>,
    /// The whole text, which is the query.
    pub sql: String,
}

/// A law that cannot be used; completes "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum LawError {
    /// The file or directory cannot be read.
    #[error("read the laws in `{}`: {source}", path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The header lacks a part.
    #[error("read the law `{law}`: its opening comments have no line `-- {part}: …`")]
    Missing {
        /// Name of the law.
        law: String,
        /// Which part.
        part: &'static str,
    },
    /// The header names a book that there is not.
    #[error("read the law `{law}`: it needs the book `{book}`, expected `shopper`, `statement`, `orders` or `files`")]
    UnknownBook {
        /// Name of the law.
        law: String,
        /// The word.
        book: String,
    },
}

impl Law {
    /// Reads the text of a law.
    pub fn parse(name: &str, text: &str) -> Result<Self, LawError> {
        let part =
            |part: &'static str| header_part(text, part).ok_or_else(|| LawError::Missing { law: name.into(), part });
        let needs = part("needs")?
            .split(',')
            .map(str::trim)
            .map(|word| {
                let unknown = || LawError::UnknownBook { law: name.into(), book: word.into() };
                NeededBook::ALL.into_iter().find(|book| book.name() == word).ok_or_else(unknown)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.into(),
            sentence: part("sentence")?,
            needs,
            exposure: part("exposure")?,
            stands: header_part(text, "stands"),
            evidence: header_part(text, "evidence").map_or_else(Vec::new, |kinds| words(&kinds)),
            sql: text.into(),
        })
    }
}

/// The words of a list with commas.
fn words(list: &str) -> Vec<String> {
    list.split(',').map(|word| word.trim().to_owned()).collect()
}

/// The text after `-- part:`, with the lines that continue it (indented by two spaces or more).
fn header_part(text: &str, part: &str) -> Option<String> {
    let mut comments = text.lines().map_while(|line| line.strip_prefix("--"));
    let first = comments.find_map(|line| line.trim_start().strip_prefix(part)?.strip_prefix(':'))?;
    let mut whole = first.trim().to_owned();
    for line in comments.take_while(|line| line.starts_with("   ")) {
        whole.push(' ');
        whole.push_str(line.trim());
    }
    (!whole.is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_may_run_over_lines() {
        let law = Law::parse("l", "-- sentence: One\n--   two.\n-- needs: orders, files\n-- exposure: all\nSELECT 1")
            .unwrap();
        assert_eq!(law.sentence, "One two.");
        assert_eq!(law.needs, [NeededBook::Orders, NeededBook::Files]);
        assert_eq!(law.stands, None);
        assert_eq!(law.evidence, Vec::<String>::new());
        let law = Law::parse(
            "l",
            "-- sentence: One\n-- needs: orders\n-- exposure: all\n-- evidence: refund, void\nSELECT 1",
        );
        assert_eq!(law.unwrap().evidence, ["refund", "void"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Law::parse("l", "-- sentence: One\n-- exposure: all\nSELECT 1").unwrap_err();
        assert_eq!(error.to_string(), "read the law `l`: its opening comments have no line `-- needs: …`");
        let error = Law::parse("l", "-- needs: stars\nSELECT 1").unwrap_err();
        assert!(error.to_string().contains("the book `stars`"), "{error}");
    }
}
