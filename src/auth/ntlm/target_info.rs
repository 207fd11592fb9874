//! AV pairs (MS-NLMP 2.2.2.1): what the server says of itself, and what we answer.

use super::crypto::utf16;
use md5::{Digest as _, Md5};
use ntlmclient::{TargetInfoEntry, TargetInfoType};

/// `MsvAvFlags`: the message carries a MIC.
pub(in crate::auth) const FLAG_MIC: u32 = 2;

/// The AV pairs of a `CHALLENGE_MESSAGE` or of an NTLMv2 response, up to the terminator.
#[derive(Debug)]
pub(in crate::auth) struct TargetInfo(Vec<TargetInfoEntry>);

impl TargetInfo {
    /// ntlmclient reads on behind the terminator; what stands there is not ours to believe.
    #[cfg(feature = "http")]
    pub(super) fn of_challenge(entries: Vec<TargetInfoEntry>) -> Self {
        Self(entries.into_iter().take_while(|entry| entry.entry_type != TargetInfoType::Terminator).collect())
    }

    /// Reads pairs up to the terminator; `None` when they do not read or have none.
    #[cfg(feature = "sim")]
    pub(in crate::auth) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut entries = Vec::new();
        loop {
            let (entry, after) = TargetInfoEntry::try_from_bytes(rest).ok()?;
            if entry.entry_type == TargetInfoType::Terminator {
                return Some(Self(entries));
            }
            entries.push(entry);
            rest = after;
        }
    }

    /// Adds a pair.
    pub(in crate::auth) fn push(&mut self, entry_type: TargetInfoType, data: Vec<u8>) {
        self.0.push(TargetInfoEntry { entry_type, data });
    }

    /// Adds a pair that holds text.
    pub(in crate::auth) fn push_text(&mut self, entry_type: TargetInfoType, text: &str) {
        self.push(entry_type, utf16(text));
    }

    /// The pairs with a terminator behind them.
    pub(in crate::auth) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.0.iter().flat_map(TargetInfoEntry::to_bytes).collect();
        bytes.extend([0; 4]);
        bytes
    }

    pub(in crate::auth) fn data(&self, entry_type: TargetInfoType) -> Option<&[u8]> {
        self.0.iter().find(|entry| entry.entry_type == entry_type).map(|entry| entry.data.as_slice())
    }

    /// `MsvAvTimestamp` as it is on the wire.
    #[cfg(feature = "http")]
    pub(super) fn timestamp(&self) -> Option<[u8; 8]> {
        self.data(TargetInfoType::Timestamp)?.try_into().ok()
    }

    /// `MsvAvFlags`, 0 when there are none.
    pub(in crate::auth) fn flags(&self) -> u32 {
        let flags = self.data(TargetInfoType::Flags).and_then(|data| data.try_into().ok());
        flags.map_or(0, u32::from_le_bytes)
    }

    /// What the client answers (3.1.5.1.2): the server's pairs, with our own `MsvAvFlags`,
    /// `MsvAvChannelBindings` and `MsvAvTargetName` in place of whatever the server sent of these.
    #[cfg(feature = "http")]
    pub(in crate::auth) fn answer(mut self, mic: bool, binding: Option<[u8; 16]>, target_name: &str) -> Self {
        let flags = self.flags() | if mic { FLAG_MIC } else { 0 };
        self.0.retain(|entry| {
            use TargetInfoType::{ChannelBindings, Flags, TargetName};
            !matches!(entry.entry_type, ChannelBindings | Flags | TargetName)
        });
        if flags != 0 {
            self.push(TargetInfoType::Flags, flags.to_le_bytes().to_vec());
        }
        if let Some(binding) = binding {
            self.push(TargetInfoType::ChannelBindings, binding.to_vec());
        }
        self.push_text(TargetInfoType::TargetName, target_name);
        self
    }
}

#[cfg(feature = "sim")]
impl From<Vec<TargetInfoEntry>> for TargetInfo {
    fn from(entries: Vec<TargetInfoEntry>) -> Self {
        Self(entries)
    }
}

/// `MsvAvChannelBindings`: MD5 of a `gss_channel_bindings_struct` (RFC 2744, 3.11) without addresses
/// whose application data is the `tls-server-end-point` binding.
pub(in crate::auth) fn channel_binding(server_end_point: &[u8]) -> [u8; 16] {
    const PREFIX: &[u8] = b"tls-server-end-point:";
    let length = u32::try_from(PREFIX.len() + server_end_point.len()).unwrap_or(u32::MAX);
    Md5::new()
        .chain_update([0; 16])
        .chain_update(length.to_le_bytes())
        .chain_update(PREFIX)
        .chain_update(server_end_point)
        .finalize()
        .into()
}

#[cfg(test)]
#[cfg(all(feature = "http", feature = "sim"))]
mod tests {
    use super::*;

    fn pairs() -> TargetInfo {
        let mut info = TargetInfo::from(Vec::new());
        info.push_text(TargetInfoType::NtDomain, "D");
        info
    }

    #[test]
    fn the_answer_replaces_what_the_server_may_not_choose() {
        let mut server = pairs();
        server.push(TargetInfoType::Flags, 1_u32.to_le_bytes().to_vec());
        server.push(TargetInfoType::ChannelBindings, vec![9; 16]);
        server.push_text(TargetInfoType::TargetName, "cifs/other");
        let answer = server.answer(true, Some([7; 16]), "HTTP/h");
        let read = TargetInfo::read(&answer.to_bytes()).unwrap();
        assert_eq!(read.flags(), 1 | FLAG_MIC);
        assert_eq!(read.data(TargetInfoType::ChannelBindings).unwrap(), [7; 16]);
        assert_eq!(read.data(TargetInfoType::TargetName).unwrap(), b"H\0T\0T\0P\0/\0h\0");
        assert_eq!(read.0.len(), 4);
    }

    #[test]
    fn pairs_behind_the_terminator_do_not_count() {
        let mut entries = pairs().0;
        entries.push(TargetInfoEntry { entry_type: TargetInfoType::Terminator, data: vec![] });
        entries.push(TargetInfoEntry { entry_type: TargetInfoType::Timestamp, data: vec![1; 8] });
        assert_eq!(TargetInfo::of_challenge(entries).timestamp(), None);
    }

    #[test]
    fn pairs_without_a_terminator_do_not_read() {
        let bytes = pairs().to_bytes();
        assert!(TargetInfo::read(&bytes).is_some());
        assert!(TargetInfo::read(&bytes[..bytes.len() - 4]).is_none());
    }

    /// Computed beside this crate (RFC 2744 layout, MD5) for a binding of 32 zero bytes.
    #[test]
    fn the_binding_hashes_the_gss_structure() {
        let hash = u128::from_be_bytes(channel_binding(&[0; 32]));
        assert_eq!(format!("{hash:x}"), "c9ec5cb29e8f57f7ee6429cde733efeb");
    }
}
