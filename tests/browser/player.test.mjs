// A viewer's browser: silent with the receiver's own stream, with sound through the server.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { barePage, browser, cleanUp, control, demo, reference, start } from './rig.mjs';
import { median, state, sync } from './measure.mjs';

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const probe = readFileSync(new URL('./probe.js', import.meta.url), 'utf8');

let receiver, server, bare, newPage, controlFile;

before(async () => {
  controlFile = control();
  const services = controlFile ? ['-service', `/control=${controlFile}`] : [];
  receiver = await start('xg2g-test-receiver', '-listen', '127.0.0.1:0', ...services, demo);
  server = await start('xg2g-transcode-server', '--listen', '127.0.0.1:0', '--upstream', receiver, '--allow', `${receiver}/allowed`);
  bare = await barePage();
  newPage = await browser();
});

after(cleanUp);

async function open(url, options) {
  const page = await newPage(options);
  await page.goto(url);
  return page;
}

// Opens the server's page and plays the demo there.
async function playOnPage(page) {
  await page.getByLabel('Service reference').fill(reference);
  await page.getByRole('button', { name: 'Play' }).click();
}

// Waits until the picture plays and gives what was decoded in the seconds after that.
async function watch(page, seconds) {
  await page.waitForFunction(() => document.getElementById('video').currentTime > 0.5, null, { timeout: 30_000 });
  const first = await page.evaluate(state);
  await wait(seconds);
  const last = await page.evaluate(state);
  return { time: last.time - first.time, audio: last.audio - first.audio, frames: last.frames - first.frames, last };
}

// Where the sound is against the picture.
async function measureSync(t, page, name, seconds) {
  const ms = await page.evaluate(sync, { seconds, probe });
  t.diagnostic(`${name}: ${ms.length} clicks, median ${median(ms)?.toFixed(1)} ms after the flash (${ms.map((n) => n.toFixed(0)).join(' ')})`);
  return ms;
}

test('the AC-3 stream as the receiver sends it plays without sound', async (t) => {
  const page = await open(bare(`${receiver}/${reference}?from=start`));
  await wait(8);
  const seen = await page.evaluate(state);
  t.diagnostic(`receiver's stream: ${seen.time.toFixed(1)} s played, ${seen.frames} frames, ${seen.audio} bytes of sound decoded`);
  assert.equal(seen.audio, 0);
  await page.close();
});

test('the same stream through the server plays with sound, on the server\'s page', async (t) => {
  const page = await open('about:blank');
  const complaints = [];
  const foreign = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => /^https?:/.test(request.url()) && !request.url().startsWith(server) && foreign.push(request.url()));
  await page.goto(server);
  await page.getByText('No stream is running.').waitFor();
  await playOnPage(page);
  const seen = await watch(page, 5);
  t.diagnostic(`through the server: ${seen.time.toFixed(1)} s played in 5 s, ${seen.frames} frames, ${seen.audio} bytes of sound decoded`);
  assert.ok(seen.time > 3, `currentTime advanced by ${seen.time} s in 5 s`);
  assert.ok(seen.frames > 60, `${seen.frames} frames in 5 s`);
  assert.ok(seen.audio > 50_000, `${seen.audio} bytes of sound in 5 s`);
  assert.equal(seen.last.error, null);
  assert.match(seen.last.said, /avc1.* and mp4a/);

  const session = page.getByRole('article');
  await session.getByText('AC-3 5.1, 48 kHz').waitFor();
  await session.getByText('MPEG-1 Layer II stereo, 48 kHz').waitFor();
  assert.equal(await session.count(), 1);
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(process.env.XG2G_SCREENSHOTS, `server-page-${colorScheme}.png`) });
  }
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('No stream is running.').waitFor({ timeout: 5000 });
  assert.deepEqual(complaints, []);
  assert.deepEqual(foreign, []);
  await page.close();
});

test('sound and picture keep step in the browser', async (t) => {
  const own = await open(server, { openPolicy: true });
  await playOnPage(own);
  await watch(own, 2);
  const through = await measureSync(t, own, 'through the server', 12);
  await own.close();
  assert.ok(through.length >= 5, `${through.length} clicks heard in 12 s`);
  // From where sound that is early or late is noticed (ITU-R BT.1359-1). The browser's own share is some 10 to 50 ms and differs
  // from page to page, which the control shows.
  assert.ok(median(through) > -45 && median(through) < 125, `sound ${median(through)} ms after the picture`);
  if (!controlFile) return t.skip('no ffmpeg for the control');
  // Only its first round: ffmpeg's sound is a frame longer than the picture, so that it is late after each seam.
  const page = await open(bare(`${receiver}/control?from=start`), { openPolicy: true });
  await watch(page, 0);
  const still = await measureSync(t, page, 'made by ffmpeg', 5);
  await page.close();
  const apart = median(through) - median(still);
  t.diagnostic(`server against ffmpeg: ${apart.toFixed(1)} ms`);
  assert.ok(Math.abs(apart) < 60, `${apart} ms apart`);
});

test('what is not allowed is said on the page', async () => {
  const page = await open(server);
  await page.getByLabel('Service reference').fill('http://169.254.169.254/latest/meta-data/');
  await page.getByRole('button', { name: 'Play' }).click();
  await page.getByText(/Playing failed: .*(403|Forbidden)/i).waitFor();
  await page.close();
});
