//! Command line of the benchmarks. `README.md` describes it.

fn main() -> anyhow::Result<()> {
    bench::run()
}
