// The page: asks for the sessions once a second while it is looked at, and plays one stream.

const byId = (id) => document.getElementById(id);
const video = byId('video');
const number = new Intl.NumberFormat('en');
let player = null;

// --- sessions ---

const bits = (n) => (n >= 1e6 ? `${(n / 1e6).toFixed(2)} Mbit/s` : `${Math.round(n / 1e3)} kbit/s`);
const bytes = (n) => (n >= 1 << 20 ? `${(n / (1 << 20)).toFixed(1)} MiB` : `${Math.round(n / 1024)} KiB`);
const duration = (s) => [s / 3600, (s / 60) % 60, s % 60].map((n) => String(Math.floor(n)).padStart(2, '0')).join(':');

function facts(s) {
  const r = s.report ?? {};
  const damage = (r.continuityErrors ?? 0) + (r.transportErrors ?? 0) + (r.crcErrors ?? 0) + (r.resyncs ?? 0);
  return [
    ['State', s.state],
    ['Running', duration(s.seconds)],
    ['Client', s.client],
    ['In', bits(s.bitrateIn)],
    ['Out', bits(s.bitrateOut)],
    ['Sandbox memory', s.report ? bytes(r.memoryBytes) : '–'],
    ['Damage on the air', number.format(damage)],
    ['Scrambled packets', number.format(r.scrambledPackets ?? 0)],
    ['Upstream reopened', number.format(s.reconnects)],
    ['Sandbox restarted', number.format(s.restarts)],
  ];
}

function row(t) {
  const sound = t.sampleRate ? `${t.codec} ${t.channels}, ${t.sampleRate / 1000} kHz` : t.codec;
  const cells = [
    `0x${t.pid.toString(16)}`, t.language || '–', sound, number.format(t.framesDecoded), number.format(t.framesConcealed),
    number.format(t.samplesInserted), number.format(t.samplesDropped), `${(t.driftMicroseconds / 1000).toFixed(2)} ms`,
  ];
  const tr = document.createElement('tr');
  tr.append(...cells.map((text) => Object.assign(document.createElement('td'), { textContent: text })));
  return tr;
}

// Cards stay in the page while their session lives, so that neither focus nor selection is lost at each update.
const cards = new Map();

function show(s) {
  let card = cards.get(s.id);
  if (!card) {
    card = byId('session').content.firstElementChild.cloneNode(true);
    cards.set(s.id, card);
    byId('sessions').append(card);
  }
  card.querySelector('h3').textContent = s.stream;
  card.querySelector('dl').replaceChildren(...facts(s).map(([name, value]) => {
    const group = document.createElement('div');
    group.append(
      Object.assign(document.createElement('dt'), { textContent: name }),
      Object.assign(document.createElement('dd'), { textContent: value }),
    );
    return group;
  }));
  const fault = card.querySelector('.fault');
  fault.hidden = !s.lastFault;
  fault.textContent = s.lastFault ? `Last fault, ${new Date(s.lastFault.time).toLocaleTimeString()}: ${s.lastFault.text}` : '';
  const tracks = s.report?.tracks ?? [];
  card.querySelector('.scroll').hidden = tracks.length === 0;
  card.querySelector('tbody').replaceChildren(...tracks.map(row));
}

async function update() {
  try {
    const response = await fetch('/api/sessions', { cache: 'no-store' });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const all = await response.json();
    for (const [id, card] of cards) {
      if (!all.sessions.some((s) => s.id === id)) {
        card.remove();
        cards.delete(id);
      }
    }
    all.sessions.forEach(show);
    let empty = byId('sessions').querySelector('.empty');
    if (all.sessions.length === 0 && !empty) {
      empty = Object.assign(document.createElement('p'), { className: 'empty', textContent: 'No stream is running.' });
      byId('sessions').append(empty);
    } else if (all.sessions.length > 0) {
      empty?.remove();
    }
    const text = `${all.sessions.length} of ${all.limit} sessions · ${all.receiver || 'no receiver'} · plugin ${all.version}`
      + (all.draining ? ' · shutting down' : '');
    // Written only when it changed: a screen reader says what is written here.
    if (byId('status').textContent !== text) byId('status').textContent = text;
  } catch (error) {
    byId('status').textContent = `The server does not answer: ${error.message}`;
  }
}

async function watch() {
  for (;;) {
    if (!document.hidden) await update();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

// --- player ---

function say(text) {
  byId('player').textContent = text;
}

function stop(text = '') {
  player?.destroy();
  player = null;
  byId('stop').disabled = true;
  say(text);
}

function address(text) {
  if (/^https?:/.test(text)) return `/stream?url=${encodeURIComponent(text)}`;
  return `/${text.replace(/^\//, '')}`;
}

async function play(text) {
  stop();
  if (!globalThis.mpegts?.isSupported()) {
    say(globalThis.mpegts ? 'This browser has no Media Source Extensions.' : 'The player was not built in: run "go generate ./web".');
    return;
  }
  const current = mpegts.createPlayer(
    { type: 'mpegts', isLive: true, url: new URL(address(text), location.href).href },
    { enableWorker: false, liveBufferLatencyChasing: true, liveBufferLatencyMaxLatency: 4, liveBufferLatencyMinRemain: 1 },
  );
  player = current;
  byId('stop').disabled = false;
  current.on(mpegts.Events.ERROR, (type, detail, info) => {
    if (player === current) stop(`Playing failed: ${info?.msg || detail || type}`);
  });
  current.on(mpegts.Events.LOADING_COMPLETE, () => {
    if (player === current) say('The stream is over.');
  });
  current.on(mpegts.Events.MEDIA_INFO, (info) => {
    if (player === current) say(`Playing ${info.videoCodec ?? 'no picture'} and ${info.audioCodec ?? 'no sound'}.`);
  });
  current.attachMediaElement(video);
  current.load();
  say('Waiting for the stream…');
  try {
    await current.play();
  } catch (error) {
    if (player === current) say(`Playing failed: ${error.message}`);
  }
}

byId('play').addEventListener('submit', (event) => {
  event.preventDefault();
  play(byId('stream').value.trim());
});
byId('stop').addEventListener('click', () => stop('Stopped.'));
addEventListener('pagehide', () => stop());
watch();
