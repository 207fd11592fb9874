//! `hvctl query`.

use super::{
    super::Context,
    stream::{self, About},
};
use crate::{
    cim::{Epr, Text, wql},
    cli::{
        args::cim::{ModeArg, QueryArgs},
        cim::Scope,
        failure::Failure,
    },
    error::Error,
};

pub(in super::super) async fn run(context: &Context, args: QueryArgs) -> Result<(), Failure> {
    let query = Text::new(args.wql.as_str()).map_err(Error::from)?;
    let namespace = context.namespace();
    let schema = &context.settings.schema;
    let scope = Scope { schema, namespace: &namespace, host: None, unchecked: args.no_check };
    let class = wql::class_of(&args.wql).map(|class| Epr::class_of(class, &namespace));
    // Of some properties nobody can make a reference: the keys need not be among them.
    let mode = wql::lists_properties(&args.wql).then_some(ModeArg::Object);
    let about = About { namespace: &namespace, class: class.as_ref(), object: None, mode };
    let printing = stream::printing(context, &args.list, about, scope)?;
    context
        .with_options(&args.call.options, async |session| {
            let call = session.client.query(&namespace, query);
            stream::print(context, session, call, printing).await
        })
        .await
}
