//! `hvctl identify`.

use super::Context;
use crate::cli::{config::Login, failure::Failure, text};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct IdentityView {
    url: String,
    protocol_version: String,
    product_vendor: String,
    product_version: String,
    security_profiles: Vec<String>,
}

pub(super) async fn run(context: &Context, anonymous: bool) -> Result<(), Failure> {
    let login = if anonymous { Login::Anonymous } else { Login::User };
    let output = &context.output;
    context
        .connect(login)
        .await?
        .run(context, async |session| {
            let call = session.client.identify();
            let identity = if anonymous { call.anonymous().await? } else { call.await? };
            let view = IdentityView {
                url: session.client.url().to_string(),
                protocol_version: identity.protocol_version,
                product_vendor: identity.product_vendor,
                product_version: identity.product_version,
                security_profiles: identity.security_profiles,
            };
            output.document(&view, || view.to_text())
        })
        .await
}

impl IdentityView {
    fn to_text(&self) -> String {
        let mut rows = vec![
            ("url", self.url.clone()),
            ("protocol", self.protocol_version.clone()),
            ("vendor", text::or_dash(Some(&self.product_vendor))),
            ("version", text::or_dash(Some(&self.product_version))),
        ];
        rows.extend(self.security_profiles.iter().map(|profile| ("profile", profile.clone())));
        text::fields(rows)
    }
}
