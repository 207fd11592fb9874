//! Where names of instances are read: the namespace that they are relative to, and the host that they may name.

use super::Scope;
use crate::{
    cim::{
        CimType, Epr, ObjectPath,
        schema::{Class, Source},
    },
    hyperv::HyperV,
};

impl<'s> Scope<'s> {
    /// The reference that a path names.
    ///
    /// # Errors
    /// What is wrong with it: above all another host, as what it names would be looked for on this one.
    pub(crate) fn epr(self, path: &ObjectPath) -> Result<Epr, String> {
        let path = path.named(self.schema).map_err(|error| error.to_string())?;
        self.check_host(&path)?;
        path.to_epr_with(self.schema, self.namespace).map_err(|error| error.to_string())
    }

    fn check_host(self, path: &ObjectPath) -> Result<(), String> {
        if let (Some(named), Some(connected)) = (path.host(), self.host)
            && !is_same(named, connected)
        {
            return Err(format!(
                "the path names the host `{named}`, and the connection is to `{connected}`; if both are one, leave the \
                 host out of the path"
            ));
        }
        let class = self.schema.class(path.class());
        let is_reference = |key: &str| class?.property(key).map(|key| key.cim_type() == CimType::Reference);
        let nested = path.keys().filter(|(key, _)| is_reference(key) == Some(true));
        // What is no path fails when the reference is made.
        nested
            .filter_map(|(_, path)| ObjectPath::parse(path).ok())
            .try_for_each(|path| self.check_host(&path))
    }

    /// A class by the schema, which is about one namespace: elsewhere a class of the same name is another one, unless
    /// it was loaded for it.
    pub(crate) fn known(self, class: &str, namespace: Option<&str>) -> Option<Class<'s>> {
        let is_described = namespace.is_none_or(is_described);
        self.schema.class(class).filter(|class| is_described || class.source() == Source::Loaded)
    }

    /// As [`Self::known`], of what a reference names.
    pub(crate) fn class_of(self, epr: &Epr) -> Option<Class<'s>> {
        self.known(epr.class(), epr.namespace())
    }
}

/// Whether the schema that is compiled in is about this namespace.
pub(crate) fn is_described(namespace: &str) -> bool {
    HyperV::normalised(namespace).eq_ignore_ascii_case("root/virtualization/v2")
}

/// Whether a host in a path is the one that was typed. Windows writes the name without its domain there, so that a
/// short name is compared with the first label; of an address nobody knows the name.
fn is_same(named: &str, connected: &str) -> bool {
    let plain = |host: &str| host.trim_end_matches('.').trim_matches(['[', ']']).to_ascii_lowercase();
    let (named, connected) = (plain(named), plain(connected));
    // The `.` is empty by now.
    if named.is_empty() || named == "localhost" || named == connected {
        return true;
    }
    let is_address = |host: &str| host.parse::<std::net::IpAddr>().is_ok();
    if is_address(&named) || is_address(&connected) {
        return false;
    }
    match (named.split_once('.'), connected.split_once('.')) {
        (Some(_), Some(_)) => false,
        (named_label, connected_label) => {
            named_label.map_or(named.as_str(), |(label, _)| label)
                == connected_label.map_or(connected.as_str(), |(label, _)| label)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epr(host: &str, path: &str) -> Result<String, String> {
        let scope = Scope { host: Some(host), ..Scope::of_tests() };
        scope.epr(&ObjectPath::parse(path).unwrap()).map(|epr| epr.to_string())
    }

    #[test]
    fn a_path_names_the_host_of_the_connection_or_none() {
        for (named, connected) in [
            (".", "hv1.example.org"),
            ("localhost", "hv1.example.org"),
            ("HV1", "hv1.example.org"),
            ("hv1.example.org", "HV1"),
            ("hv1.EXAMPLE.org.", "hv1.example.org"),
            ("HV1", "hv1"),
            ("192.0.2.1", "192.0.2.1"),
        ] {
            assert!(is_same(named, connected), "{named} {connected}");
        }
        for (named, connected) in [
            ("hv2", "hv1.example.org"),
            ("hv1.example.net", "hv1.example.org"),
            ("192", "192.0.2.1"),
            ("hv1", "192.0.2.1"),
            ("192.0.2.2", "192.0.2.1"),
            ("hv", "hv1"),
        ] {
            assert!(!is_same(named, connected), "{named} {connected}");
        }
    }

    #[test]
    fn another_host_is_told_wherever_it_stands() {
        let machine = r#"root\virtualization\v2:Msvm_ComputerSystem.Name="V""#;
        assert_eq!(epr("hv1.example.org", &format!(r"\\HV1\{machine}")).unwrap(), machine);
        insta::assert_snapshot!(epr("hv1.example.org", &format!(r"\\HV2\{machine}")).unwrap_err(), @"the path names the host `HV2`, and the connection is to `hv1.example.org`; if both are one, leave the host out of the path");
        let link = |host: &str| {
            format!(
                r#"Msvm_CollectedVirtualSystems.Member="\\\\{host}\\root\\virtualization\\v2:Msvm_ComputerSystem.Name=\"V\"""#
            )
        };
        assert!(epr("hv1", &link("hv1")).is_ok());
        assert!(epr("hv1", &link("hv2")).unwrap_err().contains("`hv2`"));
    }

    #[test]
    fn the_schema_is_about_one_namespace() {
        let class = "CIM_Service";
        let scope = Scope::of_tests();
        assert!(scope.known(class, Some(r"root\virtualization\v2")).is_some());
        assert!(scope.known(class, None).is_some());
        assert!(scope.known(class, Some("root/cimv2")).is_none());
    }
}
