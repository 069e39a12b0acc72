//! `BulkReport`: how many items were applied, and which were not.

use kv_core::{BulkReport, Error, ErrorKind, InvalidInput, Key, Metadata, PutEntry, PutOptions};
use proptest::{collection::vec, prelude::*};

proptest! {
    #[test]
    fn a_report_counts_every_item_once_and_keeps_the_failures_in_order(
        outcomes in vec(any::<bool>(), 0..20),
    ) {
        let mut report = BulkReport::default();
        for (index, &fine) in outcomes.iter().enumerate() {
            let key = Key::new(format!("key-{index}")).unwrap();
            let error = Error::new(ErrorKind::Unavailable, "test", format!("failure {index}"));
            report.add_outcome(index, &key, if fine { Ok(()) } else { Err(error) });
        }
        let failed: Vec<usize> = (0..outcomes.len()).filter(|&index| !outcomes[index]).collect();
        prop_assert_eq!(report.succeeded + report.failed.len(), outcomes.len());
        prop_assert_eq!(report.is_complete(), failed.is_empty());
        for (failure, &index) in report.failed.iter().zip(&failed) {
            prop_assert_eq!(failure.index, index);
            prop_assert_eq!(failure.key.as_str(), format!("key-{index}"));
            prop_assert_eq!(failure.error.to_string(), format!("failure {index}"));
        }
        match (report.into_result(), failed.first()) {
            (Ok(applied), None) => prop_assert_eq!(applied, outcomes.len()),
            (Err(error), Some(first)) => {
                prop_assert_eq!(error.to_string(), format!("failure {first}"));
                prop_assert_eq!(error.key().unwrap().as_str(), format!("key-{first}"));
            }
            (outcome, _) => prop_assert!(false, "{outcome:?}"),
        }
    }
}

#[test]
fn a_report_without_failures_is_complete() {
    assert_eq!(BulkReport::new(3).into_result().unwrap(), 3);
    assert!(BulkReport::default().is_complete());
}

#[test]
fn an_item_of_a_bulk_write_keeps_the_rules_of_its_parts() {
    let metadata = Metadata::new(&7).unwrap();
    let entry = PutEntry::new("k", "v").unwrap().with_options(metadata.clone());
    assert_eq!(entry.options, PutOptions::default().with_metadata(metadata));
    assert_eq!(PutEntry::new("", "v"), Err(InvalidInput::KeyEmpty));
    assert_eq!(PutEntry::new("k", vec![0; 26_214_401]), Err(InvalidInput::ValueTooLong { len: 26_214_401 }));
}
