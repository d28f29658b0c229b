//! A queue that is filled to its end, and then emptied: memory is given back while it is.

/// Values that are taken before memory is given back.
const GIVEN_BACK: usize = 1 << 16;

/// What was put into it, in that order.
#[derive(Debug)]
pub(super) struct Queue<T>(Vec<T>);

/// What is still to be taken, the next one at the end.
#[derive(Debug)]
pub(super) struct Emptied<T>(Vec<T>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Queue<T> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, it: T) {
        self.0.push(it);
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.0.get_mut(place)
    }
}

impl<T> IntoIterator for Queue<T> {
    type Item = T;
    type IntoIter = Emptied<T>;

    fn into_iter(self) -> Emptied<T> {
        let mut all = self.0;
        all.reverse();
        Emptied(all)
    }
}

impl<T> Iterator for Emptied<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let next = self.0.pop();
        if self.0.len().is_multiple_of(GIVEN_BACK) {
            // What is cut off at the end goes back to the system, and nothing is moved.
            self.0.shrink_to_fit();
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_in_is_the_first_out() {
        let mut queue = Queue::default();
        assert_eq!(queue.len(), 0);
        (0..=GIVEN_BACK * 2).for_each(|number| queue.push(number));
        assert_eq!(queue.len(), GIVEN_BACK * 2 + 1);
        *queue.get_mut(0).expect("it was put in") = 7;
        let mut emptied = queue.into_iter();
        assert_eq!((emptied.next(), emptied.0.capacity()), (Some(7), GIVEN_BACK * 2));
        assert!(emptied.by_ref().eq(1..=GIVEN_BACK * 2));
        assert_eq!((emptied.next(), emptied.0.capacity()), (None, 0));
    }
}
