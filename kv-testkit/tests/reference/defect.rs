//! Defects of the reference backend.

/// Defect that breaks one rule of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// A page is ordered by the UTF-16 of its keys, as JavaScript sorts.
    ListsInUtf16Order,
    /// A page is in the order of the writes.
    ListsUnordered,
    /// An overwrite without metadata leaves the old metadata.
    KeepsOldMetadata,
    /// An overwrite without an expiration leaves the old expiry.
    KeepsOldExpiration,
    /// A write of an existing key does nothing.
    WritesOnce,
    /// A removed entry's metadata comes back with the next write of its key.
    KeepsRemovedMetadata,
    /// An expiry is reported but has no effect.
    IgnoresTtl,
    /// An entry is still there in the second of its expiry.
    ExpiresOneSecondLate,
    /// An entry is gone a second before its expiry.
    ExpiresOneSecondEarly,
    /// A TTL counts from the start of the backend.
    TtlCountsFromTheStart,
    /// An entry without an expiration gets one.
    EveryEntryExpires,
    /// An expiry is kept in 32 bits.
    ExpiryIn32Bits,
    /// A listing has expired entries.
    ListsExpired,
    /// The next page leaves out the first key behind the cursor.
    CursorSkipsKey,
    /// The next page starts with the key of the cursor.
    CursorRepeatsKey,
    /// A cursor of another prefix is ignored.
    CursorIsUnchecked,
    /// A cursor whose key was removed is rejected.
    CursorNeedsItsKey,
    /// A listing stops after its first 1,000 keys.
    ListsNoMoreThanOnePage,
    /// A page may hold more keys than its limit.
    IgnoresLimit,
    /// The empty prefix lists nothing.
    EmptyPrefixListsNothing,
    /// A listing without a key fails.
    EmptyListingFails,
    /// A listing has no expiry of its keys.
    ListsNoExpiry,
    /// A scan stops after 1,000 entries, live or expired.
    ScansOneThousandEntries,
    /// `%` and `_` in a prefix stand for other text, as in SQL's `LIKE`.
    PrefixIsPattern,
    /// A range scan ends at the prefix followed by U+FFFF, as is common with UTF-16.
    PrefixEndsTooEarly,
    /// A key that equals the prefix is not listed.
    PrefixIsNoKey,
    /// `%2F` in a key becomes `/`.
    DecodesKeys,
    /// Keys that differ in case are the same.
    IgnoresCaseOfKeys,
    /// White space around a key is trimmed.
    TrimsKeys,
    /// Only the first 500 bytes of a key count.
    TruncatesKeys,
    /// An entry with an empty value reads as absent.
    EmptyValueIsAbsent,
    /// A value is kept as text, with replacement characters for other bytes.
    KeepsValuesAsText,
    /// Metadata is filled in without being asked for.
    AlwaysFillsMetadata,
    /// Metadata is never filled in.
    NeverFillsMetadata,
    /// An entry without metadata gets some.
    EveryEntryHasMetadata,
    /// A read removes the entry.
    ReadsOnce,
    /// The removal of an absent key is an error.
    RemovalOfAbsentKeyFails,
    /// An empty bulk call is an error.
    EmptyBulkCallFails,
    /// A bulk read of more than 1,000 keys is an error.
    LimitsBulkReads,
    /// A bulk removal leaves its last key.
    BulkRemovalLeavesLast,
    /// The first of equal keys in a bulk write wins.
    FirstOfEqualKeysWins,
    /// A bulk read answers a duplicate key only once.
    ReadsEachKeyOnce,
    /// Versions start again after a removal.
    VersionsStartAgain,
    /// A plain write keeps the version of the entry that it replaces.
    PlainWriteKeepsVersion,
    /// A conditional write ignores what it expects.
    IgnoresExpectation,
    /// A conditional write compares first and writes later.
    ComparesThenWrites,
    /// `Absent` does not hold for an expired entry before a sweep.
    ExpiredIsPresentForWriteIf,
    /// A conditional removal removes nothing.
    RemoveIfRemovesNothing,
    /// A conditional write returns another version than that of the entry.
    AnswersAnotherVersion,
    /// A versioned read fills in neither metadata nor expiry.
    ReadsVersionAlone,
    /// A sweep removes nothing.
    SweepsNothing,
    /// A write sets value and metadata in two steps, and may be dropped between them.
    WritesInTwoSteps,
    /// A conditional write does the same.
    WritesIfInTwoSteps,
    /// A removal drops the metadata before the value.
    RemovesInTwoSteps,
    /// A handle still works after its namespace was deleted.
    DeletedNamespaceWorks,
    /// Two namespaces may have the same title.
    TitlesAreNotUnique,
    /// A rename removes the entries.
    RenameLosesEntries,
    /// A rename to the namespace's own title is rejected.
    RenameToOwnTitleFails,
    /// Titles are truncated after 100 characters.
    TruncatesTitles,
    /// All namespaces have the same entries.
    NamespacesShareEntries,
    /// A handle is a copy of the namespace at the time that it was made.
    HandlesAreCopies,
    /// Each namespace is listed twice.
    ListsNamespacesTwice,
    /// A deleted namespace is still listed and known.
    KeepsDeletedNamespaces,
    /// Deleting an unknown namespace succeeds.
    DeletesUnknownNamespaces,
    /// A namespace is created without the jurisdiction that was asked for.
    DropsJurisdictions,
    /// A closed store still answers.
    CloseDoesNothing,
}
