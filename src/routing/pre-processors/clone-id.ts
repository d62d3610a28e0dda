// Ids of clones. A clone is shown as `clone_` and the id of its original, but that name may be taken already, and both routes stay
// in the table (spec route-sources 4.3). So while a route is pre-processed, the id of a clone carries behind a NUL, which no id that
// was parsed can hold, which rules made it; the updater turns that into a variant of the table.

const mark = "\0";

/** Rules from this number on share a bit: of their clones with equal ids only one is in the table. */
const lastBit = 7;

/** The id of the clone that rule `rule` (from 0) makes of the route `id`, which may be a clone itself. */
export function cloneId(id: string, rule: number): string {
  const { shown, variant } = splitCloneId(id);
  return `clone_${shown}${mark}${String.fromCharCode(variant | (1 << Math.min(rule, lastBit)))}`;
}

/** The id as users know it, and a number from 0 (no clone) to 255 that is different for clones that have it in common. */
export function splitCloneId(id: string): { readonly shown: string; readonly variant: number } {
  const at = id.indexOf(mark);
  return at < 0 ? { shown: id, variant: 0 } : { shown: id.slice(0, at), variant: id.charCodeAt(at + 1) };
}

/** The inverse of `splitCloneId`. */
export function joinCloneId(shown: string, variant: number): string {
  return variant === 0 ? shown : `${shown}${mark}${String.fromCharCode(variant)}`;
}
