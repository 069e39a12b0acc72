//! Logs, to stderr: stdout has one line, for programs.

use std::{
    io::{self, IsTerminal as _, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, fmt, fmt::MakeWriter};

/// The most lines that wait to be written; more are dropped, and counted.
const MAX_WAITING_LINES: usize = 4096;

/// Starts to log what `filter` lets through. When the guard is dropped, what waits is written, if that takes no longer than
/// a second.
///
/// A thread of its own writes, so that nothing else waits when nobody reads stderr.
pub(crate) fn start(filter: &str) -> Result<WorkerGuard, String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("the log filter is not one: {error}"))?;
    let is_terminal = io::stderr().is_terminal();
    let (lines, guard) = lines(io::stderr());
    let stderr = fmt().with_env_filter(filter).with_writer(lines).with_ansi(is_terminal);
    stderr.try_init().map_err(|error| format!("logging cannot be started: {error}"))?;
    Ok(guard)
}

/// Lines that wait, and those that were dropped.
#[derive(Debug, Default)]
struct Counts {
    waiting: AtomicUsize,
    dropped: AtomicUsize,
}

/// The writer of those that log, which never waits.
#[derive(Debug, Clone)]
struct Lines {
    queue: NonBlocking,
    counts: Arc<Counts>,
}

/// The writer of the thread that writes.
#[derive(Debug)]
struct Output<W> {
    output: W,
    counts: Arc<Counts>,
}

fn lines<W: Write + Send + 'static>(output: W) -> (Lines, WorkerGuard) {
    let counts = Arc::new(Counts::default());
    // One place more, for the guard's message that all is over.
    let builder = NonBlockingBuilder::default().buffered_lines_limit(MAX_WAITING_LINES + 1);
    let (queue, guard) = builder.finish(Output { output, counts: Arc::clone(&counts) });
    (Lines { queue, counts }, guard)
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Counts { waiting, dropped } = &*self.counts;
        if waiting.fetch_add(1, Relaxed) < MAX_WAITING_LINES {
            return self.queue.write(line);
        }
        waiting.fetch_sub(1, Relaxed);
        dropped.fetch_add(1, Relaxed);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.counts.waiting.fetch_sub(1, Relaxed);
        self.output.write_all(line)?;
        let dropped = self.counts.dropped.swap(0, Relaxed);
        if dropped > 0 {
            writeln!(self.output, "kv-server: {dropped} log lines were dropped: stderr was read too slowly")?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::mpsc,
    };

    use super::{MAX_WAITING_LINES, lines};

    /// A pipe that nobody reads until `go` is dropped.
    struct Pipe {
        go: mpsc::Receiver<()>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.go.recv();
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_nobody_reads_are_dropped_and_counted() {
        let (stop, go) = mpsc::channel();
        let (written, read) = mpsc::channel();
        let (mut lines, guard) = lines(Pipe { go, written });
        let sent = MAX_WAITING_LINES + 1000;
        for _ in 0..sent {
            lines.write_all(b"line\n").unwrap();
        }
        drop(stop);
        drop(guard);
        drop(lines);
        let text = String::from_utf8(read.iter().flatten().collect()).unwrap();
        let dropped: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_suffix(" log lines were dropped: stderr was read too slowly"))
            .collect();
        let dropped: usize = dropped
            .iter()
            .map(|line| line.strip_prefix("kv-server: ").unwrap().parse::<usize>().unwrap())
            .sum();
        assert!((999..=1000).contains(&dropped), "{dropped}");
        assert_eq!(text.lines().filter(|line| *line == "line").count() + dropped, sent);
    }
}
