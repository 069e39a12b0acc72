//! `Debug`: lengths alone, since keys, values and metadata do not belong in logs.

use std::fmt::Debug;

use kv_core::{
    BulkReport, Change, Cursor, Entry, Error, ErrorKind, Expiration, Key, KeyInfo, ListOptions, ListPage,
    Metadata, Prefix, PutEntry, PutOptions, Timestamp, Value,
};
use proptest::prelude::*;

fn shows(item: &impl Debug, secret: &str) -> bool {
    format!("{item:?}{item:#?}").contains(secret)
}

proptest! {
    #[test]
    fn debug_shows_no_content(secret in "[A-Z]{8,40}") {
        let key = Key::new(secret.clone()).unwrap();
        let prefix = Prefix::new(secret.clone()).unwrap();
        let value = Value::new(secret.clone()).unwrap();
        let metadata = Metadata::new(&secret).unwrap();
        let cursor = Cursor::after(&prefix, &key);
        let options = PutOptions::from(metadata.clone());
        let put = PutEntry::new(&key, &value).unwrap().with_options(options.clone());
        let info = KeyInfo::new(key.clone()).with_metadata(metadata.clone());
        let deadline = Timestamp::EPOCH;
        let entry = Entry::new(value.clone()).with_metadata(metadata.clone()).with_expires_at(deadline);
        let list = ListOptions::from(prefix.clone()).with_cursor(cursor.clone());
        let page = ListPage::new(vec![info.clone()], Some(cursor.clone()));
        let error = Error::new(ErrorKind::Other, "test", "it failed").with_key(&key);
        let mut report = BulkReport::default();
        report.add_outcome(0, &key, Err(error));
        prop_assert!(!shows(&key, &secret));
        prop_assert!(!shows(&prefix, &secret));
        prop_assert!(!shows(&value, &secret));
        prop_assert!(!shows(&metadata, &secret));
        prop_assert!(!shows(&cursor, &secret) && !shows(&cursor, cursor.as_str()));
        prop_assert!(!shows(&options, &secret));
        prop_assert!(!shows(&put, &secret));
        prop_assert!(!shows(&info, &secret));
        prop_assert!(!shows(&entry, &secret));
        prop_assert!(!shows(&Change::Put(value, options), &secret));
        prop_assert!(!shows(&list, &secret));
        prop_assert!(!shows(&page, &secret));
        prop_assert!(!shows(&report, &secret));
        prop_assert!(!shows(&Expiration::of(&entry), &secret));
    }
}

#[test]
fn debug_shows_lengths() {
    let shown = |item: &dyn Debug| format!("{item:?}");
    assert_eq!(shown(&Key::from_static("é")), "Key(2 bytes)");
    assert_eq!(shown(&Prefix::default()), "Prefix(0 bytes)");
    assert_eq!(shown(&Value::from_static(b"abc")), "Value(3 bytes)");
    assert_eq!(shown(&Metadata::new("m").unwrap()), "Metadata(3 bytes)");
    let cursor = Cursor::issue(&Prefix::default(), "t");
    assert_eq!(shown(&cursor), format!("Cursor({} bytes)", cursor.as_str().len()));
}
