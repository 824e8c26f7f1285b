//! What a session does with streams that have one thing to them.
#![forbid(unsafe_code)]

use xg2g_core::pipeline::{Action, Options, Report, Session, inspect};
use xg2g_core::ts::psi::{Pmt, SectionReader};
use xg2g_core::ts::{Packet, PesReader, PesScan, Pid, Pts};
use xg2g_tests::build::{LAYER2_FRAME_TICKS, Mux, adts, layer2};
use xg2g_tests::{judge, streams};

const PMT: u16 = 0x100;
const SOUND: u16 = 0x101;
const OTHER: u16 = 0x200;

fn run_in(bytes: &[u8], piece: usize, options: &Options) -> (Vec<u8>, Report) {
    let mut session = Session::open(options).expect("options in range");
    let mut out = Vec::new();
    for piece in bytes.chunks(piece) {
        session.process(piece, &mut out).expect("open");
    }
    session.finish(&mut out).expect("a stream");
    (out, session.report())
}

fn run(bytes: &[u8]) -> (Vec<[u8; 188]>, Report) {
    let (out, report) = run_in(bytes, bytes.len(), &Options::default());
    (judge::packets(&out), report)
}

fn on(packets: &[[u8; 188]], pid: u16) -> Vec<[u8; 188]> {
    packets.iter().filter(|bytes| Packet::new(bytes).pid() == Pid::new(pid)).copied().collect()
}

/// (version, stream types) of each PMT.
fn maps(packets: &[[u8; 188]], pid: u16) -> Vec<(u8, Vec<u8>)> {
    let (mut reader, mut found) = (SectionReader::default(), Vec::new());
    for bytes in on(packets, pid) {
        let packet = Packet::new(&bytes);
        reader.push(packet.payload_unit_start(), packet.payload(), |section| {
            let pmt = Pmt::parse(section).expect("a right PMT");
            found.push((pmt.version(), pmt.streams().map(|s| s.stream_type).collect()));
        });
    }
    found
}

/// The PTS of each PES packet and its payload.
fn units(packets: &[[u8; 188]], pid: u16) -> Vec<(Pts, Vec<u8>)> {
    let (mut reader, mut found) = (PesReader::default(), Vec::<(Pts, Vec<u8>)>::new());
    for bytes in on(packets, pid) {
        let packet = Packet::new(&bytes);
        reader.push(packet.payload_unit_start(), packet.payload(), |scan| match (scan, found.last_mut()) {
            (PesScan::Start(header), _) => found.push((header.pts.expect("a PTS"), Vec::new())),
            (PesScan::Payload(bytes), Some((_, unit))) => unit.extend_from_slice(bytes),
            (PesScan::Payload(_), None) => panic!("payload before a header"),
        });
    }
    found
}

fn is_adts(unit: &[u8]) -> bool {
    let length = usize::from(unit[3] & 3) << 11 | usize::from(unit[4]) << 3 | usize::from(unit[5]) >> 5;
    unit[0] == 0xFF && unit[1] & 0xF6 == 0xF0 && length == unit.len()
}

fn with_tables(pcr_pid: u16, streams: &[(u8, u16, &[u8])]) -> Mux {
    let mut mux = Mux::default();
    mux.pat(&[(1, PMT)]).pmt(PMT, 1, 5, pcr_pid, streams);
    mux
}

#[test]
fn the_demo_stream_does_not_depend_on_its_pieces() {
    let bytes = std::fs::read(streams::demo()).expect("the demo stream");
    let whole = run_in(&bytes, bytes.len(), &Options::default());
    for piece in [1, 7, 188, 1316, 1_000_000] {
        assert!(run_in(&bytes, piece, &Options::default()) == whole, "pieces of {piece} bytes");
    }
    assert!(whole.1.tracks.iter().all(|t| t.frames_concealed == 0 && t.access_units > 370 && t.reanchors == 0));
}

#[test]
fn real_streams_do_not_depend_on_their_pieces() {
    for path in streams::all() {
        let bytes = std::fs::read(&path).expect("a stream");
        let whole = run_in(&bytes, bytes.len(), &Options::default());
        for piece in [7, 1316] {
            assert!(run_in(&bytes, piece, &Options::default()) == whole, "{} in pieces of {piece}", path.display());
        }
    }
}

#[test]
fn sound_is_replaced_and_all_else_stays() {
    let mut mux = with_tables(OTHER, &[(0x1B, OTHER, &[]), (3, SOUND, &[0x0A, 4, b'd', b'e', b'u', 0, 3, 1, 0x67])]);
    for n in 0..60 {
        mux.pcr(OTHER, n * LAYER2_FRAME_TICKS).other(OTHER, 5).layer2(SOUND, 9000 + n * LAYER2_FRAME_TICKS, 1);
    }
    let source = judge::packets(&mux.bytes());
    let (out, report) = run(&mux.bytes());
    assert!(on(&out, OTHER) == on(&source, OTHER) && on(&out, 0) == on(&source, 0));
    assert_eq!(maps(&out, PMT), [(5, vec![0x1B, 0x0F])]);
    let units = units(&out, SOUND);
    assert!(units.iter().all(|(_, unit)| is_adts(unit)));
    let track = &report.tracks[0];
    assert_eq!((track.frames_decoded, track.language.as_deref(), track.channels.as_str()), (60, Some("deu"), "stereo"));
    assert_eq!((track.access_units, report.continuity_errors), (units.len() as u64, 0));
    // As much sound out as in: 60 × 1,152 samples and the encoder's own delay, in whole access units.
    assert!((68..=71).contains(&units.len()), "{}", units.len());
    let counters: Vec<u8> = on(&out, SOUND).iter().map(|p| Packet::new(p).continuity_counter()).collect();
    assert!(counters.windows(2).all(|w| w[1] == (w[0] + 1) & 0x0F));
}

#[test]
fn time_goes_through_the_wrap() {
    let start = (1 << 33) - 20 * LAYER2_FRAME_TICKS;
    let mut mux = with_tables(OTHER, &[(3, SOUND, &[])]);
    for n in 0..60 {
        mux.pcr(OTHER, start + n * LAYER2_FRAME_TICKS).layer2(SOUND, start + 9000 + n * LAYER2_FRAME_TICKS, 1);
    }
    let (out, report) = run(&mux.bytes());
    let units = units(&out, SOUND);
    // 1,024 samples at 48 kHz are 1,920 ticks.
    assert!(units.windows(2).all(|w| w[1].0.since(w[0].0) == 1920));
    assert_eq!((report.tracks[0].reanchors, report.tracks[0].samples_inserted), (0, 0));
}

#[test]
fn a_clock_on_the_sounds_own_pid_stays() {
    let mut mux = with_tables(SOUND, &[(3, SOUND, &[])]);
    for n in 0..50 {
        mux.pcr(SOUND, n * LAYER2_FRAME_TICKS).layer2(SOUND, 9000 + n * LAYER2_FRAME_TICKS, 1);
    }
    let source = judge::packets(&mux.bytes());
    let (out, _) = run(&mux.bytes());
    let clocks = |packets: &[[u8; 188]]| packets.iter().filter_map(|p| Packet::new(p).pcr()).collect::<Vec<_>>();
    assert_eq!(clocks(&out), clocks(&source));
    let mut last = None;
    for bytes in on(&out, SOUND) {
        let packet = Packet::new(&bytes);
        if let Some(last) = last.replace(packet.continuity_counter()) {
            assert_eq!(packet.continuity_counter(), (last + u8::from(packet.has_payload())) & 0x0F);
        }
    }
}

#[test]
fn a_label_that_lies_early_is_never_believed() {
    let mut mux = with_tables(OTHER, &[(4, SOUND, &[]), (6, SOUND + 1, &[])]);
    for n in 0..40 {
        mux.pcr(OTHER, n * 1920).pes(SOUND, 0xC0, Some(9000 + n * 1920), &adts(1)).layer2(
            SOUND + 1,
            9000 + n * 2160,
            1,
        );
    }
    let source = judge::packets(&mux.bytes());
    let (out, _) = run(&mux.bytes());
    assert_eq!(maps(&out, PMT), [(5, vec![4, 0x0F])]);
    assert!(on(&out, SOUND) == on(&source, SOUND), "AAC passes");
    assert!(units(&out, SOUND + 1).iter().all(|(_, unit)| is_adts(unit)), "hidden Layer II does not");
    let found = inspect(&mux.bytes(), &Options::default()).expect("a stream");
    let tracks = &found.programs[0].tracks;
    assert_eq!((tracks[0].action, tracks[0].reason.as_str()), (Action::Pass, "AAC already, labelled MPEG audio"));
    assert_eq!((tracks[1].action, tracks[1].format.as_str()), (Action::Transcode, "MPEG-1 Layer II"));
}

#[test]
fn a_label_found_to_lie_late_changes_the_map_once() {
    let tracks: &[(u8, u16, &[u8])] = &[(4, SOUND, &[])];
    let mut mux = with_tables(OTHER, tracks);
    for n in 0..30 {
        mux.pcr(OTHER, n * 3600).other(OTHER, 5); // 1.2 s without sound: the label decides
    }
    mux.pmt(PMT, 1, 5, OTHER, tracks);
    for n in 30..90 {
        mux.pcr(OTHER, n * 3600).pes(SOUND, 0xC0, Some(9000 + n * 3600), &adts(2)).pmt(PMT, 1, 5, OTHER, tracks);
    }
    let (out, _) = run(&mux.bytes());
    let mut maps = maps(&out, PMT);
    maps.dedup();
    assert_eq!(maps, [(5, vec![0x0F]), (6, vec![4])]);
    assert!(units(&out, SOUND).len() >= 58 && units(&out, SOUND).iter().all(|(_, unit)| *unit == adts(2)));
}

#[test]
fn maps_that_share_a_track_are_all_rewritten() {
    let mut mux = Mux::default();
    mux.pat(&[(1, PMT), (2, PMT), (3, PMT + 8)]);
    mux.pmt(PMT, 1, 0, OTHER, &[(0x1B, OTHER, &[]), (3, SOUND, &[])]);
    mux.pmt(PMT, 2, 1, OTHER, &[(3, SOUND, &[])]).pmt(PMT + 8, 3, 2, OTHER, &[(4, SOUND, &[])]);
    mux.layer2(SOUND, 9000, 30);
    let (out, report) = run(&mux.bytes());
    assert_eq!(maps(&out, PMT), [(0, vec![0x1B, 0x0F]), (1, vec![0x0F])]);
    assert_eq!(maps(&out, PMT + 8), [(2, vec![0x0F])]);
    assert_eq!(report.tracks.len(), 1);
}

#[test]
fn a_new_map_in_mid_stream_is_followed() {
    let mut mux = with_tables(OTHER, &[(3, SOUND, &[])]);
    mux.layer2(SOUND, 9000, 30);
    mux.pmt(PMT, 1, 6, OTHER, &[(3, SOUND + 1, &[])]).layer2(SOUND + 1, 9000 + 30 * 2160, 30);
    mux.pmt(PMT, 1, 7, OTHER, &[(0x1B, OTHER, &[])]).other(OTHER, 50);
    let (out, report) = run(&mux.bytes());
    assert_eq!(maps(&out, PMT), [(5, vec![0x0F]), (6, vec![0x0F]), (7, vec![0x1B])]);
    assert!(units(&out, SOUND + 1).iter().all(|(_, unit)| is_adts(unit)));
    assert_eq!(
        report.tracks.iter().map(|t| (t.pid, t.frames_decoded)).collect::<Vec<_>>(),
        [(SOUND, 30), (SOUND + 1, 30)]
    );
    assert_eq!(on(&out, OTHER).len(), 50);
}

#[test]
fn the_picture_does_not_wait_for_sound_that_stays_away() {
    let mut mux = with_tables(OTHER, &[(0x1B, OTHER, &[]), (3, SOUND, &[])]);
    for n in 0..200u64 {
        mux.pcr(OTHER, n * 1800).other(OTHER, 5);
        if n < 50 {
            mux.layer2(SOUND, 9000 + n * 1800, 1);
        }
    }
    let mut session = Session::open(&Options::default()).expect("defaults are in range");
    let (mut out, mut fed) = (Vec::new(), 0);
    let mut most = 0;
    for packet in mux.packets_mut() {
        session.process(packet, &mut out).expect("open");
        if Packet::new(packet).pid() == Pid::new(OTHER) {
            fed += 1;
        }
        most = most.max(fed - on(&judge::packets(&out), OTHER).len());
    }
    // Six packets each 20 ms: 0.3 s are 90 packets, and one more for packet synchronisation.
    assert!(most <= 97, "{most} packets waited");
}

#[test]
fn a_lost_packet_is_filled_and_the_clock_kept() {
    let mut mux = with_tables(OTHER, &[(3, SOUND, &[])]);
    for n in 0..100 {
        mux.layer2(SOUND, 9000 + n * LAYER2_FRAME_TICKS, 1);
    }
    let packets = mux.packets_mut();
    packets.remove(2 + 4 * 50 + 1); // of frame 50's four packets the second
    let duplicate = packets[100];
    packets.insert(101, duplicate);
    let (out, report) = run(&mux.bytes());
    let track = &report.tracks[0];
    assert_eq!((report.continuity_errors, track.frames_decoded, track.samples_inserted), (1, 99, 1152));
    let units = units(&out, SOUND);
    assert!(units.windows(2).all(|w| w[1].0.since(w[0].0) == 1920));
    assert!((112..=115).contains(&units.len()), "{}", units.len());
}

#[test]
fn frames_that_begin_anywhere_in_a_pes_packet_keep_their_time() {
    let mut mux = with_tables(OTHER, &[(3, SOUND, &[])]);
    // PES packets of 1,000 bytes over frames of 576: each PTS is that of the first frame that begins in it.
    for (n, part) in layer2(100).chunks(1000).enumerate() {
        let first = (n * 1000).div_ceil(576) as u64;
        mux.pes(SOUND, 0xC0, Some(9000 + first * LAYER2_FRAME_TICKS), part);
    }
    let (out, report) = run(&mux.bytes());
    let track = &report.tracks[0];
    assert_eq!((track.frames_decoded, track.samples_inserted, track.samples_dropped, track.drift_us), (100, 0, 0, 0));
    assert_eq!(units(&out, SOUND)[0].0, Pts::new(9000).offset(-1600 * 90_000 / 48_000));
}
