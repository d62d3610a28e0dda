// P7: ten filters that routes commonly carry, against the one of P1, in the same run.

import { measureCosts } from "../load/run-load.ts";
import type { Scenario } from "../scenario.ts";
import { startSmallBackend } from "../subjects/backends.ts";
import { benchHost, smallTarget } from "../subjects/names.ts";
import { type Running, whenAnswers } from "../subjects/running.ts";
import { loadFlags, routesFile, startSkipper } from "../subjects/skipper.ts";
import { plainRoute } from "./plain-proxy.ts";
import { costRows, fullnessNotes, smallRequests } from "./requests.ts";

const tenFilters = [
  "flowId()",
  'preserveHost("true")',
  'setRequestHeader("X-Team", "${request.host}")',
  'appendRequestHeader("X-Tag", "bench")',
  'dropRequestHeader("X-Secret")',
  'modPath("^/api", "/v1")',
  'setQuery("v", "1")',
  'backendTimeout("10s")',
  'setResponseHeader("Strict-Transport-Security", "max-age=31536000")',
  'dropResponseHeader("X-Powered-By")',
].join(" -> ");

export const filterChain: Scenario = {
  name: "P7",
  title: "ten typical filters on the route, against the one filter of P1",
  async run(options) {
    const backend = await startSmallBackend();
    const subjects: Running[] = [];
    for (const launcher of options.launchers) {
      for (const [name, filters] of [
        ["1 filter", undefined],
        ["10 filters", tenFilters],
      ] as const) {
        const file = routesFile(`${name.replace(" ", "-")}.eskip`, plainRoute(backend.port, filters));
        const running = await startSkipper({
          launcher: launcher.path,
          name: `${launcher.name}-${name}`,
          routesFiles: [file],
          flags: [...loadFlags, "-workers=1"],
        });
        await whenAnswers(running, benchHost, smallTarget);
        subjects.push(running);
      }
    }
    const costs = await measureCosts(
      subjects.map((running) => ({ running, plan: smallRequests })),
      options,
    );
    for (const running of [...subjects, backend]) await running.stop();
    return {
      figures: [{ key: "cpu-vs-p1", value: costs[1]!.cpuMicrosPerRequest / costs[0]!.cpuMicrosPerRequest }],
      table: costRows(costs),
      notes: fullnessNotes(costs),
    };
  },
};
