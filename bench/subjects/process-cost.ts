// What a process tree costs, read from /proc: CPU time of all its threads and (living or dead) children, and its memory.

import { readdirSync, readFileSync } from "node:fs";

/** Length of one tick of /proc/PID/stat; 100 Hz on every Linux that Node runs on. */
const tickMs = 10;

/** The process and all its descendants. */
export function processTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statFields(Number(name))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) {
    for (const [child, parent] of parents) if (parent === tree[i]) tree.push(child);
  }
  return tree;
}

/** User and system time of the tree in milliseconds, threads and waited-for children included. */
export function cpuTimeMs(pid: number): number {
  let ticks = 0;
  for (const one of processTree(pid)) {
    const fields = statFields(one);
    // utime, stime, cutime, cstime: fields 14 to 17 of proc(5).
    if (fields !== null) for (let i = 11; i <= 14; i++) ticks += Number(fields[i]);
  }
  return ticks * tickMs;
}

/** A memory figure of /proc/PID/status summed over the tree, in bytes. */
export function memoryBytes(pid: number, field: "VmRSS" | "VmHWM"): number {
  let kilobytes = 0;
  for (const one of processTree(pid)) {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readProc(one, "status"));
    kilobytes += Number(match?.[1] ?? 0);
  }
  return kilobytes * 1024;
}

/** The fields of /proc/PID/stat behind the command name (the first is the state); null when the process is gone. */
function statFields(pid: number): string[] | null {
  const text = readProc(pid, "stat");
  return text === "" ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
