//! Whole numbers, as clients write them.

/// The whole number that a text says, such as `60`; also as `60.0` or `6e1`, as clients write it that know fractions alone.
/// One that is too large is the largest that fits, so that two ways to say the same are judged alike. `None` if it is
/// below zero, not whole, or no number.
pub(crate) fn parse(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    // Words such as `inf` are numbers to the parser, and to nobody else.
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
    fn a_number_is_whole_however_it_is_written() {
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
            // All that are larger are the same.
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
        fn two_ways_to_write_a_number_are_the_same(number in 0..1_u64 << 53, zeros in 1..5_usize) {
            let zeros = "0".repeat(zeros);
            prop_assert_eq!(parse(&number.to_string()), Some(number));
            prop_assert_eq!(parse(&format!("{number}.{zeros}")), Some(number));
            prop_assert_eq!(parse(&format!("{number}.{zeros}e0")), Some(number));
            prop_assert_eq!(parse(&format!("{number}{zeros}e-{}", zeros.len())), Some(number));
        }

        #[test]
        fn no_text_is_a_number_that_is_none(text in any::<String>()) {
            if let Some(number) = parse(&text) {
                prop_assert!(text.parse::<f64>().is_ok_and(|float| float >= 0.0), "{} {}", text, number);
            }
        }
    }
}
