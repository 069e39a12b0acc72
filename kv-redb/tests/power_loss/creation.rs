//! Power loss while a file is created: at each operation, and within each write of its header.

use crate::{
    disk::{Fault, FaultKind},
    harness::{Harness, Setting},
    survivors::Survivors,
};

const HEADER_BYTES: usize = 320;
/// Operations that write a new file's header, first without the magic number and then with it. A full run
/// tears them at every byte.
const HEADER_OPERATIONS: [u64; 2] = [1, 3];

#[test]
fn a_file_opens_after_a_power_loss_during_its_creation() {
    for quick_repair in [false, true] {
        let setting = Setting { quick_repair, small_cache: false };
        let mut harness = Harness::new();
        let store = harness.open(setting).unwrap();
        let operations = harness.disk.operations();
        harness.close(&store);
        assert!(operations > 10, "{operations}");
        for after in 0..operations {
            let header_step = if crate::cases() < crate::ALL { 16 } else { 1 };
            let step = if HEADER_OPERATIONS.contains(&after) && !quick_repair { header_step } else { 64 };
            let places = (0..=HEADER_BYTES).step_by(step);
            for part in places.flat_map(|place| [0..place, place..HEADER_BYTES]) {
                let mut harness = Harness::new();
                harness.disk.set_fault(Some(Fault { kind: FaultKind::PowerLoss, after }));
                assert!(harness.open(setting).is_none());
                harness.lose_power(None, &Survivors::with_torn_end(part));
                harness.check_copy(setting);
                harness.check_recovered(setting, Vec::new());
            }
        }
    }
}
