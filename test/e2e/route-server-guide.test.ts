// The guide of the Route Server: its commands are run in their order, with other ports and beside a stand-in for an API server, and do what
// it says of them.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { KubernetesApi } from "../support/kubernetes-api.ts";
import { endpointsAt, ingress, service } from "../support/kubernetes-objects.ts";
import { type Backend, startBackend, until } from "./running-proxy.ts";
import { ask } from "./running-route-server.ts";

const root = dirname(dirname(import.meta.dirname));
const guide = readFileSync(join(root, "docs/guides/route-server.md"), "utf8");
const blocks = Array.from(guide.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm), ([, language, file, text]) => {
  return { language, file: file ?? "", text: text!.trim() };
});

describe("the guide of the Route Server", () => {
  const folder = mkdtempSync(join(tmpdir(), "route-server-guide-"));
  const running = new Map<string, ChildProcess>();
  /** The ports of the guide, and those that stand for them. */
  const ports = new Map<string, number>();
  let api: KubernetesApi;
  let backend: Backend;

  before(async () => {
    api = await KubernetesApi.start();
    backend = await startBackend((_request, response) => response.end("backend"));
    const web = service("web", 80, { ports: [{ name: "main", port: 80, targetPort: backend.port }] });
    api.put(web, endpointsAt("web", backend.port, ["127.0.0.1"]), ingress("a", "a.test", "web"));
    ports.set("8001", Number(new URL(api.url).port));
    for (const port of ["9090", "9911", "9190", "9191"]) ports.set(port, await freePort());
  });
  after(async () => {
    for (const program of [...running.keys()]) await stop(program);
    await backend.close();
    await api.down();
    rmSync(folder, { recursive: true });
  });

  const here = (text: string) => text.replace(/:(\d{4})\b/g, (whole, port) => `:${ports.get(port) ?? whole.slice(1)}`);

  async function stop(program: string): Promise<void> {
    const child = running.get(program);
    if (child === undefined) return;
    running.delete(program);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGINT");
    await exit;
  }

  function launch(words: readonly string[]): ChildProcess {
    const [program, ...flags] = words;
    // Addresses without a host would be open to the network.
    const local = flags.map((flag) => flag.replace(/^:(?=\d)/, "127.0.0.1:"));
    return spawn(join(root, "bin", program!), local, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** A server takes the place of the one that ran before. */
  async function startServer(program: string, words: readonly string[]): Promise<void> {
    await stop(program);
    const child = launch(words);
    running.set(program, child);
    let log = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (text) => (log += text));
    const [port, path] = program === "routesrv" ? ["9190", "/health"] : ["9090", "/"];
    const status = program === "routesrv" ? 204 : 200;
    await until(`${words.join(" ")} serves: ${log}`, async () => {
      assert.equal(child.exitCode, null, log);
      const answer = await ask(ports.get(port)!, path, { headers: { host: "a.test" } }).catch(() => null);
      return answer?.status === status;
    });
  }

  async function run(words: readonly string[]): Promise<void> {
    const child = launch(words);
    let output = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (text) => (output += text));
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0, output);
    assert.equal(output, "");
  }

  for (const [i, { language, file, text }] of blocks.entries()) {
    if (file !== "") test(file, () => writeFileSync(join(folder, file), here(text)));
    if (language !== "sh") continue;
    const [program] = text.split(" ", 1) as [string];
    // What the chart makes of its values is the matter of scripts/chart.test.ts.
    if (program === "helm") continue;
    test(text, async () => {
      const words = here(text).split(" ");
      if (program === "skipper" || program === "routesrv") return startServer(program, words);
      if (program !== "curl") return run(words);
      const [, url, wanted] = /^curl -s (\S+) \| grep (\S+)$/.exec(here(text))!;
      const expected = blocks[i + 1]!.text;
      await until(expected, async () => {
        const answer = await (await fetch(url!)).text();
        return answer
          .split("\n")
          .filter((line) => line.includes(wanted!))
          .includes(expected);
      });
    });
  }
});
