// The guide of plugins: its files are written as they stand there, checked by the compiler, and run with its commands; its requests are
// sent, and get the answers that it promises.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PluginFolder } from "./plugin-folder.ts";
import { RunningProxy } from "./running-proxy.ts";

const root = dirname(dirname(import.meta.dirname));
const guide = readFileSync(join(root, "docs/guides/plugins.md"), "utf8");
const blocks = Array.from(guide.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm), ([, language, file, text]) => {
  return { language, file: file ?? "", text: text! };
});

/** Named blocks; of one name they are joined. */
const files = new Map<string, string>();
for (const { file, text } of blocks) if (file !== "") files.set(file, (files.get(file) ?? "") + text);

interface Exchange {
  readonly title: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly status: number;
  readonly body: string;
  readonly answerHeaders: readonly string[];
}

/** A request, an empty line, status and body, headers of the answer. */
function exchangeOf(text: string): Exchange {
  const [request, answer] = text.trimEnd().split("\n\n") as [string, string];
  const [line, ...headers] = request.split("\n");
  const [first, ...answerHeaders] = answer.split("\n");
  const [, status, body] = /^(\d{3}) ?(.*)$/.exec(first!)!;
  return {
    title: request.replaceAll("\n", ", "),
    path: line!.split(" ")[1]!,
    headers: Object.fromEntries(headers.map((header) => header.split(": ") as [string, string])),
    status: Number(status),
    body: body!,
    answerHeaders,
  };
}

const exchanges = blocks.filter(({ language }) => language === "http").map(({ text }) => exchangeOf(text));
const command = blocks.findLast(({ language, text }) => language === "sh" && text.startsWith("skipper "))!.text;

describe("the guide of plugins", () => {
  const folder = new PluginFolder(Object.fromEntries(files));
  /** What the filter `ask` asks. */
  const service = createServer((request, response) => {
    response.statusCode = request.headers.authorization === "Bearer good" ? 200 : 403;
    response.end("somebody");
  });
  let proxy: RunningProxy;

  before(async () => {
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    const { port } = service.address() as AddressInfo;
    const routes = files.get("routes.eskip")!.replace(":9999/", `:${port}/`);
    const flags = command
      .trim()
      .split(" ")
      .slice(1)
      .filter((flag) => !flag.startsWith("-routes-file="));
    proxy = await RunningProxy.start(routes, "-workers=1", `-plugindir=${folder.at("plugins")}`, ...flags);
  });
  after(async () => {
    await proxy.stop();
    service.close();
    folder.remove();
  });

  test("has code that the compiler accepts", () => {
    const options = {
      target: "es2024",
      lib: ["es2024", "esnext"],
      module: "nodenext",
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      noEmit: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
      paths: { "skipper-proxy": [join(root, "src/index.ts")] },
    };
    folder.write("package.json", '{ "type": "module" }');
    folder.write("tsconfig.json", JSON.stringify({ compilerOptions: options, include: ["plugins"] }));
    const { stdout, status } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder.path], {
      encoding: "utf8",
    });
    assert.equal(stdout, "");
    assert.equal(status, 0);
  });

  for (const { title, path, headers, status, body, answerHeaders } of exchanges) {
    test(title, async () => {
      const answer = await fetch(`http://127.0.0.1:${proxy.port}${path}`, { headers });
      assert.equal(answer.status, status, proxy.log);
      if (body !== "") assert.equal((await answer.text()).trimEnd(), body);
      for (const header of answerHeaders) {
        const [name, value] = header.split(": ") as [string, string];
        assert.equal(answer.headers.get(name), value);
      }
    });
  }

  test("has routes that are all valid", () => assert.doesNotMatch(proxy.log, /failed to process/));
});
