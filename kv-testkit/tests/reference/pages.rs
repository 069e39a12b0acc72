//! How the backend lists.

use kv_core::{Cursor, Key, KeyInfo, ListOptions, ListPage, Prefix, Result};

use super::{Defect, Reference, namespace::broken};

/// The page that `options` ask for: the live keys behind the cursor, and a cursor if there are more.
pub(crate) fn page(namespace: &Reference, options: &ListOptions) -> Result<ListPage> {
    let has = |defect| namespace.has(defect);
    let start = match options.start() {
        Err(_) if has(Defect::CursorIsUnchecked) => None,
        start => start?,
    };
    let prefix = options.prefix();
    let state = namespace.open()?;
    if start.is_some_and(|start| has(Defect::CursorNeedsItsKey) && !state.rows.contains_key(start)) {
        return Err(broken());
    }
    let behind = |key: &str| match start {
        Some(start) if has(Defect::CursorRepeatsKey) => key >= start,
        Some(start) => key > start,
        None => true,
    };
    let mut rows: Vec<_> = state.rows.iter().filter(|(key, _)| matches(namespace, prefix, key)).collect();
    if has(Defect::ListsNoMoreThanOnePage) {
        rows.truncate(1000);
    }
    if has(Defect::ScansOneThousandEntries) {
        rows.retain(|(key, _)| behind(key));
        rows.truncate(1000);
    }
    rows.retain(|(key, (entry, _))| behind(key) && (namespace.is_live(entry) || has(Defect::ListsExpired)));
    if start.is_some() && has(Defect::CursorSkipsKey) && !rows.is_empty() {
        rows.remove(0);
    }
    if rows.is_empty() && has(Defect::EmptyListingFails) {
        return Err(broken());
    }
    let limit = if has(Defect::IgnoresLimit) { usize::MAX } else { options.limit() };
    let more = rows.len() > limit;
    rows.truncate(limit);

    let mut keys = Vec::with_capacity(rows.len());
    for (key, (entry, _)) in &rows {
        let deadline = entry.expires_at.filter(|_| !has(Defect::ListsNoExpiry));
        let info = KeyInfo::new(Key::new(key.as_str())?.into_owned());
        keys.push(info.with_metadata(entry.metadata.clone()).with_expires_at(deadline));
    }
    let next = keys.last().filter(|_| more).map(|last| Cursor::after(prefix, &last.name));
    if has(Defect::ListsInUtf16Order) {
        keys.sort_by_key(|key| key.name.as_str().encode_utf16().collect::<Vec<_>>());
    }
    if has(Defect::ListsUnordered) {
        keys.sort_by_key(|key| state.rows.get(key.name.as_str()).map(|row| row.1.as_u64()));
    }
    Ok(ListPage::new(keys, next))
}

fn matches(namespace: &Reference, prefix: &Prefix, key: &str) -> bool {
    let text = prefix.as_str();
    if namespace.has(Defect::PrefixIsPattern) {
        return is_like(&text.chars().collect::<Vec<_>>(), &key.chars().collect::<Vec<_>>());
    }
    let end = [text, "\u{ffff}"].concat();
    let hidden = (namespace.has(Defect::PrefixEndsTooEarly) && key >= end.as_str())
        || (namespace.has(Defect::PrefixIsNoKey) && key == text)
        || (namespace.has(Defect::EmptyPrefixListsNothing) && text.is_empty());
    prefix.matches(key) && !hidden
}

/// Whether `text` starts with what `pattern` stands for, as SQL's `LIKE pattern || '%'` has it.
fn is_like(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, _) => true,
        (Some(('%', pattern)), None) => is_like(pattern, text),
        (Some(('%', rest)), Some((_, shorter))) => is_like(rest, text) || is_like(pattern, shorter),
        (Some(_), None) => false,
        (Some((wanted, pattern)), Some((found, text))) => {
            (*wanted == '_' || wanted == found) && is_like(pattern, text)
        }
    }
}
