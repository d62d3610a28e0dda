// One soak: backends, the proxy, all actors, and what changes around them (routes, dying backends), for a given time. Gives a
// report; what makes it a failure stands in `faults`.

import { setTimeout as delay } from "node:timers/promises";
import { type Actor, actors } from "./actors.ts";
import { Ledger } from "./ledger.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { echoWebSockets, SoakBackend } from "./soak-backends.ts";

export interface SoakReport {
  readonly seconds: number;
  readonly done: Readonly<Record<string, number>>;
  readonly failed: number;
  readonly failures: readonly string[];
  /** Resident memory in MB: medians of an early and of the last part of the load, and every sample. */
  readonly memory: { readonly early: number; readonly late: number; readonly samples: readonly number[] };
  readonly openFiles: { readonly before: number; readonly after: number };
  /** What is wrong, empty when the soak passed. */
  readonly faults: readonly string[];
}

/** Something that happens to the proxy's surroundings again and again. */
export interface Event {
  readonly everyMs: number;
  happen(): Promise<void>;
}

/** Memory that may be added between the early and the late part: a share of the early one, and what a heap needs to breathe. */
const growthShare = 0.1;
const growthMb = 30;
/** Idle connections to backends that a proxy may keep. */
const keptFiles = 300;
const routeLimitMs = 15_000;
/** A worker crashes this often. */
const crashEveryMs = 15_000;

export async function runSoak(seconds: number): Promise<SoakReport> {
  const ledger = new Ledger();
  const steady = new SoakBackend();
  const flaky = new SoakBackend();
  echoWebSockets(steady);
  await steady.start();
  await flaky.start();
  let version = 0;
  const routes = () => routesText(steady.port, flaky.port, version);
  const proxy = await ProxyProcess.start(routes(), [
    "-experimental-upgrade",
    "-access-log-disabled",
    "-wait-first-route-load",
    "-workers=2",
  ]);
  const filesBefore = proxy.openFiles;

  const events: readonly Event[] = [
    {
      everyMs: 1000,
      async happen() {
        version++;
        proxy.writeRoutes(routes());
        await seesVersion(proxy.port, version, ledger);
      },
    },
    { everyMs: 3000, happen: () => (flaky.isUp ? flaky.kill() : flaky.start()) },
    {
      everyMs: crashEveryMs,
      async happen() {
        // The first one comes after a pause, so that the memory of a run without crashes is known.
        await delay(crashEveryMs);
        ledger.crash();
        proxy.crashWorker();
        ledger.done("worker crash");
      },
    },
  ];
  const samples: number[] = [];
  const isOver = new AbortController();
  const loops = [
    ...actors.flatMap((actor) =>
      Array.from({ length: actor.copies }, () => actLoop(actor, proxy.port, ledger, isOver.signal)),
    ),
    ...events.map((event) => eventLoop(event, isOver.signal)),
  ];
  try {
    for (let i = 0; i < seconds && proxy.isRunning; i++) {
      await delay(1000);
      samples.push(Math.round(proxy.memoryMb * 10) / 10);
    }
    isOver.abort();
    await Promise.all(loops);
    await delay(1000);
    return report(ledger, seconds, samples, { before: filesBefore, after: proxy.openFiles }, proxy);
  } finally {
    isOver.abort();
    await proxy.stop();
    if (flaky.isUp) await flaky.kill();
    await steady.kill();
  }
}

/** An actor at work until the soak is over. */
export async function actLoop(actor: Actor, port: number, ledger: Ledger, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const startedAt = performance.now();
    await actor.act(port, {
      done: (work) => ledger.done(work),
      fail: (work, reason) => ledger.fail(work, reason, startedAt),
    });
    await delay(actor.pauseMs);
  }
}

/** An event that happens until the soak is over. */
export async function eventLoop(event: Event, over: AbortSignal): Promise<void> {
  const ended = { signal: over, ref: true };
  while (!over.aborted) {
    await event.happen();
    await delay(event.everyMs, undefined, ended).catch(() => {});
  }
}

/** The routes of a soak: the ones that the actors use, the version of this table, and a hundred that differ from version to version. */
function routesText(steadyPort: number, flakyPort: number, version: number): string {
  const lines = [
    `steady: PathSubtree("/steady") -> modPath("^/steady/large", "/large") -> setRequestHeader("X-Soak", "1") -> "http://127.0.0.1:${steadyPort}";`,
    `ws: Path("/ws") -> "http://127.0.0.1:${steadyPort}";`,
    `flaky: PathSubtree("/flaky") -> "http://127.0.0.1:${flakyPort}";`,
    `version: Path("/version") -> inlineContent("${version}") -> <shunt>;`,
  ];
  for (let i = 0; i < 100; i++)
    lines.push(`other${version}_${i}: Path("/other/${version}/${i}") -> status(204) -> <shunt>;`);
  return lines.join("\n");
}

/** Waits until a new connection is served with the version of the table. */
async function seesVersion(port: number, version: number, ledger: Ledger): Promise<void> {
  const since = performance.now();
  let shown = "";
  while (performance.now() - since < routeLimitMs) {
    shown = await fetch(`http://127.0.0.1:${port}/version`).then((response) => response.text(), String);
    if (shown === String(version)) return ledger.done("route change");
    await delay(10);
  }
  ledger.fail("route change", `after ${routeLimitMs} ms still ${JSON.stringify(shown)}, not ${version}`, since);
}

function report(
  ledger: Ledger,
  seconds: number,
  samples: readonly number[],
  openFiles: SoakReport["openFiles"],
  proxy: ProxyProcess,
): SoakReport {
  const memory = memoryOf(samples);
  const faults: string[] = [];
  if (!proxy.isRunning) faults.push(`the proxy ended:\n${proxy.log}`);
  if (ledger.failed > 0) faults.push(`${ledger.failed} failures without a cause`);
  for (const { work } of actors) if (!(work in ledger.counts)) faults.push(`nothing went right of: ${work}`);
  faults.push(...memoryFaults(memory));
  if (openFiles.after > openFiles.before + keptFiles)
    faults.push(`open files grew from ${openFiles.before} to ${openFiles.after}`);
  return { seconds, done: ledger.counts, failed: ledger.failed, failures: ledger.failures, memory, openFiles, faults };
}

/** What samples of resident memory, one a second, say. */
export function memoryOf(samples: readonly number[]): SoakReport["memory"] {
  const part = (from: number, to: number) =>
    median(samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)));
  return { early: part(0.25, 0.4), late: part(0.85, 1), samples };
}

export function memoryFaults({ early, late }: SoakReport["memory"]): string[] {
  const allowed = early * (1 + growthShare) + growthMb;
  return late > allowed ? [`memory grew from ${early} to ${late} MB, ${Math.round(allowed)} are allowed`] : [];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
