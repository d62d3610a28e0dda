// How far a Route Server had followed its cluster when it made a table (header Routes-Versions): `ingresses=7, services=9`, a resource
// version for each kind. Versions only rise, so that a table that has seen less of some kind than another is older, whatever clocks say.

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

/** Whether `table` has seen less of some kind than `present` has. */
export function isOlder(table: TableVersions, present: TableVersions): boolean {
  for (const [kind, version] of table) {
    const known = present.get(kind);
    if (known !== undefined && version < known) return true;
  }
  return false;
}
