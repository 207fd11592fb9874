//! `hvctl query`.

use super::{super::Context, stream};
use crate::{
    cim::Text,
    cli::{args::cim::QueryArgs, failure::Failure},
    error::Error,
};

pub(in super::super) async fn run(context: &Context, args: QueryArgs) -> Result<(), Failure> {
    let wql = Text::new(args.wql.as_str()).map_err(Error::from)?;
    context
        .with_session(async |session| {
            let call = session.client.query(session.hyperv.namespace(), wql);
            let class = class_of(&args.wql);
            stream::print(context, session, call, &args.list, class).await
        })
        .await
}

/// The class that a query selects from.
fn class_of(wql: &str) -> Option<&str> {
    let mut words = wql.split_ascii_whitespace();
    let select = words.next()?.eq_ignore_ascii_case("SELECT");
    words.find(|word| select && word.eq_ignore_ascii_case("FROM"))?;
    words.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_query_stands_behind_from() {
        assert_eq!(class_of("select * from Msvm_X where A=1"), Some("Msvm_X"));
        assert_eq!(class_of("ASSOCIATORS OF {A.K='FROM x'}"), None);
        assert_eq!(class_of("SELECT *"), None);
    }
}
