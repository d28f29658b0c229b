//! What several rows of the statement tell of one object, added up in one place.

use super::objects::NOTHING;

/// One `T` for each object, in the order of first meeting.
#[derive(Debug)]
pub(super) struct ByObject<T> {
    all: Vec<T>,
    /// Places in it, by object; [`NOTHING`] of those that have none.
    places: Vec<u32>,
}

impl<T> Default for ByObject<T> {
    fn default() -> Self {
        Self { all: Vec::new(), places: Vec::new() }
    }
}

impl<T> ByObject<T> {
    /// With room for that many of them, of that many objects.
    pub(super) fn with_room(count: usize, objects: usize) -> Self {
        Self { all: Vec::with_capacity(count), places: Vec::with_capacity(objects) }
    }

    pub(super) fn all(&self) -> &[T] {
        &self.all
    }

    pub(super) fn all_mut(&mut self) -> &mut [T] {
        &mut self.all
    }

    /// Its place among all.
    pub(super) fn place(&self, object: u32) -> Option<u32> {
        self.places.get(object as usize).copied().filter(|place| *place != NOTHING)
    }

    pub(super) fn get_mut(&mut self, object: u32) -> Option<&mut T> {
        let place = self.place(object)?;
        self.all.get_mut(place as usize)
    }

    /// What is known of an object; `first` when nothing was.
    pub(super) fn meet(&mut self, object: u32, first: impl FnOnce() -> T) -> &mut T {
        let place = self.place(object).unwrap_or_else(|| {
            let (object, place) = (object as usize, self.all.len() as u32);
            if object >= self.places.len() {
                self.places.resize(object + 1, NOTHING);
            }
            self.places[object] = place;
            self.all.push(first());
            place
        });
        &mut self.all[place as usize]
    }

    /// Adds what has no name, so that no later row can tell of it.
    pub(super) fn add_nameless(&mut self, it: T) {
        self.all.push(it);
    }
}
