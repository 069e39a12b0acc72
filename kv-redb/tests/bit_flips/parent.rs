//! Parent process: starts the children and checks how they end.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::{
    FLIPS,
    base_file::BaseFile,
    child,
    random::{Random, variable},
};

/// Concurrent child processes.
const CHILDREN: usize = 2;
/// Longest silence of a child before it counts as hanging; a flip takes less than a hundredth of it.
const MAX_SILENCE: Duration = Duration::from_secs(60);

const PAGE_BYTES: usize = 4096;
const START_BYTES: usize = 64;
/// Offset of the higher byte of a page's row count.
const ROW_COUNT_BYTE: usize = 3;

/// Flips bits of the file in child processes, and fails if one of them ends badly.
pub(crate) fn run(base: BaseFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("original.kv");
    base.create(&path);
    let mut random = Random::from_variable();
    let count = variable("KV_REDB_FLIPS").unwrap_or(FLIPS);
    let bits = choose(&fs::read(&path).unwrap(), &mut random, count);
    println!("{base:?}: {} bits, KV_REDB_SEED={}", bits.len(), random.seed());
    let refused: usize = thread::scope(|scope| {
        let children: Vec<_> = bits
            .chunks(bits.len().div_ceil(CHILDREN))
            .map(|bits| scope.spawn(|| watch(&path, bits)))
            .collect();
        children.into_iter().map(|child| child.join().unwrap()).sum()
    });
    println!("{base:?}: {refused} files were refused, the others opened");
    assert!(refused < bits.len(), "every file was refused");
}

/// Chooses bits of pages that are not empty: one per page that adds thousands to its row count, and then
/// `count` random ones, every other one at the start of a page, where its structure is described.
fn choose(whole: &[u8], random: &mut Random, count: usize) -> Vec<usize> {
    let is_in_use = |page: &usize| whole[page * PAGE_BYTES..][..PAGE_BYTES].iter().any(|byte| *byte != 0);
    let pages: Vec<usize> = (0..whole.len() / PAGE_BYTES).filter(is_in_use).collect();
    let mut choose = |number: usize| {
        let len = if number.is_multiple_of(2) { START_BYTES } else { PAGE_BYTES };
        let place = pages[random.below(pages.len())] * PAGE_BYTES + random.below(len);
        8 * place + random.below(8)
    };
    let chosen: Vec<usize> = (0..count).map(&mut choose).collect();
    let rows = pages.iter().map(|page| 8 * (page * PAGE_BYTES + ROW_COUNT_BYTE) + 6);
    rows.chain(chosen).collect()
}

/// Lets a child flip the bits. Returns how many files were refused.
fn watch(path: &Path, bits: &[usize]) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(child::VARIABLE, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for bit in bits {
                // A child that has ended reads no more.
                if writeln!(input, "{bit}").is_err() {
                    break;
                }
            }
        });
        scope.spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut refused = 0;
        let mut last = String::new();
        loop {
            match receiver.recv_timeout(MAX_SILENCE) {
                Ok(line) => {
                    refused += usize::from(line.ends_with("refused"));
                    last = line;
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    end(&mut child);
                    panic!("a child hangs after: {last}");
                }
            }
        }
        let status = child.wait().unwrap();
        assert!(status.success(), "a child ended with {status} after: {last}");
        refused
    })
}

fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
