//! Store of the command line.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use kv_core::{KvStore, Result};
use kv_memory::MemoryStore;
use kv_redb::RedbStore;

/// Location of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    Memory,
    Redb(PathBuf),
}

impl FromStr for StoreLocation {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("redb", path)) if !path.is_empty() => Ok(Self::Redb(path.into())),
            _ => Err("give `memory:` or `redb:PATH`, such as `redb:./app.kv`"),
        }
    }
}

impl StoreLocation {
    pub(crate) async fn open(&self) -> Result<Arc<dyn KvStore>> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryStore::new()),
            Self::Redb(path) => Arc::new(RedbStore::open(path).await?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::StoreLocation;

    #[test]
    fn a_location_is_memory_or_a_file() {
        let table = [
            ("memory:", Some(StoreLocation::Memory)),
            ("redb:a.kv", Some(StoreLocation::Redb("a.kv".into()))),
            ("redb:C:\\a.kv", Some(StoreLocation::Redb("C:\\a.kv".into()))),
            ("redb:", None),
            ("memory", None),
            ("memory:x", None),
            ("sqlite:a", None),
            ("", None),
        ];
        for (text, location) in table {
            assert_eq!(text.parse::<StoreLocation>().ok(), location, "{text}");
        }
    }
}
