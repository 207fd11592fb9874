//! `hvctl schema search`.

use crate::{
    cim::schema::{Class, Schema, Source},
    cli::{failure::Failure, output::Output, text},
    error::{Error, ErrorKind},
};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Hit<'s> {
    kind: &'static str,
    class: &'s str,
    /// The property or method; of a class none.
    member: Option<&'s str>,
    /// The name that contains the word; of a value with its number.
    found: String,
    source: &'static str,
    #[serde(skip)]
    remark: Option<&'static str>,
}

pub(super) fn run(output: &Output, schema: &Schema, word: &str) -> Result<(), Failure> {
    let search = Search { word: word.to_lowercase() };
    let hits: Vec<Hit<'_>> = schema.classes().flat_map(|class| search.class(class)).collect();
    if hits.is_empty() {
        let message = format!("failed to find `{word}` in the schema");
        return Err(Error::new(ErrorKind::NotFound, message).into());
    }
    output.document(&hits, || {
        let rows = hits.iter().map(|hit| {
            let place = match hit.member {
                Some(member) => format!("{}.{member}", hit.class),
                None => hit.class.to_owned(),
            };
            let found =
                if matches!(hit.kind, "parameter" | "value") { hit.found.clone() } else { "-".to_owned() };
            [hit.kind.to_owned(), place, found, text::or_dash(hit.remark)]
        });
        text::table(["kind", "in", "name", "source"], rows)
    })
}

struct Search {
    word: String,
}

impl Search {
    fn matches(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.word)
    }

    /// What of a class matches, members where they are declared.
    fn class<'s>(&self, class: Class<'s>) -> Vec<Hit<'s>> {
        let name = class.name();
        let hit = |kind, source: Source, member, found| {
            let (source, remark) = (source.name(), super::remark(source));
            Hit { kind, class: name, member, found, source, remark }
        };
        let mut hits = Vec::new();
        if self.matches(name) {
            hits.push(hit("class", class.source(), None, name.to_owned()));
        }
        for property in class.properties().filter(|property| property.declared_in() == class) {
            let (member, source) = (Some(property.name()), property.source());
            if self.matches(property.name()) {
                hits.push(hit("property", source, member, property.name().to_owned()));
            }
            hits.extend(self.values(property.values()).map(|found| hit("value", source, member, found)));
        }
        for method in class.methods().filter(|method| method.declared_in() == class) {
            let (member, source) = (Some(method.name()), method.source());
            if self.matches(method.name()) {
                hits.push(hit("method", source, member, method.name().to_owned()));
            }
            for parameter in method.parameters() {
                if self.matches(parameter.name()) {
                    hits.push(hit("parameter", source, member, parameter.name().to_owned()));
                }
                hits.extend(self.values(parameter.values()).map(|found| hit("value", source, member, found)));
            }
            let returns = method.return_values().map(|(code, name)| (i64::from(code), name));
            hits.extend(self.values(returns).map(|found| hit("value", source, member, found)));
        }
        hits
    }

    fn values<'a>(
        &'a self,
        values: impl Iterator<Item = (i64, &'a str)> + 'a,
    ) -> impl Iterator<Item = String> + 'a {
        values.filter(|(_, name)| self.matches(name)).map(|(code, name)| format!("{code} ({name})"))
    }
}
