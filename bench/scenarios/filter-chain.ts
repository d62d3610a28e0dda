// P7: ten filters that routes commonly carry, against the one of P1, in the same run; and the one of P1 beside routes that use every
// filter there is, which must cost it nothing.

import { filterSpecs } from "../../src/filters/index.ts";
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

/** A route that nobody asks for, for each filter: that of its first example. */
function otherRoutes(): string {
  return filterSpecs
    .map(({ examples }, i) => {
      const route = examples[0]!.route;
      return `other${i}: Path("/other/${i}") -> ${route.slice(route.indexOf(" -> ") + " -> ".length)};\n`;
    })
    .join("");
}

export const filterChain: Scenario = {
  name: "P7",
  title: "ten typical filters on the route, and filters that no request uses, against the one filter of P1",
  async run(options) {
    const backend = await startSmallBackend();
    const subjects: Running[] = [];
    for (const launcher of options.launchers) {
      for (const [name, text] of [
        ["1 filter", plainRoute(backend.port)],
        ["10 filters", plainRoute(backend.port, tenFilters)],
        ["1 filter beside all", plainRoute(backend.port) + otherRoutes()],
      ] as const) {
        const file = routesFile(`${name.replaceAll(" ", "-")}.eskip`, text);
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
      figures: [
        { key: "cpu-vs-p1", value: costs[1]!.cpuMicrosPerRequest / costs[0]!.cpuMicrosPerRequest },
        { key: "unused-vs-p1", value: costs[2]!.cpuMicrosPerRequest / costs[0]!.cpuMicrosPerRequest },
      ],
      table: costRows(costs),
      notes: fullnessNotes(costs),
    };
  },
};
