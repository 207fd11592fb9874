//! Association filters (DSP0227, dialect `associationFilter`): what is linked with an object, or the links themselves.

use crate::cim::Epr;

/// Starts at an object: what is linked with it, or the associations that link it.
///
/// ```
/// use hyperv_wsman::{cim::Epr, wsman::Association};
///
/// let machine = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2")
///     .with("CreationClassName", "Msvm_ComputerSystem")?
///     .with("Name", "5D1F0B0C-8F0E-4C55-9F3C-6A2F4F6F0A11")?;
/// let settings = Association::associators(machine)
///     .association_class("Msvm_SettingsDefineState")
///     .result_class("Msvm_VirtualSystemSettingData");
/// # let _ = settings;
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Association {
    pub(crate) kind: AssociationKind,
    pub(crate) object: Epr,
    /// The association class.
    pub(crate) via: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) result_class: Option<String>,
    pub(crate) result_role: Option<String>,
    pub(crate) result_properties: Vec<String>,
}

/// What an association filter gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssociationKind {
    /// `b:AssociatedInstances`.
    Associators,
    /// `b:AssociationInstances`.
    References,
}

impl Association {
    /// The instances that are linked with `object` (`ASSOCIATORS OF` in WQL).
    #[must_use]
    pub fn associators(object: Epr) -> Self {
        Self::new(AssociationKind::Associators, object)
    }

    /// The associations that `object` is part of (`REFERENCES OF` in WQL).
    #[must_use]
    pub fn references(object: Epr) -> Self {
        Self::new(AssociationKind::References, object)
    }

    fn new(kind: AssociationKind, object: Epr) -> Self {
        Self {
            kind,
            object,
            via: None,
            role: None,
            result_class: None,
            result_role: None,
            result_properties: Vec::new(),
        }
    }

    /// Only by way of this association class. Of [`Association::references`], it is the class of the
    /// result.
    #[must_use]
    pub fn association_class(mut self, class: &str) -> Self {
        match self.kind {
            AssociationKind::Associators => self.via = Some(class.to_owned()),
            AssociationKind::References => self.result_class = Some(class.to_owned()),
        }
        self
    }

    /// Only where the object is in this property of the association.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        self.role = Some(role.to_owned());
        self
    }

    /// Only results of this class and of those derived from it.
    #[must_use]
    pub fn result_class(mut self, class: &str) -> Self {
        self.result_class = Some(class.to_owned());
        self
    }

    /// Only results that are in this property of the association; nothing to
    /// [`Association::references`], which has no such restriction.
    #[must_use]
    pub fn result_role(mut self, role: &str) -> Self {
        if self.kind == AssociationKind::Associators {
            self.result_role = Some(role.to_owned());
        }
        self
    }

    /// Of the results only this property, and the others that are named so.
    #[must_use]
    pub fn result_property(mut self, property: &str) -> Self {
        self.result_properties.push(property.to_owned());
        self
    }

    /// The element of the filter.
    pub(crate) fn wire_name(&self) -> &'static str {
        match self.kind {
            AssociationKind::Associators => "AssociatedInstances",
            AssociationKind::References => "AssociationInstances",
        }
    }

    /// The elements after `b:Object`, in the order of the schema of DSP0227, and, for references, of
    /// what Windows' own client sends.
    pub(crate) fn restrictions(&self) -> Vec<(&'static str, &str)> {
        let association_class = ("AssociationClassName", &self.via);
        let role = ("Role", &self.role);
        let result_class = ("ResultClassName", &self.result_class);
        let result_role = ("ResultRole", &self.result_role);
        let ordered = match self.kind {
            AssociationKind::Associators => [association_class, role, result_class, result_role],
            AssociationKind::References => [association_class, result_class, role, result_role],
        };
        let single = ordered.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let properties = self.result_properties.iter().map(|name| ("IncludeResultProperty", name.as_str()));
        single.chain(properties).collect()
    }
}
