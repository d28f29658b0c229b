//! What the front of the shop keeps beside orders and payments, in the shop's own words.

use super::Answer;

/// The front's part of the storage.
pub(crate) trait Front {
    /// Every stored flag with its value as JSON.
    fn flags(&self) -> Answer<'_, Vec<(String, String)>>;
    /// Stores a flag's value as JSON.
    fn set_flag(&self, name: &'static str, value: String) -> Answer<'_, ()>;
}
