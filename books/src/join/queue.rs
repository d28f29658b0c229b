//! A queue that is filled to its end, and then emptied: memory is asked for and given back piece by piece.

use std::iter::Flatten;

/// Bytes of one piece: too many for the allocator to keep one that was given back for what may come next.
const PIECE_BYTES: usize = 40 << 20;

/// What was put into it, in that order.
#[derive(Debug)]
pub(super) struct Queue<T, const BYTES: usize = PIECE_BYTES> {
    /// All but the last one are full.
    pieces: Vec<Vec<T>>,
}

/// What is still to be taken.
pub(super) type Emptied<T> = Flatten<std::vec::IntoIter<Vec<T>>>;

impl<T, const BYTES: usize> Default for Queue<T, BYTES> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T, const BYTES: usize> Queue<T, BYTES> {
    const PIECE: usize = BYTES / size_of::<T>();

    pub(super) fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * Self::PIECE + last.len())
    }

    pub(super) fn push(&mut self, it: T) {
        if let Some(piece) = self.pieces.last_mut().filter(|piece| piece.len() < Self::PIECE) {
            piece.push(it);
        } else {
            // The first one grows as it must: most books are small.
            let mut piece = Vec::with_capacity(if self.pieces.is_empty() { 0 } else { Self::PIECE });
            piece.push(it);
            self.pieces.push(piece);
        }
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.pieces.get_mut(place / Self::PIECE)?.get_mut(place % Self::PIECE)
    }
}

impl<T, const BYTES: usize> IntoIterator for Queue<T, BYTES> {
    type Item = T;
    type IntoIter = Emptied<T>;

    /// From the front; a piece that was taken whole is given back.
    fn into_iter(self) -> Emptied<T> {
        self.pieces.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_in_is_the_first_out() {
        let mut queue = Queue::<u32, 8>::default();
        assert_eq!(queue.len(), 0);
        (0..5).for_each(|number| queue.push(number));
        assert_eq!((queue.len(), queue.pieces.len()), (5, 3));
        *queue.get_mut(3).expect("it was put in") = 9;
        assert!(queue.get_mut(5).is_none());
        assert_eq!(queue.into_iter().collect::<Vec<_>>(), [0, 1, 2, 9, 4]);
    }
}
