//! The whole suite on the reference backend, with each set of options.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the backend is a helper of tests")]

#[expect(dead_code, reason = "only the tests of the suite itself break the backend")]
mod reference;

use std::{collections::BTreeSet, fs, path::Path};

use kv_testkit::{Subject, cases};

async fn subject() -> Subject {
    reference::subject_with(None)
}

mod every_option {
    kv_testkit::conformance!(super::subject, store, clock, atomic);
}

mod no_option {
    use super::subject;

    kv_testkit::conformance!(subject);
}

mod eventual {
    kv_testkit::conformance!(async || super::subject().await, eventual, clock,);
}

mod pointer {
    use std::sync::Arc;

    use kv_testkit::Subject;

    async fn subject() -> Subject {
        Subject::new(Arc::new(Arc::clone(super::subject().await.namespace())))
    }

    kv_testkit::conformance!(self::subject, atomic);
}

#[test]
fn every_case_function_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cases");
    let mut functions = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some((case, _)) = line.strip_prefix("pub async fn ").and_then(|rest| rest.split_once('('))
            {
                functions.insert(format!("{module}::{case}"));
            }
        }
    }
    let names: BTreeSet<_> = cases::ALL.iter().map(|case| case.name().to_owned()).collect();
    assert_eq!(names.len(), cases::ALL.len(), "no case is in the list twice");
    assert_eq!(functions, names);
}
