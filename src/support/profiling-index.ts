// The page at /debug/pprof/: what can be asked for.

import type { ProfiledThread } from "../observability/profiling/profiled-thread.ts";
import { PROFILING_ENDPOINTS, type ProfilingEndpoint } from "./profiling-endpoints.ts";

/** Links are absolute, since the page has an address with and one without a slash at its end. */
export function profilingIndex(root: string, threads: readonly ProfiledThread[]): string {
  const rows = Array.from(
    PROFILING_ENDPOINTS,
    ([name, endpoint]) =>
      `<tr><td><a href="${root}/${name}${endpoint.hasText ? "?debug=1" : ""}">${name}</a></td>` +
      `<td>${endpoint.summary}</td><td>${parametersOf(endpoint).join(" ")}</td></tr>`,
  );
  return `<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>${root}/</title></head>
<body>
<h1>${root}/</h1>
<table>
<tr><th>profile</th><th>content</th><th>parameters</th></tr>
${rows.join("\n")}
</table>
<p>Threads: ${threads.map(({ name }) => name).join(", ")}. One profile is taken at a time.</p>
</body>
</html>
`;
}

function parametersOf({ seconds, chromeFormat, threads, hasText }: ProfilingEndpoint): string[] {
  const parameters: string[] = [];
  if (seconds !== null) parameters.push(`seconds=${seconds}`);
  if (threads === "all") parameters.push("thread=all");
  if (threads === "one") parameters.push("thread=worker-1");
  if (hasText) parameters.push("debug=1");
  if (chromeFormat !== null) parameters.push(`format=${chromeFormat}`);
  return parameters;
}
