// Plugins that change while the proxy serves: a good version is in force everywhere, a broken one nowhere, and no request is lost.

import assert from "node:assert/strict";
import { cpSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { after, describe, test } from "node:test";
import { filterModule, PluginFolder } from "./plugin-folder.ts";
import { RunningProxy, until } from "./running-proxy.ts";

/** A plugin of two modules: a filter `speak`, a filter `more` when `more` is true, a source with the route `/<where>`. */
function speaker(where: string, args = "", more = false): string {
  return `
import { argKinds, defineDataClient, defineFilter, one, parseDocument } from "skipper-proxy";
import { word } from "./words.ts";

const filter = (name: string) => defineFilter({
  name, summary: "For a test.", args: [${args}], examples: [],
  create: () => ({
    async request(ctx) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      ctx.serve(200, [], word);
    },
  }),
});
const source = defineDataClient({
  name: "speaker",
  async start(host) {
    host.apply(true, (transaction) => {
      transaction.reset();
      for (const route of parseDocument('p: Path("/${where}") -> speak() -> <shunt>').routes) transaction.upsert(route);
    });
  },
  stop() {},
});
export default (options: readonly string[]) => [filter("speak"), source, ${more ? 'filter("more"), ' : ""}...options.map(filter)];
`;
}

function words(word: string): string {
  return `export const word: string = ${JSON.stringify(word)};\n`;
}

const routes = `
speak: Path("/") -> speak() -> <shunt>;
one: Path("/one") -> speak("loud") -> <shunt>;
more: Path("/more") -> more() -> <shunt>;
named: Path("/named") -> named() -> <shunt>;
`;

for (const workers of [1, 2]) {
  describe(`with ${workers} ${workers === 1 ? "worker" : "workers"}`, async () => {
    const folder = new PluginFolder({ "speaker/index.ts": speaker("first"), "speaker/words.ts": words("1") });
    const proxy = await RunningProxy.start(
      routes,
      `-workers=${workers}`,
      `-plugindir=${folder.path}`,
      "-multi-plugin=speaker",
    );
    after(async () => {
      await proxy.stop();
      folder.remove();
    });
    const text = async (path: string): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${proxy.port}${path}`, { headers: { connection: "close" } });
      return answer.status === 200 ? answer.text() : String(answer.status);
    };
    /** So many connections that each worker has some. */
    const texts = async (path: string) => new Set(await Promise.all(Array.from({ length: 16 }, () => text(path))));
    const logged = (what: string | RegExp) => proxy.logs(what);
    const inForce = async (path: string, answer: string) => {
      await until(`${path} gives ${answer} in all workers`, async () => {
        const seen = await texts(path);
        return seen.size === 1 && seen.has(answer);
      });
    };

    test("no request is lost while versions, good and broken, come one after the other", async () => {
      const seen = new Set<string>();
      let ended = false;
      const loads = Array.from({ length: 4 }, async () => {
        while (!ended) seen.add(await text("/"));
      });
      await until("1 is in force", () => seen.has("1"));
      for (const word of ["2", "3", "4", "5", "6"]) {
        folder.write("speaker/words.ts", words(word));
        await until(`${word} is in force`, () => seen.has(word));
        folder.write("speaker/words.ts", `enum Words${word} {}\n`);
        await logged(`words.ts:1: TypeScript enum is not supported`);
      }
      ended = true;
      await Promise.all(loads);
      assert.deepEqual(seen, new Set(["1", "2", "3", "4", "5", "6"]));
      assert.doesNotMatch(proxy.log, /panic|worker \d+/);
      folder.write("speaker/words.ts", words("6"));
    });

    test("a broken version is told with file and line, and the last good one stays", async () => {
      const broken: readonly (readonly [string, string, string])[] = [
        [
          "speaker/words.ts",
          "\n\nenum Word { a }\n",
          "words.ts:3: TypeScript enum is not supported in strip-only mode",
        ],
        ["speaker/words.ts", "export const word: = 1;\n", "words.ts:1: "],
        [
          "speaker/words.ts",
          "export const other = 1;\n",
          "index.ts:3: The requested module './words.ts' does not provide",
        ],
        ["speaker/words.ts", 'export const word = "";\nthrow new Error("not today");\n', "words.ts:2: not today"],
        [
          "speaker/words.ts",
          'import { isMainThread } from "node:worker_threads";\nexport const word = "";\nif (!isMainThread) throw new Error("no workers");\n',
          "words.ts:3: no workers",
        ],
        ["speaker/words.ts", 'import "./nowhere.ts";\n', "words.ts:1: cannot find module "],
        ["speaker/words.ts", 'import "no-such-package";\n', "words.ts:1: cannot find package no-such-package"],
        ["speaker/index.ts", "export default 5;\n", "index.ts: default export: expected what defineFilter,"],
        ["speaker/index.ts", "export const a = 5;\n", "index.ts: expected a default export, got none"],
        [
          "speaker/index.ts",
          'import { defineFilter } from "skipper-proxy";\nexport default defineFilter({ name: "a b", summary: "", args: [], examples: [], create: () => ({}) });\n',
          'index.ts: default export: expected a name that eskip can write, of letters, digits and _, got \\"a b\\"',
        ],
        [
          "speaker/index.ts",
          speaker("second").replace("[filter(", "[null, filter("),
          "entry 1: expected what defineFilter,",
        ],
        [
          "speaker/index.ts",
          speaker("second").replace(", source,", ", "),
          "expected as many data clients as at the start, 1, got 0",
        ],
      ];
      for (const [file, content, line] of broken) {
        const before = proxy.log.length;
        folder.write("speaker/index.ts", speaker("first"));
        folder.write("speaker/words.ts", words("6"));
        folder.write(file, content);
        await proxy.logs(line, before);
        await proxy.logs("multi plugin speaker: the last good version stays: ", before);
        assert.deepEqual(await texts("/"), new Set(["6"]));
      }
      folder.write("speaker/index.ts", speaker("first"));
      folder.write("speaker/words.ts", words("7"));
      await inForce("/", "7");
    });

    test("a file that was missing completes the version when it comes", async () => {
      folder.write("speaker/words.ts", 'export * from "./late.ts";\n');
      await logged("cannot find module");
      assert.equal(await text("/"), "7");
      folder.write("speaker/late.ts", words("8"));
      await inForce("/", "8");
    });

    test("routes become valid and invalid with the filters that they name", async () => {
      assert.deepEqual(await texts("/more"), new Set(["404"]));
      folder.write("speaker/index.ts", speaker("first", "", true));
      await inForce("/more", "8");
      folder.write("speaker/index.ts", speaker("first", 'one("how", argKinds.string)'));
      await inForce("/one", "8");
      await inForce("/", "404");
      await inForce("/more", "404");
      await logged("failed to process route speak: invalid_filter_params: failed to create filter speak()");
      await logged(/failed to process route more: unknown_filter: filter \\"more\\" not found/);
      folder.write("speaker/index.ts", speaker("first"));
      await inForce("/", "8");
      await inForce("/one", "404");
    });

    test("other options in the .conf file count at once", async () => {
      folder.write("speaker.conf", "named\n");
      await inForce("/named", "8");
      folder.write("speaker.conf", "# named\n");
      await inForce("/named", "404");
    });

    test("the routes of a data client change with it", async () => {
      await inForce("/first", "8");
      folder.write("speaker/index.ts", speaker("second"));
      await inForce("/second", "8");
      await inForce("/first", "404");
    });

    test("instances are closed after the last request that uses them", async () => {
      const slow = (version: string) =>
        filterModule(
          "speak",
          `await new Promise((resolve) => setTimeout(resolve, 1500));
        ctx.serve(200, [], closed ? "closed" : "${version}");`,
        )
          .replace("export default defineFilter", "let closed = false;\nconst speak = defineFilter")
          .replace(
            "    return {",
            '    return { close() { closed = true; console.error("closed ${version}"); },'.replace(
              "${version}",
              version,
            ),
          );
      const client =
        'import { defineDataClient } from "skipper-proxy";\nexport default [speak, defineDataClient({ name: "s", async start() {}, stop() {} })];\n';
      folder.write("speaker/index.ts", slow("a") + client);
      await inForce("/", "a");
      const waiting = text("/");
      folder.write("speaker/index.ts", slow("b") + client);
      await inForce("/", "b");
      assert.equal(await waiting, "a");
      await until("a is closed", () => proxy.log.includes("closed a"));
      assert.doesNotMatch(proxy.log, /closed b/);
    });
  });
}

describe("files that links lead to, as of a mounted ConfigMap", async () => {
  const folder = new PluginFolder({
    "..1/linked.ts": filterModule("linked", "ctx.serve(200, [], word);").replace(
      "import",
      'import { word } from "./word.ts";\nimport',
    ),
    "..1/word.ts": words("1"),
  });
  /** Puts `..data` in place, through which all files are reached. */
  const point = (version: string) => {
    symlinkSync(version, folder.at("..next"));
    renameSync(folder.at("..next"), folder.at("..data"));
  };
  point("..1");
  for (const name of ["linked.ts", "word.ts"]) symlinkSync(`..data/${name}`, folder.at(name));
  const proxy = await RunningProxy.startMortal(
    "r: * -> linked() -> <shunt>",
    "-workers=1",
    `-plugindir=${folder.path}`,
    "-filter-plugin=linked",
  );
  after(async () => {
    await proxy.stop();
    folder.remove();
  });
  const text = async () =>
    (await fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { connection: "close" } })).text();

  test("are seen to change when the links do", async () => {
    assert.equal(await text(), "1");
    for (const version of ["2", "3"]) {
      cpSync(folder.at("..1"), folder.at(`..${version}`), { recursive: true });
      folder.write(`..${version}/word.ts`, words(version));
      point(`..${version}`);
      await until(`${version} is in force`, async () => (await text()) === version);
    }
    point("..1");
    await until("the first version is back", async () => (await text()) === "1");
  });

  test("a worker that starts late gets the version in force, whatever lies there by then", async () => {
    for (const version of ["1", "2", "3"]) rmSync(folder.at(`..${version}`), { recursive: true });
    await until("the loss is told", () => proxy.log.includes("the last good version stays"));
    proxy.signal("SIGUSR2");
    await until("the worker is replaced", () => proxy.log.includes("another starts in 200 ms"));
    await until("its successor serves", () =>
      text().then(
        (answer) => answer === "1",
        () => false,
      ),
    );
  });
});
