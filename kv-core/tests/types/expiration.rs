//! `Expiration`: a TTL of 60 seconds or more, or a time that is 60 seconds away or more.

use std::time::Duration;

use kv_core::{Entry, Expiration, InvalidInput, Key, KeyInfo, Metadata, PutOptions, Timestamp, Value};
use proptest::prelude::*;

use crate::timestamp::timestamp;

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos)),
        (50..70_u64, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos)),
        prop::sample::select(vec![
            Duration::ZERO,
            Duration::new(59, 999_999_999),
            Duration::from_secs(60),
            Duration::from_secs(Timestamp::MAX.as_secs()),
            Duration::from_secs(u64::MAX),
            Duration::MAX,
        ]),
    ]
}

proptest! {
    #[test]
    fn a_time_to_live_is_60_whole_seconds_or_more(time_to_live in duration(), now in timestamp()) {
        let seconds = time_to_live.as_secs();
        match Expiration::after(time_to_live) {
            Ok(expiration) => {
                prop_assert!(seconds >= 60);
                let expected = (u128::from(now.as_secs()) + u128::from(seconds)).min(253_402_300_799);
                prop_assert_eq!(u128::from(expiration.expires_at(now).as_secs()), expected);
                prop_assert_eq!(expiration.ttl(), Some(Duration::from_secs(seconds)));
                prop_assert_eq!(PutOptions::from(expiration).expires_at(now), Some(expiration.expires_at(now)));
            }
            Err(error) => {
                prop_assert!(seconds < 60);
                prop_assert_eq!(error, InvalidInput::ExpirationTtlTooShort { seconds });
            }
        }
    }

    #[test]
    fn a_deadline_is_60_seconds_from_now_or_later(
        (now, deadline) in prop_oneof![
            (timestamp(), timestamp()),
            (timestamp(), (0..120_u64).prop_map(Duration::from_secs))
                .prop_map(|(now, more)| (now, now.saturating_add(more))),
        ],
        later in timestamp(),
    ) {
        let rule = i128::from(deadline.as_secs()) - i128::from(now.as_secs()) >= 60;
        match Expiration::at(deadline, now) {
            Ok(expiration) => {
                prop_assert!(rule);
                prop_assert_eq!(expiration.expires_at(later), deadline);
                prop_assert_eq!(expiration.ttl(), None);
            }
            Err(error) => {
                prop_assert!(!rule);
                prop_assert_eq!(error, InvalidInput::ExpirationTooSoon { expiration: deadline, now });
            }
        }
    }

    #[test]
    fn a_deadline_that_was_accepted_is_carried_on_as_it_is(
        deadline in prop::option::of(timestamp()), now in timestamp(),
    ) {
        let entry = Entry::new(Value::default()).with_expires_at(deadline);
        let info = KeyInfo::new(Key::from_static("k")).with_expires_at(deadline);
        for carried in [Expiration::of(&entry), Expiration::of(&info)] {
            prop_assert_eq!(carried.map(|carried| carried.expires_at(now)), deadline);
            prop_assert_eq!(PutOptions::from(carried).expires_at(now), deadline);
        }
    }
}

#[test]
fn at_the_end_of_time_no_deadline_is_far_enough_away() {
    let last_but_60 = Timestamp::from_secs(Timestamp::MAX.as_secs() - 60).unwrap();
    assert!(Expiration::at(Timestamp::MAX, last_but_60).is_ok());
    for now in [last_but_60.saturating_add(Duration::from_secs(1)), Timestamp::MAX] {
        assert_eq!(
            Expiration::at(Timestamp::MAX, now),
            Err(InvalidInput::ExpirationTooSoon { expiration: Timestamp::MAX, now })
        );
    }
    assert_eq!(Expiration::after(Duration::MAX).unwrap().expires_at(Timestamp::MAX), Timestamp::MAX);
}

#[test]
fn options_are_set_and_cleared() {
    let hour = Expiration::after(Duration::from_secs(3_600)).unwrap();
    let metadata = Metadata::new("m").unwrap();
    let both = PutOptions::from(metadata.clone()).with_expiration(hour);
    assert_eq!((both.expiration, &both.metadata), (Some(hour), &Some(metadata)));
    assert_eq!(both.with_expiration(None).with_metadata(None), PutOptions::default());
}
