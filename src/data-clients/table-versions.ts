// How far a Route Server had followed its cluster when it made a table (header Routes-Versions): `ingresses=7, services=9`, a resource
// version for each kind. All kinds of a cluster count with one counter that only rises, and a Route Server that has lost sight of a
// kind does not go on; so the greatest version tells which of two tables is older, whatever clocks say. A kind in which nothing
// happens stays behind the others, and says nothing.

export const VERSIONS_HEADER = "routes-versions";

/** Version by kind. */
export type TableVersions = ReadonlyMap<string, number>;

/** What cannot be read is left out, and so is 0: a kind that was never listed, as nobody has installed it. */
export function parseVersions(header: string): TableVersions {
  const versions = new Map<string, number>();
  for (const part of header.split(",")) {
    const [kind = "", version = ""] = part.trim().split("=");
    if (kind !== "" && /^[1-9]\d{0,14}$/.test(version)) versions.set(kind, Number(version));
  }
  return versions;
}

export function printVersions(versions: TableVersions): string {
  return [...versions].map(([kind, version]) => `${kind}=${version}`).join(", ");
}

/** After so long of older tables alone the cluster was set back, and they are the present ones. */
const OLDER_LIMIT_MS = 600_000;

/** Refuses older tables of one source, but not for ever. */
export class OlderTables {
  /** performance.now() since when all tables are older than the one in force, NaN when they are not. */
  #since = Number.NaN;

  refuses(table: TableVersions, present: TableVersions): boolean {
    if (!isOlder(table, present)) {
      this.#since = Number.NaN;
      return false;
    }
    const now = performance.now();
    if (Number.isNaN(this.#since)) this.#since = now;
    return now - this.#since < OLDER_LIMIT_MS;
  }
}

/** Whether `table` has seen less of the cluster than `present` has; false when one of them does not say. */
export function isOlder(table: TableVersions, present: TableVersions): boolean {
  return table.size > 0 && greatest(table) < greatest(present);
}

function greatest(versions: TableVersions): number {
  return Math.max(0, ...versions.values());
}
