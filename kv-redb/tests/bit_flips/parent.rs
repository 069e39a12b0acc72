//! The process that starts the others and looks at how they end.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::{FLIPS, base_file::BaseFile, child, random::Random, variable};

/// Number of children at a time.
const CHILDREN: usize = 2;
/// No flip takes a hundredth of it: a child that is silent for so long hangs.
const MAX_SILENCE: Duration = Duration::from_secs(60);

const PAGE_BYTES: usize = 4096;
const START_BYTES: usize = 64;
/// The higher byte of how many rows a page has.
const ROW_COUNT_BYTE: usize = 3;

/// Flips bits of the file in children, and fails if one of them does not end well.
pub(crate) fn run(base: BaseFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.kv");
    base.make(&path);
    let seed = variable("KV_REDB_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let bits = choose(&fs::read(&path).unwrap(), seed, variable("KV_REDB_FLIPS").unwrap_or(FLIPS));
    println!("{base:?}: {} bits, KV_REDB_SEED={seed}", bits.len());
    let refused: usize = thread::scope(|scope| {
        let children: Vec<_> = bits
            .chunks(bits.len().div_ceil(CHILDREN))
            .map(|bits| scope.spawn(|| watch(&path, bits)))
            .collect();
        children.into_iter().map(|child| child.join().unwrap()).sum()
    });
    println!("{base:?}: {refused} files were refused, the others used");
    assert!(refused < bits.len(), "every file was refused");
}

/// Bits of the pages that are not empty: in each, one that makes it say that it holds thousands of rows, and then as many
/// as are wanted, every other one of where a page starts, which says what is where in it.
fn choose(whole: &[u8], seed: u64, count: usize) -> Vec<usize> {
    let is_in_use = |page: &usize| whole[page * PAGE_BYTES..][..PAGE_BYTES].iter().any(|byte| *byte != 0);
    let pages: Vec<usize> = (0..whole.len() / PAGE_BYTES).filter(is_in_use).collect();
    let mut random = Random::new(seed);
    let mut choose = |number: usize| {
        let len = if number.is_multiple_of(2) { START_BYTES } else { PAGE_BYTES };
        let place = pages[random.below(pages.len())] * PAGE_BYTES + random.below(len);
        8 * place + random.below(8)
    };
    let chosen: Vec<usize> = (0..count).map(&mut choose).collect();
    let rows = pages.iter().map(|page| 8 * (page * PAGE_BYTES + ROW_COUNT_BYTE) + 6);
    rows.chain(chosen).collect()
}

/// Has a child flip the bits. Answers how many files were refused.
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
                // A child that has ended takes no more.
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
                    panic!("a process hangs after: {last}");
                }
            }
        }
        let status = child.wait().unwrap();
        assert!(status.success(), "a process ended with {status} after: {last}");
        refused
    })
}

fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
