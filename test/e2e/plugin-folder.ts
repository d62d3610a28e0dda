// A folder with plugins for the end-to-end tests, as a user would write them.

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export class PluginFolder {
  readonly path = mkdtempSync(path.join(tmpdir(), "skipper-plugins-"));

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  at(name: string): string {
    return path.join(this.path, name);
  }

  /** Puts a whole file in place of the one before. */
  write(name: string, text: string): void {
    const file = this.at(name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** A module that declares a filter `name` without arguments, whose request step is `body`. */
export function filterModule(name: string, body: string): string {
  return `import { defineFilter, type FilterContext } from "skipper-proxy";

export default defineFilter({
  name: "${name}",
  summary: "For a test.",
  args: [],
  examples: [],
  create() {
    return {
      async request(ctx: FilterContext): Promise<void> {
        ${body}
      },
    };
  },
});
`;
}
