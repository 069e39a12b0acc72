//! Peak of allocations while a client and a server transfer a large value. Run by the bench.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

fn main() -> anyhow::Result<()> {
    bench::print_value_peak(&ALLOCATOR)
}
