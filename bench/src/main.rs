//! The bench. `README.md` says what is measured, how, and how to read it.

fn main() -> anyhow::Result<()> {
    bench::run()
}
