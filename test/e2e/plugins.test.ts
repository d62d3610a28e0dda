// Plugins in the running proxy: how they are found, what they can do, and that one which misbehaves costs only its own request.

import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, describe, test } from "node:test";
import { filterModule, PluginFolder } from "./plugin-folder.ts";
import { RunningProxy, until } from "./running-proxy.ts";

const stamp = `
import { argKinds, defineFilter, one, rest } from "skipper-proxy";
import { join } from "./parts/join.ts";

export default (options: readonly string[]) =>
  defineFilter({
    name: "stamp",
    summary: "Answers with its arguments and options.",
    args: [one("word", argKinds.string), one("time", argKinds.duration), rest("more", argKinds.int)],
    examples: [],
    check: ([word]) => (word === "no" ? "this word is taken" : ""),
    create: ([word, ms, more]) => ({
      request(ctx) {
        const total: number = more.reduce((sum, one) => sum + one, 0);
        ctx.serve(200, [["X-Stamp", word]], join(word, (ms + total).toFixed(0), ...options));
      },
    }),
  });
`;

const office = `
import { argKinds, defineDataClient, defineFilter, definePredicate, one, parseDocument } from "skipper-proxy";

const Odd = definePredicate({
  name: "Odd", summary: "Odd numbers.", args: [one("parameter", argKinds.string)], examples: [],
  weight: () => 5,
  create: ([parameter]) => (request) => Number(new URLSearchParams(request.rawQuery).get(parameter)) % 2 === 1,
});
const Throws = definePredicate({
  name: "Throws", summary: "Throws.", args: [], examples: [],
  create: () => () => { throw new Error("this predicate is broken"); },
});
const Later = definePredicate({
  name: "Later", summary: "Is no boolean.", args: [], examples: [],
  create: () => (() => Promise.resolve(true)) as unknown as () => boolean,
});
const routes = defineDataClient({
  name: "office",
  async start(host) {
    host.apply(true, (transaction) => {
      transaction.reset();
      setTimeout(() => { throw new Error("from a data client"); }, 1);
      for (const route of parseDocument('office: Path("/office") -> status(203) -> <shunt>').routes) transaction.upsert(route);
    });
  },
  stop() {},
});
// The shipped filter of this name wins.
const status = defineFilter({ name: "status", summary: "Hidden.", args: [], anyArgs: true, examples: [], create: () => ({}) });
const never = defineFilter({
  name: "never", summary: "Waits in vain.", args: [one("step", argKinds.oneOf("request", "response", "body"))], examples: [],
  create: ([step]) => {
    const wait = () => new Promise<never>(() => {});
    if (step === "request") return { request: wait };
    if (step === "response") return { response: wait };
    return { response: (ctx) => ctx.transformResponseBody({ write: wait, end: () => null }) };
  },
});
const late = defineFilter({
  name: "late", summary: "Changes the request long after it.", args: [], examples: [],
  create: () => ({
    request(ctx) {
      for (const ms of [0, 20, 100, 200]) setTimeout(() => ctx.request.headers.set("X-Late", "1"), ms);
    },
  }),
});
const uncreated = defineFilter({
  name: "uncreated", summary: "Cannot be made.", args: [], examples: [],
  create: () => { throw new Error("no way"); },
});
const badCheck = defineFilter({
  name: "badCheck", summary: "Its check throws.", args: [one("n", argKinds.int)], examples: [],
  check: () => { throw new Error("the check is broken"); },
  create: () => ({}),
});
export default [Odd, Throws, Later, routes, status, never, late, uncreated, badCheck];
`;

const files = {
  "stamp.ts": stamp,
  "stamp.conf": "# before those of the flag\n\nfrom conf\r\n",
  "parts/join.ts": 'export const join = (...words: string[]): string => words.join(" ");\n',
  "office/index.ts": office,
  "plain.mjs":
    'import { defineFilter } from "skipper-proxy";\nexport default defineFilter({ name: "plain", summary: "", args: [], examples: [], create: () => ({ request: (ctx) => ctx.serve(200, [], "plain") }) });\n',
  "plain.test.ts": 'throw new Error("tests are no plugins");\n',
  "throws.ts": filterModule("throws", 'throw new Error("this filter is broken");'),
  "stray.ts": filterModule(
    "stray",
    'setTimeout(() => { throw new Error("from a timer"); }, 1); void Promise.reject(new Error("nobody waits")); ctx.serve(200, [], "stray");',
  ),
  "node_modules/@acme/skipper-hello/package.json":
    '{ "name": "@acme/skipper-hello", "type": "module", "exports": { ".": { "import": "./lib/main.js" } } }',
  "node_modules/@acme/skipper-hello/lib/main.js":
    'import { hello } from "acme-words";\nimport { defineFilter } from "skipper-proxy";\nexport default ([who]) => defineFilter({ name: "hello", summary: "", args: [], examples: [], create: () => ({ request: (ctx) => ctx.serve(200, [], hello(who)) }) });\n',
  "node_modules/acme-words/package.json": '{ "name": "acme-words", "main": "words.cjs" }',
  "node_modules/acme-words/words.cjs": 'exports.hello = (who) => "hello " + who;\n',
};

const routes = `
stamp: Path("/stamp") -> stamp("a", "1s", 1, 2) -> <shunt>;
kind: Path("/kind") -> stamp("a", "soon") -> <shunt>;
rule: Path("/rule") -> stamp("no", "1s") -> <shunt>;
check: Path("/check") -> badCheck(1) -> <shunt>;
plain: Path("/plain") -> plain() -> <shunt>;
hello: Path("/hello") -> hello() -> <shunt>;
odd: Path("/number") && Odd("n") -> status(201) -> <shunt>;
heavier: Path("/number") && True() && True() -> status(202) -> <shunt>;
even: Path("/number") -> status(204) -> <shunt>;
throwing: Path("/broken") && Throws() -> status(201) -> <shunt>;
promising: Path("/broken") && Later() -> status(202) -> <shunt>;
sound: Path("/broken") -> status(204) -> <shunt>;
throws: Path("/throws") -> throws() -> <shunt>;
request: Path("/never/request") -> never("request") -> status(204) -> <shunt>;
response: Path("/never/response") -> status(204) -> never("response") -> <shunt>;
body: Path("/never/body") -> never("body") -> inlineContent("text") -> <shunt>;
late: Path("/late") -> late() -> status(204) -> <shunt>;
seen: Path("/seen") && Header("X-Late", "1") -> status(299) -> <shunt>;
unseen: Path("/seen") -> status(204) -> <shunt>;
uncreated: Path("/uncreated") -> uncreated() -> <shunt>;
stray: Path("/stray") -> stray() -> <shunt>;
`;

for (const workers of [1, 2]) {
  describe(`with ${workers} ${workers === 1 ? "worker" : "workers"}`, async () => {
    const folder = new PluginFolder(files);
    const proxy = await RunningProxy.start(
      routes,
      `-workers=${workers}`,
      `-plugindir=${folder.path}`,
      "-filter-plugin=stamp,one,two @acme/skipper-hello,world",
      "-plugin-timeout=1s",
    );
    after(async () => {
      await proxy.stop();
      folder.remove();
    });
    const fetched = (path: string) => fetch(`http://127.0.0.1:${proxy.port}${path}`);
    const status = async (path: string) => {
      const answer = await fetched(path);
      await answer.arrayBuffer().catch(() => {});
      return answer.status;
    };
    /** The log is written a little later than the answer. */
    const logged = (line: RegExp) => proxy.logs(line);
    const text = async (path: string) => (await fetched(path)).text();

    test("a filter gets its arguments as values, and the options of its .conf file and its flag", async () => {
      const answer = await fetched("/stamp");
      assert.equal(await answer.text(), "a 1003 from conf one two");
      assert.equal(answer.headers.get("x-stamp"), "a");
    });

    test("wrong arguments are told as those of shipped filters", async () => {
      assert.equal(await status("/kind"), 404);
      await logged(/failed to process route kind: .*argument 2 \\"time\\": expected a duration, got \\"soon\\"/);
      await logged(/failed to process route rule: .*this word is taken/);
      await logged(/failed to process route check: .*check: the check is broken/);
    });

    test("plugins that no flag names are loaded from their folder, JavaScript and folders too", async () => {
      assert.equal(await text("/plain"), "plain");
      assert.equal(await status("/office"), 203, "a route of a data client");
    });

    test("an npm package is a plugin, with what it depends on", async () => {
      assert.equal(await text("/hello"), "hello world");
    });

    test("a predicate decides, and weighs what it says", async () => {
      assert.equal(await status("/number?n=1"), 201);
      assert.equal(await status("/number?n=2"), 202);
    });

    test("a shipped filter keeps its name", async () => {
      await logged(/level=warning msg="plugins: there is another filter status, which counts"/);
    });

    test("a predicate that throws, or gives no boolean, is false", async () => {
      assert.equal(await status("/broken"), 204);
      await logged(/predicate Throws: Error: this predicate is broken/);
      await logged(/predicate Later: expected true or false, got a promise/);
    });

    test("a filter that throws costs its request a 500, in whatever phase it does", async () => {
      assert.equal(await status("/throws"), 500);
      await logged(/this filter is broken\\n.*throws\.ts\?plugin=\d+:\d+/);
      assert.equal(await status("/uncreated"), 500);
      await logged(/filter uncreated: create: Error: no way/);
    });

    test("a filter that never ends costs its request a 504", async () => {
      assert.deepEqual(await Promise.all([status("/never/request"), status("/never/response")]), [504, 504]);
      await logged(/route request: filter never waited for longer than 1s \(-plugin-timeout\)/);
      await assert.rejects(text("/never/body"), "a body whose transform never ends breaks off");
    });

    test("a filter that holds on to a request does not get at the next one of the connection", async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = (path: string) =>
        new Promise<number>((resolve, reject) => {
          const sent = request({ port: proxy.port, host: "127.0.0.1", agent, path }, (response) => {
            response.resume().on("end", () => resolve(response.statusCode!));
          });
          sent.on("error", reject).end();
        });
      assert.equal(await send("/late"), 204);
      for (const end = Date.now() + 400; Date.now() < end; ) assert.equal(await send("/seen"), 204);
      agent.destroy();
    });

    test("errors that a plugin lets go astray are logged, and the thread lives on", async () => {
      assert.equal(await text("/stray"), "stray");
      await logged(/stray error of a plugin: Error: from a timer/);
      await logged(/stray error of a plugin: Error: nobody waits/);
      await logged(/stray error of a plugin: Error: from a data client/);
      assert.equal(await text("/stray"), "stray");
      assert.doesNotMatch(proxy.log, /worker \d+ ended/);
    });
  });
}

describe("a worker in an endless loop", async () => {
  const folder = new PluginFolder({ "loop.ts": filterModule("loop", "for (;;);") });
  const proxy = await RunningProxy.start(
    'loop: Path("/loop") -> loop() -> <shunt>; r: * -> status(204) -> <shunt>;',
    "-workers=2",
    `-plugindir=${folder.path}`,
    "-worker-stall-timeout=2s",
  );
  after(async () => {
    await proxy.stop();
    folder.remove();
  });

  test("is replaced, while the other worker serves", async () => {
    await assert.rejects(fetch(`http://127.0.0.1:${proxy.port}/loop`));
    await proxy.logs(/worker \d has stood still for 2s \(-worker-stall-timeout\): it is ended/);
    await until("new connections are served", async () => {
      const sent = Array.from({ length: 8 }, () =>
        fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { connection: "close" } }),
      );
      const answers = await Promise.allSettled(sent);
      return answers.every((answer) => answer.status === "fulfilled" && answer.value.status === 204);
    });
  });
});
