// Tells the main thread of the metric series that a worker makes: those of one turn of the event loop in one message. Many routes are
// met for the first time at once when a worker starts, each with several series, and a message costs more than a request.

import type { SeriesAnnouncement } from "../observability/worker-metrics.ts";
import type { FromWorker } from "./messages.ts";

/** Takes announcements; `post` gets a message at the end of a turn that had some. */
export function seriesPosts(post: (message: FromWorker) => void): (series: SeriesAnnouncement) => void {
  let waiting: SeriesAnnouncement[] = [];
  const flush = () => {
    const series = waiting;
    waiting = [];
    post({ type: "series", series });
  };
  return (series) => {
    if (waiting.push(series) === 1) setImmediate(flush);
  };
}
