//! Where answers, events, objects and lines are written: one behind the other on sheets of memory, of which each thread fills
//! one. A request leaves a dozen texts of a kilobyte; each by itself would be one more call of the slow kind to the allocator.

use std::cell::RefCell;

use bytes::{Bytes, BytesMut};
use serde::Serialize;

/// Bytes of a sheet. It is free again when the last of its texts is.
const SHEET: usize = 32 * 1024;

/// What a thread writes on.
#[derive(Default)]
struct Desk {
    /// Where a text comes into being: a vector takes the many small pieces of JSON faster than a sheet does.
    draft: Vec<u8>,
    sheet: BytesMut,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

/// What `write` writes.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    // Whoever writes while it is written to has a desk of its own.
    let Desk { mut draft, mut sheet } = DESK.take();
    draft.clear();
    draft.shrink_to(SHEET);
    write(&mut draft);
    if sheet.capacity() < draft.len() {
        sheet = BytesMut::with_capacity(SHEET.max(draft.len()));
    }
    sheet.extend_from_slice(&draft);
    let text = sheet.split().freeze();
    DESK.set(Desk { draft, sheet });
    text
}

/// A value as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Bytes {
    written(|draft| write(draft, value))
}

/// Values as lines of JSON.
pub(crate) fn lines<T: Serialize>(values: impl Iterator<Item = T>) -> Bytes {
    written(|draft| {
        for value in values {
            write(draft, &value);
            draft.push(b'\n');
        }
    })
}

fn write<T: Serialize>(draft: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(draft, value).expect("our objects have string keys only, and a vector takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes another text while it is written.
    struct Nested;

    impl Serialize for Nested {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(std::str::from_utf8(&json(&7)).expect("JSON is UTF-8"))
        }
    }

    #[test]
    fn texts_stay_as_they_were_written() {
        let texts: Vec<Bytes> = (0..9_000).map(|n| json(&format!("text {n}"))).collect();
        assert!(texts.iter().enumerate().all(|(n, text)| *text == format!("\"text {n}\"")));
        assert_eq!(json(&"x".repeat(2 * SHEET)).len(), 2 * SHEET + 2);
        assert_eq!(json(&[Nested, Nested]), r#"["7","7"]"#);
        assert_eq!(lines([1, 2].iter()), "1\n2\n");
    }
}
