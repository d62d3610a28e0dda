// The registries of filters and predicates as the scripts of this folder see them: a folder, its list, and the shape of an entry.

import { globSync } from "node:fs";
import path from "node:path";
import { filterSpecs } from "../src/filters/index.ts";
import { predicateSpecs } from "../src/predicates/index.ts";
import type { FilterSpec } from "../src/spec/filter.ts";
import type { PredicateSpec } from "../src/spec/predicate.ts";

export const root = path.join(import.meta.dirname, "..");

interface RegistryFolder {
  readonly folder: string;
  /** What one entry is called. */
  readonly noun: string;
  readonly specs: readonly (FilterSpec | PredicateSpec)[];
}

export const registryFolders: readonly RegistryFolder[] = [
  { folder: "src/filters", noun: "filter", specs: filterSpecs },
  { folder: "src/predicates", noun: "predicate", specs: predicateSpecs },
];

/** The TypeScript files below a folder, from the root of the repository, with slashes. */
export function typescriptFiles(folder: string): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root })
    .map((file) => file.replaceAll(path.sep, "/"))
    .sort();
}

/** `setRequestHeader` as `set-request-header`. */
export function kebabCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
}
