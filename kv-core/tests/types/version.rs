//! `Expected`: what a conditional write finds.

use kv_core::{Expected, Version};
use proptest::prelude::*;

proptest! {
    #[test]
    fn an_expectation_holds_for_exactly_what_it_names(version in any::<u64>(), other in any::<u64>()) {
        let current = Version::new(version);
        let other = Version::new(other);
        prop_assert_eq!(current.as_u64(), version);
        prop_assert!(Expected::Absent.holds(None) && !Expected::Absent.holds(Some(current)));
        prop_assert!(Expected::from(current).holds(Some(current)) && !Expected::from(current).holds(None));
        prop_assert_eq!(Expected::from(other).holds(Some(current)), other == current);
    }
}
