//! Tells how much is allocated while a large value is sent. The bench runs it.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

fn main() -> anyhow::Result<()> {
    bench::tell_value_peak(&ALLOCATOR)
}
