// The defaults and limits of the queue filters (spec resilience 2).

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFilters } from "../../eskip/parser.ts";
import { filterSpecs } from "../../filters/index.ts";
import { checkArgs } from "../../spec/args.ts";
import { queueFilterNames, queueUse } from "./queue-settings.ts";

const infinite = Number.POSITIVE_INFINITY;

/** `refused`, or kind, name, concurrency, waiting, timeout in milliseconds. */
function meaning(text: string): string {
  const [call] = parseFilters(text).filters;
  const checked = checkArgs(filterSpecs.find((spec) => spec.name === call!.name)!.args, call!.args);
  if ("error" in checked) return "refused";
  const { kind, name, settings } = queueUse(call!.name, checked.values, "r");
  const values = settings === null ? "none" : `${settings.concurrency} ${settings.waiting} ${settings.timeoutMs}`;
  return `${kind} ${name} ${values}`;
}

for (const [text, expected] of [
  ["lifo()", "lifo r 100 100 10000"],
  ["lifo(7)", "lifo r 7 100 10000"],
  ["lifo(7.9, 3.9)", "lifo r 7 3 10000"],
  ["lifo(0, -1, `0s`)", "lifo r 100 100 10000"],
  ["lifo(0.9, 0, `-1s`)", `lifo r 100 ${infinite} 10000`],
  ["lifo(1, 0.5, `1ms`)", `lifo r 1 ${infinite} 1`],
  ["lifo(1, 2, `999us`)", "lifo r 1 2 10000"],
  ["lifo(1, 2, 3)", "refused"],
  ["lifo(1, 2, `3`)", "refused"],
  ["lifo(1, 2, `3s`, 4)", "refused"],
  ["lifo(`1`)", "refused"],
  ["lifoWithBody(1, 2, `3s`)", "lifo r 1 2 3000"],
  ["lifoWithBody()", "lifo r 100 100 10000"],
  ["lifoGroup(`g`)", "lifoGroup g none"],
  ["lifoGroup(``)", "lifoGroup  none"],
  ["lifoGroup(`g`, 3)", "lifoGroup g 3 100 10000"],
  ["lifoGroup(`g`, 3, 0)", "lifoGroup g 3 100 10000"],
  ["lifoGroup(`g`, 0, -3, `0s`)", "lifoGroup g 100 100 10000"],
  ["lifoGroup()", "refused"],
  ["lifoGroup(3)", "refused"],
  ["lifoGroup(`g`, 1, 2, `3s`, 4)", "refused"],
  ["lifoGroupWithBody(`g`, 1, 2, `3s`)", "lifoGroup g 1 2 3000"],
  ["fifo(1, 0, `1ms`)", "fifo r 1 0 1"],
  ["fifo(1.9, 2.9, `1s`)", "fifo r 1 2 1000"],
  ["fifo(0, 1, `1s`)", "refused"],
  ["fifo(0.9, 1, `1s`)", "refused"],
  ["fifo(1, -1, `1s`)", "refused"],
  ["fifo(1, 1, `999us`)", "refused"],
  ["fifo(1, 1, 1000)", "refused"],
  ["fifo(1, 1)", "refused"],
  ["fifo()", "refused"],
  ["fifo(1, 1, `1s`, 1)", "refused"],
  ["fifoWithBody(2, 3, `4s`)", "fifo r 2 3 4000"],
  ["fifoWithBody(2, 3)", "refused"],
] as const) {
  test(`${text}: ${expected}`, () => {
    assert.equal(meaning(text.replaceAll("`", '"')), expected);
  });
}

test("the names are those of the filters", () => {
  const names = filterSpecs.map((spec) => spec.name).filter((name) => /^(fifo|lifo)/.test(name));
  assert.deepEqual([...queueFilterNames].sort(), names.sort());
});
