//! Mounts of ext4 on loop devices, which end when they are dropped, and their requirements.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use fuser::BackgroundSession;
use tempfile::TempDir;

use crate::disk::{Disk, NAME};

/// Size of the disk in bytes: space for a small journal and a store of some megabytes.
const DISK_BYTES: u64 = 40 << 20;

/// Most attempts to unmount a busy file system, 20 ms apart.
const MAX_UNMOUNT_ATTEMPTS: u32 = 250;

/// Returns what this machine lacks for a power cut, if anything.
pub(crate) fn missing_requirement() -> Option<String> {
    let user = Command::new("id").arg("-u").output().ok()?;
    if user.stdout.trim_ascii() != b"0" {
        return Some("this user is not root".to_owned());
    }
    for device in ["/dev/fuse", "/dev/loop-control"] {
        if !Path::new(device).exists() {
            return Some(format!("{device} is missing"));
        }
    }
    let is_there = |command: &&str| Command::new(command).arg("--version").output().is_ok();
    // `mkfs.ext4` rejects `--version`, but it starts.
    let commands = ["mkfs.ext4", "losetup", "mount", "umount"];
    commands.iter().find(|command| !is_there(command)).map(|command| format!("{command} is missing"))
}

/// Runs a command and returns what it printed, or an error with its message.
fn command(program: &str, arguments: &[&Path]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("{program}: {}", text(&output.stderr)))
    }
}

/// Returns the bytes of an empty ext4.
pub(crate) fn empty_ext4() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    fs::File::create(&image).unwrap().set_len(DISK_BYTES).unwrap();
    let options = ["-q", "-F", "-b", "4096", "-J", "size=4", "-E", "nodiscard,lazy_itable_init=0"];
    let options: Vec<_> = options.iter().map(Path::new).chain([&*image]).collect();
    command("mkfs.ext4", &options).unwrap();
    fs::read(image).unwrap()
}

/// Loop device over a file.
struct LoopDevice(PathBuf);

impl LoopDevice {
    fn over(file: &Path) -> Self {
        Self(command("losetup", &["--find".as_ref(), "--show".as_ref(), file]).unwrap().into())
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        _ = command("losetup", &["--detach".as_ref(), &self.0]);
    }
}

/// Mounted ext4. The fields are dropped in their order.
struct Mount {
    folder: TempDir,
    _device: LoopDevice,
}

impl Mount {
    fn of(file: &Path) -> Result<Self, String> {
        let device = LoopDevice::over(file);
        let folder = tempfile::tempdir().unwrap();
        let options = ["-t", "ext4", "-o", "noatime"].map(Path::new);
        command("mount", &[&options[..], &[&device.0, folder.path()]].concat())?;
        Ok(Self { folder, _device: device })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A store that was just closed, or failed to open, may have a thread that still closes the file.
        let mut unmounted = Ok(String::new());
        for _ in 0..MAX_UNMOUNT_ATTEMPTS {
            unmounted = command("umount", &[self.folder.path()]);
            if unmounted.is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        eprintln!("cannot unmount: {unmounted:?}");
    }
}

/// Mounted ext4 on a disk whose power can be cut. The fields are dropped in their order.
pub(crate) struct MountedDisk {
    mount: Mount,
    _session: BackgroundSession,
    _folder: TempDir,
}

impl MountedDisk {
    pub(crate) fn on(disk: &Disk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = fuser::spawn_mount(disk.clone(), folder.path(), &fuser::Config::default()).unwrap();
        let mount = Mount::of(&folder.path().join(NAME)).unwrap();
        Self { mount, _session: session, _folder: folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.mount.folder.path()
    }
}

/// Mounts an ext4 with these bytes, which replays its journal, and calls `look`. Returns an error if the
/// mount fails.
pub(crate) fn with_mounted_image<T>(bytes: &[u8], look: impl FnOnce(&Path) -> T) -> Result<T, String> {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    fs::write(&image, bytes).unwrap();
    let mount = Mount::of(&image)?;
    Ok(look(mount.folder.path()))
}
