//! What can be said about one call alone: a call has a client of its own, with options of its own.

/// Adds the options of one call to a builder that holds its `client`.
macro_rules! per_call_options {
    ($call:ty) => {
        impl $call {
            /// `w:OperationTimeout` of this call: how long the host may take for one answer.
            pub fn operation_timeout(mut self, timeout: std::time::Duration) -> Self {
                self.client.options_mut().operation_timeout = timeout;
                self
            }
            /// `w:MaxEnvelopeSize` of this call in bytes; at least 8192, or the host refuses.
            pub fn max_envelope_size(mut self, bytes: u32) -> Self {
                self.client.options_mut().max_envelope_size = bytes;
                self
            }
            /// `w:Locale` of this call: the language of texts for people, `en-US`.
            pub fn locale(mut self, locale: crate::cim::Text) -> Self {
                self.client.options_mut().locale = locale;
                self
            }
            /// `DataLocale` of this call: how numbers and dates in texts are written. That of the texts
            /// where nothing is said.
            pub fn data_locale(mut self, locale: crate::cim::Text) -> Self {
                self.client.options_mut().data_locale = Some(locale);
                self
            }
            /// Adds an option of `w:OptionSet` that the service may ignore.
            pub fn option(mut self, name: &str, value: &str) -> Self {
                self.client.options_mut().request_options.push(crate::wsman::RequestOption::new(name, value));
                self
            }
            /// Adds an option of `w:OptionSet`; a service that does not know it refuses the call.
            pub fn required_option(mut self, name: &str, value: &str) -> Self {
                let option = crate::wsman::RequestOption::new(name, value).must_comply();
                self.client.options_mut().request_options.push(option);
                self
            }
        }
    };
}

/// Adds to a builder that holds its `client` that it is sent as it is.
macro_rules! unchecked {
    ($call:ty) => {
        impl $call {
            /// Sends this call as it is, whatever the schema says: for servers that are newer.
            pub fn unchecked(mut self) -> Self {
                self.client.options_mut().check = false;
                self
            }
        }
    };
}

pub(super) use per_call_options;
pub(super) use unchecked;
