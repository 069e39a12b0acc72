//! Median and range of several rounds.

use serde::Serialize;

/// Median, minimum and maximum of a figure over the rounds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Summary {
    /// Summarizes `figures`; `None` if there are none.
    pub(crate) fn new(mut figures: Vec<f64>) -> Option<Self> {
        figures.sort_by(f64::total_cmp);
        let middle = figures.get(figures.len() / 2)?;
        let below = figures.get((figures.len() - 1) / 2)?;
        let median = f64::midpoint(*middle, *below);
        Some(Self { median, min: *figures.first()?, max: *figures.last()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_middle_two() {
        let of = |figures: &[f64]| Summary::new(figures.to_vec()).map(|all| (all.median, all.min, all.max));
        assert_eq!(of(&[9.0, 1.0, 2.0]), Some((2.0, 1.0, 9.0)));
        assert_eq!(of(&[9.0, 1.0, 2.0, 4.0]), Some((3.0, 1.0, 9.0)));
        assert_eq!(of(&[]), None);
    }
}
