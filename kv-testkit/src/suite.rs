//! Conformance suite: one named test for each case of the contract.

use crate::support::{polling::block_on, subject::Subject};

/// Emits the conformance suite: one `#[test]` for each case, with the case's name.
///
/// The first argument is the factory: an `async fn() -> Subject`, or an expression that can be called like
/// one. Each test calls it once. Any of these options may follow, in any order:
///
/// | option | what it does |
/// |---|---|
/// | `clock` | adds the cases of expiry; needs [`Subject::with_clock`] |
/// | `atomic` | adds the cases of [`AtomicKv`](kv_core::AtomicKv); needs an `into_atomic` that returns `Some` |
/// | `store` | adds the cases of [`KvStore`](kv_core::KvStore); needs [`Subject::with_store`] |
/// | `eventual` | marks cases that read a key after a change of it as ignored |
///
/// ```
/// mod conformance {
///     use std::sync::Arc;
///
///     use kv_memory::MemoryNamespace;
///     use kv_testkit::Subject;
///
///     kv_testkit::conformance!(|| async { Subject::new(Arc::new(MemoryNamespace::new())) }, atomic);
/// }
/// ```
///
/// An unknown option does not compile:
///
/// ```compile_fail
/// kv_testkit::conformance!(factory, atomics);
/// ```
#[macro_export]
macro_rules! conformance {
    ($factory:expr $(, $option:ident)* $(,)?) => {
        $crate::__conformance_options! { [no no no no] ($factory) $($option)* }
    };
}

/// Runs one case on a subject that `factory` makes, as a test of [`conformance!`](crate::conformance!) does.
///
/// ```
/// use std::sync::Arc;
///
/// use kv_memory::MemoryNamespace;
/// use kv_testkit::{Subject, cases, run_case};
///
/// async fn subject() -> Subject {
///     Subject::new(Arc::new(MemoryNamespace::new()))
/// }
///
/// run_case(subject, cases::values::value_round_trips);
/// ```
///
/// # Panics
///
/// If the backend breaks what the case proves.
pub fn run_case(factory: impl AsyncFnOnce() -> Subject, case: impl AsyncFnOnce(&Subject)) {
    block_on(async {
        let subject = factory().await;
        case(&subject).await;
    });
}

/// Parses the options into four flags: clock, atomic, store, eventual.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_options {
    ([$clock:tt $atomic:tt $store:tt $eventual:tt] $factory:tt clock $($rest:tt)*) => {
        $crate::__conformance_options! { [yes $atomic $store $eventual] $factory $($rest)* }
    };
    ([$clock:tt $atomic:tt $store:tt $eventual:tt] $factory:tt atomic $($rest:tt)*) => {
        $crate::__conformance_options! { [$clock yes $store $eventual] $factory $($rest)* }
    };
    ([$clock:tt $atomic:tt $store:tt $eventual:tt] $factory:tt store $($rest:tt)*) => {
        $crate::__conformance_options! { [$clock $atomic yes $eventual] $factory $($rest)* }
    };
    ([$clock:tt $atomic:tt $store:tt $eventual:tt] $factory:tt eventual $($rest:tt)*) => {
        $crate::__conformance_options! { [$clock $atomic $store yes] $factory $($rest)* }
    };
    ($flags:tt $factory:tt) => {
        $crate::__conformance_cases! { __conformance_emit $flags $factory }
    };
    ($flags:tt $factory:tt $unknown:ident $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($unknown), "` is not an option (clock, atomic, store, eventual)"
        ));
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_emit {
    ([$flags:tt $factory:tt] $($module:ident $needs:tt $cases:tt)*) => {
        $($crate::__conformance_group! { $needs $flags $factory $module $cases })*
    };
}

/// Removes one met need after the other, and drops the cases whose needs no option meets.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_group {
    ([clock $($needs:tt)*] [yes $($flags:tt)*] $($rest:tt)*) => {
        $crate::__conformance_group! { [$($needs)*] [yes $($flags)*] $($rest)* }
    };
    ([atomic $($needs:tt)*] [$clock:tt yes $($flags:tt)*] $($rest:tt)*) => {
        $crate::__conformance_group! { [$($needs)*] [$clock yes $($flags)*] $($rest)* }
    };
    ([store $($needs:tt)*] [$clock:tt $atomic:tt yes $($flags:tt)*] $($rest:tt)*) => {
        $crate::__conformance_group! { [$($needs)*] [$clock $atomic yes $($flags)*] $($rest)* }
    };
    ([changes] [$clock:tt $atomic:tt $store:tt yes] $factory:tt $module:ident { $($case:ident)* }) => {
        $($crate::__conformance_test! {
            { #[ignore = "an eventual backend does not promise this"] } $factory $module $case
        })*
    };
    ([$(changes)?] $flags:tt $factory:tt $module:ident { $($case:ident)* }) => {
        $($crate::__conformance_test! { {} $factory $module $case })*
    };
    ([clock $($needs:tt)*] [no $($flags:tt)*] $($rest:tt)*) => {};
    ([atomic $($needs:tt)*] [$clock:tt no $($flags:tt)*] $($rest:tt)*) => {};
    ([store $($needs:tt)*] [$clock:tt $atomic:tt no $($flags:tt)*] $($rest:tt)*) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_test {
    ({ $($attribute:tt)* } ($factory:expr) $module:ident $case:ident) => {
        #[test]
        $($attribute)*
        fn $case() {
            $crate::run_case($factory, $crate::cases::$module::$case);
        }
    };
}
