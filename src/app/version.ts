// The version that the commands print: of the package, and of the commit that it was built from.

import { readFileSync } from "node:fs";

export interface Version {
  readonly version: string;
  /** "" when unknown. */
  readonly commit: string;
}

const root = new URL("../../", import.meta.url);

/** The commit stands in the package's field `commit`, in a checkout in its `.git` folder. */
export function readVersion(): Version {
  const fields = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    version: string;
    commit?: string;
  };
  return { version: fields.version, commit: fields.commit ?? commitOfCheckout() };
}

function commitOfCheckout(): string {
  try {
    const head = readFileSync(new URL(".git/HEAD", root), "utf8").trim();
    if (!head.startsWith("ref: ")) return head.slice(0, 12);
    return readFileSync(new URL(`.git/${head.slice("ref: ".length)}`, root), "utf8")
      .trim()
      .slice(0, 12);
  } catch {
    return "";
  }
}
