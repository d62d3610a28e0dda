// Functions of node:fs/promises that load it when they are called: an idle proxy reads no file, and the module takes 2 MB in each
// thread (budget P9). Types come from node:fs/promises itself.

type FilePromises = typeof import("node:fs/promises");

function lazy<K extends "open" | "opendir" | "readFile" | "rename" | "rm" | "stat">(name: K): FilePromises[K] {
  const call = (...args: unknown[]): unknown => {
    const files = process.getBuiltinModule("node:fs/promises");
    return (files[name] as (...args: unknown[]) => unknown)(...args);
  };
  // The same function but for when its module is loaded.
  return call as FilePromises[K];
}

export const open = lazy("open");
export const opendir = lazy("opendir");
export const readFile = lazy("readFile");
export const rename = lazy("rename");
export const rm = lazy("rm");
export const stat = lazy("stat");
