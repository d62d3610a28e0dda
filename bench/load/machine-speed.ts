// The machine's own speed during a run. A virtual machine can be slowed down by its host, to a third for a tenth of a second, again and
// again; what is measured then tells of the host. One piece of work, always the same, is timed all the time: where it takes longer than
// usual, the machine was slow.

import { readFileSync } from "node:fs";

/** Windows in which the speed is judged, in milliseconds. */
const windowMs = 20;
/** A window is slow when half of its probes took so much longer than usual. */
const slowFactor = 1.15;
/** Requests count until so long before a slow window, and again so long after it, when what has piled up is done; in milliseconds. */
const beforeMs = 20;
const afterMs = 60;
const probeRounds = 10_000;

/** Time that the host took away from all cores since the start of the machine, in ticks of 10 ms; 0 where it cannot be told. */
export function stolenTicks(): number {
  try {
    // "cpu", user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)).
    return Number(readFileSync("/proc/stat", "latin1").split("\n", 1)[0]!.split(/\s+/)[8] ?? 0);
  } catch {
    return 0;
  }
}

export interface Probe {
  /** In the time of performance.now(). */
  readonly at: number;
  /** How long the work took, in any unit. */
  readonly took: number;
}

/** Does the piece of work, some ten microseconds long. */
export function probe(): Probe {
  const at = performance.now();
  let value = 1;
  for (let i = 0; i < probeRounds; i++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  const took = performance.now() - at;
  // The value is used, or the loop would be optimized away.
  return { at, took: value === 0 ? took + Number.EPSILON : took };
}

/** Tells of moments between the first and the last probe (in order, about one per millisecond) whether the machine had its usual speed. */
export class MachineSpeed {
  readonly #from: number;
  readonly #isSlow: boolean[];

  constructor(probes: readonly Probe[]) {
    this.#from = probes[0]?.at ?? 0;
    const windows: number[][] = [];
    for (const { at, took } of probes) {
      const index = Math.floor((at - this.#from) / windowMs);
      while (windows.length <= index) windows.push([]);
      windows[index]!.push(took);
    }
    const usual = quantile(
      probes.map(({ took }) => took),
      0.25,
    );
    // A window without probes: whoever measures stood still himself.
    this.#isSlow = windows.map((window) => window.length === 0 || quantile(window, 0.5) > usual * slowFactor);
  }

  isSteady(at: number): boolean {
    const first = Math.max(0, this.#window(at - afterMs));
    const last = this.#window(at + beforeMs);
    return last < this.#isSlow.length && !this.#isSlow.slice(first, last + 1).includes(true);
  }

  #window(at: number): number {
    return Math.floor((at - this.#from) / windowMs);
  }
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? 0;
}
