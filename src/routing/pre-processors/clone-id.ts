// Ids of clones. A clone is shown as `clone_` and the id of its original, but that name may be taken already, and both routes stay
// in the table (spec route-sources 4.3). So its id in the table carries, behind a NUL that no route's own id can hold, the numbers
// of the rules that made it; whoever shows an id cuts that off.

const mark = "\0";

/** The id of the clone that rule `rule` makes of the route `id` (which may be a clone itself). */
export function cloneId(id: string, rule: number): string {
  const at = id.indexOf(mark);
  return at < 0 ? `clone_${id}${mark}${rule}` : `clone_${id},${rule}`;
}

/** The id as users know it. */
export function shownId(id: string): string {
  const at = id.indexOf(mark);
  return at < 0 ? id : id.slice(0, at);
}
