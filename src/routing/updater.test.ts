import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument, parseFilters } from "../eskip/parser.ts";
import { compact, printRoutes } from "../eskip/printer.ts";
import type { Logger } from "../observability/log.ts";
import { int } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";
import { defineFilter } from "../spec/filter.ts";
import { definePredicate } from "../spec/predicate.ts";
import { Registry } from "../spec/registry.ts";
import { buildPreProcessors, type PreProcessingSettings } from "./pre-processors/pre-processing.ts";
import { RoutingTable } from "./table.ts";
import { RouteUpdater } from "./updater.ts";

const filterNames = ["a", "b", "c", "fifo", "lifo", "admissionControl"];
const filters = filterNames.map((name) =>
  defineFilter({ name, summary: "", args: [], anyArgs: true, examples: [], create: () => ({}) }),
);
const status = defineFilter({
  name: "status",
  summary: "",
  args: [one("code", int)],
  examples: [],
  create: () => ({}),
});
const predicates = ["Host", "Method", "Path", "PathSubtree", "True", "Source", "ClientIP", "False"].map((name) =>
  definePredicate({ name, summary: "", args: [], anyArgs: true, examples: [], create: () => () => true }),
);

/** A source that the test plays. */
class PlayedSource implements DataClient {
  readonly name: string;
  host: DataClientHost | null = null;
  stopped = false;
  readonly #first: string | null;

  constructor(name: string, first: string | null) {
    this.name = name;
    this.#first = first;
  }

  async start(host: DataClientHost): Promise<void> {
    this.host = host;
    if (this.#first === null) host.failed(true, "not there");
    else this.load(this.#first);
  }

  load(text: string): void {
    this.host!.apply(true, (transaction) => {
      transaction.reset();
      for (const route of parseDocument(text).routes) transaction.upsert(route);
    });
  }

  update(upserts: string, deletes: readonly string[] = []): void {
    this.host!.apply(false, (transaction) => {
      for (const id of deletes) transaction.delete(id);
      for (const route of parseDocument(upserts).routes) transaction.upsert(route);
    });
  }

  stop(): void {
    this.stopped = true;
  }
}

interface Setup {
  readonly settings?: Partial<PreProcessingSettings>;
  readonly suppressLogs?: boolean;
}

function setUp(sources: readonly DataClient[], { settings = {}, suppressLogs = false }: Setup = {}) {
  const lines: string[] = [];
  const measured: string[] = [];
  const line = (message: string): void => void lines.push(message);
  const log: Logger = { debug: line, info: line, warn: line, error: line };
  const table = new RoutingTable({
    registry: new Registry([...filters, status], predicates),
    ignoreTrailingSlash: false,
    publish: () => {},
    now: () => 1000,
  });
  const preProcessors = buildPreProcessors(
    {
      defaultFiltersPrepend: [],
      defaultFiltersAppend: [],
      cloneRoute: [],
      editRoute: [],
      forwardBackendUrl: "",
      ...settings,
    },
    log,
  );
  const metrics = {
    tableChanged: (total: number) => void measured.push(`total ${total}`),
    sourceLoaded: (initial: boolean, name: string) =>
      void measured.push(`${initial ? "load_all" : "load_update"}.${name}`),
  };
  const updater = new RouteUpdater({ sources, table, preProcessors, metrics, log, suppressLogs });
  const shown = (): string => printRoutes(table.page(0, 1000), compact);
  return { updater, table, lines, measured, shown };
}

test("a full load and updates stand in the log and in the metrics", async () => {
  const source = new PlayedSource("played", `r: Path("/a") -> a() -> <shunt>; s: * -> <shunt>;`);
  const { updater, lines, measured, shown } = setUp([source], {
    settings: { defaultFiltersAppend: parseFilters("b()").filters },
  });
  await updater.start();
  assert.deepEqual(lines, [
    `route settings, reset, route: r: Path("/a") -> a() -> <shunt>`,
    "route settings, reset, route: s: * -> <shunt>",
    "route settings received, id: 1",
    "route settings applied, id: 1",
  ]);
  lines.length = 0;
  source.update("t: * -> <shunt>;", ["r"]);
  assert.deepEqual(lines, [
    "route settings, update, route: t: * -> <shunt>",
    "route settings, update, deleted id: r",
    "route settings received, id: 2",
    "route settings applied, id: 2",
  ]);
  assert.equal(shown(), "s: * -> b() -> <shunt>;\nt: * -> b() -> <shunt>;");
  assert.deepEqual(measured, ["load_all.played", "total 2", "load_update.played", "total 2"]);
  lines.length = 0;
  source.update("");
  source.host!.failed(false, "gone");
  assert.deepEqual(lines, ["error while receiving update;gone"]);
});

test("many routes and suppressed logs are logged as counts", async () => {
  const many = Array.from({ length: 1001 }, (_, i) => `r${i}: * -> <shunt>;`).join("");
  const source = new PlayedSource("played", many);
  const { updater, lines } = setUp([source]);
  await updater.start();
  assert.deepEqual(lines.slice(0, 2), [
    "route settings, reset, upsert count: 1001",
    "route settings, reset, delete count: 0",
  ]);
  const quiet = setUp([new PlayedSource("played", "r: * -> <shunt>;")], { suppressLogs: true });
  await quiet.updater.start();
  assert.equal(quiet.lines[0], "route settings, reset, upsert count: 1");
});

test("invalid routes are logged and left out", async () => {
  const source = new PlayedSource(
    "played",
    `r: * -> status("x") -> <shunt>; s: * -> nope() -> <shunt>; t: * -> <shunt>;`,
  );
  const { updater, lines, shown } = setUp([source]);
  await updater.start();
  assert.equal(shown(), "t: * -> <shunt>;");
  const errors = lines.filter((line) => line.startsWith("failed"));
  assert.match(
    errors[0]!,
    /^failed to process route r: invalid_filter_params: failed to create filter status\("x"\): /,
  );
  assert.equal(errors[1], `failed to process route s: unknown_filter: filter "nope" not found`);
});

test("of many invalid routes the first are logged, and their count", async () => {
  const many = Array.from({ length: 101 }, (_, i) => `r${i}: * -> nope() -> <shunt>;`).join("");
  const { updater, lines } = setUp([new PlayedSource("played", many)], { suppressLogs: true });
  await updater.start();
  const errors = lines.filter((line) => line.startsWith("failed"));
  assert.equal(errors.length, 101);
  assert.equal(errors[99], `failed to process route r99: unknown_filter: filter "nope" not found`);
  assert.equal(errors[100], "failed to process routes, count: 101");
});

test("routes that vanish, and those whose pattern is wrong, have texts of their own", async () => {
  const source = new PlayedSource(
    "played",
    `lb: * -> <fastest, "http://a">; at: * -> <"ftp:/x">; h: Path("/*a/b") -> <shunt>;`,
  );
  const { updater, lines, shown } = setUp([source], { suppressLogs: true });
  await updater.start();
  assert.equal(shown(), "");
  assert.deepEqual(
    lines.filter((line) => !line.startsWith("route settings")),
    [
      `failed to set LB algorithm implementation for route lb: unsupported algorithm "fastest"`,
      `failed to parse LB endpoints for route at: failed to parse backend address "ftp:/x": parse "ftp:/x": missing host`,
      "h [3]: free wildcard param should be last",
    ],
  );
});

test("paths that cannot be built are logged", async () => {
  const { updater, lines, table } = setUp([new PlayedSource("played", 'r: Path("/a:b") -> <shunt>;')]);
  await updater.start();
  assert.ok(lines.includes("* or : in middle of path component a:b"));
  assert.equal(table.count, 1);
});

test("a transaction that throws changes nothing, and the error comes back to the source", async () => {
  const clone = { cloneRoute: [{ pattern: "/a", replacement: "/b" }] };
  const source = new PlayedSource("played", `r: Path("/a") -> <shunt>;`);
  const { updater, shown, lines } = setUp([source], { settings: clone });
  await updater.start();
  const before = shown();
  const count = lines.length;
  const failure = new Error("broken off");
  assert.throws(
    () =>
      source.host!.apply(true, (transaction) => {
        transaction.reset();
        transaction.upsert(parseDocument(`r: Path("/a/x") -> <shunt>;`).routes[0]!);
        throw failure;
      }),
    failure,
  );
  assert.equal(shown(), before);
  assert.equal(lines.length, count);
  source.update("", ["r"]);
  assert.equal(shown(), "");
});

test("the first load is over when every source has delivered", async () => {
  const good = new PlayedSource("good", "r: * -> <shunt>;");
  const late = new PlayedSource("late", null);
  const { updater, lines } = setUp([good, late]);
  let over = false;
  void updater.firstLoad.then(() => {
    over = true;
  });
  await updater.start();
  await new Promise(setImmediate);
  assert.equal(over, false);
  assert.ok(lines.includes("error while receiving initial data;not there"));
  late.load("");
  await updater.firstLoad;
  updater.stop();
  assert.ok(good.stopped && late.stopped);
});

test("a source that must stop the start does", async () => {
  const broken: DataClient = { name: "broken", start: () => Promise.reject(new Error("no")), stop: () => {} };
  const { updater } = setUp([new PlayedSource("good", ""), broken]);
  await assert.rejects(updater.start(), new Error("no"));
});

test("without sources the start warns, and nothing is waited for", async () => {
  const { updater, lines } = setUp([]);
  await updater.start();
  assert.deepEqual(lines, ["no route source specified"]);
  await updater.firstLoad;
});

test("the later source wins for an id, the earlier one comes back", async () => {
  const first = new PlayedSource("first", `r: Path("/first") -> <shunt>;`);
  const second = new PlayedSource("second", `r: Path("/second") -> <shunt>;`);
  const { updater, shown, lines } = setUp([first, second]);
  await updater.start();
  assert.equal(shown(), `r: Path("/second") -> <shunt>;`);
  first.update(`r: Path("/new") -> <shunt>;`);
  assert.equal(shown(), `r: Path("/second") -> <shunt>;`);
  const told = "route ids delivered by several sources, the later source counts: ";
  const reports = (): string[] => lines.filter((line) => line.startsWith(told)).map((line) => line.slice(told.length));
  assert.deepEqual(reports(), ["r"], "once, not again for a new version");
  second.update("", ["r"]);
  assert.equal(shown(), `r: Path("/new") -> <shunt>;`);
  const ids = Array.from({ length: 12 }, (_, i) => `s${i}`);
  first.update(ids.map((id) => `${id}: * -> <shunt>;`).join(""));
  second.update(ids.map((id) => `${id}: * -> <loopback>;`).join(""));
  assert.equal(reports()[1], `${ids.slice(0, 10).join(", ")} and 2 more`);
});

const rules: { name: string; settings: Partial<PreProcessingSettings>; routes: string; shown: string }[] = [
  {
    name: "clones follow their original",
    settings: { cloneRoute: [{ pattern: "/a", replacement: "/b" }] },
    routes: `r: Path("/a") -> <shunt>; s: Path("/s") -> <shunt>;`,
    shown: `clone_r: Path("/b") -> <shunt>;\nr: Path("/a") -> <shunt>;\ns: Path("/s") -> <shunt>;`,
  },
  {
    name: "a clone beside a route that has its id",
    settings: { cloneRoute: [{ pattern: "/a", replacement: "/b" }] },
    routes: `clone_r: Path("/own") -> <shunt>; r: Path("/a") -> <shunt>;`,
    shown: `clone_r: Path("/own") -> <shunt>;\nclone_r: Path("/b") -> <shunt>;\nr: Path("/a") -> <shunt>;`,
  },
  {
    name: "the second rule sees the clones of the first",
    settings: {
      cloneRoute: [
        { pattern: "/a", replacement: "/b" },
        { pattern: "Path", replacement: "PathSubtree" },
      ],
    },
    routes: `r: Path("/a") -> <shunt>;`,
    shown: [
      `clone_clone_r: PathSubtree("/b") -> <shunt>;`,
      `clone_r: Path("/b") -> <shunt>;`,
      `clone_r: PathSubtree("/a") -> <shunt>;`,
      `r: Path("/a") -> <shunt>;`,
    ].join("\n"),
  },
  {
    name: "an edit that gives nothing leaves the predicate",
    settings: { editRoute: [{ pattern: "^True.*", replacement: "*" }] },
    routes: "r: True() -> <shunt>;",
    shown: "r: True() -> <shunt>;",
  },
  {
    name: "reductions and forward",
    settings: { forwardBackendUrl: "http://f.test" },
    routes:
      "r: * -> admissionControl(1) -> fifo(1) -> a() -> fifo(2) -> admissionControl(2) -> <shunt>; f: * -> a() -> <forward>;",
    shown: `f: * -> "http://f.test";\nr: * -> a() -> fifo(2) -> admissionControl(2) -> <shunt>;`,
  },
  {
    name: "text beyond ASCII",
    settings: { editRoute: [{ pattern: "é(.)", replacement: "ü$1" }] },
    routes: `r: Path("/é日") -> <shunt>;`,
    shown: `r: Path("/ü日") -> <shunt>;`,
  },
];

for (const { name, settings, routes, shown: expected } of rules) {
  test(`pre-processing: ${name}`, async () => {
    const source = new PlayedSource("played", routes);
    const { updater, shown } = setUp([source], { settings });
    await updater.start();
    assert.equal(shown(), expected);
    // What was made of the routes goes with them.
    source.update(
      "",
      parseDocument(routes).routes.map((route) => route.id),
    );
    assert.equal(shown(), "");
  });
}

test("a route that is no longer cloned loses its clone", async () => {
  const source = new PlayedSource("played", `r: Path("/a") -> <shunt>;`);
  const { updater, shown } = setUp([source], { settings: { cloneRoute: [{ pattern: "/a", replacement: "/b" }] } });
  await updater.start();
  source.update(`r: Path("/c") -> <shunt>;`);
  assert.equal(shown(), `r: Path("/c") -> <shunt>;`);
  source.update(`r: Path("/a/1") -> <shunt>;`);
  assert.equal(shown(), `clone_r: Path("/b/1") -> <shunt>;\nr: Path("/a/1") -> <shunt>;`);
  source.load("");
  assert.equal(shown(), "");
});

test("an edit that does not settle is applied once to what was delivered, at every update", async () => {
  const source = new PlayedSource("played", `r: Path("/a") -> <shunt>;`);
  const { updater, shown } = setUp([source], { settings: { editRoute: [{ pattern: "a(\\W)", replacement: "aa$1" }] } });
  await updater.start();
  source.load(`r: Path("/a") -> <shunt>; s: * -> <shunt>;`);
  assert.match(shown(), /r: Path\("\/aa"\)/);
});
