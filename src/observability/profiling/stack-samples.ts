// From the call trees that V8 gives for a thread to stacks with values: what pprof and the text form are made of.

import type { HeapProfiler, Profiler } from "node:inspector";
import { fileURLToPath } from "node:url";

export interface Frame {
  readonly name: string;
  /** "" for what is not of a file: (program), (garbage collector). */
  readonly file: string;
  /** Where the function begins, from 1; 0: not known. */
  readonly line: number;
}

export interface StackSample {
  readonly thread: string;
  /** The innermost function first. */
  readonly frames: readonly Frame[];
  /** One for each of the profile's types of values. */
  readonly values: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** The root of every tree is no function, and a thread that waits for events uses no CPU. */
const NOT_RUNNING: ReadonlySet<string> = new Set(["(root)", "(idle)"]);

/** Samples, and nanoseconds of CPU. What a sample stands for is measured: a busy machine takes fewer than it was asked for. */
export function cpuSamples(thread: string, profile: Profiler.Profile): StackSample[] {
  const intervalNs = Math.round(meanInterval(profile.timeDeltas ?? []) * 1000);
  const frames = new Map<number, Frame>();
  const parents = new Map<number, number>();
  for (const { id, callFrame, children } of profile.nodes) {
    frames.set(id, frameOf(callFrame));
    for (const child of children ?? []) parents.set(child, id);
  }
  const samples: StackSample[] = [];
  for (const { id, hitCount, callFrame } of profile.nodes) {
    if (!hitCount || NOT_RUNNING.has(callFrame.functionName)) continue;
    const stack: Frame[] = [];
    // Up to the root, which has no parent.
    for (let node: number | undefined = id; node !== undefined && parents.has(node); node = parents.get(node)) {
      stack.push(frames.get(node)!);
    }
    samples.push({ thread, frames: stack, values: [hitCount, hitCount * intervalNs] });
  }
  return samples;
}

/** Bytes. */
export function heapSamples(thread: string, { head }: HeapProfiler.SamplingHeapProfile): StackSample[] {
  const samples: StackSample[] = [];
  const visit = (node: HeapProfiler.SamplingHeapProfileNode, callers: readonly Frame[]): void => {
    const frames = node === head ? callers : [frameOf(node.callFrame), ...callers];
    if (node.selfSize > 0) samples.push({ thread, frames, values: [node.selfSize] });
    for (const child of node.children) visit(child, frames);
  };
  visit(head, []);
  return samples;
}

/** Microseconds from one sample to the next; the first one of the list lies before the first sample. */
function meanInterval(deltas: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < deltas.length; i++) sum += deltas[i]!;
  return deltas.length < 2 ? 0 : sum / (deltas.length - 1);
}

function frameOf({ functionName, url, lineNumber }: CallFrame): Frame {
  return {
    name: functionName === "" ? "(anonymous)" : functionName,
    file: url.startsWith("file://") ? fileURLToPath(url) : url,
    line: lineNumber + 1,
  };
}
