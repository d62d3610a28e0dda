// The functions of the basic library that are the proxy's: print and sleep.

import { display, toText } from "../../lua/operations.ts";
import { Failure, type NativeCode } from "../../lua/value.ts";

const MAX_SLEEP_MS = 2 ** 31 - 1;

export function hostFunctions(print: (text: string) => void): Readonly<Record<string, NativeCode>> {
  return {
    print(args, m) {
      let text = "";
      for (const value of args) text += toText(display(m, value)) ?? "";
      print(text);
      return [];
    },
    sleep(args) {
      const ms = Number(args[0]);
      if (Number.isNaN(ms)) throw new Failure("sleep: expected a number of milliseconds");
      return new Promise((resolve) => void setTimeout(() => resolve([]), Math.min(Math.max(ms, 0), MAX_SLEEP_MS)));
    },
  };
}
