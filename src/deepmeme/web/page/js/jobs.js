// Jobs: ask for one, follow it by server-sent events, say in words how far it is.
import { get, post } from "./api.js";
import { clock } from "./dom.js";

const STAGES = {
  load: "Getting ready",
  watch: "Watching the driving clip",
  track: "Following faces",
  render: "Making frames",
  inside: "Looking inside",
  extract: "Finding faces",
  train: "Learning the two faces",
  convert: "Swapping the face",
};

/** Ask for a job; the key makes sure that a lost answer never means two jobs. */
export function submit(path, told) {
  return post(path, told, { "idempotency-key": crypto.randomUUID?.() ?? String(Math.random()) });
}

export function ended(job) {
  return ["done", "failed", "cancelled"].includes(job.state);
}

/** Follow a job: calls back with each change; the promise is the job once it has ended. */
export function follow(job, onChange) {
  let source = null;
  let stopped = false;
  const promise = new Promise((resolve) => {
    const take = (news) => {
      if (stopped) return;
      onChange?.(news);
      if (ended(news)) {
        source?.close();
        stopped = true;
        resolve(news);
      }
    };
    const listen = () => {
      source = new EventSource(`/v1/jobs/${job.id}/events`);
      source.addEventListener("job", (event) => take(JSON.parse(event.data)));
      source.onerror = async () => {
        source.close();
        if (stopped) return;
        try {
          take(await get(`/v1/jobs/${job.id}`));
        } catch (error) {
          if (error.status === 404) {
            stopped = true;
            resolve({ ...job, state: "cancelled" });
          }
        }
        if (!stopped) setTimeout(listen, 1000);
      };
    };
    listen();
  });
  return { promise, stop: () => { stopped = true; source?.close(); } };
}

export function cancel(job) {
  return post(`/v1/jobs/${job.id}/cancel`);
}

/** "Making frames, 12 of 50, about 0:04 left". */
export function inWords(job) {
  if (job.state === "queued") return job.position > 0 ? `Waiting: ${job.position} before it` : "Waiting for its turn";
  if (job.state !== "running") return { done: "Done", failed: "It did not work", cancelled: "Stopped" }[job.state];
  const parts = [STAGES[job.stage] ?? "Working"];
  const counted = job.stage === "train" ? clock : Math.round; // learning is counted in seconds
  if (job.total) parts.push(`${counted(job.done)} of ${counted(job.total)}`);
  if (job.eta_s !== null && job.eta_s > 1) parts.push(`about ${clock(job.eta_s)} left`);
  return parts.join(", ");
}
