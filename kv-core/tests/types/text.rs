//! Texts whose length is near a limit.

use proptest::{collection::vec, prelude::*};

/// One character for each length that UTF-8 has.
fn filler() -> impl Strategy<Value = char> {
    prop::sample::select(vec!['x', 'é', '€', '😀'])
}

/// Short texts of anything, and texts whose bytes are `limit` give or take a few, of every width of
/// character.
pub(crate) fn bytes_around(limit: usize) -> impl Strategy<Value = String> {
    let near = (filler(), limit.saturating_sub(5)..=limit + 5, vec(any::<char>(), 0..4)).prop_map(
        |(filler, bytes, tail)| {
            let tail: String = tail.into_iter().collect();
            let room = bytes.saturating_sub(tail.len());
            let mut text = filler.to_string().repeat(room / filler.len_utf8());
            text.push_str(&"-".repeat(room % filler.len_utf8()));
            text.push_str(&tail);
            text
        },
    );
    prop_oneof![1 => any::<String>(), 3 => near]
}

/// Short texts of anything, and texts of `limit` characters give or take a few, of every width of character.
pub(crate) fn characters_around(limit: usize) -> impl Strategy<Value = String> {
    let near = (filler(), limit.saturating_sub(5)..=limit + 5)
        .prop_map(|(filler, characters)| filler.to_string().repeat(characters));
    prop_oneof![1 => any::<String>(), 3 => near]
}
