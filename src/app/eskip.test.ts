// The eskip command: recorded runs through the real launcher, and what they leave out (etcd, warnings, -strict) in this process.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runEskip } from "./eskip.ts";

interface CliVector {
  readonly name: string;
  readonly kind: string;
  readonly args: string[];
  readonly stdin: string;
  readonly files?: Record<string, string>;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Run {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const launcher = fileURLToPath(new URL("../../bin/eskip", import.meta.url));
const file = new URL("../../test/vectors/eskip.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: CliVector[] };

function launch(command: string, args: readonly string[], stdin: string, cwd: string): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd }, (error, stdout, stderr) => {
      resolve({ exit: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    // The command may end without reading.
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin);
  });
}

/** Runs the command in this process. */
async function run(args: readonly string[], stdin: string | null = null, stderrIsTerminal = false): Promise<Run> {
  let stdout = "";
  let stderr = "";
  const exit = await runEskip(args, {
    stdinIsTerminal: stdin === null,
    env: {},
    stderrIsTerminal,
    readStdin: async () => Buffer.from(stdin ?? ""),
    readFile: async () => {
      throw new Error("no files here");
    },
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { exit, stdout, stderr };
}

describe("the launcher", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "eskip-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const vector of cases.filter(({ kind }) => kind === "cli")) {
    test(vector.name, async () => {
      const cwd = mkdtempSync(path.join(folder, "run-"));
      for (const [name, text] of Object.entries(vector.files ?? {})) writeFileSync(path.join(cwd, name), text);
      const { exit, stdout, stderr } = vector;
      assert.deepEqual(await launch(launcher, vector.args, vector.stdin, cwd), { exit, stdout, stderr });
    });
  }

  test("works through relative and absolute links", async () => {
    symlinkSync(launcher, path.join(folder, "absolute"));
    symlinkSync("absolute", path.join(folder, "relative"));
    const result = await launch(path.join(folder, "relative"), ["print"], "*-><shunt>", "/");
    assert.deepEqual(result, { exit: 0, stdout: "* -> <shunt>", stderr: "" });
  });
});

describe("usage and version", () => {
  test("-help anywhere prints the usage", async () => {
    const result = await run(["print", "-nope", "--help"]);
    assert.equal(result.exit, 0);
    assert.match(result.stdout, /^Usage: eskip <command> \[media flags\] \[--\] \[file\]/);
    assert.match(result.stdout, /-etcd-urls string/);
  });

  test("-h is an error", async () => {
    const result = await run(["print", "-h"]);
    assert.deepEqual(result, {
      exit: 255,
      stdout: "",
      stderr: "flag: help requested\n\nTo print eskip usage, enter: eskip -help\n",
    });
  });

  test("version ignores further arguments", async () => {
    const result = await run(["version", "-nope"]);
    assert.match(result.stdout, /^eskip version \S+ \(commit: \S*\)\n$/);
    assert.equal(result.exit, 0);
  });
});

describe("media", () => {
  for (const [args, stdin, error] of [
    [[""], null, "missing command"],
    [["upsert"], null, "missing input"],
    [["upsert", "-ids", "a"], null, "invalid input type"],
    [["delete", "-ids", "a", "-routes", "b: * -> <shunt>"], "", "too many inputs"],
    [["delete", "-etcd-urls", "http://x"], null, "missing input"],
    [["delete", "-prepend", "f()"], null, "invalid input type"],
    [["check", "-ids", "a"], null, "invalid input type"],
    [["patch", "-ids", "a"], null, "invalid input type"],
    [["patch", "-routes", "* -> <shunt>"], "", "too many inputs"],
  ] as const) {
    test(`${args.join(" ")}: ${error}`, async () => {
      const { exit, stderr } = await run(args, stdin);
      assert.deepEqual([exit, stderr.split("\n")[0]], [255, error]);
    });
  }

  test("only the first medium is looked at before reading, and filters cannot be read", async () => {
    const { exit, stderr } = await run(["delete", "-prepend", "f()"], "a: * -> <shunt>");
    assert.deepEqual([exit, stderr], [255, "invalid input type\n"]);
  });

  test("innkeeper cannot be read", async () => {
    const { exit, stderr } = await run(["print", "-oauth-token", "x"]);
    assert.deepEqual([exit, stderr], [255, "invalid input type\n"]);
  });
});

test("an indent that is no white space of the language is refused", async () => {
  const { exit, stderr } = await run(["print", "-pretty", "-indent", "\u00a0"], "* -> <shunt>");
  assert.deepEqual([exit, stderr.split("\n")[0]], [255, "invalid indent. Must match regexp \\s"]);
});

describe("explanations for a person", () => {
  for (const [args, routes, message, explanation] of [
    [
      ["print"],
      "a: * ->\n f(1 2) -> <shunt>",
      "parse failed after token 2, last route id: a, position 14: syntax error",
      'line 2, column 6: expected "," or ")", got "2"',
    ],
    [["check"], "a: * -> <shunt>;\na: * -> <shunt>", "repeating route with id a", "route a 2:4"],
    [["check"], 'a: * ->\n ""', "route has empty backend: a", "route a 1:4"],
    [
      ["patch", "-append", "f() g()"],
      "* -> <shunt>",
      "parse failed after token g, position 5: syntax error",
      '-append: line 1, column 5: expected "->", got "g"',
    ],
  ] as const) {
    test(`${args.join(" ")}: ${message}`, async () => {
      assert.equal((await run(args, routes, true)).stderr, `${message}\n${explanation}\n`);
      assert.equal((await run(args, routes)).stderr, `${message}\n`);
      assert.equal((await run([args[0], "-strict", ...args.slice(1)], routes)).stderr, `${message}\n${explanation}\n`);
    });
  }
});

describe("check of names and arguments", () => {
  const routes =
    'a: Path("/a") && PathSubtre("/b") -> setPth("/x") -> plugin() ->\n  status("x") -> setPath() -> <shunt>;\nb: * -> "nohost"';

  test("warns of likely mistakes and passes", async () => {
    const { exit, stderr } = await run(["check"], routes);
    assert.equal(exit, 0);
    const lines = stderr.trimEnd().split("\n");
    assert.equal(lines.length, 5, stderr);
    assert.equal(
      lines[0],
      'warning: route a 1:18: unknown_predicate: predicate "PathSubtre" not found (did you mean "PathSubtree"?)',
    );
    assert.equal(
      lines[1],
      'warning: route a 1:38: unknown_filter: filter "setPth" not found (did you mean "setPath"?)',
    );
    assert.match(lines[2]!, /^warning: route a 2:3: invalid_filter_params: failed to create filter status\("x"\)/);
    assert.match(lines[3]!, /^warning: route a 2:18: invalid_filter_params: failed to create filter setPath\(\)/);
    assert.match(lines[4]!, /^warning: route b 3:4: failed_backend_split: /);
  });

  test("findings point at the call that they are about", async () => {
    const text =
      'a: Host(/x/) && True() && Weight("x") -> status(200) -> status("x") -> setPath("/") -> <roundrobin, "http://a">;';
    const { stderr } = await run(["check"], text);
    const lines = stderr.trimEnd().split("\n");
    assert.equal(lines.length, 3, stderr);
    assert.match(lines[0]!, /^warning: route a 1:27: invalid_predicate_params: invalid argument for the Weight/);
    assert.match(lines[1]!, /^warning: route a 1:57: invalid_filter_params: failed to create filter status\("x"\)/);
    assert.match(lines[2]!, /^warning: route a 1:4: failed to set LB algorithm .* \(did you mean "roundRobin"\?\)$/);
    const broken = await run(["check"], "b: Host(/(/) -> <shunt>");
    assert.match(broken.stderr, /^warning: route b 1:4: invalid_matcher: error parsing regexp: /);
  });

  test("a mistake that is made twice is told twice", async () => {
    const { stderr } = await run(
      ["check"],
      '* -> setPth("/x") -> setPth("/x") -> status("y") -> status("y") -> <shunt>',
    );
    assert.deepEqual(
      stderr
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[1]),
      ["1:6:", "1:22:", "1:38:", "1:53:"],
    );
  });

  test("a filter among the predicates and a predicate among the filters are told", async () => {
    const { stderr } = await run(["check"], 'status(200) -> Path("/") -> <shunt>');
    assert.deepEqual(stderr.trimEnd().split("\n"), [
      'warning: 1:1: unknown_predicate: predicate "status" not found (it is a filter)',
      'warning: 1:16: unknown_filter: trying to use "Path" as filter, but it is only available as predicate (put it in front of the arrow)',
    ]);
  });

  test("-strict fails, also for names that resemble nothing", async () => {
    const { exit, stderr } = await run(["check", "-strict"], routes);
    assert.equal(exit, 255);
    assert.match(stderr, /^route a 1:54: unknown_filter: filter "plugin" not found$/m);
    assert.match(stderr, /unknown names or wrong arguments\n$/);
    assert.equal((await run(["check", "-strict"], 'a: Path("/a") -> status(200) -> <shunt>')).exit, 0);
  });
});

describe("check with plugins", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "eskip-plugins-"));
  writeFileSync(
    path.join(folder, "stamp.ts"),
    `import { argKinds, defineFilter, one } from "skipper-proxy";
    export default defineFilter({ name: "stamp", summary: "", args: [one("time", argKinds.duration)], examples: [], create: () => ({}) });`,
  );
  writeFileSync(path.join(folder, "broken.txt"), "no module");
  after(() => rmSync(folder, { recursive: true }));

  for (const [flags, filter, exit, stderr] of [
    [["-plugindir", folder], 'stamp("1s")', 0, ""],
    [["-plugindir", folder, "-filter-plugin=stamp"], 'stamp("1s")', 0, ""],
    [["-plugindir", folder], 'stamp("soon")', 255, "expected a duration"],
    [[], 'stamp("1s")', 255, 'filter "stamp" not found'],
    [
      ["-plugindir", folder, "-filter-plugin=broken"],
      "status(204)",
      255,
      "filter plugin broken not found in plugin dirs",
    ],
  ] as const) {
    test(`${flags.join(" ").replace(folder, "FOLDER")} ${filter}`, async () => {
      const result = await run(["check", "-strict", ...flags], `r: * -> ${filter} -> <shunt>`);
      assert.equal(result.exit, exit, result.stderr);
      assert.ok(result.stderr.includes(stderr), result.stderr);
    });
  }
});

describe("etcd", () => {
  const store = new Map<string, string>();
  const seen: string[] = [];
  let url = "";
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""}`.trimEnd());
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const id = decodeURIComponent(request.url!.split("/").at(-1)!);
      response.setHeader("X-Etcd-Index", "7");
      if (request.method === "GET") {
        const nodes = Array.from(store, ([key, value]) => ({ key: `/skipper/routes/${key}`, value, modifiedIndex: 3 }));
        response.end(JSON.stringify({ action: "get", node: { key: "/skipper/routes", dir: true, nodes } }));
        return;
      }
      if (request.method === "PUT")
        store.set(id, new URLSearchParams(Buffer.concat(chunks).toString()).get("value") ?? "");
      else if (!store.delete(id)) response.statusCode = 404;
      response.end(JSON.stringify({ action: "set", node: { key: request.url } }));
    });
  });
  before(
    () =>
      new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", () => {
          url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
          resolve();
        });
      }),
  );
  after(() => new Promise((resolve) => server.close(resolve)));

  test("upsert, print, check, reset, delete", async () => {
    const flags = (): string[] => ["-etcd-urls", url, "-etcd-oauth-token", "secret"];
    const quiet = { exit: 0, stdout: "", stderr: "" };
    const routes = 'a: Path("/a") -> f("ä&=+") -> <shunt>; b: * -> "http://b"';
    assert.deepEqual(await run(["upsert", ...flags(), "-routes", routes]), quiet);
    assert.deepEqual(
      [...store],
      [
        ["a", 'Path("/a") -> f("ä&=+") -> <shunt>'],
        ["b", '* -> "http://b"'],
      ],
    );
    assert.equal(seen[0], "PUT /v2/keys/skipper/routes/a Bearer secret");

    const printed = await run(["print", ...flags()]);
    assert.equal(printed.stdout, 'a: Path("/a") -> f("ä&=+") -> <shunt>;\nb: * -> "http://b";');

    store.set("bad", "* -> ");
    const broken = await run(["print", ...flags()]);
    assert.equal(broken.exit, 255);
    assert.match(broken.stdout, /^bad: \* -> "";$/m);
    assert.equal(
      broken.stderr,
      "bad parse failed after token ->, position 5: syntax error\none or more invalid route expressions\n",
    );
    const json = await run(["print", "-json", ...flags()]);
    assert.match(json.stdout, /\{"id":"bad"\}/);
    assert.equal(json.stderr, "one or more invalid route expressions\n");
    assert.equal((await run(["check", ...flags()])).exit, 255);

    seen.length = 0;
    assert.deepEqual(await run(["reset", ...flags(), "-routes", `${routes.split(";")[0]}; c: * -> <shunt>`]), quiet);
    assert.deepEqual([...store.keys()].sort(), ["a", "c"]);
    assert.deepEqual(
      seen.map((line) => line.split(" ").slice(0, 2).join(" ").replace("/v2/keys/skipper/routes", "")),
      ["GET ", "PUT /c", "DELETE /b", "DELETE /bad"],
    );

    assert.deepEqual(await run(["delete", ...flags(), "-ids", "c,nothing"]), quiet);
    assert.deepEqual([...store.keys()], ["a"]);
    assert.deepEqual(await run(["delete", ...flags(), "-ids", "a,"]), {
      ...quiet,
      exit: 255,
      stderr: "missing route id\n",
    });

    assert.deepEqual(await run(["upsert", ...flags(), "-routes", "* -> <shunt>"]), quiet);
    assert.match([...store.keys()][0]!, /^route[0-9A-Za-z]{16}$/);
  });

  test("reset of a repeated id ends with its last definition", async () => {
    const reset = (...routes: string[]): Promise<Run> =>
      run(["reset", "-etcd-urls", url, "-routes", routes.map((route) => `r: ${route}`).join(";")]);
    store.clear();
    store.set("r", "* -> <shunt>");
    await reset('* -> "http://a"', "* -> <shunt>");
    assert.equal(store.get("r"), "* -> <shunt>");
    await reset("* -> <shunt>", '* -> "http://a"', '* -> "http://b"');
    assert.equal(store.get("r"), '* -> "http://b"');
  });

  test("no node answers", async () => {
    const { exit, stderr } = await run(["print", "-etcd-urls", "http://127.0.0.1:1,nonsense:2"]);
    assert.equal(exit, 255);
    assert.match(stderr, /^request to one or more endpoints failed;.+;.+\n$/);
  });
});
