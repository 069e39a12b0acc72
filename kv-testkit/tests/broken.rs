//! Tests of the suite itself: backends that are broken on purpose, and the cases that catch them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the backend is a helper of tests")]

mod reference;

use std::{
    panic::{catch_unwind, set_hook},
    sync::Once,
};

use kv_testkit::{
    cases::{self, Case},
    run_case,
};

use crate::reference::{Defect, subject_with};

/// Each defect, with the case of its rule.
#[rustfmt::skip]
const BROKEN: &[(Defect, &str)] = &[
    (Defect::ListsUnordered, "listing::keys_are_listed_in_byte_order"),
    (Defect::ListsInUtf16Order, "listing::keys_are_listed_in_byte_order"),
    (Defect::ListsNoMoreThanOnePage, "paging::more_keys_than_a_page_holds_are_all_listed"),
    (Defect::IgnoresLimit, "paging::page_holds_at_most_its_limit"),
    (Defect::EmptyPrefixListsNothing, "listing::empty_prefix_lists_every_key"),
    (Defect::EmptyListingFails, "listing::empty_listing_is_complete"),
    (Defect::ListsNoExpiry, "expires_at::ttl_is_resolved_once"),
    (Defect::CursorSkipsKey, "paging::listing_is_the_same_with_every_limit"),
    (Defect::CursorRepeatsKey, "paging::cursor_works_with_another_limit"),
    (Defect::CursorIsUnchecked, "paging::cursor_of_another_prefix_is_rejected"),
    (Defect::CursorNeedsItsKey, "listing_under_change::cursor_survives_the_removal_of_its_key"),
    (Defect::PrefixIsPattern, "listing::prefix_is_literal"),
    (Defect::PrefixEndsTooEarly, "listing::prefix_may_end_before_the_surrogates"),
    (Defect::PrefixIsNoKey, "listing::prefix_may_be_a_whole_key"),
    (Defect::KeepsOldMetadata, "overwriting::overwrite_clears_the_metadata"),
    (Defect::KeepsOldExpiration, "overwriting::overwrite_clears_the_expiration"),
    (Defect::WritesOnce, "overwriting::last_write_wins"),
    (Defect::KeepsRemovedMetadata, "removing::removed_key_can_be_written_again"),
    (Defect::WritesInTwoSteps, "cancellation::dropped_write_leaves_a_whole_entry"),
    (Defect::WritesIfInTwoSteps, "conditional::dropped_conditional_write_leaves_a_whole_entry"),
    (Defect::RemovesInTwoSteps, "cancellation::dropped_remove_leaves_a_whole_entry_or_none"),
    (Defect::IgnoresTtl, "expiry::entry_is_gone_at_its_expiry"),
    (Defect::ExpiresOneSecondLate, "expiry::entry_is_gone_at_its_expiry"),
    (Defect::ExpiresOneSecondEarly, "expiry::entry_is_there_a_second_before_its_expiry"),
    (Defect::TtlCountsFromTheStart, "expiry::ttl_counts_by_the_backends_clock"),
    (Defect::EveryEntryExpires, "expires_at::entry_without_expiration_has_no_expiry"),
    (Defect::ExpiryIn32Bits, "expires_at::last_timestamp_is_a_valid_expiry"),
    (Defect::ListsExpired, "expiry::expired_entry_is_not_listed"),
    (Defect::ScansOneThousandEntries, "expiry_listing::many_expired_entries_hide_no_live_one"),
    (Defect::SweepsNothing, "expiry_changes::clock_set_back_revives_no_swept_entry"),
    (Defect::DecodesKeys, "keys::keys_are_not_decoded"),
    (Defect::IgnoresCaseOfKeys, "keys::keys_are_case_sensitive"),
    (Defect::TrimsKeys, "keys::keys_are_not_trimmed"),
    (Defect::TruncatesKeys, "keys::longest_keys_round_trip"),
    (Defect::KeepsValuesAsText, "values::every_byte_round_trips"),
    (Defect::EmptyValueIsAbsent, "values::empty_value_is_not_absence"),
    (Defect::AlwaysFillsMetadata, "metadata::metadata_is_left_out_when_not_asked_for"),
    (Defect::NeverFillsMetadata, "metadata::metadata_is_filled_in_when_asked_for"),
    (Defect::EveryEntryHasMetadata, "metadata::null_metadata_is_absent"),
    (Defect::ReadsOnce, "values::reading_changes_nothing"),
    (Defect::RemovalOfAbsentKeyFails, "values::removing_an_absent_key_succeeds"),
    (Defect::EmptyBulkCallFails, "bulk::empty_bulk_calls_succeed"),
    (Defect::LimitsBulkReads, "bulk::bulk_calls_take_any_number_of_keys"),
    (Defect::BulkRemovalLeavesLast, "removing::remove_many_removes_every_key"),
    (Defect::FirstOfEqualKeysWins, "bulk::last_of_equal_keys_wins"),
    (Defect::ReadsEachKeyOnce, "bulk::read_many_keeps_order_duplicates_and_absences"),
    (Defect::IgnoresExpectation, "conditional::write_if_of_a_stale_version_conflicts"),
    (Defect::ComparesThenWrites, "conditional::racing_writes_if_absent_have_one_winner"),
    (Defect::VersionsStartAgain, "versions::versions_are_never_used_twice"),
    (Defect::PlainWriteKeepsVersion, "versions::every_write_takes_a_new_version"),
    (Defect::ExpiredIsPresentForWriteIf, "expired_versions::expired_entry_is_absent_for_write_if"),
    (Defect::RemoveIfRemovesNothing, "conditional::remove_if_of_the_right_version_removes"),
    (Defect::AnswersAnotherVersion, "versions::applied_version_is_that_of_the_entry"),
    (Defect::ReadsVersionAlone, "versions::read_versioned_fills_in_metadata_and_expiry"),
    (Defect::DeletedNamespaceWorks, "deletion::deleted_namespace_fails_every_operation"),
    (Defect::TitlesAreNotUnique, "titles::title_in_use_is_rejected"),
    (Defect::RenameLosesEntries, "titles::rename_keeps_id_entries_and_handles"),
    (Defect::RenameToOwnTitleFails, "titles::rename_to_the_own_title_succeeds"),
    (Defect::TruncatesTitles, "titles::longest_title_round_trips"),
    (Defect::NamespacesShareEntries, "namespaces::namespaces_keep_their_entries_apart"),
    (Defect::HandlesAreCopies, "namespaces::handles_of_one_namespace_share_it"),
    (Defect::ListsNamespacesTwice, "namespaces::created_namespace_is_listed_and_known"),
    (Defect::KeepsDeletedNamespaces, "deletion::deleted_namespace_is_unknown"),
    (Defect::DeletesUnknownNamespaces, "deletion::unknown_id_is_namespace_not_found"),
    (Defect::DropsJurisdictions, "namespaces::jurisdiction_is_kept_or_rejected"),
    (Defect::CloseDoesNothing, "namespaces::closed_store_answers_closed"),
];

/// Cases of input that is rejected before a backend sees it, so that no backend can fail them.
const INVALID_INPUT: &str = "invalid_input::";

/// Returns the first line of the panic of `case` on the backend with `defect`, if it panics.
fn panic_of(case: &Case, defect: Option<Defect>) -> Option<String> {
    let run = || run_case(async || subject_with(defect), async |subject| case.run(subject).await);
    let payload = catch_unwind(run).err()?;
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    Some(line.replace("assertion `left == right` failed: ", ""))
}

/// Prints only the panics of this file: those of the cases are expected.
fn silence_cases() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_hook(Box::new(|info| {
            if info.location().is_some_and(|location| location.file() == file!()) {
                eprintln!("{info}");
            }
        }));
    });
}

#[test]
fn each_defect_is_caught_by_its_case() {
    silence_cases();
    let outcome = |(defect, name): &(Defect, &'static str)| {
        let case = cases::ALL.iter().find(|case| case.name() == *name).unwrap();
        (*defect, *name, panic_of(case, None), panic_of(case, Some(*defect)))
    };
    let outcomes: Vec<_> = BROKEN.iter().map(outcome).collect();
    for (defect, name, _, caught) in &outcomes {
        println!("{:<28} {name:<62} {}", format!("{defect:?}"), caught.as_deref().unwrap_or("NOT CAUGHT"));
    }
    for (defect, name, sound, caught) in outcomes {
        assert_eq!(sound, None, "{name} passes on the sound backend");
        assert!(caught.is_some(), "{name} catches {defect:?}");
    }
}

#[test]
fn each_case_catches_a_defect() {
    silence_cases();
    let mut without_defect = Vec::new();
    for case in cases::ALL.iter().filter(|case| !case.name().starts_with(INVALID_INPUT)) {
        if BROKEN.iter().all(|(defect, _)| panic_of(case, Some(*defect)).is_none()) {
            without_defect.push(case.name());
        }
    }
    assert!(without_defect.is_empty(), "no defect makes these cases fail: {without_defect:#?}");
}
