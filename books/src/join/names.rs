//! Texts that are met again and again, each kept once: a text becomes a number, and numbers are what the join works with.

use super::hash::QuickHasher;
use std::hash::Hasher;

/// A slot that holds nothing; no text has that number.
const EMPTY: u64 = u64::MAX;
const ID_MASK: u64 = u32::MAX as u64;

/// Texts by their numbers, and numbers by their texts. Numbers are given in the order of first meeting.
#[derive(Debug, Default)]
pub(super) struct Names {
    text: String,
    ends: Vec<u32>,
    /// A number, and above it the tag of its text, so that few texts are compared in vain: at the place that the tag says or
    /// the next free one. A power of two, at most three quarters full.
    slots: Vec<u64>,
    /// The number met last: what belongs together stands together.
    last: u32,
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number that was given.
    pub(super) fn get(&self, id: u32) -> &str {
        let from = if id == 0 { 0 } else { self.ends[id as usize - 1] };
        &self.text[from as usize..self.ends[id as usize] as usize]
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.find_under("", name)
    }

    /// The number of a text; a new one when it was not met yet.
    pub(super) fn id(&mut self, name: &str) -> u32 {
        self.id_under("", name)
    }

    /// As [`find`](Self::find), of a text that is `area` and `name`.
    pub(super) fn find_under(&self, area: &str, name: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.place(area, name, tag(area, name)).ok()
    }

    /// As [`id`](Self::id), of a text that is `area` and `name`.
    pub(super) fn id_under(&mut self, area: &str, name: &str) -> u32 {
        if (self.last as usize) < self.ends.len() && self.is(self.last, area, name) {
            return self.last;
        }
        if (self.ends.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let tag = tag(area, name);
        self.last = self.place(area, name, tag).unwrap_or_else(|free| {
            let id = self.ends.len() as u32;
            self.text.push_str(area);
            self.text.push_str(name);
            self.ends.push(self.text.len() as u32);
            self.slots[free] = tag << 32 | u64::from(id);
            id
        });
        self.last
    }

    fn is(&self, id: u32, area: &str, name: &str) -> bool {
        self.get(id).strip_prefix(area) == Some(name)
    }

    /// The number of the text, or the free slot where it belongs.
    fn place(&self, area: &str, name: &str, tag: u64) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut place = tag as usize & mask;
        loop {
            let slot = self.slots[place];
            let id = (slot & ID_MASK) as u32;
            if slot == EMPTY {
                return Err(place);
            }
            if slot >> 32 == tag && self.is(id, area, name) {
                return Ok(id);
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        let size = (slots.len() * 2).max(16);
        self.slots = vec![EMPTY; size];
        for slot in slots.into_iter().filter(|slot| *slot != EMPTY) {
            let mut place = (slot >> 32) as usize & (size - 1);
            while self.slots[place] != EMPTY {
                place = (place + 1) & (size - 1);
            }
            self.slots[place] = slot;
        }
    }

    /// Forgets how to find numbers by their texts.
    pub(super) fn only_texts(&mut self) {
        self.slots = Vec::new();
    }

    /// Learns again how to find numbers by their texts, if those have no areas.
    pub(super) fn find_again(&mut self) {
        self.slots = vec![EMPTY; (self.len() * 4 / 3 + 1).next_power_of_two().max(16)];
        for id in 0..self.len() as u32 {
            let tag = tag("", self.get(id));
            if let Err(free) = self.place("", self.get(id), tag) {
                self.slots[free] = tag << 32 | u64::from(id);
            }
        }
    }
}

/// 32 bits that depend on every byte.
fn tag(area: &str, name: &str) -> u64 {
    let mut hasher = QuickHasher::default();
    hasher.write(name.as_bytes());
    hasher.write(area.as_bytes());
    hasher.write_u32(name.len() as u32);
    let mixed = hasher.finish().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) ^ (mixed & ID_MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_number() {
        let mut names = Names::default();
        assert_eq!(names.find("a"), None);
        let texts: Vec<String> = (0..5000).map(|number| format!("DB-{number}")).collect();
        let ids: Vec<u32> = texts.iter().map(|text| names.id(text)).collect();
        assert_eq!(ids, (0..5000).collect::<Vec<u32>>());
        for (text, id) in texts.iter().zip(ids) {
            assert_eq!((names.id(text), names.find(text), names.get(id)), (id, Some(id), text.as_str()));
        }
        assert_eq!((names.find("DB-"), names.find(""), names.len()), (None, None, 5000));
        assert_eq!((names.id(""), names.id("")), (5000, 5000));
        names.only_texts();
        assert_eq!((names.find("DB-7"), names.get(7)), (None, "DB-7"));
        names.find_again();
        assert!(texts.iter().zip(0..).all(|(text, id)| names.find(text) == Some(id)));
        assert_eq!((names.find("DB-"), names.id("DB-5000")), (None, 5001));
    }
}
