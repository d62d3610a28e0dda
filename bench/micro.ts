// `npm run bench:micro -- WORD...`: runs the benchmarks that lie beside the code (x.bench.ts), those whose path holds one of the
// words, one after the other, each in a process of its own so that none measures what another made the compiler believe.

import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";
import process from "node:process";

const root = path.join(import.meta.dirname, "..");
const words = process.argv.slice(2);
const files = globSync("src/**/*.bench.ts", { cwd: root })
  .sort()
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)));

if (files.length === 0) {
  console.error(`no benchmark has one of these words in its path: ${words.join(" ")}`);
  process.exit(2);
}
for (const file of files) {
  console.log(`\n${file}`);
  const { status } = spawnSync(process.execPath, ["--expose-gc", file], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
