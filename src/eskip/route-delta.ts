// The difference between two texts of routes in their printed form (one route on a line, in the order of ids), as the Route Server sends
// it to a proxy (RFC 3229). One line for each id: `-id` when it is gone, else the new line of the route. No newline at the end.
//
// Who applies it checks the result against the hash that names the new text, so nothing here needs to be believed.

/** Name of the instance manipulation in the headers A-IM and IM. */
export const ROUTE_DELTA = "eskip-delta";

export interface RouteDelta {
  /** Ids that are gone. */
  readonly deletes: readonly string[];
  /** New lines, `id: expression;`, by id. */
  readonly upserts: ReadonlyMap<string, string>;
}

export function printDelta({ deletes, upserts }: RouteDelta): string {
  return [...deletes.map((id) => `-${id}`), ...upserts.values()].join("\n");
}

/** Null when the text is no delta. */
export function parseDelta(text: string): RouteDelta | null {
  const deletes: string[] = [];
  const upserts = new Map<string, string>();
  for (const line of text === "" ? [] : text.split("\n")) {
    if (line.startsWith("-")) {
      deletes.push(line.slice(1));
      continue;
    }
    const colon = line.indexOf(":");
    if (colon <= 0 || !line.endsWith(";")) return null;
    upserts.set(line.slice(0, colon), line);
  }
  return { deletes, upserts };
}
