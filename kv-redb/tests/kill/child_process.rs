//! Handle of a child process that is going to be killed.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::job::{Event, Job, VARIABLE};

static KILLED: AtomicU32 = AtomicU32::new(0);

/// Number of processes killed so far.
pub(crate) fn killed() -> u32 {
    KILLED.load(Ordering::Relaxed)
}

/// Running child process and its output. Drop kills it too.
pub(crate) struct ChildProcess {
    process: Child,
    output: BufReader<ChildStdout>,
}

/// Time of a kill: after this number of events, or `Event::Finished`, and then this delay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KillPoint {
    pub(crate) events: usize,
    pub(crate) delay: Duration,
}

impl ChildProcess {
    pub(crate) fn start(job: &Job) -> Self {
        Self::spawn(Command::new(env::current_exe().unwrap()), job)
    }

    /// Starts a process that can write no file longer than 4 MB or 8 MB, by the shell's unit. The limit is
    /// set by a shell, since Rust has no safe call for it.
    pub(crate) fn start_limited(job: &Job) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 8000; exec \"$0\""]).arg(env::current_exe().unwrap());
        Self::spawn(command, job)
    }

    fn spawn(mut command: Command, job: &Job) -> Self {
        command.env(VARIABLE, serde_json::to_string(job).unwrap()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    fn event(&mut self) -> Option<Event> {
        let mut text = String::new();
        self.output.read_line(&mut text).unwrap();
        // A line without its end was being printed when the process was killed.
        text.ends_with('\n').then(|| serde_json::from_str(&text).unwrap())
    }

    /// Kills the process at `kill_point` and returns the events that it printed.
    pub(crate) fn kill(mut self, kill_point: KillPoint) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < kill_point.events && !matches!(events.last(), Some(Event::Finished)) {
            let Some(event) = self.event() else { panic!("the process ended by itself after {events:#?}") };
            events.push(event);
        }
        std::thread::sleep(kill_point.delay);
        assert!(self.process.try_wait().unwrap().is_none(), "the process ended by itself after {events:#?}");
        self.process.kill().unwrap();
        KILLED.fetch_add(1, Ordering::Relaxed);
        events.extend(std::iter::from_fn(|| self.event()));
        self.process.wait().unwrap();
        events
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // Alive only after a failed assertion.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
