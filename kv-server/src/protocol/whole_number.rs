//! Whole numbers in parameters and JSON.

/// Parses a whole number: `60`, and also `60.0` or `6e1`, which clients write that have only floating point.
/// A number that is too large becomes `u64::MAX`, however it is written. `None` if the text is not a number,
/// or a negative or fractional one.
pub(crate) fn parse(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    // The parser takes words such as `inf` too.
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = text.parse().ok().filter(|_| is_digits)?;
    let is_whole = number.fract() == 0.0 || number.is_infinite();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, and not below zero"
    )]
    (is_whole && number >= 0.0).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;

    #[test]
    fn a_whole_number_may_be_written_as_a_float() {
        let table = [
            ("60", Some(60)),
            ("060", Some(60)),
            ("+60", Some(60)),
            ("60.0", Some(60)),
            ("60.", Some(60)),
            ("6e1", Some(60)),
            ("6.0E+1", Some(60)),
            ("600e-1", Some(60)),
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            // Larger ones saturate.
            ("18446744073709551616", Some(u64::MAX)),
            ("99999999999999999999.0", Some(u64::MAX)),
            ("1e30", Some(u64::MAX)),
            ("1e400", Some(u64::MAX)),
            ("60.5", None),
            ("6e-1", None),
            ("-1", None),
            ("-1e400", None),
            ("", None),
            (" 60", None),
            ("60s", None),
            ("99999999999999999999s", None),
            ("0x3c", None),
            ("1_000", None),
            ("inf", None),
            ("infinity", None),
            ("NaN", None),
            (".", None),
            ("e1", None),
        ];
        for (text, number) in table {
            assert_eq!(parse(text), number, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_notation_gives_the_same_number(number in 0..1_u64 << 53, zeros in 1..5_usize) {
            let zeros = "0".repeat(zeros);
            prop_assert_eq!(parse(&number.to_string()), Some(number));
            prop_assert_eq!(parse(&format!("{number}.{zeros}")), Some(number));
            prop_assert_eq!(parse(&format!("{number}.{zeros}e0")), Some(number));
            prop_assert_eq!(parse(&format!("{number}{zeros}e-{}", zeros.len())), Some(number));
        }

        #[test]
        fn only_text_that_is_a_number_is_parsed(text in any::<String>()) {
            if let Some(number) = parse(&text) {
                prop_assert!(text.parse::<f64>().is_ok_and(|float| float >= 0.0), "{} {}", text, number);
            }
        }
    }
}
