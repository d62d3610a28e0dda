// What decides about the objects of one kind: decoded as a load of the cluster decodes them, then checked, the deeper check only when
// the one before found nothing.

import { DecodeFault } from "../decode.ts";

/** What is wrong with an object, one message each; empty when nothing is. */
export type Check<T> = (object: T) => readonly string[];

export interface Admitter {
  /** Name in metrics. */
  readonly name: "routegroup" | "ingress";
  /** The faults of an object under review; empty: it may be stored. */
  admit(object: unknown): readonly string[] | DecodeFault;
}

export function makeAdmitter<T>(
  name: Admitter["name"],
  decode: (object: unknown) => T | DecodeFault,
  ...checks: readonly Check<T>[]
): Admitter {
  return {
    name,
    admit(json) {
      const object = decode(json);
      if (object instanceof DecodeFault) return object;
      for (const check of checks) {
        const faults = check(object);
        if (faults.length > 0) return faults;
      }
      return [];
    },
  };
}
