// What the browser test needs around it: the two programs, a bare page with the player, and a Chromium of its own.

import { spawn, execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const demo = join(root, 'tests', 'demo', 'demo.ts');
export const reference = '1:0:19:283D:3FB:1:C00000:0:0:0:';

const scratch = mkdtempSync(join(tmpdir(), 'xg2g-browser-'));
const cleanups = [() => rmSync(scratch, { recursive: true, force: true })];

// Undoes what was set up, the last first.
export async function cleanUp() {
  for (const undo of cleanups.reverse()) await undo();
}

// A file in a folder that goes away with the test.
export const scratchFile = (name) => join(scratch, name);

// Starts a program of go/cmd on a free port and gives its address, which it logs.
export async function start(name, ...args) {
  const program = join(process.env.XG2G_BIN, name);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: root });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  cleanups.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  let log = '';
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (text) => {
      log += text;
      const found = /address=(\S+:\d+)/.exec(log);
      if (found) resolve(`http://${found[1]}`);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${name} ended with ${code}: ${log}`)));
  });
}

// A page with nothing but the player, which plays what its query names.
export async function barePage() {
  const player = readFileSync(join(root, 'go', 'web', 'static', 'vendor', 'mpegts.js'));
  const page = `<!DOCTYPE html><meta charset="utf-8"><title>bare</title><video id="video" width="320" height="180"></video>
    <script src="/mpegts.js"></script><script>
    const video = document.getElementById('video');
    const player = mpegts.createPlayer({ type: 'mpegts', isLive: true, url: new URLSearchParams(location.search).get('url') });
    window.errors = [];
    player.on(mpegts.Events.ERROR, (type, detail, info) => window.errors.push([type, detail, info?.msg].join(' ')));
    player.attachMediaElement(video);
    player.load();
    player.play().catch((error) => window.errors.push(error.message));
    </script>`;
  const server = createServer((request, response) => {
    const script = request.url === '/mpegts.js';
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
    response.end(script ? player : page);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (url) => `http://127.0.0.1:${server.address().port}/?url=${encodeURIComponent(url)}`;
}

// A Chromium that asks nobody for anything, with a profile of its own. Gives a function that opens pages; with open policy they
// may run scripts that are not the server's, which measuring needs.
export async function browser() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  const chrome = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
    ],
  });
  cleanups.push(() => chrome.close());
  return async ({ openPolicy = false } = {}) => {
    const context = await chrome.newContext({ bypassCSP: openPolicy, viewport: { width: 1120, height: 1000 } });
    return context.newPage();
  };
}

// The demo stream with its sound made AAC by ffmpeg: how far apart click and flash look in this browser when nothing is wrong.
export function control() {
  const file = scratchFile('control.ts');
  try {
    execFileSync('ffmpeg', [
      '-v', 'error', '-y', '-copyts', '-i', demo, '-map', '0:v', '-map', '0:i:0x102', '-c:v', 'copy', '-c:a', 'aac', '-ac', '2',
      '-f', 'mpegts', '-muxrate', '1400k', '-muxdelay', '0.4', '-muxpreload', '0', file,
    ], { stdio: ['ignore', 'ignore', 'inherit'] });
    return file;
  } catch (error) {
    console.error(`no control stream: ${error.message}`);
    return null;
  }
}
