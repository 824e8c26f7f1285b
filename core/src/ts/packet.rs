//! One transport packet, as a view of its 188 bytes. ISO/IEC 13818-1:2023 §2.4.3.2 to §2.4.3.5.

use super::Pcr;

/// Bytes of a transport packet.
pub const PACKET_BYTES: usize = 188;

/// The first byte of every packet.
pub const SYNC_BYTE: u8 = 0x47;

/// A packet identifier: 13 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(u16);

impl Pid {
    /// Number of different PIDs.
    pub const COUNT: usize = 8192;
    /// The programme association table.
    pub const PAT: Self = Self(0);
    /// Null packets; as `PCR_PID`, "no PCR".
    pub const NULL: Self = Self(0x1FFF);

    /// The low 13 bits of `value`.
    #[must_use]
    pub const fn new(value: u16) -> Self {
        Self(value & 0x1FFF)
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The number, as an index below [`Pid::COUNT`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl std::fmt::Display for Pid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

/// A view of one packet.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a>(&'a [u8; PACKET_BYTES]);

impl<'a> Packet<'a> {
    /// A view of these bytes; the sync byte is not looked at.
    #[must_use]
    pub const fn new(bytes: &'a [u8; PACKET_BYTES]) -> Self {
        Self(bytes)
    }

    /// The whole packet.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8; PACKET_BYTES] {
        self.0
    }

    /// `PID`.
    #[must_use]
    pub const fn pid(self) -> Pid {
        Pid::new(u16::from_be_bytes([self.0[1], self.0[2]]))
    }

    /// `transport_error_indicator`: at least one bit of the packet is wrong.
    #[must_use]
    pub const fn transport_error(self) -> bool {
        self.0[1] & 0x80 != 0
    }

    /// `payload_unit_start_indicator`.
    #[must_use]
    pub const fn payload_unit_start(self) -> bool {
        self.0[1] & 0x40 != 0
    }

    /// Whether `transport_scrambling_control` is other than "not scrambled".
    #[must_use]
    pub const fn scrambled(self) -> bool {
        self.0[3] & 0xC0 != 0
    }

    /// `continuity_counter`.
    #[must_use]
    pub const fn continuity_counter(self) -> u8 {
        self.0[3] & 0x0F
    }

    /// Whether `adaptation_field_control` announces a payload.
    #[must_use]
    pub const fn has_payload(self) -> bool {
        self.0[3] & 0x10 != 0
    }

    /// The adaptation field, where there is one that fits the packet.
    #[must_use]
    pub fn adaptation_field(self) -> Option<AdaptationField<'a>> {
        if self.0[3] & 0x20 == 0 {
            return None;
        }
        let length = usize::from(self.0[4]);
        self.0.get(5..5 + length).map(AdaptationField)
    }

    /// The payload; empty where there is none or the adaptation field leaves no room for it.
    #[must_use]
    pub fn payload(self) -> &'a [u8] {
        if !self.has_payload() {
            return &[];
        }
        let start = if self.0[3] & 0x20 == 0 { 4 } else { 5 + usize::from(self.0[4]) };
        self.0.get(start..).unwrap_or(&[])
    }

    /// The programme clock reference, where the packet carries one.
    #[must_use]
    pub fn pcr(self) -> Option<Pcr> {
        self.adaptation_field().and_then(AdaptationField::pcr)
    }
}

/// A view of an adaptation field, after its length byte.
#[derive(Debug, Clone, Copy)]
pub struct AdaptationField<'a>(&'a [u8]);

impl<'a> AdaptationField<'a> {
    /// The field's bytes after its length byte; empty for the one-byte stuffing form.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// `discontinuity_indicator`.
    #[must_use]
    pub fn discontinuity(self) -> bool {
        self.0.first().is_some_and(|flags| flags & 0x80 != 0)
    }

    /// The programme clock reference.
    #[must_use]
    pub fn pcr(self) -> Option<Pcr> {
        if self.0.first()? & 0x10 == 0 {
            return None;
        }
        let field: [u8; 6] = self.0.get(1..7)?.try_into().ok()?;
        let value = field.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        Some(Pcr::new(value >> 15, (value & 0x1FF) as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(header: [u8; 4], rest: &[u8]) -> [u8; PACKET_BYTES] {
        let mut bytes = [0xFF; PACKET_BYTES];
        bytes[..4].copy_from_slice(&header);
        bytes[4..4 + rest.len()].copy_from_slice(rest);
        bytes
    }

    #[test]
    fn header_fields_are_read() {
        let bytes = packet([0x47, 0xC1, 0x23, 0x9A], &[]);
        let packet = Packet::new(&bytes);
        assert_eq!(packet.pid(), Pid::new(0x123));
        assert!(packet.transport_error() && packet.payload_unit_start() && packet.scrambled());
        assert_eq!(packet.continuity_counter(), 10);
        assert_eq!(packet.payload().len(), 184);
    }

    #[test]
    fn pcr_is_read_from_the_adaptation_field() {
        // base 0x1_0000_0001, reserved ones, extension 0x12B
        let bytes = packet([0x47, 0x01, 0x00, 0x30], &[7, 0x90, 0x80, 0x00, 0x00, 0x00, 0xFF, 0x2B]);
        let packet = Packet::new(&bytes);
        assert_eq!(packet.pcr(), Some(Pcr::new(0x1_0000_0001, 0x12B)));
        assert!(packet.adaptation_field().is_some_and(AdaptationField::discontinuity));
        assert_eq!(packet.payload().len(), 176);
    }

    #[test]
    fn adaptation_field_longer_than_the_packet_leaves_nothing() {
        let bytes = packet([0x47, 0x01, 0x00, 0x30], &[200, 0x10]);
        let packet = Packet::new(&bytes);
        assert!(packet.adaptation_field().is_none() && packet.pcr().is_none() && packet.payload().is_empty());
    }
}
