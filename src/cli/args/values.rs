//! Readers of single values: each turns what was typed into something valid, or says why not.

use crate::{cim::Text, transport::Fingerprint, wsman::RequestOption};
use std::{convert::Infallible, time::Duration};

/// A name, id or path for the host: not empty, no control characters.
pub(crate) fn text(typed: &str) -> Result<String, String> {
    if typed.trim().is_empty() {
        return Err("expected a text, got nothing".to_owned());
    }
    printable(typed)
}

/// As [`text`], but may be empty: checked later by what knows what it means.
pub(crate) fn printable(typed: &str) -> Result<String, String> {
    match typed.char_indices().find(|(_, character)| character.is_control()) {
        Some((offset, character)) => Err(format!(
            "expected printable text, got the control character U+{:04X} at byte {offset}",
            u32::from(character)
        )),
        None => Ok(typed.to_owned()),
    }
}

/// A name, without the spaces around it.
pub(crate) fn name(typed: &str) -> Result<String, String> {
    text(typed.trim())
}

/// A language for texts: `de-DE`.
pub(crate) fn language(typed: &str) -> Result<Text, String> {
    let is_tag =
        |part: &str| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    if !typed.split('-').all(is_tag) {
        return Err(format!("expected a language such as `en-US` or `de-DE`, got `{typed}`"));
    }
    Text::new(typed).map_err(|error| error.to_string())
}

/// An option of `w:OptionSet`: `NAME=VALUE`.
pub(crate) fn request_option(typed: &str) -> Result<RequestOption, String> {
    let typed = printable(typed)?;
    match typed.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok(RequestOption::new(name.trim(), value)),
        _ => Err(format!("expected NAME=VALUE, got `{typed}`")),
    }
}

/// A fingerprint, as it was typed.
pub(crate) fn fingerprint(typed: &str) -> Result<String, String> {
    match typed.parse::<Fingerprint>() {
        Ok(_) => Ok(typed.to_owned()),
        Err(error) => Err(match &error.hint {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        }),
    }
}

/// A length of time: `90`, `90s`, `1h 30m`, `500ms`.
pub(crate) fn duration(typed: &str) -> Result<Duration, String> {
    let form = || format!("expected a length of time such as `90s`, `10m` or `1h30m`, got `{typed}`");
    let length = if typed.chars().all(|character| character.is_ascii_digit()) {
        Duration::from_secs(typed.parse().map_err(|_| form())?)
    } else {
        let signed: jiff::SignedDuration = typed.parse().map_err(|_| form())?;
        Duration::try_from(signed).map_err(|_| form())?
    };
    if length.is_zero() {
        return Err("expected a length of time above zero".to_owned());
    }
    Ok(length)
}

/// A variable that counts by being there, whatever it holds, unless it is empty: so no-color.org has it.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a clap value parser")]
pub(crate) fn present(value: &str) -> Result<bool, Infallible> {
    Ok(!value.is_empty())
}

/// A factor that is not negative.
pub(crate) fn factor(typed: &str) -> Result<f64, String> {
    match typed.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err(format!("expected a number of at least 0, got `{typed}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_refuses_control_characters_and_names_the_first() {
        assert_eq!(text("web-tier"), Ok("web-tier".to_owned()));
        assert_eq!(text("Büro & Söhne <1>"), Ok("Büro & Söhne <1>".to_owned()));
        assert_eq!(
            text("web\u{1b}[2J"),
            Err("expected printable text, got the control character U+001B at byte 3".to_owned())
        );
        assert!(text("a\u{9b}b").is_err());
        assert!(text("").is_err());
        assert!(text("  ").is_err());
    }

    #[test]
    fn languages_and_options_have_a_form() {
        assert_eq!(language("de-DE").unwrap().as_str(), "de-DE");
        assert_eq!(request_option("wmi:A=b=c"), Ok(RequestOption::new("wmi:A", "b=c")));
        for wrong in ["", "de_DE", "de-", "<de>"] {
            assert!(language(wrong).is_err(), "{wrong:?}");
        }
        assert!(request_option("=x").is_err());
        assert!(request_option("x").is_err());
        assert_eq!(name(" Name "), Ok("Name".to_owned()));
    }

    #[test]
    fn durations_are_seconds_or_carry_their_unit() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["", "0", "-5s", "soon", "10 parsecs"] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn factors_are_finite_and_not_negative() {
        assert_eq!(factor("0.05"), Ok(0.05));
        for wrong in ["-1", "NaN", "inf", "x"] {
            assert!(factor(wrong).is_err(), "{wrong:?}");
        }
    }
}
