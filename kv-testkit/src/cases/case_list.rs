//! List of all cases.

use futures_util::future::BoxFuture;

use crate::support::subject::Subject;

/// List of all cases: for each module, what its cases need, and their names. The need `changes` marks cases
/// that read a key after a change of it.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    ($callback:ident $($arguments:tt)*) => {
        $crate::$callback! {
            [$($arguments)*]
            values [] {
                value_round_trips
                empty_value_is_not_absence
                every_byte_round_trips
                largest_value_round_trips
                absent_key_reads_as_none
                removing_an_absent_key_succeeds
                reading_changes_nothing
                text_hint_changes_no_byte
                get_text_of_other_bytes_fails
                get_json_of_another_type_fails
                json_round_trips
                typed_records_round_trip
                concurrent_writes_of_many_keys_are_all_there
            }
            keys [] {
                odd_text_in_a_key_is_taken_literally
                odd_text_at_the_start_of_a_key_is_taken_literally
                every_ascii_character_may_be_in_a_key
                keys_are_not_decoded
                keys_are_not_trimmed
                keys_are_case_sensitive
                keys_are_not_normalised
                longest_keys_round_trip
            }
            metadata [] {
                metadata_of_every_kind_round_trips
                metadata_keeps_its_text
                longest_metadata_round_trips
                metadata_is_filled_in_when_asked_for
                metadata_is_left_out_when_not_asked_for
                null_metadata_is_absent
            }
            expires_at [] {
                expires_at_is_always_filled_in
                ttl_is_resolved_once
                last_timestamp_is_a_valid_expiry
                entry_without_expiration_has_no_expiry
            }
            bulk [] {
                read_many_keeps_order_duplicates_and_absences
                empty_bulk_calls_succeed
                write_many_writes_and_counts_every_entry
                last_of_equal_keys_wins
                write_many_sets_the_options_of_each_entry
                remove_many_counts_absent_keys_as_removed
                bulk_calls_take_any_number_of_keys
            }
            invalid_input [] {
                every_call_rejects_invalid_keys
                too_long_value_is_rejected
                too_long_prefix_is_rejected
                bulk_call_with_an_invalid_key_does_nothing
            }
            listing [] {
                keys_are_listed_in_byte_order
                key_is_listed_before_longer_keys_that_start_with_it
                prefix_is_literal
                prefix_may_be_a_whole_key
                slash_in_a_prefix_is_a_plain_character
                prefix_is_case_sensitive
                prefix_may_end_in_the_last_character
                prefix_may_end_before_the_surrogates
                longest_prefix_lists_its_key
                empty_prefix_lists_every_key
                empty_listing_is_complete
                listing_has_metadata_and_expiry
                list_stream_gives_every_key_once
                into_list_outlives_its_caller
            }
            paging [] {
                page_holds_at_most_its_limit
                listing_is_the_same_with_every_limit
                more_keys_than_a_page_holds_are_all_listed
                cursor_works_with_another_limit
                cursor_may_be_used_twice
                cursor_survives_as_text
                cursor_of_another_prefix_is_rejected
                altered_cursor_is_rejected
                foreign_cursor_does_no_harm
            }
            overwriting [changes] {
                overwrite_replaces_the_value
                overwrite_clears_the_metadata
                overwrite_clears_the_expiration
                overwrite_replaces_metadata_and_expiration
                write_many_replaces_whole_entries
                large_and_small_values_replace_each_other
                rejected_put_leaves_the_old_entry
                repeated_calls_have_the_same_effect
                last_write_wins
                concurrent_writes_leave_a_whole_entry
                concurrent_reads_see_whole_entries
            }
            removing [changes] {
                removed_key_is_absent
                removed_key_can_be_written_again
                remove_many_removes_every_key
                remove_leaves_similar_keys
            }
            cancellation [changes] {
                dropped_write_leaves_a_whole_entry
                dropped_write_of_a_large_value_leaves_a_whole_entry
                dropped_first_write_leaves_a_whole_entry_or_none
                dropped_bulk_write_leaves_whole_entries
                dropped_remove_leaves_a_whole_entry_or_none
                dropped_reads_change_nothing
                many_dropped_writes_leave_a_whole_entry
            }
            listing_under_change [changes] {
                cursor_survives_the_removal_of_its_key
                cursor_survives_removals_around_it
                cursor_survives_writes_around_it
                listing_ends_when_every_key_is_removed
                listing_beside_writers_has_every_lasting_key_once
            }
            expiry [clock] {
                entry_is_there_a_second_before_its_expiry
                entry_is_gone_at_its_expiry
                expired_entry_is_not_listed
                expired_entries_of_a_bulk_write_are_gone
                expiry_leaves_other_entries
                sweep_changes_nothing_visible
                ttl_counts_by_the_backends_clock
                longest_ttl_ends_at_the_last_timestamp
                expiry_is_kept_to_the_second
                carried_expiry_may_be_near
                carried_expiry_that_has_passed_makes_the_key_absent
            }
            expiry_listing [clock] {
                many_expired_entries_hide_no_live_one
                expired_entries_among_live_ones_are_skipped
                listing_goes_on_while_entries_expire
                cursor_survives_the_expiry_of_its_key
            }
            expiry_changes [clock changes] {
                write_after_expiry_has_nothing_of_the_old_entry
                write_without_expiration_outlives_the_old_expiry
                write_replaces_the_expiry
                overwrite_with_a_passed_expiry_makes_the_key_absent
                removing_an_expired_key_succeeds
                clock_set_back_does_no_harm
                clock_set_back_revives_no_swept_entry
            }
            conditional [atomic] {
                write_if_absent_writes_a_new_key
                write_if_absent_conflicts_with_an_entry
                write_if_of_the_right_version_replaces_the_entry
                write_if_of_a_stale_version_conflicts
                write_if_of_a_version_conflicts_with_absence
                remove_if_of_the_right_version_removes
                remove_if_of_a_stale_version_conflicts
                remove_if_conflicts_with_absence
                racing_writes_if_absent_have_one_winner
                racing_writes_if_version_have_one_winner
                dropped_conditional_write_leaves_a_whole_entry
            }
            versions [atomic] {
                every_write_takes_a_new_version
                applied_version_is_that_of_the_entry
                reading_keeps_the_version
                versions_are_never_used_twice
                removed_entry_written_again_is_another_one
                read_versioned_fills_in_metadata_and_expiry
            }
            updates [atomic] {
                update_puts_what_was_decided
                update_keeps_and_deletes
                failed_decision_writes_nothing
                update_decides_again_after_a_concurrent_write
                update_does_not_bring_a_removed_key_back
                concurrent_updates_lose_nothing
                typed_conditional_calls_keep_the_rules
                typed_updates_lose_nothing
            }
            expired_versions [clock atomic] {
                expired_entry_has_no_version
                expired_entry_is_absent_for_write_if
                expired_entry_conflicts_with_its_version
                expired_entry_is_absent_for_update
                versions_are_not_used_again_after_expiry
            }
            namespaces [store] {
                created_namespace_is_listed_and_known
                created_namespace_is_empty
                namespaces_keep_their_entries_apart
                many_namespaces_live_side_by_side
                handles_of_one_namespace_share_it
                keys_need_no_prefix
                empty_prefix_lists_the_whole_namespace
                jurisdiction_is_kept_or_rejected
                closed_store_answers_closed
            }
            titles [store] {
                title_in_use_is_rejected
                racing_creations_of_a_title_have_one_winner
                rename_keeps_id_entries_and_handles
                rename_to_the_own_title_succeeds
                rename_to_a_title_in_use_changes_nothing
                old_title_is_free_after_a_rename
                longest_title_round_trips
            }
            deletion [store] {
                unknown_id_is_namespace_not_found
                unknown_id_fails_every_operation
                deleted_namespace_is_unknown
                deleted_namespace_fails_every_operation
                deletion_ends_a_listing_under_way
                title_of_a_deleted_namespace_can_be_used_again
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_all {
    ([] $($module:ident $needs:tt { $($case:ident)* })*) => {
        &[$($($crate::cases::Case {
            name: ::core::concat!(::core::stringify!($module), "::", ::core::stringify!($case)),
            function: |subject| ::std::boxed::Box::pin($crate::cases::$module::$case(subject)),
        },)*)*]
    };
}

/// All cases of the suite.
pub const ALL: &[Case] = __conformance_cases! { __conformance_all };

/// Case of the suite, for runners other than [`conformance!`](crate::conformance!).
#[derive(Debug, Clone, Copy)]
pub struct Case {
    name: &'static str,
    function: for<'a> fn(&'a Subject) -> BoxFuture<'a, ()>,
}

impl Case {
    /// Returns the name: module and function, such as `values::value_round_trips`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case on `subject`.
    ///
    /// # Panics
    ///
    /// If the backend breaks what the case proves, or if the subject has no clock, store or conditional
    /// writes and the case needs them.
    pub async fn run(&self, subject: &Subject) {
        (self.function)(subject).await;
    }
}
