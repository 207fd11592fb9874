//! `hvctl schema list`.

use crate::{
    cim::schema::Schema,
    cli::{failure::Failure, output::Output, text},
};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Row<'s> {
    name: &'s str,
    superclass: Option<&'s str>,
    r#abstract: bool,
    association: bool,
    indication: bool,
    source: &'static str,
    #[serde(skip)]
    remark: Option<&'static str>,
}

pub(super) fn run(output: &Output, schema: &Schema, derived_from: Option<&str>) -> Result<(), Failure> {
    let above = derived_from.map(|name| super::class(schema, name)).transpose()?;
    let classes: Vec<_> = match above {
        Some(above) => above.subclasses().collect(),
        None => schema.classes().collect(),
    };
    let rows: Vec<Row<'_>> = classes
        .into_iter()
        .map(|class| Row {
            name: class.name(),
            superclass: class.superclass_name(),
            r#abstract: class.is_abstract(),
            association: class.is_association(),
            indication: class.is_indication(),
            source: class.source().name(),
            remark: super::remark(class.source()),
        })
        .collect();
    output.document(&rows, || {
        let rows = rows.iter().map(|row| {
            [row.name.to_owned(), text::or_dash(row.superclass), text::or_dash(Some(&row.kind()))]
        });
        text::table(["class", "superclass", "kind"], rows)
    })
}

impl Row<'_> {
    fn kind(&self) -> String {
        let kinds = [
            (self.r#abstract, "abstract"),
            (self.association, "association"),
            (self.indication, "indication"),
        ];
        let kinds = kinds.into_iter().filter_map(|(is, kind)| is.then_some(kind));
        kinds.chain(self.remark).collect::<Vec<_>>().join(", ")
    }
}
