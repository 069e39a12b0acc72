//! `Timestamp`: whole seconds since the epoch, to the end of the year 9999.

use std::time::Duration;

use kv_core::{InvalidInput, Timestamp, limits};
use proptest::prelude::*;

const LAST: u64 = 253_402_300_799;

/// Any time, and times near both ends.
pub(crate) fn timestamp() -> impl Strategy<Value = Timestamp> {
    prop_oneof![0..=LAST, 0..=200_u64, LAST - 200..=LAST]
        .prop_map(|seconds| Timestamp::from_secs(seconds).unwrap())
}

proptest! {
    #[test]
    fn a_time_is_at_most_the_end_of_the_year_9999(
        seconds in prop_oneof![any::<u64>(), 0..=LAST, LAST - 5..=LAST + 5],
    ) {
        let rule = if seconds > LAST { Err(InvalidInput::TimestampTooLate { seconds }) } else { Ok(seconds) };
        prop_assert_eq!(Timestamp::from_secs(seconds).map(Timestamp::as_secs), rule);
        let read = serde_json::from_str::<Timestamp>(&seconds.to_string());
        prop_assert_eq!(read.ok().map(Timestamp::as_secs), rule.ok());
    }

    #[test]
    fn adding_drops_fractions_and_stops_at_the_end(
        time in timestamp(), seconds in any::<u64>(), nanos in 0..1_000_000_000_u32,
    ) {
        let sum = time.saturating_add(Duration::new(seconds, nanos));
        let expected = (u128::from(time.as_secs()) + u128::from(seconds)).min(u128::from(LAST));
        prop_assert_eq!(u128::from(sum.as_secs()), expected);
    }

    #[test]
    fn a_difference_is_never_negative(a in timestamp(), b in timestamp()) {
        let since = a.saturating_since(b).as_secs();
        prop_assert_eq!(since, if a > b { a.as_secs() - b.as_secs() } else { 0 });
        prop_assert_eq!((a.has_passed(b), a.has_passed(a)), (a <= b, true));
        prop_assert_eq!(a.cmp(&b), a.as_secs().cmp(&b.as_secs()));
    }

    #[test]
    fn a_time_is_written_as_a_number(time in timestamp()) {
        prop_assert_eq!(serde_json::to_string(&time).unwrap(), time.as_secs().to_string());
        prop_assert_eq!(time.to_string(), time.as_secs().to_string());
    }
}

#[test]
fn the_constants_are_the_ends() {
    assert_eq!((Timestamp::EPOCH.as_secs(), Timestamp::MAX.as_secs()), (0, LAST));
    assert_eq!((Timestamp::default(), limits::MAX_TIMESTAMP), (Timestamp::EPOCH, Timestamp::MAX));
    assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
    for wrong in ["-1", "1.5", "\"7\"", "null", "253402300800"] {
        assert!(serde_json::from_str::<Timestamp>(wrong).is_err(), "{wrong}");
    }
}
