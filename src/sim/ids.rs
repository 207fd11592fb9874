//! Counted identifiers: the same conversation yields the same ids, so output can be compared.

/// What an identifier is for; each kind counts by itself, so that polling a job more often does
/// not change the id of the next snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Machine,
    Group,
    Snapshot,
    Setting,
    Job,
    Context,
    Message,
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Ids {
    machine: u32,
    group: u32,
    snapshot: u32,
    setting: u32,
    job: u32,
    context: u32,
    message: u32,
}

impl Ids {
    /// The next GUID of this kind: `00000000-0000-4000-8000-KKKKNNNNNNNN`, digits only, so that it
    /// has one spelling.
    pub(super) fn next(&mut self, kind: Kind) -> String {
        let (number, counter) = match kind {
            Kind::Machine => (1, &mut self.machine),
            Kind::Group => (2, &mut self.group),
            Kind::Snapshot => (3, &mut self.snapshot),
            Kind::Setting => (4, &mut self.setting),
            Kind::Job => (5, &mut self.job),
            Kind::Context => (6, &mut self.context),
            Kind::Message => (7, &mut self.message),
        };
        *counter = counter.wrapping_add(1);
        format!("00000000-0000-4000-8000-{number:04}{counter:08}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_counts_by_itself() {
        let mut ids = Ids::default();
        assert_eq!(ids.next(Kind::Job), "00000000-0000-4000-8000-000500000001");
        assert_eq!(ids.next(Kind::Message), "00000000-0000-4000-8000-000700000001");
        assert_eq!(ids.next(Kind::Job), "00000000-0000-4000-8000-000500000002");
    }
}
