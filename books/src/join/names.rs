//! Texts that are met again and again, each kept once: a text becomes a number, and numbers are what the join works with.

use super::hash::QuickHasher;
use std::hash::Hasher;

/// A slot that holds nothing.
const EMPTY: u32 = u32::MAX;

/// Texts by their numbers, and numbers by their texts. Numbers are given in the order of first meeting.
#[derive(Debug, Default)]
pub(super) struct Names {
    text: String,
    ends: Vec<u32>,
    /// Numbers, at the place that the hash says or the next free one; a power of two, at most seven eighths full.
    slots: Vec<u32>,
    /// A byte of the hash for each slot, so that few texts are compared in vain.
    tags: Vec<u8>,
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
        if self.slots.is_empty() {
            return None;
        }
        let (place, _) = self.place(name, hash(name));
        Some(self.slots[place]).filter(|id| *id != EMPTY)
    }

    /// The number of a text; a new one when it was not met yet.
    pub(super) fn id(&mut self, name: &str) -> u32 {
        if (self.ends.len() + 1) * 8 > self.slots.len() * 7 {
            self.grow();
        }
        let (place, tag) = self.place(name, hash(name));
        if self.slots[place] != EMPTY {
            return self.slots[place];
        }
        let id = self.ends.len() as u32;
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
        self.slots[place] = id;
        self.tags[place] = tag;
        id
    }

    /// Where the text is, or belongs.
    fn place(&self, name: &str, hash: u64) -> (usize, u8) {
        let mask = self.slots.len() - 1;
        let (mut place, tag) = (hash as usize & mask, (hash >> 56) as u8);
        while self.slots[place] != EMPTY && (self.tags[place] != tag || self.get(self.slots[place]) != name) {
            place = (place + 1) & mask;
        }
        (place, tag)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        self.slots = vec![EMPTY; size];
        self.tags = vec![0; size];
        for id in 0..self.ends.len() as u32 {
            let hash = hash(self.get(id));
            let mut place = hash as usize & (size - 1);
            while self.slots[place] != EMPTY {
                place = (place + 1) & (size - 1);
            }
            self.slots[place] = id;
            self.tags[place] = (hash >> 56) as u8;
        }
    }

    /// Forgets how to find numbers by their texts.
    pub(super) fn only_texts(&mut self) {
        self.slots = Vec::new();
        self.tags = Vec::new();
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = QuickHasher::default();
    hasher.write(name.as_bytes());
    hasher.write_u32(name.len() as u32);
    // Places are taken from the low bits, tags from the high ones: both are to depend on every byte.
    let mixed = hasher.finish().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
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
    }
}
