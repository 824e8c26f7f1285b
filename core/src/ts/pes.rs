//! PES packets out of transport packets. ISO/IEC 13818-1:2023 §2.4.3.6 and §2.4.3.7.

use super::Pts;

/// What a PES packet's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PesHeader {
    /// `stream_id`.
    pub stream_id: u8,
    /// Whether `PES_scrambling_control` is other than "not scrambled".
    pub scrambled: bool,
    /// The presentation time of the first access unit that commences in the packet.
    pub pts: Option<Pts>,
}

/// What [`PesReader::push`] finds, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PesScan<'a> {
    /// A PES packet begins.
    Start(PesHeader),
    /// Bytes of its payload.
    Payload(&'a [u8]),
}

/// Takes the PES packets of one PID apart, without holding their payload.
#[derive(Debug, Default)]
pub struct PesReader {
    /// The header at hand while it is collected; it may run over several transport packets.
    header: Vec<u8>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Nothing that can be read until the next start of a packet.
    #[default]
    Idle,
    Header,
    /// In the payload; how many of its bytes are still to come, where `PES_packet_length` says.
    Payload(Option<usize>),
}

impl PesReader {
    /// Forgets the packet at hand: after a transport packet was lost. What follows is read from the next start on when the
    /// header was lost, and at once when only payload was.
    pub fn gap(&mut self) {
        self.state = match self.state {
            State::Payload(_) => State::Payload(None),
            State::Header | State::Idle => State::Idle,
        };
    }

    /// Takes the payload of the next transport packet of the PID.
    pub fn push<'a>(&mut self, payload_unit_start: bool, payload: &'a [u8], mut sink: impl FnMut(PesScan<'a>)) {
        if payload_unit_start {
            self.state = State::Header;
            self.header.clear();
        }
        let mut rest = payload;
        while let State::Header = self.state {
            let missing = header_length(&self.header).saturating_sub(self.header.len());
            if missing > rest.len() {
                self.header.extend_from_slice(rest);
                return;
            }
            let (head, tail) = rest.split_at(missing);
            self.header.extend_from_slice(head);
            rest = tail;
            if self.header.len() < header_length(&self.header) {
                continue;
            }
            self.state = match parse(&self.header) {
                Some((header, payload_bytes)) => {
                    sink(PesScan::Start(header));
                    State::Payload(payload_bytes)
                }
                None => State::Idle,
            };
        }
        if let State::Payload(left) = &mut self.state {
            if let Some(left) = left {
                rest = &rest[..rest.len().min(*left)];
                *left -= rest.len();
            }
            if !rest.is_empty() {
                sink(PesScan::Payload(rest));
            }
        }
    }
}

/// Bytes of the header, as far as those at hand tell.
fn header_length(header: &[u8]) -> usize {
    match header {
        [.., stream_id, _, _] if header.len() == 6 && !has_optional_header(*stream_id) => 6,
        [_, _, _, _, _, _, _, _, data_length, ..] => 9 + usize::from(*data_length),
        [_, _, _, _, _, _, ..] => 9,
        _ => 6,
    }
}

/// Whether this `stream_id` has the optional header at all (§2.4.3.6, the syntax's first condition).
fn has_optional_header(stream_id: u8) -> bool {
    !matches!(stream_id, 0xBC | 0xBE | 0xBF | 0xF0 | 0xF1 | 0xF2 | 0xF8 | 0xFF)
}

/// Reads a whole header; with it, the bytes of payload where they are bounded.
fn parse(header: &[u8]) -> Option<(PesHeader, Option<usize>)> {
    let &[0, 0, 1, stream_id, len0, len1, flags, flags2, data_length, ..] = header else { return None };
    if flags & 0xC0 != 0x80 {
        return None;
    }
    let packet_length = usize::from(u16::from_be_bytes([len0, len1]));
    let payload = match packet_length {
        0 => None,
        n => Some(n.checked_sub(3 + usize::from(data_length))?),
    };
    let pts = if flags2 & 0x80 != 0 { header.get(9..14).and_then(parse_pts) } else { None };
    Some((PesHeader { stream_id, scrambled: flags & 0x30 != 0, pts }, payload))
}

/// Reads a 33-bit time in its five bytes; `None` where the prefix or a marker bit is wrong.
fn parse_pts(bytes: &[u8]) -> Option<Pts> {
    let &[a, b, c, d, e] = bytes else { return None };
    if !matches!(a >> 4, 2 | 3) || a & c & e & 1 == 0 {
        return None;
    }
    let [a, b, c, d, e] = [a, b, c, d, e].map(u64::from);
    Some(Pts::new((a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 14] = [0, 0, 1, 0xBD, 0, 12, 0x84, 0x80, 5, 0x21 | 7 << 1, 0xFF, 0xFF, 0xFF, 0xFF];

    fn scan(pieces: &[(bool, &[u8])]) -> (Vec<PesHeader>, Vec<u8>) {
        let (mut reader, mut headers, mut payload) = (PesReader::default(), Vec::new(), Vec::new());
        for (start, piece) in pieces {
            reader.push(*start, piece, |scan| match scan {
                PesScan::Start(header) => headers.push(header),
                PesScan::Payload(bytes) => payload.extend_from_slice(bytes),
            });
        }
        (headers, payload)
    }

    #[test]
    fn header_and_bounded_payload() {
        let whole = [&HEADER[..], &[1, 2, 3, 4, 5, 6][..]].concat();
        let expected = PesHeader { stream_id: 0xBD, scrambled: false, pts: Some(Pts::new((1 << 33) - 1)) };
        // four bytes of payload by the length, then stuffing that is not payload
        assert_eq!(scan(&[(true, &whole)]), (vec![expected], vec![1, 2, 3, 4]));
        for cut in 1..whole.len() {
            let found = scan(&[(true, &whole[..cut]), (false, &whole[cut..])]);
            assert_eq!(found, (vec![expected], vec![1, 2, 3, 4]), "cut at {cut}");
        }
    }

    #[test]
    fn length_zero_is_unbounded() {
        let mut header = HEADER;
        header[5] = 0;
        let (_, payload) = scan(&[(true, &header), (false, &[7; 184]), (false, &[8; 184])]);
        assert_eq!(payload.len(), 368);
    }

    #[test]
    fn padding_and_what_is_no_pes_are_idle() {
        assert_eq!(scan(&[(true, &[0, 0, 1, 0xBE, 0, 4, 1, 2, 3, 4]), (false, &[1; 20])]), (vec![], vec![]));
        assert_eq!(scan(&[(true, &[0xFF; 184]), (false, &[1; 20])]), (vec![], vec![]));
    }

    #[test]
    fn a_wrong_marker_bit_is_no_time() {
        let mut header = HEADER;
        header[11] &= 0xFE;
        assert_eq!(scan(&[(true, &header)]).0[0].pts, None);
    }
}
