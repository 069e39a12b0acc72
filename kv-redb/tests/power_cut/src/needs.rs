//! Things that a power cut needs and a mounted may lack.

use std::{path::Path, process::Command};

/// Says what is missing, if anything is.
pub(crate) fn missing() -> Option<String> {
    let user = Command::new("id").arg("-u").output().ok()?;
    if user.stdout.trim_ascii() != b"0" {
        return Some("this user is not root".to_owned());
    }
    for device in ["/dev/fuse", "/dev/loop-control"] {
        if !Path::new(device).exists() {
            return Some(format!("{device} is not here"));
        }
    }
    let is_there = |command: &&str| Command::new(command).arg("--version").output().is_ok();
    // `mkfs.ext4` knows `-V` alone, but starts.
    let commands = ["mkfs.ext4", "losetup", "mount", "umount"];
    commands.iter().find(|command| !is_there(command)).map(|command| format!("{command} is not here"))
}
