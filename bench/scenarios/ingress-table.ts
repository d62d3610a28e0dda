// P2: the request of P1 while the table holds 65,003 routes of 20,000 hosts, spread over 4,096 of the hosts.

import { ingressHost, ingressTableText } from "../data/ingress-table.ts";
import { getHead } from "../load/plan.ts";
import { measureCosts } from "../load/run-load.ts";
import type { Scenario } from "../scenario.ts";
import { startSmallBackend } from "../subjects/backends.ts";
import { benchHost, smallTarget } from "../subjects/names.ts";
import { whenAnswers } from "../subjects/running.ts";
import { loadFlags, routesFile, startSkipper } from "../subjects/skipper.ts";
import { plainRoute } from "./plain-proxy.ts";
import { costRows, fullnessNotes, smallRequests } from "./requests.ts";

const requestedHosts = 4096;
/** A prime, so that the requested hosts lie all over the table and follow each other without order. */
const stride = 7919;

export const ingressTable: Scenario = {
  name: "P2",
  title: "P1 with 65,003 routes of 20,000 ingress hosts",
  async run(options) {
    const backend = await startSmallBackend();
    const table = ingressTableText(backend.port, options.scale);
    const files = {
      table: routesFile("ingress.eskip", table.text),
      plain: routesFile("plain.eskip", plainRoute(backend.port)),
    };
    const hosts = Array.from({ length: requestedHosts }, (_, i) => ingressHost((i * stride) % table.hosts));
    const tablePlan = { ...smallRequests, heads: hosts.map((host) => getHead(host, smallTarget)) };
    const subjects = [];
    for (const launcher of options.launchers) {
      const flags = [...loadFlags, "-workers=1"];
      const plain = await startSkipper({
        launcher: launcher.path,
        name: `${launcher.name}-1-route`,
        routesFiles: [files.plain],
        flags,
      });
      await whenAnswers(plain, benchHost, smallTarget);
      const large = await startSkipper({
        launcher: launcher.path,
        name: `${launcher.name}-${table.routes}-routes`,
        routesFiles: [files.table],
        flags,
      });
      await whenAnswers(large, hosts.at(-1)!, smallTarget);
      subjects.push({ running: plain, plan: smallRequests }, { running: large, plan: tablePlan });
    }
    const costs = await measureCosts(subjects, options);
    for (const { running } of subjects) await running.stop();
    await backend.stop();
    return {
      figures: [{ key: "cpu-vs-p1", value: costs[1]!.cpuMicrosPerRequest / costs[0]!.cpuMicrosPerRequest }],
      table: costRows(costs),
      notes: fullnessNotes(costs),
    };
  },
};
