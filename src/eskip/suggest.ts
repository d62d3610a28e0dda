// Finds the known name that a misspelt one was meant to be, for the messages of `eskip check` and of refused routes.

/**
 * The nearest of the known names, "" when none is near: at most one edit for every four characters (and one for three), letter case
 * counting as nothing. An edit is a character more, less, replaced, or swapped with its neighbour. Names of two characters or less
 * get no suggestion.
 */
export function suggest(name: string, known: Iterable<string>): string {
  const limit = name.length < 3 ? 0 : Math.max(1, Math.floor(name.length / 4));
  if (limit === 0) return "";
  const lower = name.toLowerCase();
  let best = "";
  let bestDistance = limit + 1;
  for (const candidate of known) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Edits between two texts (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let k = 1; k <= b.length; k++) {
      const replace = last[k - 1]! + (a[i - 1] === b[k - 1] ? 0 : 1);
      let cost = Math.min(replace, last[k]! + 1, row[k - 1]! + 1);
      if (i > 1 && k > 1 && a[i - 1] === b[k - 2] && a[i - 2] === b[k - 1]) {
        cost = Math.min(cost, beforeLast[k - 2]! + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
