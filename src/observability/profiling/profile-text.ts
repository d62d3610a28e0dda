// Profiles as plain text, for a look without tools: what `?debug=1` gives.

import type { StackSample } from "./stack-samples.ts";
import type { ThreadAnswer } from "./take-profiles.ts";

/** Stacks with the bytes of each, the largest first, each function with the place where it begins. */
export function printStacks(title: string, samples: readonly StackSample[], missing: readonly string[]): string {
  const bytes = ({ values }: StackSample): number => values[0]!;
  const total = samples.reduce((sum, sample) => sum + bytes(sample), 0);
  const sorted = samples.toSorted((a, b) => bytes(b) - bytes(a));
  const stacks = sorted.map((sample) => {
    const lines = sample.frames.map(({ name, file, line }) => `    ${name}${file === "" ? "" : ` ${file}:${line}`}\n`);
    return `\n${bytes(sample)} bytes, ${sample.thread}\n${lines.join("")}`;
  });
  return `${title}: ${total} bytes in ${samples.length} stacks\n${notes(missing)}${stacks.join("")}`;
}

/** Handles and requests that keep event loops busy, by thread and kind. */
export function printResources(answers: readonly ThreadAnswer[]): string {
  let total = 0;
  let text = "";
  const missing: string[] = [];
  for (const { thread, answer } of answers) {
    if (answer.type === "failed") missing.push(answer.problem);
    if (answer.type !== "resources") continue;
    const counts = Object.entries(answer.counts).sort(([, a], [, b]) => b - a);
    const sum = counts.reduce((all, [, count]) => all + count, 0);
    total += sum;
    text += `\n${thread}: ${sum}\n${counts.map(([kind, count]) => `  ${count} ${kind}\n`).join("")}`;
  }
  return `active handles and requests: ${total}\n${notes(missing)}${text}`;
}

function notes(missing: readonly string[]): string {
  return missing.map((problem) => `missing: ${problem}\n`).join("");
}
