// P1: the usual request. One route with Host and path prefix, one header filter, forwarded headers, metrics as they are by default;
// the access log is off here and at the peers.

import { measureCosts } from "../load/run-load.ts";
import type { Scenario } from "../scenario.ts";
import { startSmallBackend } from "../subjects/backends.ts";
import { benchHost, smallTarget } from "../subjects/names.ts";
import { startPeers } from "../subjects/peers.ts";
import { type Running, whenAnswers } from "../subjects/running.ts";
import { loadFlags, routesFile, startSkipper } from "../subjects/skipper.ts";
import { costRows, fullnessNotes, smallRequests } from "./requests.ts";

/** The route of P1, and of other scenarios with other filters. */
export function plainRoute(backendPort: number, filters = 'setRequestHeader("X-Bench", "1")', path = "/api"): string {
  const host = benchHost.replaceAll(".", "[.]");
  return `bench: Host(/^${host}$/) && PathSubtree("${path}") -> ${filters} -> "http://127.0.0.1:${backendPort}";\n`;
}

export const plainProxy: Scenario = {
  name: "P1",
  title: "plain proxying of small answers, one core, against nginx, HAProxy and Caddy",
  async run(options) {
    const backend = await startSmallBackend();
    const file = routesFile("plain.eskip", plainRoute(backend.port));
    const subjects: Running[] = [];
    for (const launcher of options.launchers) {
      const running = await startSkipper({
        launcher: launcher.path,
        name: launcher.name,
        routesFiles: [file],
        flags: [...loadFlags, "-workers=1"],
      });
      await whenAnswers(running, benchHost, smallTarget);
      subjects.push(running);
    }
    const peers = await startPeers(["haproxy", "nginx", "caddy"], backend.port);
    const costs = await measureCosts(
      [...subjects, ...peers].map((running) => ({ running, plan: smallRequests })),
      options,
    );
    for (const running of [...subjects, ...peers, backend]) await running.stop();

    const haproxy = costs.find((cost) => cost.name === "haproxy");
    return {
      figures:
        haproxy === undefined
          ? []
          : [{ key: "cpu-vs-haproxy", value: costs[0]!.cpuMicrosPerRequest / haproxy.cpuMicrosPerRequest }],
      table: costRows(costs),
      notes: [
        ...fullnessNotes(costs),
        ...(haproxy === undefined ? ["HAProxy is not installed: nothing to compare with"] : []),
      ],
    };
  },
};
