//! The text form of rules.

use super::{Action, Rule, When};
use crate::{
    cim::schema,
    sim::{SimError, parse_duration},
};
use std::{fmt, str::FromStr, time::Duration};

/// Operations that are not methods.
const OPERATIONS: [&str; 5] = ["Identify", "Get", "Enumerate", "Pull", "Release"];

impl FromStr for Rule {
    type Err = SimError;

    fn from_str(text: &str) -> Result<Self, SimError> {
        parse(text).map_err(|reason| SimError::Input(format!("failed to read the rule `{text}`: {reason}")))
    }
}

fn parse(text: &str) -> Result<Rule, String> {
    let (action, target) = text.rsplit_once('@').ok_or("expected ACTION@OPERATION, got no `@`".to_owned())?;
    let (operation, when) = match target.split_once('#') {
        Some((operation, when)) => (operation, parse_when(when)?),
        None => (target, When { first: 1, last: None }),
    };
    let action = parse_action(action)?;
    let is_method = schema::classes().any(|class| class.method(operation).is_some());
    let is_operation = OPERATIONS.iter().any(|known| known.eq_ignore_ascii_case(operation));
    if !is_method && !is_operation && operation != "*" {
        return Err(format!(
            "expected {}, a documented method or `*` after `@`, got `{operation}`",
            OPERATIONS.join(", ")
        ));
    }
    if action.needs_method() && !is_method {
        return Err(format!("expected a method such as `CreateSnapshot` after `@`, got `{operation}`"));
    }
    Ok(Rule { action, operation: operation.to_owned(), when })
}

fn parse_when(text: &str) -> Result<When, String> {
    let malformed = || format!("expected `N`, `N-M` or `N-` after `#`, got `{text}`");
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
    let when = match text.split_once('-') {
        None => number(text).map(|only| When { first: only, last: Some(only) }),
        Some((first, "")) => number(first).map(|first| When { first, last: None }),
        Some((first, last)) => number(first)
            .zip(number(last))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| When { first, last: Some(last) }),
    };
    when.ok_or_else(malformed)
}

fn parse_action(text: &str) -> Result<Action, String> {
    let (name, argument) = match text.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (text, None),
    };
    let plain = |action: Action| match argument {
        None => Ok(action),
        Some(argument) => Err(format!("expected nothing after `{name}`, got `{argument}`")),
    };
    match name {
        "fault" => {
            let (code, subcode) = match argument.unwrap_or_default().split_once(':') {
                Some((code, subcode)) => (code, Some(subcode)),
                None => (argument.unwrap_or_default(), None),
            };
            let code = number(name, Some(code), "a fault code, decimal or `0x…`")?;
            Ok(Action::Fault { code, subcode: subcode.map(parse_subcode).transpose()? })
        }
        "status" => match number(name, argument, "an HTTP status")? {
            status @ 200..=599 => Ok(Action::Status(status)),
            status => Err(format!("expected an HTTP status from 200 to 599, got `{status}`")),
        },
        "redirect" => plain(Action::Redirect),
        "return" => Ok(Action::Return(number(name, argument, "a return code")?)),
        "delay" => argument
            .and_then(parse_duration)
            .map(Action::Delay)
            .ok_or_else(|| wrong(name, "a time such as `500ms`", argument)),
        "cut" => match argument {
            Some("before") => Ok(Action::CutBefore),
            Some("after") => Ok(Action::CutAfter),
            _ => Ok(Action::CutAt(number(name, argument, "`before`, `after` or a number of bytes")?)),
        },
        "truncate" => Ok(Action::Truncate(number(name, argument, "a number of bytes")?)),
        "html" => plain(Action::Html),
        "garbage" => plain(Action::Garbage),
        "empty-500" => plain(Action::EmptyError),
        "wrong-relatesto" => plain(Action::WrongRelatesTo),
        "no-returnvalue" => plain(Action::NoReturnValue),
        "sync" => plain(Action::Sync),
        "no-job" => plain(Action::NoJob),
        "job-fail" => match argument {
            None => Ok(Action::JobFail(32768)),
            _ => Ok(Action::JobFail(number(name, argument, "an error code")?)),
        },
        "job-warn" => plain(Action::JobWarn),
        "job-hang" => plain(Action::JobHang),
        "job-vanish" => plain(Action::JobVanish),
        "job-lost" => plain(Action::JobLost),
        "no-affected" => plain(Action::NoAffected),
        _ => Err(format!(
            "expected one of fault, status, redirect, return, delay, cut, truncate, html, garbage, empty-500, \
             wrong-relatesto, no-returnvalue, sync, no-job, job-fail, job-warn, job-hang, job-vanish, job-lost, \
             no-affected; got `{name}`"
        )),
    }
}

fn parse_subcode(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some(("s" | "a" | "w" | "n" | "x", local))
            if !local.is_empty() && local.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err(format!("expected a subcode such as `w:QuotaLimit`, got `{text}`")),
    }
}

fn number<T: TryFrom<u64>>(name: &str, argument: Option<&str>, expected: &str) -> Result<T, String> {
    argument
        .and_then(|text| match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        })
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| wrong(name, expected, argument))
}

fn wrong(name: &str, expected: &str, argument: Option<&str>) -> String {
    match argument {
        Some(argument) => format!("expected {expected} after `{name}:`, got `{argument}`"),
        None => format!("expected {expected} after `{name}:`, got nothing"),
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.action, self.operation)?;
        match (self.when.first, self.when.last) {
            (1, None) => Ok(()),
            (first, None) => write!(f, "#{first}-"),
            (first, Some(last)) if first == last => write!(f, "#{first}"),
            (first, Some(last)) => write!(f, "#{first}-{last}"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { code, subcode: None } => write!(f, "fault:{code}"),
            Self::Fault { code, subcode: Some(subcode) } => write!(f, "fault:{code}:{subcode}"),
            Self::Status(status) => write!(f, "status:{status}"),
            Self::Redirect => f.write_str("redirect"),
            Self::CutBefore => f.write_str("cut:before"),
            Self::Return(code) => write!(f, "return:{code}"),
            Self::Delay(time) => write!(f, "delay:{}", Milliseconds(*time)),
            Self::CutAfter => f.write_str("cut:after"),
            Self::CutAt(bytes) => write!(f, "cut:{bytes}"),
            Self::Truncate(bytes) => write!(f, "truncate:{bytes}"),
            Self::Html => f.write_str("html"),
            Self::Garbage => f.write_str("garbage"),
            Self::EmptyError => f.write_str("empty-500"),
            Self::WrongRelatesTo => f.write_str("wrong-relatesto"),
            Self::NoReturnValue => f.write_str("no-returnvalue"),
            Self::Sync => f.write_str("sync"),
            Self::NoJob => f.write_str("no-job"),
            Self::JobFail(code) => write!(f, "job-fail:{code}"),
            Self::JobWarn => f.write_str("job-warn"),
            Self::JobHang => f.write_str("job-hang"),
            Self::JobVanish => f.write_str("job-vanish"),
            Self::JobLost => f.write_str("job-lost"),
            Self::NoAffected => f.write_str("no-affected"),
        }
    }
}

struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_reads_and_is_written_back() {
        for text in [
            "fault:2150858793@Get",
            "fault:2150859240:w:QuotaLimit@*#1-3",
            "status:503@Pull#2",
            "redirect@Identify",
            "cut:before@CreateSnapshot#1",
            "cut:after@CreateSnapshot",
            "cut:120@CreateSnapshot#2-",
            "return:5@DestroySnapshot",
            "delay:500ms@Get",
            "truncate:10@Enumerate",
            "html@*",
            "garbage@*",
            "empty-500@ExportSnapshot",
            "wrong-relatesto@Get",
            "no-returnvalue@ApplySnapshot",
            "sync@CreateSnapshot",
            "no-job@CreateSnapshot",
            "job-fail:32773@CreateSnapshot",
            "job-warn@CreateSnapshot",
            "job-hang@CreateSnapshot",
            "job-vanish@CreateSnapshot",
            "job-lost@CreateSnapshot",
            "no-affected@CreateSnapshot",
        ] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
        let hexadecimal: Rule = "fault:0x80338029@get".parse().unwrap();
        assert!(hexadecimal.is_about("Get"));
        assert_eq!(hexadecimal.action, Action::Fault { code: 2_150_858_793, subcode: None });
    }

    #[test]
    fn a_rule_holds_at_the_requests_it_names() {
        let holds = |text: &str| {
            let rule: Rule = text.parse().unwrap();
            (1..=5).filter(|nth| rule.holds_at(*nth)).collect::<Vec<_>>()
        };
        assert_eq!(holds("html@Get"), [1, 2, 3, 4, 5]);
        assert_eq!(holds("html@Get#2"), [2]);
        assert_eq!(holds("html@Get#2-4"), [2, 3, 4]);
        assert_eq!(holds("html@Get#4-"), [4, 5]);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_was_expected() {
        for (text, expected) in [
            ("html", "expected ACTION@OPERATION, got no `@`"),
            ("explode@Get", "expected one of fault, status,"),
            ("html@Gett", "expected Identify, Get, Enumerate, Pull, Release, a documented method or `*`"),
            ("html:5@Get", "expected nothing after `html`, got `5`"),
            ("fault@Get", "expected a fault code, decimal or `0x…` after `fault:`, got ``"),
            ("fault:x@Get", "after `fault:`, got `x`"),
            ("fault:5:QuotaLimit@Get", "expected a subcode such as `w:QuotaLimit`, got `QuotaLimit`"),
            ("status:99@Get", "expected an HTTP status from 200 to 599, got `99`"),
            ("delay:soon@Get", "expected a time such as `500ms` after `delay:`, got `soon`"),
            ("cut:never@Get", "expected `before`, `after` or a number of bytes after `cut:`, got `never`"),
            ("sync@Get", "expected a method such as `CreateSnapshot` after `@`, got `Get`"),
            ("html@Get#0", "expected `N`, `N-M` or `N-` after `#`, got `0`"),
            ("html@Get#3-2", "after `#`, got `3-2`"),
        ] {
            let message = text.parse::<Rule>().unwrap_err().to_string();
            assert!(message.starts_with(&format!("failed to read the rule `{text}`: ")), "{message}");
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
