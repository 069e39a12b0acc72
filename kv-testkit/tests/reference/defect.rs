//! The ways in which the backend can be broken.

/// One way in which a backend breaks the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// A page is ordered by the UTF-16 of its keys, as JavaScript sorts.
    ListsInUtf16Order,
    /// A page is in no order at all: the newest keys come last.
    ListsUnordered,
    /// An overwrite without metadata leaves the old metadata.
    KeepsOldMetadata,
    /// An overwrite without an expiration leaves the old deadline.
    KeepsOldExpiration,
    /// A write of a key that is there does nothing.
    WritesOnce,
    /// A removed entry's metadata comes back with the next write of its key.
    KeepsRemovedMetadata,
    /// A deadline is told but never comes.
    IgnoresTtl,
    /// An entry lives through the second of its deadline.
    ExpiresOneSecondLate,
    /// An entry ends a second before its deadline.
    ExpiresOneSecondEarly,
    /// A time to live counts from the start of the backend.
    TtlCountsFromTheStart,
    /// An entry without an expiration gets one.
    EveryEntryExpires,
    /// A deadline is kept in 32 bits.
    ExpiryIn32Bits,
    /// A listing shows what a read no longer finds.
    ListsExpired,
    /// The next page leaves out the first key behind the cursor.
    CursorSkipsKey,
    /// The next page starts with the key of the cursor.
    CursorRepeatsKey,
    /// A cursor that belongs to another prefix is taken as none.
    CursorIsUnchecked,
    /// A cursor whose key is gone is refused.
    CursorNeedsItsKey,
    /// A listing stops after its first 1,000 keys.
    ListsNoMoreThanOnePage,
    /// A page may hold more keys than its limit.
    IgnoresLimit,
    /// The empty prefix lists nothing.
    EmptyPrefixListsNothing,
    /// A listing without a key fails.
    EmptyListingFails,
    /// A listing tells no deadlines.
    ListsNoExpiry,
    /// A scan gives up after 1,000 rows, whether or not they are alive.
    ScansOneThousandEntries,
    /// `%` and `_` in a prefix stand for other text, as in SQL's `LIKE`.
    PrefixIsPattern,
    /// A range scan ends at the prefix and U+FFFF, as is common where text is UTF-16.
    PrefixEndsTooEarly,
    /// A key that is the prefix itself is not listed.
    PrefixIsNoKey,
    /// `%2F` in a key becomes `/`.
    DecodesKeys,
    /// Keys that differ in case are the same.
    IgnoresCaseOfKeys,
    /// White space around a key is dropped.
    TrimsKeys,
    /// Only the first 500 bytes of a key count.
    TruncatesKeys,
    /// An empty value is taken for an absent one.
    EmptyValueIsAbsent,
    /// A value is kept as text, and what is not text is replaced.
    KeepsValuesAsText,
    /// Metadata is filled in without being asked for.
    AlwaysFillsMetadata,
    /// Metadata is never filled in.
    NeverFillsMetadata,
    /// An entry without metadata gets some.
    EveryEntryHasMetadata,
    /// A read takes the entry away.
    ReadsOnce,
    /// The removal of an absent key is an error.
    RemovalOfAbsentKeyFails,
    /// A bulk call of nothing is an error.
    EmptyBulkCallFails,
    /// A bulk read of more than 1,000 keys is an error.
    LimitsBulkReads,
    /// A bulk removal leaves its last key.
    BulkRemovalLeavesLast,
    /// Of equal keys in a bulk write the first one wins.
    FirstOfEqualKeysWins,
    /// A bulk read answers a key that is given twice once.
    ReadsEachKeyOnce,
    /// Versions start again when a key is removed.
    VersionsStartAgain,
    /// A plain write keeps the version of the entry that it replaces.
    PlainWriteKeepsVersion,
    /// A conditional write is applied whatever it expects.
    IgnoresExpectation,
    /// A conditional write looks first and writes later.
    ComparesThenWrites,
    /// `Absent` does not hold for an entry that has expired and is not swept.
    ExpiredIsPresentForWriteIf,
    /// A conditional removal removes nothing.
    RemoveIfRemovesNothing,
    /// A conditional write answers another version than the entry gets.
    AnswersAnotherVersion,
    /// A versioned read fills in neither metadata nor deadline.
    ReadsVersionAlone,
    /// A sweep forgets to remove what has expired.
    SweepsNothing,
    /// A write sets value and metadata one after the other, and may be dropped between.
    WritesInTwoSteps,
    /// A conditional write does.
    WritesIfInTwoSteps,
    /// A removal drops the metadata before the value.
    RemovesInTwoSteps,
    /// A handle works on after its namespace was deleted.
    DeletedNamespaceWorks,
    /// Two namespaces may have the same title.
    TitlesAreNotUnique,
    /// A rename starts with no entries.
    RenameLosesEntries,
    /// A rename to the title that the namespace has is refused.
    RenameToOwnTitleFails,
    /// Titles end after 100 characters.
    TruncatesTitles,
    /// All namespaces are one.
    NamespacesShareEntries,
    /// A handle is a copy of the namespace as it was.
    HandlesAreCopies,
    /// A namespace is listed twice.
    ListsNamespacesTwice,
    /// A deleted namespace is still listed and known.
    KeepsDeletedNamespaces,
    /// The deletion of a namespace that is unknown succeeds.
    DeletesUnknownNamespaces,
    /// A namespace is created without the jurisdiction that was asked for.
    DropsJurisdictions,
    /// A closed store answers all the same.
    CloseDoesNothing,
}
