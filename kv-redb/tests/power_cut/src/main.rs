//! Power cuts on a real file system, below a store of kv-redb.
//!
//! `cargo run -p power-cut -- [cuts]` makes 30 cuts by default. It needs Linux, root, `/dev/fuse`, loop
//! devices, and the commands `mkfs.ext4`, `losetup`, `mount` and `umount`; if one of these is missing, it
//! says so and succeeds. `KV_REDB_SEED` repeats the draws of a run.
//!
//! A disk in memory keeps flushed and unflushed writes apart. FUSE shows it as a file, a loop device makes
//! that a block device, and ext4 lies on it, so the store's `fsync` goes through a real page cache and a real
//! journal. A cut copies what the disk would hold without power: all flushed writes, and of the others none,
//! all, a prefix, or random sectors. The copy is mounted, its journal is replayed, and the store on it has to
//! open and hold every write that was answered before the cut. A run on a disk that ignores flushes proves
//! that the check fails when writes are lost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod clients;
#[cfg(target_os = "linux")]
mod cut;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod ext4;
#[cfg(target_os = "linux")]
#[path = "../../random/mod.rs"]
mod random;

fn main() {
    #[cfg(not(target_os = "linux"))]
    println!("\n!! SKIPPED: no power was cut, since this is not Linux.\n");
    #[cfg(target_os = "linux")]
    match ext4::missing_requirement() {
        Some(missing) => println!("\n!! SKIPPED: no power was cut, since {missing}.\n"),
        None => cut::run(std::env::args().nth(1).map_or(30, |cuts| cuts.parse().unwrap())),
    }
}
