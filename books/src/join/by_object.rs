//! What several rows of the statement tell of one object, added up in one place.

use super::hash::QuickMap;

/// One `T` for each object, in the order of first meeting.
#[derive(Debug)]
pub(super) struct ByObject<T> {
    all: Vec<T>,
    places: QuickMap<u32, u32>,
}

impl<T> Default for ByObject<T> {
    fn default() -> Self {
        Self { all: Vec::new(), places: QuickMap::default() }
    }
}

impl<T> ByObject<T> {
    pub(super) fn all(&self) -> &[T] {
        &self.all
    }

    pub(super) fn get_mut(&mut self, object: u32) -> Option<&mut T> {
        let place = *self.places.get(&object)?;
        self.all.get_mut(place as usize)
    }

    /// What is known of an object; `first` when nothing was.
    pub(super) fn meet(&mut self, object: u32, first: impl FnOnce() -> T) -> &mut T {
        let place = *self.places.entry(object).or_insert_with(|| {
            self.all.push(first());
            self.all.len() as u32 - 1
        });
        &mut self.all[place as usize]
    }

    /// Adds what has no name, so that no later row can tell of it.
    pub(super) fn add_nameless(&mut self, it: T) {
        self.all.push(it);
    }
}
