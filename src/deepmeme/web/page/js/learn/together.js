// Films that play as one: the first leads, the others keep to its time.

const APART_S = 0.2; // farther apart than that, it is a jump; nearer, a little haste

/** Loops `videos` from 0 to `until` seconds together; play(), pause(), end(). */
export function together(videos, until) {
  const [leader, ...others] = videos;
  let playing = false;
  let watch = 0;
  const rewind = () => {
    for (const video of videos) video.currentTime = 0;
    for (const video of videos) if (playing) video.play().catch(() => {});
  };
  const keep = () => {
    if (!playing) return;
    if (leader.ended || leader.currentTime >= until) rewind();
    for (const video of others) {
      const late = leader.currentTime - video.currentTime;
      if (video.seeking) continue;
      if (Math.abs(late) > APART_S) video.currentTime = leader.currentTime;
      else video.playbackRate = Math.max(0.8, Math.min(1.2, 1 + 3 * late));
    }
    watch = requestAnimationFrame(keep);
  };
  return {
    get playing() { return playing; },
    /** The largest distance in seconds between them, for tests. */
    get apart() { return Math.max(...others.map((video) => Math.abs(video.currentTime - leader.currentTime))); },
    play() {
      if (playing) return;
      playing = true;
      for (const video of videos) video.play().catch(() => {});
      keep();
    },
    pause() {
      playing = false;
      cancelAnimationFrame(watch);
      for (const video of videos) video.pause();
    },
  };
}
