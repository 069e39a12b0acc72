//! List of all workloads.

use crate::workloads::{
    bulk, cache, client, get, group::Group, growth, list, memory, mixed, open, put, requests, serve, space,
    stall, value_peak,
};

/// Returns all workloads in the order of the report; `quick` shortens some.
pub(crate) fn all(quick: bool) -> Vec<Group> {
    let groups = [
        get::groups(),
        put::groups(),
        mixed::groups(),
        bulk::groups(),
        list::groups(quick),
        cache::groups(),
        stall::groups(),
        space::groups(),
        memory::groups(),
        growth::groups(),
        open::groups(),
        serve::groups(),
        client::groups(),
        requests::groups(),
        value_peak::groups(),
    ];
    groups.into_iter().flatten().collect()
}
