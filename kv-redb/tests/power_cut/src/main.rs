//! Power cuts on a real file system, under a store of kv-redb.
//!
//! `cargo run -p power-cut -- [cuts]` needs Linux, root, `/dev/fuse`, loop devices, and the commands `mkfs.ext4`, `losetup`,
//! `mount` and `umount`; where one of these is missing, it says so and ends well. 30 cuts are made by default.
//!
//! A disk in memory keeps what was flushed apart from what was only written. FUSE shows it as a file, a loop device makes it a
//! block device, and ext4 lies on that, so the store's `fsync` goes through a real page cache and a real journal. A cut takes
//! what the disk would hold without power at this moment: all that was flushed, and of the rest none, all, the first part, or
//! any sectors. That image is mounted, its journal is replayed, and the store on it has to open and hold every write that was
//! answered before the cut. So that the test is seen to be able to fail, the same is done with a disk that ignores flushes.
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
mod needs;

fn main() {
    #[cfg(not(target_os = "linux"))]
    println!("\n!! SKIPPED: no power was cut, since this is not Linux.\n");
    #[cfg(target_os = "linux")]
    match needs::missing() {
        Some(missing) => println!("\n!! SKIPPED: no power was cut, since {missing}.\n"),
        None => cut::run(std::env::args().nth(1).map_or(30, |cuts| cuts.parse().unwrap())),
    }
}
