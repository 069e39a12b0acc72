//! The cases of the conformance suite, as functions.
//!
//! Each proves one point of the contract and panics where the backend breaks it. It works on keys (or titles) of its own,
//! with a random part, so that it may run in a namespace that is in use, and it removes what it wrote.
//!
//! Run one with [`run_case`](crate::run_case). Elsewhere they need a tokio runtime of several threads, as
//! [`block_on`](crate::block_on) makes one.

use futures_util::future::BoxFuture;

use crate::Subject;

mod drive;
mod mark;
mod outcome;
mod scope;
mod store_scope;

pub mod bulk;
pub mod cancellation;
pub mod conditional;
pub mod deadlines;
pub mod deletion;
pub mod expired_versions;
pub mod expiry;
pub mod expiry_changes;
pub mod expiry_listing;
pub mod keys;
pub mod listing;
pub mod metadata;
pub mod moving_lists;
pub mod namespaces;
pub mod overwriting;
pub mod paging;
pub mod refusals;
pub mod removing;
pub mod titles;
pub mod updates;
pub mod values;
pub mod versions;

/// Every case of the suite.
pub const ALL: &[Case] = crate::__conformance_cases! { __conformance_all };

/// A case by its name, for who runs them other than by [`conformance!`](crate::conformance!).
#[derive(Debug, Clone, Copy)]
pub struct Case {
    name: &'static str,
    function: for<'a> fn(&'a Subject) -> BoxFuture<'a, ()>,
}

impl Case {
    /// Its name: the module's and the function's, such as `values::value_round_trips`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it on `subject`.
    ///
    /// # Panics
    ///
    /// If the backend breaks what the case proves, or if the subject has no clock, store or conditional writes and the
    /// case needs them.
    pub async fn run(&self, subject: &Subject) {
        (self.function)(subject).await;
    }
}
