#![allow(clippy::unwrap_used)]

use super::*;
use Metric::{ErrorRate, MeanSquaredError};

fn rate(text: &str) -> Result<u64, UnitError> {
    text.parse::<ErrorLevel>()?.measured(ErrorRate)
}

fn squared(text: &str) -> Result<u64, UnitError> {
    text.parse::<ErrorLevel>()?.measured(MeanSquaredError)
}

#[test]
fn error_rates_are_exact() {
    assert_eq!(rate("5%"), Ok(50_000_000));
    assert_eq!(rate(" 5 % "), Ok(50_000_000));
    assert_eq!(rate("0.05"), Ok(50_000_000));
    assert_eq!(rate("4.1666666 %"), Ok(41_666_666));
    assert_eq!(rate("0.000000001"), Ok(1));
    assert_eq!(rate("41666666 units"), Ok(41_666_666));
    assert_eq!(rate("0"), Ok(0));
    assert_eq!(rate("1"), Ok(WORST_ERROR_RATE));
    assert_eq!(rate("100.0000000000 %"), Ok(WORST_ERROR_RATE));
}

#[test]
fn wrong_error_rates_say_why() {
    assert_eq!(rate("5"), Err(UnitError::AboveWhole));
    assert_eq!(rate("100.1 %"), Err(UnitError::AboveWhole));
    assert_eq!(rate("1000000001 units"), Err(UnitError::AboveWhole));
    assert_eq!(
        rate("4.12345678 %"),
        Err(UnitError::TooPrecise("4.12345678".into(), 7))
    );
    for text in [
        "",
        "%",
        ".5",
        "5.",
        "-1",
        "1e3",
        "5 per cent",
        "0x5",
        "1.2.3",
        "∞",
    ] {
        assert!(
            matches!(rate(text), Err(UnitError::NotANumber(_))),
            "{text}"
        );
    }
    assert!(rate(&"9".repeat(10_000)).is_err());
    assert!(rate("99999999999999999999 units").is_err());
}

#[test]
fn squared_errors_are_in_their_own_unit() {
    assert_eq!(squared("2859.690012"), Ok(2_859_690_012));
    assert_eq!(squared("3_000"), Ok(3_000_000_000));
    assert_eq!(squared("7 units"), Ok(7));
    assert_eq!(squared("5 %"), Err(UnitError::NotAPercentage));
    assert!(matches!(
        squared("99999999999999"),
        Err(UnitError::TooLarge(_))
    ));
}

#[test]
fn starts_are_measured_or_claimed() {
    assert_eq!("measure".parse(), Ok(Start::Measure));
    assert_eq!("90 %".parse(), Ok(Start::Claim("90 %".parse().unwrap())));
    assert!("guess".parse::<Start>().is_err());
}

#[test]
fn shares_are_millionths() {
    assert_eq!("0.5 %".parse(), Ok(Share(Permill::from_parts(5_000))));
    assert_eq!("0.005".parse(), Ok(Share(Permill::from_parts(5_000))));
    assert_eq!("100%".parse(), Ok(Share(Permill::one())));
    assert_eq!("101%".parse::<Share>(), Err(UnitError::ShareAboveWhole));
    assert_eq!("2".parse::<Share>(), Err(UnitError::ShareAboveWhole));
    assert!("0.00001 %".parse::<Share>().is_err());
}

#[test]
fn spans_are_times_or_blocks() {
    let time = |seconds| Ok(Span::Time(Duration::from_secs(seconds)));
    assert_eq!("90s".parse(), time(90));
    assert_eq!("10m".parse(), time(600));
    assert_eq!("10 min".parse(), time(600));
    assert_eq!(" 2h ".parse(), time(7_200));
    assert_eq!("3d".parse(), time(259_200));
    assert_eq!("300".parse(), Ok(Span::Blocks(300)));
    assert_eq!("300 blocks".parse(), Ok(Span::Blocks(300)));
    for text in [
        "",
        "m",
        "-1h",
        "1.5h",
        "2 weeks",
        "5000000000",
        "99999999999999999999d",
    ] {
        assert_eq!(text.parse::<Span>(), Err(UnitError::NotATime(text.into())));
    }
    assert!("18446744073709551615d".parse::<Span>().is_err());
    let blocks = |text: &str| {
        let span: Span = text.parse().unwrap();
        span.blocks(Duration::from_secs(2))
    };
    assert_eq!(
        (blocks("15s"), blocks("8"), blocks("99999999999d")),
        (Some(8), Some(8), None)
    );
}

#[test]
fn numbers_are_read_like_text() {
    #[derive(Deserialize)]
    struct File {
        #[serde(deserialize_with = "text_or_number")]
        level: Option<ErrorLevel>,
    }
    let level = |value: &str| {
        toml::from_str::<File>(&format!("level = {value}")).map(|file| file.level.unwrap())
    };
    assert_eq!(level("0.05").unwrap().measured(ErrorRate), Ok(50_000_000));
    assert_eq!(
        level("\"5 %\"").unwrap().measured(ErrorRate),
        Ok(50_000_000)
    );
    assert_eq!(level("0").unwrap().measured(ErrorRate), Ok(0));
    assert!(level("-1").is_err());
    assert!(level("nan").is_err());
    assert!(level("true").is_err());
}
