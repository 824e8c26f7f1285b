// Functions that run in the page; each is handed to page.evaluate.

// What the player has done so far.
export const state = () => {
  const video = document.getElementById('video');
  return {
    time: video.currentTime,
    audio: video.webkitAudioDecodedByteCount,
    video: video.webkitVideoDecodedByteCount,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    dropped: video.getVideoPlaybackQuality().droppedVideoFrames,
    error: video.error?.message ?? null,
    said: document.getElementById('player')?.textContent ?? null,
    errors: window.errors ?? [],
  };
};

// Watches flashes and listens to clicks for some seconds; gives milliseconds from each flash to its click.
export const sync = async ({ seconds, probe }) => {
  const video = document.getElementById('video');
  const context = new AudioContext();
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([probe], { type: 'text/javascript' })));
  await context.resume();
  const node = new AudioWorkletNode(context, 'clicks');
  const clicks = [];
  node.port.onmessage = ({ data }) => {
    const now = context.getOutputTimestamp();
    clicks.push(now.performanceTime + (data - now.contextTime) * 1000);
  };
  context.createMediaElementSource(video).connect(node).connect(context.destination);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [16, 9];
  const picture = canvas.getContext('2d', { willReadFrequently: true });
  const flashes = [];
  let lit = false;
  const look = (_, frame) => {
    picture.drawImage(video, 0, 0, 16, 9);
    const { data } = picture.getImageData(0, 0, 16, 9);
    const light = data.reduce((sum, value) => sum + value, 0) / data.length > 235;
    if (light && !lit) flashes.push(frame.expectedDisplayTime);
    lit = light;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return flashes.map((flash) => {
    const nearest = clicks.reduce((best, click) => (Math.abs(click - flash) < Math.abs(best - flash) ? click : best), Infinity);
    return nearest - flash;
  }).filter((ms) => Math.abs(ms) < 500);
};

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
