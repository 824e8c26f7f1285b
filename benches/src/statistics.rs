//! Middle and spread of a few measurements.

use serde::Serialize;

/// Middle and spread of a few measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Half are above, half below.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// Of `values`; `None` of none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Some(Self { median, min, max })
    }

    /// Of each value of `these` over the one at its place in `those`. A round's own ratio leaves out what slowed the whole
    /// round, such as another program's work.
    pub fn of_ratios(these: impl IntoIterator<Item = f64>, those: impl IntoIterator<Item = f64>) -> Option<Self> {
        Self::of(these.into_iter().zip(those).filter(|(_, that)| *that > 0.0).map(|(this, that)| this / that))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]), Some(Spread { median: 2.5, min: 1.0, max: 4.0 }));
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The second round ran on a busy machine: twice the time for both.
        let ratios = Spread::of_ratios([1.0, 2.0, 1.0], [4.0, 8.0, 4.0]).expect("three ratios");
        assert_eq!(ratios, Spread { median: 0.25, min: 0.25, max: 0.25 });
        assert_eq!(Spread::of_ratios([1.0], [0.0]), None);
    }
}
